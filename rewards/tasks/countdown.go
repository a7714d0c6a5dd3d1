package tasks

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"gradus/rewards"
)

// CountdownData is what a countdown problem carries in its Data.
type CountdownData struct {
	Numbers []int64 `json:"numbers"`
	Target  int64   `json:"target"`
}

// ParseCountdown reads the data of a countdown problem.
func ParseCountdown(p rewards.Problem) (CountdownData, error) {
	var d CountdownData
	if p.Task != "countdown" {
		return d, fmt.Errorf("problem %s is of task %q, not countdown", p.ID, p.Task)
	}
	if err := json.Unmarshal(p.Data, &d); err != nil {
		return d, fmt.Errorf("problem %s: data: %w", p.ID, err)
	}
	if len(d.Numbers) == 0 || len(d.Numbers) > 16 {
		return d, fmt.Errorf("problem %s has %d numbers; 1 to 16 are allowed", p.ID, len(d.Numbers))
	}
	return d, nil
}

// countdown asks for an expression that uses each given number once and has
// the target's value, as "3 5 7=22": 3*5+7.
type countdown struct {
	spec   Spec
	levels []countdownLevel
	split  Split
}

type countdownLevel struct {
	numbers   int
	hi        int // numbers are drawn from 1..hi
	maxTarget int64
	ops       string
	sentence  string
	guess     float64
}

func newCountdown(split Split) *countdown {
	c := &countdown{split: split, levels: []countdownLevel{
		{3, 9, 27, "+-", "three numbers to 9, target to 27, + and -", 0.33},
		{3, 9, 50, "+-*", "three numbers to 9, target to 50, + - *", 0.11},
		{3, 25, 100, "+-*/", "three numbers to 25, target to 100, + - * /", 0.10},
		{4, 9, 50, "+-*", "four numbers to 9, target to 50, + - *", 0.04},
		{4, 25, 100, "+-*/", "four numbers to 25, target to 100, + - * /", 0.03},
		{4, 99, 100, "+-*/", "four numbers to 99, target to 100, + - * /", 0.02},
	}}
	c.spec = Spec{Name: "countdown", Version: "1.0.0", MinLevel: 1, MaxLevel: len(c.levels), Traces: true,
		Summary:  "reach the target with each number used once",
		Alphabet: alphabet("0123456789+-*/=()x; ", string([]byte{markTerse, markSloppy, markBacktrack}))}
	for i, l := range c.levels {
		c.spec.Levels = append(c.spec.Levels, Level{Level: i + 1, Sentence: l.sentence, GuessRate: l.guess})
	}
	return c
}

func (c *countdown) Spec() Spec {
	s := c.spec
	s.Levels = slices.Clone(s.Levels)
	return s
}

// move combines two numbers into one; a play is the moves that use up all.
type move struct {
	a, b   int64
	op     byte
	result int64
}

type play struct {
	moves []move
	expr  string
	value int64
}

// operand is a number on the table and how it was made.
type operand struct {
	value int64
	expr  string
	op    byte // outermost operation of expr, 0 for a given number
}

// combine makes a move, ok is false when its result is not a whole number of
// at least 0 or when a side of it would be pointless to print.
func combine(a, b operand, op byte) (operand, move, bool) {
	// Sums and products are written with the larger number first, as traces
	// should not differ in what does not matter.
	if (op == '+' || op == '*') && a.value < b.value {
		a, b = b, a
	}
	var r int64
	switch op {
	case '+':
		r = a.value + b.value
	case '-':
		r = a.value - b.value
	case '*':
		r = a.value * b.value
	case '/':
		if b.value == 0 || a.value%b.value != 0 {
			return operand{}, move{}, false
		}
		r = a.value / b.value
	}
	if r < 0 || r > 9999 {
		return operand{}, move{}, false
	}
	left, right := a.expr, b.expr
	additive := func(o byte) bool { return o == '+' || o == '-' }
	if op == '*' || op == '/' {
		if additive(a.op) {
			left = "(" + left + ")"
		}
		if additive(b.op) || op == '/' && b.op != 0 {
			right = "(" + right + ")"
		}
	} else if op == '-' && additive(b.op) {
		right = "(" + right + ")"
	}
	return operand{r, left + string(op) + right, op}, move{a.value, b.value, op, r}, true
}

