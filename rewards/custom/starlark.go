package custom

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
	"unicode/utf8"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"gradus/rewards"
	"gradus/rewards/text"
)

// StarlarkParams are the parameters of the reward "starlark".
type StarlarkParams struct {
	File      string `json:"file"`       // Starlark file; a relative path is relative to the recipe
	Function  string `json:"function"`   // "reward"
	MaxSteps  uint64 `json:"max_steps"`  // of one completion; 10 million
	MemoryMiB uint64 `json:"memory_mib"` // of the process; 512
	ProcessParams
}

// DefaultStarlark returns the defaults.
func DefaultStarlark() StarlarkParams {
	return StarlarkParams{Function: "reward", MaxSteps: 10_000_000, MemoryMiB: 512, ProcessParams: DefaultProcess()}
}

// NewStarlark makes the reward "starlark": a file with
//
//	def reward(ctx):
//	    return {"score": 1.0, "why": "…"}
//
// where ctx has the fields completion, prompt, question, gold, think, answer,
// tokens, characters, truncated and step. None means no opinion. A file can read nothing
// but ctx. As the language bounds no memory, it runs in a process of its own:
// serve is the command line that runs ServeStarlark.
func NewStarlark(p StarlarkParams, serve []string) (*Process, error) {
	const name = "starlark"
	if p.File == "" {
		return nil, fmt.Errorf("reward %s: give file, a Starlark file with a function %s(ctx)", name, p.Function)
	}
	code, err := os.ReadFile(p.File)
	if err != nil {
		return nil, fmt.Errorf("reward %s: %w", name, err)
	}
	if err := p.check(name); err != nil {
		return nil, err
	}
	if p.MaxSteps < 1 || p.MemoryMiB < 64 {
		return nil, fmt.Errorf("reward %s: max_steps is %d and memory_mib %d; give at least 1 and at least 64", name, p.MaxSteps, p.MemoryMiB)
	}
	if _, err := starlarkFunction(p.File, code, p.Function); err != nil {
		return nil, fmt.Errorf("reward %s: %w", name, err)
	}
	file, err := filepath.Abs(p.File)
	if err != nil {
		return nil, fmt.Errorf("reward %s: %w", name, err)
	}
	argv := append(append([]string{}, serve...), file, fmt.Sprint(p.MaxSteps), fmt.Sprint(p.MemoryMiB))
	return newProcess(name, p, hash(code), p.Function+" of "+filepath.Base(file), p.Function, argv, filepath.Dir(file), p.ProcessParams), nil
}

// starlarkSteps bounds the statements at the top of a file.
const starlarkSteps = 1_000_000

// starlarkFunction parses a file and finds a function in it. Its top level is
// not run here: that belongs into the bounded process.
func starlarkFunction(file string, code []byte, function string) (*syntax.File, error) {
	tree, err := starlarkOptions().Parse(file, code, 0)
	if err != nil {
		return nil, err
	}
	for _, stmt := range tree.Stmts {
		if def, ok := stmt.(*syntax.DefStmt); ok && def.Name.Name == function {
			return tree, nil
		}
	}
	return nil, fmt.Errorf("%s has no function %s(ctx)", filepath.Base(file), function)
}

func starlarkOptions() *syntax.FileOptions {
	return &syntax.FileOptions{Set: true, While: true, TopLevelControl: true}
}

