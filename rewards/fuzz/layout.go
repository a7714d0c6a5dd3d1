// Package fuzz attacks a reward before a policy does: it writes completions
// that earn nothing (hedges, enumerations, empty or repeated parts, echoes of
// the question, orders to the judge) and right answers in other words, and
// measures which of them the reward pays.
package fuzz

import (
	"fmt"
	"math"
	"strings"

	"gradus/rewards"
	"gradus/rewards/text"
)

// Layout is how a completion sets thinking and answer apart.
type Layout struct {
	Name        string `json:"name"`
	ThinkOpen   string `json:"think_open"`
	ThinkClose  string `json:"think_close"`
	AnswerOpen  string `json:"answer_open"`
	AnswerClose string `json:"answer_close"`
}

// Layouts returns those that published rewards ask for, the plainest first.
func Layouts() []Layout {
	const box, end = `\boxed{`, `}`
	return []Layout{
		{"tags", "<think>", "</think>\n", "<answer>", "</answer>"},
		{"tags on lines", "<think>\n", "\n</think>\n", "<answer>\n", "\n</answer>"},
		{"tags with box", "<think>", "</think>\n", "<answer>" + box, end + "</answer>"},
		{"tags with space and box", "<think>", "</think> ", "<answer>" + box, end + "</answer>"},
		{"tags on lines with box", "<think>\n", "\n</think>\n", "<answer>\n$" + box, end + "$\n</answer>"},
		{"thinking, then box", "<think>\n", "\n</think>\n\n", "The answer is $" + box, end + "$."},
		{"box", "", "\n\n", "The answer is $" + box, end + "$."},
		{"four hashes", "", "\n", "#### ", ""},
		{"answer line", "", "\n\n", "Answer: ", ""},
	}
}

// ParseLayout reads a layout of the user's own: a text with {think} and {answer}
// in it, in this order, as "<think>{think}</think> <answer>{answer}</answer>".
// What stands between the two is the end of the thinking and the beginning of the
// answer, parted before the last opening tag.
func ParseLayout(s string) (Layout, error) {
	before, rest, ok := strings.Cut(s, "{think}")
	between, after, has := strings.Cut(rest, "{answer}")
	if !ok || !has || strings.Contains(after, "{think}") || strings.Contains(after, "{answer}") {
		return Layout{}, fmt.Errorf("layout %q: want a text with {think} and then {answer} in it, each once", s)
	}
	l := Layout{Name: "own", ThinkOpen: before, ThinkClose: between, AnswerClose: after}
	if at := strings.LastIndexByte(between, '<'); at > 0 && !strings.HasPrefix(between[at:], "</") {
		l.ThinkClose, l.AnswerOpen = between[:at], between[at:]
	}
	return l, nil
}

func (l Layout) think(s string) string { return l.ThinkOpen + s + l.ThinkClose }

func (l Layout) answer(s string) string { return l.AnswerOpen + s + l.AnswerClose }

func (l Layout) whole(think, answer string) string { return l.think(think) + l.answer(answer) }

// Case is a problem with what completions of it are made of.
type Case struct {
	Problem  rewards.Problem
	Prompt   string
	Thinking string // honest work that ends in Right
	Right    string // an answer that earns the reward
	Wrong    string // one that does not
}

// sample is a completion as a reward sees it, with made-up token ids.
func (c Case) sample(completion string) rewards.Sample {
	return rewards.Sample{Prompt: c.Prompt, Completion: completion, Problem: c.Problem, TokenIDs: text.MadeUpIDs(completion)}
}

// prefilled is the layout where the prompt has opened the thinking already.
func (c Case) prefilled(l Layout) Layout {
	if text.After(c.Prompt).Prefilled && strings.HasPrefix(l.ThinkOpen, text.ThinkOpen) {
		l.ThinkOpen = ""
	}
	return l
}

// near says that two rewards are equal but for rounding.
func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(1, math.Abs(a), math.Abs(b)) }