// randomPlay combines random pairs until one number is left. It fails, ok
// false, when it runs into a move that is not allowed too often.
func randomPlay(numbers []int64, ops string, rng *rand.Rand) (play, bool) {
	table := make([]operand, len(numbers))
	for i, n := range numbers {
		table[i] = operand{value: n, expr: strconv.FormatInt(n, 10)}
	}
	var p play
	for misses := 0; len(table) > 1; {
		i := rng.IntN(len(table))
		j := rng.IntN(len(table) - 1)
		if j >= i {
			j++
		}
		made, m, ok := combine(table[i], table[j], ops[rng.IntN(len(ops))])
		if !ok {
			if misses++; misses > 50 {
				return play{}, false
			}
			continue
		}
		table[i] = made
		table = slices.Delete(table, j, j+1)
		p.moves = append(p.moves, m)
	}
	p.expr, p.value = table[0].expr, table[0].value
	return p, true
}

// canonicalCountdown is the text the split is decided by: the numbers in
// order, since the same numbers in another order are the same problem.
func canonicalCountdown(d CountdownData) string {
	sorted := slices.Clone(d.Numbers)
	slices.Sort(sorted)
	return countdownQuestion(CountdownData{sorted, d.Target})
}

func countdownQuestion(d CountdownData) string {
	var b strings.Builder
	for i, n := range d.Numbers {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(strconv.FormatInt(n, 10))
	}
	b.WriteByte('=')
	b.WriteString(strconv.FormatInt(d.Target, 10))
	return b.String()
}

func (c *countdown) Problem(seed uint64, index int, level int) (rewards.Problem, error) {
	if err := checkArgs(c.spec, index, level); err != nil {
		return rewards.Problem{}, err
	}
	rng := problemRand(c.spec.Name, c.split, seed, index, level)
	l := c.levels[level-1]
	for tries := 0; tries < maxDraws; {
		numbers := make([]int64, l.numbers)
		for i := range numbers {
			numbers[i] = 1 + rng.Int64N(int64(l.hi))
		}
		p, ok := randomPlay(numbers, l.ops, rng)
		if !ok || p.value < 1 || p.value > l.maxTarget {
			continue
		}
		d := CountdownData{numbers, p.value}
		tries++
		if splitOf(canonicalCountdown(d)) != c.split {
			continue
		}
		data, err := json.Marshal(d)
		if err != nil {
			return rewards.Problem{}, fmt.Errorf("task countdown: %w", err)
		}
		return rewards.Problem{
			Task:     c.spec.Name,
			ID:       problemID(c.spec.Name, c.split, seed, index, level),
			Question: countdownQuestion(d),
			Gold:     p.expr,
			Data:     data,
		}, nil
	}
	return rewards.Problem{}, noDraw(c.spec, c.split, level)
}

func (c *countdown) Check(p rewards.Problem, claim string) Verdict { return checkCountdown(p, claim) }

// checkCountdown accepts any expression over exactly the given numbers, each
// as often as it is given, whose exact value is the target.
func checkCountdown(p rewards.Problem, claim string) Verdict {
	d, err := ParseCountdown(p)
	if err != nil {
		return Verdict{Skip: true, Reason: "problem_unreadable", Why: err.Error()}
	}
	if strings.TrimSpace(claim) == "" {
		return Verdict{Reason: "unparsed", Why: "the answer is empty"}
	}
	tree, used, err := parseExpr(claim)
	if err != nil {
		v := Verdict{Reason: "unparsed", Why: fmt.Sprintf("claimed %q: %v", shorten(claim), err)}
		switch {
		case errors.Is(err, errBudget):
			v.Reason = "budget"
		case errors.Is(err, errCharacter):
			v.Reason = "forbidden_character"
		}
		return v
	}
	want := slices.Clone(d.Numbers)
	slices.Sort(want)
	got := slices.Clone(used)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		return Verdict{Valid: true, Reason: "wrong_numbers",
			Why: fmt.Sprintf("claimed %s, which does not use each of %s exactly once", shorten(claim), join(d.Numbers))}
	}
	value, err := tree.eval()
	if err != nil {
		return Verdict{Valid: true, Reason: "division_by_zero", Why: fmt.Sprintf("claimed %s, which divides by zero", shorten(claim))}
	}
	v := Verdict{Valid: true, Reason: "different", Facts: map[string]any{"value": value.RatString(), "target": d.Target},
		Why: fmt.Sprintf("claimed %s = %s; target %d", shorten(claim), value.RatString(), d.Target)}
	if value.IsInt() && value.Num().IsInt64() && value.Num().Int64() == d.Target {
		v.Correct, v.Reason = true, "equal"
		v.Why = fmt.Sprintf("claimed %s = %d, the target, with each number used once", shorten(claim), d.Target)
	}
	return v
}

func join(numbers []int64) string {
	parts := make([]string, len(numbers))
	for i, n := range numbers {
		parts[i] = strconv.FormatInt(n, 10)
	}
	return strings.Join(parts, ", ")
}
