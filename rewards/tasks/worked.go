package tasks

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"gradus/rewards"
)

// kind is a family of problems that are worked in steps. Its functions are
// pure; a question's text is all there is to a problem.
type kind struct {
	name, version, summary string
	levels                 []kindLevel
	alphabet               string // bytes of questions, steps and answers, besides the tags and marks
	// draw returns a question of a level, in canonical form.
	draw func(level int, rng *rand.Rand) string
	// same returns what questions share that are one problem said in two
	// ways, so that both are on one side of the held-out border; nil: only
	// equal texts are.
	same func(question string) string
	// work solves a question step by step. Each step computes a number that
	// goes through slip, which may return another one: what follows is
	// computed from that, so an error runs on as it would on paper. ok is
	// false for a text that is no question of this kind.
	work func(question string, slip slip) (steps []string, answer string, ok bool)
	// check judges a claim; nil means that the gold text, white space aside,
	// is the one right answer.
	check func(question, claim string) (correct, valid bool)
	// miss returns an answer of the right form that need not be right.
	miss func(question, gold string, rng *rand.Rand) string
}

type kindLevel struct {
	sentence string
	guess    float64 // accuracy of the best answer that is not worked out, as Level.GuessRate says
}

// slip sees the number that a step computed and the largest one that makes
// sense there, and returns the number to go on with, in 0..most.
type slip func(value, most int) int

func exactly(value, _ int) int { return value }

// worked makes a Task of a kind.
type worked struct {
	kind  kind
	split Split
	spec  Spec
}

func newWorked(k kind, split Split) *worked {
	w := &worked{kind: k, split: split, spec: Spec{Name: k.name, Version: k.version, Summary: k.summary, MinLevel: 1, MaxLevel: len(k.levels), Traces: true}}
	for i, l := range k.levels {
		w.spec.Levels = append(w.spec.Levels, Level{Level: i + 1, Sentence: l.sentence, GuessRate: l.guess})
	}
	w.spec.Alphabet = alphabet(k.alphabet, ";", string([]byte{markTerse, markSloppy, markBacktrack}))
	return w
}

func (w *worked) Spec() Spec { return w.spec }

func (w *worked) Problem(seed uint64, index int, level int) (rewards.Problem, error) {
	if err := checkArgs(w.spec, index, level); err != nil {
		return rewards.Problem{}, err
	}
	rng := problemRand(w.spec.Name, w.split, seed, index, level)
	for range maxDraws {
		q := w.kind.draw(level, rng)
		if splitOf(w.kind.canonical(q)) != w.split {
			continue
		}
		_, answer, ok := w.kind.work(q, exactly)
		if !ok {
			return rewards.Problem{}, fmt.Errorf("task %s drew %q, which it cannot work", w.spec.Name, q)
		}
		return rewards.Problem{Task: w.spec.Name, ID: problemID(w.spec.Name, w.split, seed, index, level), Question: q, Gold: answer}, nil
	}
	return rewards.Problem{}, noDraw(w.spec, w.split, level)
}

func (k kind) canonical(question string) string {
	if k.same == nil {
		return question
	}
	return k.same(question)
}

