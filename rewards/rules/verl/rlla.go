package verl

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"regexp"
	"slices"
	"strings"

	"gradus/rewards"
	"gradus/rewards/rules/pytext"
	"gradus/rewards/rules/rule"
)

// RLLAParams are the parameters of verl.rlla.
type RLLAParams struct {
	// Model is whose chat template ends the answer: "qwen" or "llama". verl
	// reads it out of the experiment's name.
	Model string `json:"model"`
}

// What verl's rlla pays for tool calls at most and at least, and the tags of
// the parts of an answer.
const (
	toolMost, toolLeast = 3.0, -3.0
	toolOpen, toolClose = "<tool_call>", "</tool_call>"
	replyOpen           = "<response>"
	replyClose          = "</response>"
)

// newRLLA is verl's rlla, the tool-calling reward of ToolRL (arXiv
// 2504.13958) as GDPO uses it (arXiv 2601.05242): 1 for the form that the gold
// answer has, and from -3 to 3 for the calls, one JSON object a line: how many
// of the names, of the parameters' names, and of their values are right. A gold
// answer without a call pays the form alone.
func newRLLA(params map[string]any) (rewards.Reward, error) {
	const name = "verl.rlla"
	p := RLLAParams{Model: "qwen"}
	if err := rule.Decode(name, params, &p); err != nil {
		return nil, err
	}
	if p.Model != "qwen" && p.Model != "llama" {
		return nil, fmt.Errorf("reward %s: model is %q; use qwen or llama", name, p.Model)
	}
	const call, reply = toolOpen + `\n.*?\n` + toolClose, replyOpen + `.*?` + replyClose
	form := map[[2]bool]*regexp.Regexp{}
	for key, rest := range map[[2]bool]string{{false, false}: "", {false, true}: `\n` + reply, {true, false}: `\n` + call, {true, true}: `\n` + call + `\n` + reply} {
		form[key] = regexp.MustCompile(`(?s)\A<think>.*?</think>` + rest + `\z`)
	}
	spec := rewards.Spec{Name: name, Version: "1.0.0", Params: rule.Canonical(p), Range: [2]float64{toolLeast, toolMost + 1}, Deterministic: true}
	return rule.PerSample(spec, func(s rewards.Sample) rewards.Result {
		answer, gold := p.answer(s.Completion), s.Problem.Gold
		parts := [2]bool{strings.Contains(gold, toolOpen), strings.Contains(gold, replyOpen)}
		ok := form[parts].MatchString(answer)
		for i, tags := range [][]string{{toolOpen, toolClose}, {replyOpen, replyClose}} {
			for _, tag := range tags {
				ok = ok && (!parts[i] || strings.Count(answer, tag) == 1)
			}
		}
		r := rewards.Result{Reason: "rlla.form", Why: "the answer has not the gold answer's form", Facts: map[string]any{"format": 0.0, "calls": 0.0}}
		if ok {
			r.Score, r.Why = 1, "the answer has the gold answer's form"
			r.Facts["format"] = 1.0
		}
		if !parts[0] {
			return r
		}
		want, err := toolCalls(gold)
		if err != nil {
			return rewards.Result{Status: rewards.Error, Reason: "rlla.gold", Why: "the gold answer's tool calls cannot be read: " + err.Error()}
		}
		got, err := toolCalls(answer)
		score := toolLeast
		if err == nil {
			score, err = scoreCalls(want, got)
		}
		r.Reason = "rlla.calls"
		if err != nil {
			score, r.Reason = toolLeast, "rlla.broken"
			r.Why += "; its tool calls cannot be read: " + err.Error()
		}
		r.Score += score
		r.Facts["calls"] = score
		r.Why += fmt.Sprintf("; its tool calls are worth %.3g of %g to %g", score, toolLeast, toolMost)
		return r
	}), nil
}

// answer is the last turn of the assistant, without white space around it.
func (p RLLAParams) answer(s string) string {
	begin, end := "<|im_start|>assistant", "<|im_end|>"
	if p.Model == "llama" {
		begin, end = "<|start_header_id|>assistant<|end_header_id|>", "<|eot_id|>"
	}
	if at := strings.LastIndex(s, begin); at >= 0 {
		s = s[at+len(begin):]
	}
	s, _, _ = strings.Cut(s, end)
	return strings.TrimFunc(s, pytext.Space)
}

// toolCalls are the lines of the first tool-call part as JSON values.
func toolCalls(s string) ([]any, error) {
	_, rest, found := strings.Cut(s, toolOpen)
	if !found || !strings.Contains(s, toolClose) {
		return nil, errors.New("there is no " + toolOpen + " … " + toolClose)
	}
	rest, _, _ = strings.Cut(rest, toolOpen) // a second opening ends the part too
	rest, _, _ = strings.Cut(rest, toolClose)
	var calls []any
	for line := range strings.SplitSeq(strings.TrimFunc(rest, pytext.Space), "\n") {
		d := json.NewDecoder(strings.NewReader(line))
		d.UseNumber()
		var v any
		if err := d.Decode(&v); err != nil {
			return nil, err
		}
		if _, err := d.Token(); err != io.EOF {
			return nil, errors.New("a line holds more than one JSON value")
		}
		calls = append(calls, v)
	}
	return calls, nil
}

