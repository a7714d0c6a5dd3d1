// Package logicrl holds the reward function of Logic-RL (arXiv 2502.14768) for
// knights and knaves, as published.
package logicrl

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"strings"

	"gradus/rewards"
	"gradus/rewards/rules/pytext"
	"gradus/rewards/rules/rule"
)

// Rules are the entries of the catalogue.
func Rules() []rule.Rule {
	return []rule.Rule{
		{Name: "logicrl.kk", Aliases: []string{"logicrl.knights_and_knaves", "logicrl.kk.compute_score"}, About: "Logic-RL's kk: 1 or -1 for the form, 2, -1.5 or -2 for who is a knight and who a knave", Fixed: "gradus.accuracy", Make: newKK, Defaults: KKParams{}},
	}
}

// KKParams are the parameters of logicrl.kk under their published names and
// with their published defaults.
type KKParams struct {
	FormatReward float64 `json:"format_reward"` // 1; what the form adds, and takes away where it is missing
}

// What kk.compute_score adds for the answer. Its parameter answer_reward is
// read nowhere.
const (
	allRight  = 2.0
	someWrong = -1.5
	unread    = -2.0
)

// newKK is Logic-RL's kk.compute_score:
//
//  1. The turn is what follows the first "Assistant:" (else
//     "<|im_start|>assistant") of prompt and completion together; without
//     either it is all of them, and there is no answer.
//  2. The form: each of <think>, </think>, <answer>, </answer> stands in the
//     turn exactly once, in that order: format_reward, or its negative. The
//     publisher's prompts end with "<think>", so it counts as the turn's.
//  3. The answer, between the tags: the words knight and knave stand in it as
//     often as there are names, and for each name "NAME is a knight" or "NAME
//     is a knave" does: 2 when all roles are right, else -1.5. Anything else,
//     and any answer without the form: -2.
//
// The gold answer is the text of the column solution_text_format, a name and a
// role on each line, or a ground truth (or gold answer) that is an object with
// that field.
func newKK(params map[string]any) (rewards.Reward, error) {
	const name = "logicrl.kk"
	p := KKParams{FormatReward: 1}
	if err := rule.Decode(name, params, &p); err != nil {
		return nil, err
	}
	if !(math.Abs(p.FormatReward) < 1e9) {
		return nil, fmt.Errorf("reward %s: format_reward is %v; give a finite number", name, p.FormatReward)
	}
	spec := rewards.Spec{Name: name, Version: "1.0.0", Params: rule.Canonical(p), Deterministic: true,
		Range: [2]float64{unread - math.Abs(p.FormatReward), allRight + math.Abs(p.FormatReward)}}
	return rule.PerSample(spec, func(s rewards.Sample) rewards.Result {
		solution, err := solutionText(s)
		if err != nil {
			return rewards.Result{Status: rewards.Skipped, Reason: "logicrl.no_gold", Why: err.Error()}
		}
		return p.score(s, roles(solution))
	}), nil
}

// cast is who is what: the names in the order of their first lines, and their
// roles.
type cast struct {
	names []string
	roles map[string]string
}

func (p KKParams) score(s rewards.Sample, gold cast) rewards.Result {
	turn, from, found := assistant(s.Prompt + s.Completion)
	form := inForm(turn)
	r := rewards.Result{Score: -math.Abs(p.FormatReward), Reason: "logicrl.no_form", Why: "the four tags do not stand in the turn once each and in order"}
	if form {
		r.Score, r.Reason, r.Why = p.FormatReward, "logicrl.unread", "the four tags stand in the turn once each and in order; the answer does not tell everyone's role once"
	}
	r.Facts = map[string]any{"format": r.Score}
	answer := unread
	at, to, tagged := pytext.LastAnswer(turn)
	if tagged && found {
		r.Claim = turn[at:to]
		if at += from - len(s.Prompt); at >= 0 {
			r.Spans = []rewards.Span{{From: at, To: to + from - len(s.Prompt), Label: "claim"}}
		}
	}
	if form && r.Claim != "" {
		if told, ok := rolesOf(gold.names, r.Claim); ok {
			answer, r.Reason = someWrong, "logicrl.different"
			if maps.Equal(told, gold.roles) {
				answer, r.Reason = allRight, "logicrl.equal"
			}
			r.Why = fmt.Sprintf("the form is right; of %d roles %d are right", len(gold.names), same(told, gold.roles))
		}
	}
	r.Facts["answer"] = answer
	r.Score += answer
	return r
}

func same(a, b map[string]string) int {
	n := 0
	for name, role := range a {
		if b[name] == role {
			n++
		}
	}
	return n
}

// assistant is the assistant's turn and where it begins; without a header it
// is the whole text.
func assistant(full string) (turn string, from int, found bool) {
	for _, header := range []string{"Assistant:", "<|im_start|>assistant"} {
		if at := strings.Index(full, header); at >= 0 {
			return full[at+len(header):], at + len(header), true
		}
	}
	return full, 0, false
}

// inForm says whether each tag stands once, in order.
func inForm(turn string) bool {
	last := -1
	for _, tag := range []string{"<think>", "</think>", "<answer>", "</answer>"} {
		at := strings.Index(turn, tag)
		if strings.Count(turn, tag) != 1 || at < last {
			return false
		}
		last = at
	}
	return true
}

// solutionText finds the gold answer.
func solutionText(s rewards.Sample) (string, error) {
	text := func(raw json.RawMessage) (string, bool) {
		var v string
		return v, json.Unmarshal(raw, &v) == nil && raw != nil
	}
	columns := rule.Columns(s)
	if v, ok := text(columns["solution_text_format"]); ok {
		return v, nil
	}
	for _, raw := range []json.RawMessage{columns["ground_truth"], columns["reward_model"], json.RawMessage(s.Problem.Gold)} {
		var object struct {
			Text  *string `json:"solution_text_format"`
			Truth struct {
				Text *string `json:"solution_text_format"`
			} `json:"ground_truth"`
		}
		if raw = bytes.TrimSpace(raw); len(raw) == 0 || raw[0] != '{' || json.Unmarshal(raw, &object) != nil {
			continue
		}
		if object.Text != nil {
			return *object.Text, nil
		}
		if object.Truth.Text != nil {
			return *object.Truth.Text, nil
		}
	}
	if v, ok := text(columns["ground_truth"]); ok {
		return v, nil
	}
	if len(roles(s.Problem.Gold).names) > 0 {
		return s.Problem.Gold, nil
	}
	return "", fmt.Errorf("problem %s has no gold answer as \"Zoey is a knight\", one name a line: give the column solution_text_format", s.Problem.ID)
}