// anyOrder puts the parts of a text in order that a separator divides, within
// them those that the next one divides, and so on: it is the same for texts
// that differ in an order that does not matter.
func anyOrder(s, separator string, within ...string) string {
	parts := strings.Split(s, separator)
	if len(within) > 0 {
		for i, p := range parts {
			parts[i] = anyOrder(p, within[0], within[1:]...)
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, separator)
}

func (w *worked) Check(p rewards.Problem, claim string) Verdict { return w.kind.verdict(p, claim) }

// maxClaim bounds the bytes of a claim that is looked at.
const maxClaim = 4096

// verdict judges a claim against the question itself, so a stored problem can
// be judged without its task.
func (k kind) verdict(p rewards.Problem, claim string) Verdict {
	_, gold, ok := k.work(p.Question, exactly)
	if !ok {
		return Verdict{Skip: true, Reason: "question_unparsed", Why: fmt.Sprintf("%q of %s is no question of %s", shorten(p.Question), p.ID, k.name)}
	}
	facts := map[string]any{"gold": gold}
	claim = strings.Join(strings.Fields(claim), " ")
	if claim == "" || len(claim) > maxClaim {
		return Verdict{Reason: "unparsed", Why: fmt.Sprintf("the answer is empty or too long; a right one is %s", gold), Facts: facts}
	}
	correct, valid := claim == gold, true
	if k.check != nil {
		correct, valid = k.check(p.Question, claim)
	}
	facts["claim"] = claim
	switch {
	case correct:
		return Verdict{Correct: true, Valid: true, Reason: "equal", Why: fmt.Sprintf("claimed %s, which is right", shorten(claim)), Facts: facts}
	case !valid:
		return Verdict{Reason: "unparsed", Why: fmt.Sprintf("claimed %q, which is no answer to the question; a right one is %s", shorten(claim), gold), Facts: facts}
	}
	return Verdict{Valid: true, Reason: "different", Why: fmt.Sprintf("claimed %s; a right answer is %s", shorten(claim), gold), Facts: facts}
}

// integerCheck judges claims of tasks whose answer is an integer.
func integerCheck(work func(string, slip) ([]string, string, bool)) func(question, claim string) (bool, bool) {
	return func(question, claim string) (bool, bool) {
		_, gold, _ := work(question, exactly)
		got, ok := canonicalInteger(claim)
		return ok && got == gold, ok
	}
}

// maxSlips bounds the tries to find an error that spoils the answer.
const maxSlips = 200

func (w *worked) Trace(p rewards.Problem, style Style, rng *rand.Rand) string {
	steps, answer, ok := w.kind.work(p.Question, exactly)
	if !ok || p.Task != w.spec.Name {
		return ""
	}
	wrongAnswer := func() string {
		for range maxSlips {
			if a := w.kind.miss(p.Question, answer, rng); !w.kind.verdict(p, a).Correct {
				return a
			}
		}
		return ""
	}
	switch style {
	case Terse:
		if rng.Float64() < terseRight {
			return completion(string(markTerse), answer)
		}
		return completion(string(markTerse), wrongAnswer())
	case WrongStep, Backtrack:
		at, spoiled, spoiledAnswer, ok := w.spoil(p, rng)
		if !ok {
			return ""
		}
		if style == WrongStep {
			return completion(string(markSloppy)+strings.Join(spoiled, ";"), spoiledAnswer)
		}
		taken := slices.Clone(steps[:at])
		taken = append(taken, spoiled[at]+string(markBacktrack)+steps[at])
		taken = append(taken, steps[at+1:]...)
		return completion(string(markBacktrack)+strings.Join(taken, ";"), answer)
	}
	return completion(strings.Join(steps, ";"), answer)
}

// spoil works the question with one wrong number and finds the step where it
// shows. The answer comes out wrong.
func (w *worked) spoil(p rewards.Problem, rng *rand.Rand) (at int, steps []string, answer string, ok bool) {
	right, _, _ := w.kind.work(p.Question, exactly)
	calls := 0
	w.kind.work(p.Question, func(v, _ int) int { calls++; return v })
	for range maxSlips {
		target, n := rng.IntN(max(calls, 1)), 0
		steps, answer, ok = w.kind.work(p.Question, func(v, most int) int {
			n++
			if n-1 != target || most < 1 {
				return v
			}
			// Close errors are likelier, as in real work.
			d := 1 + rng.IntN(2)
			if rng.IntN(2) == 0 {
				d = -d
			}
			if v+d < 0 || v+d > most {
				return (v + 1 + rng.IntN(most)) % (most + 1)
			}
			return v + d
		})
		if !ok || answer == "" || w.kind.verdict(p, answer).Correct {
			continue
		}
		for at = range min(len(steps), len(right)) {
			if steps[at] != right[at] {
				return at, steps, answer, true
			}
		}
	}
	return 0, nil, "", false
}

// near returns a number close to n that is not negative, for misses.
func near(n int, rng *rand.Rand) int {
	for {
		if d := rng.IntN(19) - 9; d != 0 && n+d >= 0 {
			return n + d
		}
	}
}