// ServeStarlark answers calls for one file until its input ends. The process
// limits its own memory first.
func ServeStarlark(in io.Reader, out io.Writer, file string, maxSteps, memoryMiB uint64) error {
	if err := setMemory(memoryMiB << 20); err != nil {
		return fmt.Errorf("limit memory to %d MiB: %w", memoryMiB, err)
	}
	code, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	thread := &starlark.Thread{Name: "load", Print: func(*starlark.Thread, string) {}}
	thread.SetMaxExecutionSteps(starlarkSteps)
	globals, err := starlark.ExecFileOptions(starlarkOptions(), thread, file, code, nil)
	if err != nil {
		return err
	}
	globals.Freeze()
	enc := json.NewEncoder(out)
	if err := enc.Encode(reply{Type: "ready", Proto: protocol}); err != nil {
		return err
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	for lines.Scan() {
		var call starlarkCall
		if err := json.Unmarshal(lines.Bytes(), &call); err != nil {
			return fmt.Errorf("read a call: %w", err)
		}
		if err := enc.Encode(call.answer(globals, maxSteps)); err != nil {
			return err
		}
	}
	return lines.Err()
}

// starlarkCall is what the function sees of a call.
type starlarkCall struct {
	ID     uint64 `json:"id"`
	Func   string `json:"func"`
	Kwargs struct {
		Prompts       []string  `json:"prompts"`
		Completions   []string  `json:"completions"`
		CompletionIDs [][]int32 `json:"completion_ids"`
		Question      []string  `json:"question"`
		Solution      []string  `json:"solution"`
		TrainerState  struct {
			GlobalStep int `json:"global_step"`
		} `json:"trainer_state"`
	} `json:"kwargs"`
	Truncated []bool `json:"truncated"`
}

func (c starlarkCall) answer(globals starlark.StringDict, maxSteps uint64) reply {
	start := time.Now()
	r := reply{Type: "result", ID: c.ID, Extra: map[string][]json.RawMessage{}}
	fail := func(err error) reply {
		e := reply{Type: "error", ID: c.ID, Exception: "error", Message: err.Error()}
		var at *starlark.EvalError
		if errors.As(err, &at) {
			e.Traceback = at.Backtrace()
		}
		return e
	}
	k := c.Kwargs
	if n := len(k.Completions); len(k.Prompts) != n || len(k.CompletionIDs) != n || len(k.Question) != n || len(k.Solution) != n || len(c.Truncated) != n {
		return fail(errors.New("the call's lists differ in length"))
	}
	for i := range k.Completions {
		var printed []byte
		thread := &starlark.Thread{Name: c.Func, Print: func(_ *starlark.Thread, msg string) {
			if len(printed) < 4096 {
				printed = append(append(printed, msg...), '\n')
			}
		}}
		thread.SetMaxExecutionSteps(maxSteps)
		value, err := starlark.Call(thread, globals[c.Func], starlark.Tuple{c.context(i)}, nil)
		if err != nil {
			return fail(err)
		}
		score, why, err := readStarlark(value)
		if err != nil {
			return fail(err)
		}
		r.Rewards = append(r.Rewards, score)
		r.Extra["why"] = append(r.Extra["why"], why)
		r.Stdout += string(printed)
	}
	r.Millis = float64(time.Since(start).Microseconds()) / 1e3
	return r
}

// context is the ctx of one completion.
func (c starlarkCall) context(i int) starlark.Value {
	k := c.Kwargs
	s := k.Completions[i]
	var think, answer string
	g := text.Segment(s, text.After(k.Prompts[i]))
	if len(g.Think) > 0 {
		think = g.Think[0].Body.In(s)
	}
	if n := len(g.Answer); n > 0 {
		answer = g.Answer[n-1].Body.In(s)
	}
	fields := starlark.StringDict{
		"completion": starlark.String(s), "prompt": starlark.String(k.Prompts[i]), "question": starlark.String(k.Question[i]),
		"gold": starlark.String(k.Solution[i]), "think": starlark.String(think), "answer": starlark.String(answer),
		"tokens": starlark.MakeInt(len(k.CompletionIDs[i])), "characters": starlark.MakeInt(utf8.RuneCountInString(s)),
		"truncated": starlark.Bool(c.Truncated[i]), "step": starlark.MakeInt(k.TrainerState.GlobalStep),
	}
	return &record{fields}
}

// readStarlark reads what a function returned: a number, None, or a dict with
// "score" and perhaps "why".
func readStarlark(v starlark.Value) (score, why json.RawMessage, err error) {
	why = json.RawMessage(`""`)
	if d, ok := v.(*starlark.Dict); ok {
		if w, found, err := d.Get(starlark.String("why")); err == nil && found {
			s, ok := starlark.AsString(w)
			if !ok {
				s = w.String()
			}
			if why, err = json.Marshal(cut(s, 1000)); err != nil {
				return nil, nil, err
			}
		}
		found := false
		if v, found, err = d.Get(starlark.String("score")); err != nil || !found {
			return nil, nil, fmt.Errorf(`the function returned a dict without "score": %s`, cut(d.String(), 100))
		}
	}
	switch v := v.(type) {
	case starlark.NoneType:
		return json.RawMessage("null"), why, nil
	case starlark.Bool:
		if v {
			return json.RawMessage("1"), why, nil
		}
		return json.RawMessage("0"), why, nil
	case starlark.Int, starlark.Float:
		f, ok := starlark.AsFloat(v)
		if !ok {
			return nil, nil, fmt.Errorf("the function returned %s, which is too large", cut(v.String(), 40))
		}
		if raw, err := json.Marshal(f); err == nil {
			return raw, why, nil
		}
		raw, err := json.Marshal(v.String()) // NaN and infinities: invalid, as text
		return raw, why, err
	}
	raw, err := json.Marshal(cut(v.String(), 100))
	return raw, why, err
}

// record is a value with fields, as ctx.
type record struct{ fields starlark.StringDict }

func (r *record) String() string        { return "ctx" }
func (r *record) Type() string          { return "ctx" }
func (r *record) Freeze()               {}
func (r *record) Truth() starlark.Bool  { return true }
func (r *record) Hash() (uint32, error) { return 0, errors.New("ctx cannot be a key") }
func (r *record) AttrNames() []string   { return r.fields.Keys() }

// Attr returns a field; nil and no error says that there is none.
func (r *record) Attr(name string) (starlark.Value, error) { return r.fields[name], nil }

// why returns the sentence that a Starlark function gave, if it did.
func whyOf(r rewards.Result) (string, bool) {
	raw, ok := r.Facts["why"].(json.RawMessage)
	if !ok {
		return "", false
	}
	var s string
	return s, json.Unmarshal(raw, &s) == nil && s != ""
}
