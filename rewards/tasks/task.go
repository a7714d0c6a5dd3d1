// Package tasks holds the problems a policy is trained and judged on:
// procedural generators with a difficulty knob, problems from JSONL files,
// the exact checkers of both, and the cold-start traces of the generators.
//
// A generator is a pure function of (seed, index, level): no state, so any
// problem can be made again from its ID. A checker judges the claim, not the
// string: every right answer is right. It parses text and never evaluates it.
package tasks

import (
	"math/rand/v2"

	"gradus/rewards"
)

// Task is a source of problems and their judge. All methods may be called
// from several goroutines at once.
type Task interface {
	// Spec describes the task. It is constant for the life of the value.
	Spec() Spec
	// Problem returns problem number index (from 0) of the stream that seed
	// names, at a level within Spec().MinLevel..MaxLevel. The same arguments
	// give the same problem. It fails on a level or index out of range.
	Problem(seed uint64, index int, level int) (rewards.Problem, error)
	// Check judges a claimed answer, the text an extractor found. It never
	// fails, panics or hangs, whatever the claim is.
	Check(p rewards.Problem, claim string) Verdict
	// Trace returns a whole completion, "<think>…</think><answer>…</answer>",
	// for the cold start. It returns "" when Spec().Traces is false or p is
	// not a problem of this task.
	Trace(p rewards.Problem, style Style, rng *rand.Rand) string
}

// Level is one setting of a task's difficulty knob.
type Level struct {
	Level    int    `json:"level"`
	Sentence string `json:"sentence"` // what is asked at this level
	// GuessRate is the accuracy of an answer that is not worked out: the most
	// frequent answer, or, where it is right more often, one drawn at random
	// from what an answer to the question must be made of, such as the given
	// numbers. 0 when it is not known.
	GuessRate float64 `json:"guess_rate"`
}

// Spec describes a task.
type Spec struct {
	Name     string  `json:"name"`
	Version  string  `json:"version"` // a changed problem, trace or verdict is a new version
	Summary  string  `json:"summary"`
	MinLevel int     `json:"min_level"`
	MaxLevel int     `json:"max_level"`
	Levels   []Level `json:"levels"` // MinLevel..MaxLevel in order
	// Alphabet is every byte that questions, traces and golds use, sorted,
	// tags included: what a character tokenizer must know.
	Alphabet string `json:"alphabet"`
	// Traces says whether Trace can write cold-start completions.
	Traces bool `json:"traces"`
	// Size is the number of distinct problems, 0 when they are generated.
	Size int `json:"size,omitempty"`
}

// GuessRate returns the guess rate of a level, 0 for a level the task has not.
func (s Spec) GuessRate(level int) float64 {
	for _, l := range s.Levels {
		if l.Level == level {
			return l.GuessRate
		}
	}
	return 0
}

// Verdict is a checker's judgement of one claim.
type Verdict struct {
	Correct bool
	Valid   bool           // the claim could be read at all
	Skip    bool           // the problem itself cannot be judged (its gold does not parse): no score, never 0
	Reason  string         // stable code: "equal", "different", "unparsed", …
	Why     string         // one sentence for a reader
	Facts   map[string]any // JSON values behind Why
}

// Style is the quality of a cold-start trace. The first byte of the think
// part shows the style, as handwriting would, so a policy can choose one.
type Style uint8

const (
	Careful   Style = iota // every step, all right
	Terse                  // no steps: a guess, sometimes right
	WrongStep              // one wrong step, everything after it follows from it: wrong answer
	Backtrack              // one wrong step, noticed and redone: right answer
)

func (s Style) String() string {
	switch s {
	case Careful:
		return "careful"
	case Terse:
		return "terse"
	case WrongStep:
		return "wrong_step"
	case Backtrack:
		return "backtrack"
	}
	return "style?"
}

// Mix holds the weights of the styles in a cold-start corpus. Weights are
// relative; negative ones count as 0, and a Mix of zeros draws Careful.
type Mix struct {
	Careful   float64 `json:"careful" toml:"careful"`
	Terse     float64 `json:"terse" toml:"terse"`
	WrongStep float64 `json:"wrong_step" toml:"wrong_step"`
	Backtrack float64 `json:"backtrack" toml:"backtrack"`
}

// Draw picks a style with the mix's weights.
func (m Mix) Draw(rng *rand.Rand) Style {
	w := [4]float64{max(m.Careful, 0), max(m.Terse, 0), max(m.WrongStep, 0), max(m.Backtrack, 0)}
	x := rng.Float64() * (w[0] + w[1] + w[2] + w[3])
	for s, v := range w {
		if x < v {
			return Style(s)
		}
		x -= v
	}
	return Careful
}

// Split says which side of the train/held-out border problems come from.
// No problem is on both sides: the border is a hash of the question's
// canonical text, so it holds over all seeds, indices and levels.
type Split uint8

const (
	Train   Split = iota // 7 of 8 hash buckets
	HeldOut              // 1 of 8 hash buckets
)

func (s Split) String() string {
	if s == HeldOut {
		return "held_out"
	}
	return "train"
}

// Config chooses a task's problems. The zero value is right for the
// procedural tasks; the jsonl task needs Path.
type Config struct {
	Split Split

	// The rest is for the task "jsonl".
	Path     string  // the rows of Split
	EvalPath string  // rows of HeldOut, when they are in a file of their own
	Preset   string  // "", "gsm8k" or "math500": column names
	Columns  Columns // column names; those given win over the preset's
}

// Columns names the fields of a JSONL row.
type Columns struct {
	Question string `json:"question" toml:"question"`
	Answer   string `json:"answer" toml:"answer"`
	ID       string `json:"id" toml:"id"`             // optional
	Solution string `json:"solution" toml:"solution"` // optional: enables traces
}
