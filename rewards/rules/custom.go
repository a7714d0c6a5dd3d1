package rules

import (
	"fmt"
	"os"

	"gradus/rewards"
	"gradus/rewards/custom"
	"gradus/rewards/rules/rule"
)

// StarlarkCommand is the hidden command of gradus that runs a Starlark
// reward: StarlarkCommand FILE MAX_STEPS MEMORY_MIB (custom.ServeStarlark).
const StarlarkCommand = "_starlark"

func newExpr(params map[string]any) (rewards.Reward, error) {
	p := custom.DefaultExpr()
	if err := rule.Decode("expr", params, &p); err != nil {
		return nil, err
	}
	return custom.NewExpr(p)
}

func newStarlark(params map[string]any) (rewards.Reward, error) {
	p := custom.DefaultStarlark()
	if err := rule.Decode("starlark", params, &p); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("reward starlark: find the program that runs it: %w", err)
	}
	return custom.NewStarlark(p, []string{self, StarlarkCommand})
}

func newPython(params map[string]any) (rewards.Reward, error) {
	p := custom.DefaultPython()
	if err := rule.Decode("python", params, &p); err != nil {
		return nil, err
	}
	return custom.NewPython(p)
}

func newExec(params map[string]any) (rewards.Reward, error) {
	p := custom.DefaultExec()
	if err := rule.Decode("exec", params, &p); err != nil {
		return nil, err
	}
	return custom.NewExec(p)
}

func newHTTP(params map[string]any) (rewards.Reward, error) {
	p := custom.DefaultHTTP()
	if err := rule.Decode("http", params, &p); err != nil {
		return nil, err
	}
	return custom.NewHTTP(p, os.Getenv)
}
