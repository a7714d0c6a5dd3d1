package tasks

import (
	"fmt"
	"strings"

	"gradus/rewards"
	"gradus/rewards/text"
)

// List returns the names New knows, in the order to show them.
func List() []string {
	names := []string{"digit_walk", "mod_chain", "chain_sum", "countdown"}
	for _, k := range kinds() {
		names = append(names, k.name)
	}
	return append(names, "jsonl")
}

// New makes the task of a name. An unknown name is an error that names the
// nearest known one; so is a Config that does not fit the task.
func New(name string, cfg Config) (Task, error) {
	if cfg.Split != Train && cfg.Split != HeldOut {
		return nil, fmt.Errorf("task %s: split %d is unknown; use Train or HeldOut", name, cfg.Split)
	}
	if name != "jsonl" && (cfg.Path != "" || cfg.EvalPath != "" || cfg.Preset != "" || cfg.Columns != (Columns{})) {
		return nil, fmt.Errorf("task %s makes its own problems; path, preset and columns belong to the task jsonl", name)
	}
	switch name {
	case "digit_walk":
		return newDigitWalk(cfg.Split), nil
	case "mod_chain":
		return newModChain(cfg.Split), nil
	case "chain_sum":
		return newChainSum(cfg.Split), nil
	case "countdown":
		return newCountdown(cfg.Split), nil
	case "jsonl":
		return newJSONL(cfg)
	}
	if k, ok := findKind(name); ok {
		return newWorked(k, cfg.Split), nil
	}
	return nil, unknown(name)
}

// Check judges a claim by the task that p.Task names. It needs no Config: a
// problem carries all that its checker reads, so stored traces can be judged
// again. An unknown task is an error.
func Check(p rewards.Problem, claim string) (Verdict, error) {
	switch p.Task {
	case "digit_walk", "mod_chain", "chain_sum":
		return checkInteger(p, claim), nil
	case "countdown":
		return checkCountdown(p, claim), nil
	case "jsonl":
		return checkMath(p, claim), nil
	}
	if k, ok := findKind(p.Task); ok {
		return k.verdict(p, claim), nil
	}
	return Verdict{}, unknown(p.Task)
}

func unknown(name string) error {
	return fmt.Errorf("task %q is unknown; did you mean %q? Known are %s", shorten(name), text.Nearest(name, List()), strings.Join(List(), ", "))
}