// scoreCalls compares calls; an error is what Python would raise.
func scoreCalls(want, got []any) (float64, error) {
	if pythonEqual(want, got) {
		return toolMost, nil
	}
	names := func(calls []any) ([]any, error) {
		var out []any
		for _, c := range calls {
			v, err := field(c, "name")
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		return out, nil
	}
	wantNames, err := names(want)
	if err != nil {
		return 0, err
	}
	gotNames, err := names(got)
	if err != nil {
		return 0, err
	}
	score, err := matchScore(wantNames, gotNames)
	if err != nil {
		return 0, err
	}
	most, used := 1.0, map[int]bool{}
	for i, call := range want {
		params, err := field(call, "parameters")
		if err != nil {
			return 0, err
		}
		n, err := pythonLen(params)
		if err != nil {
			return 0, err
		}
		most += 1 + float64(n)
		best, bestAt := 0.0, -1
		for k, other := range got {
			if used[k] || !pythonEqual(gotNames[k], wantNames[i]) {
				continue
			}
			theirs, err := field(other, "parameters")
			if err != nil {
				return 0, err
			}
			total, err := scoreParameters(params, theirs)
			if err != nil {
				return 0, err
			}
			if total > best {
				best, bestAt = total, k
			}
		}
		if bestAt >= 0 {
			used[bestAt] = true
			score += best
		}
	}
	return (toolMost-toolLeast)*score/most + toolLeast, nil
}

// scoreParameters is the likeness of the names, and 1 for each right value.
func scoreParameters(want, got any) (float64, error) {
	w, ok := want.(map[string]any)
	g, ok2 := got.(map[string]any)
	if !ok || !ok2 {
		return 0, errors.New("parameters are no object")
	}
	keys := func(m map[string]any) []any {
		var out []any
		for k := range m {
			out = append(out, k)
		}
		return out
	}
	score, err := matchScore(keys(w), keys(g))
	right := 0.0
	for k, v := range w {
		if other, ok := g[k]; ok && pythonEqual(v, other) {
			right++
		}
	}
	return score + right, err
}

// matchScore is the size of the intersection over that of the union, each
// value as often as it stands there.
func matchScore(a, b []any) (float64, error) {
	if pythonEqual(a, b) {
		return 1, nil
	}
	if len(a) == 0 || len(b) == 0 {
		return 0, nil
	}
	for _, v := range slices.Concat(a, b) {
		switch v.(type) {
		case []any, map[string]any:
			return 0, errors.New("a name is a list or an object")
		}
	}
	left := slices.Clone(b)
	both := 0
	for _, v := range a {
		if k := slices.IndexFunc(left, func(w any) bool { return pythonEqual(v, w) }); k >= 0 {
			left = slices.Delete(left, k, k+1)
			both++
		}
	}
	return float64(both) / float64(len(a)+len(b)-both), nil
}

// field is a value of an object.
func field(v any, name string) (any, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("a call is no object")
	}
	out, ok := m[name]
	if !ok {
		return nil, fmt.Errorf("a call has no %q", name)
	}
	return out, nil
}

// pythonLen is len(v).
func pythonLen(v any) (int, error) {
	switch v := v.(type) {
	case []any:
		return len(v), nil
	case map[string]any:
		return len(v), nil
	case string:
		return len([]rune(v)), nil
	}
	return 0, errors.New("parameters have no length")
}

// pythonEqual is Python's == of values read from JSON: 1, 1.0 and true are the
// same.
func pythonEqual(a, b any) bool {
	if x, ok := pythonNumeric(a); ok {
		y, ok := pythonNumeric(b)
		return ok && x.Cmp(y) == 0
	}
	switch a := a.(type) {
	case nil:
		return b == nil
	case string:
		b, ok := b.(string)
		return ok && a == b
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, pythonEqual)
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for k, v := range a {
			if w, ok := b[k]; !ok || !pythonEqual(v, w) {
				return false
			}
		}
		return true
	}
	return false
}

// pythonNumeric is the value of a number or truth value: whole numbers are
// exact, others floats.
func pythonNumeric(v any) (*big.Float, bool) {
	switch v := v.(type) {
	case bool:
		if v {
			return big.NewFloat(1), true
		}
		return new(big.Float), true
	case json.Number:
		if !bytes.ContainsAny([]byte(v), ".eE") {
			if z, ok := new(big.Int).SetString(string(v), 10); ok {
				return new(big.Float).SetInt(z), true
			}
		}
		f, _ := v.Float64() // what is too large is an infinity, as in Python
		return big.NewFloat(f), true
	}
	return nil, false
}
