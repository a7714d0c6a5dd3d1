package tasks

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"gradus/rewards"
	"gradus/rewards/text"
)

// Marks that open a think part and show its style, and the mark after a step
// that the writer takes back.
const (
	markTerse     = '?'
	markSloppy    = '~'
	markBacktrack = '!'
)

// terseRight is the share of terse guesses that are drawn right. The others
// are near misses, so the policy's terse accuracy is low but not 0.
const terseRight = 0.12

// chainLevel is one setting of a chain task's knob.
type chainLevel struct {
	terms    int
	lo, hi   int    // every term is drawn from lo..hi
	ops      string // drawn with equal weight
	modulus  int    // 0: plain integers, running totals never negative
	sentence string
	guess    float64
}

// chain is a task whose question is a chain of additions and subtractions
// worked from left to right: digit_walk with bounded totals, chain_sum
// without a bound, mod_chain with a modulus.
type chain struct {
	spec   Spec
	levels []chainLevel
	top    int // when not 0: running totals stay in 0..top; of a level, terms and hi count
	split  Split
}

func newChain(name, version, summary string, split Split, levels []chainLevel) *chain {
	c := &chain{levels: levels, split: split}
	c.spec = Spec{Name: name, Version: version, Summary: summary, MinLevel: 1, MaxLevel: len(levels), Traces: true,
		Alphabet: alphabet("0123456789+-=;()%", string([]byte{markTerse, markSloppy, markBacktrack}))}
	for i, l := range levels {
		c.spec.Levels = append(c.spec.Levels, Level{Level: i + 1, Sentence: l.sentence, GuessRate: l.guess})
	}
	return c
}

// alphabet joins byte sets with the tags, sorted and without repeats.
func alphabet(sets ...string) string {
	b := []byte(strings.Join(sets, "") + strings.Join(text.Tags(), ""))
	slices.Sort(b)
	return string(slices.Compact(b))
}

func (c *chain) Spec() Spec {
	s := c.spec
	s.Levels = slices.Clone(s.Levels)
	return s
}

// sum is a parsed question: terms[0] ops[0] terms[1] ops[1] ….
type sum struct {
	terms   []int
	ops     []byte
	modulus int
}

// step applies one operation to a running total.
func (s sum) step(total int, i int) int {
	if s.ops[i] == '+' {
		total += s.terms[i+1]
	} else {
		total -= s.terms[i+1]
	}
	if s.modulus > 0 {
		total = (total%s.modulus + s.modulus) % s.modulus
	}
	return total
}

// totals returns the running totals, totals[0] being the first term.
func (s sum) totals() []int {
	t := make([]int, len(s.terms))
	t[0] = s.terms[0]
	for i := range s.ops {
		t[i+1] = s.step(t[i], i)
	}
	return t
}

func (s sum) question() string {
	var b strings.Builder
	if s.modulus > 0 {
		b.WriteByte('(')
	}
	b.WriteString(strconv.Itoa(s.terms[0]))
	for i, op := range s.ops {
		b.WriteByte(op)
		b.WriteString(strconv.Itoa(s.terms[i+1]))
	}
	if s.modulus > 0 {
		b.WriteString(")%")
		b.WriteString(strconv.Itoa(s.modulus))
	}
	return b.String()
}

// parseSum reads a question back; ok is false for any other text.
func parseSum(q string) (s sum, ok bool) {
	if strings.HasPrefix(q, "(") {
		body, mod, found := strings.Cut(q[1:], ")%")
		m, err := strconv.Atoi(mod)
		if !found || err != nil || m < 2 {
			return sum{}, false
		}
		q, s.modulus = body, m
	}
	for {
		n := 0
		for n < len(q) && q[n] >= '0' && q[n] <= '9' {
			n++
		}
		if n == 0 || n > 9 {
			return sum{}, false
		}
		v, err := strconv.Atoi(q[:n])
		if err != nil {
			return sum{}, false
		}
		s.terms = append(s.terms, v)
		if n == len(q) {
			return s, len(s.terms) > 1
		}
		if q[n] != '+' && q[n] != '-' {
			return sum{}, false
		}
		s.ops = append(s.ops, q[n])
		q = q[n+1:]
	}
}

func (c *chain) Problem(seed uint64, index int, level int) (rewards.Problem, error) {
	if err := checkArgs(c.spec, index, level); err != nil {
		return rewards.Problem{}, err
	}
	rng := problemRand(c.spec.Name, c.split, seed, index, level)
	l := c.levels[level-1]
	for range maxDraws {
		s := c.draw(l, rng)
		q := s.question()
		if splitOf(q) != c.split {
			continue
		}
		t := s.totals()
		return rewards.Problem{
			Task:     c.spec.Name,
			ID:       problemID(c.spec.Name, c.split, seed, index, level),
			Question: q,
			Gold:     strconv.Itoa(t[len(t)-1]),
		}, nil
	}
	return rewards.Problem{}, noDraw(c.spec, c.split, level)
}

func (c *chain) draw(l chainLevel, rng *rand.Rand) sum {
	if c.top > 0 {
		return drawWalk(l.terms, c.top, l.hi, rng)
	}
	s := sum{modulus: l.modulus}
	total := 0
	for i := range l.terms {
		v := l.lo + rng.IntN(l.hi-l.lo+1)
		s.terms = append(s.terms, v)
		if i == 0 {
			total = v
			continue
		}
		op := l.ops[rng.IntN(len(l.ops))]
		if op == '-' && l.modulus == 0 && total < v {
			op = '+'
		}
		s.ops = append(s.ops, op)
		total = s.step(total, i-1)
	}
	return s
}

// drawWalk draws running totals instead of terms: the first is uniform on
// 0..top, each other uniform on the totals in 0..top that a term of 1..reach
// leads to. So no term is 0, and all totals are about equally frequent.
func drawWalk(terms, top, reach int, rng *rand.Rand) sum {
	total := rng.IntN(top + 1)
	s := sum{terms: []int{total}}
	for range terms - 1 {
		lo, hi := max(0, total-reach), min(top, total+reach)
		next := lo + rng.IntN(hi-lo)
		if next >= total {
			next++
		}
		op, term := byte('+'), next-total
		if term < 0 {
			op, term = '-', -term
		}
		s.ops, s.terms = append(s.ops, op), append(s.terms, term)
		total = next
	}
	return s
}

func (c *chain) Check(p rewards.Problem, claim string) Verdict { return checkInteger(p, claim) }

func (c *chain) Trace(p rewards.Problem, style Style, rng *rand.Rand) string {
	s, ok := parseSum(p.Question)
	if !ok || p.Task != c.spec.Name {
		return ""
	}
	right := s.totals()
	if slices.Min(right) < 0 || c.top > 0 && slices.Max(right) > c.top {
		return "" // no problem of ours: slip and guess rely on the bounds
	}
	var b strings.Builder
	line := func(i, from, to int) {
		b.WriteString(strconv.Itoa(from))
		b.WriteByte(s.ops[i])
		b.WriteString(strconv.Itoa(s.terms[i+1]))
		b.WriteByte('=')
		b.WriteString(strconv.Itoa(to))
	}
	if style == Terse {
		return completion(string(markTerse), strconv.Itoa(s.guess(right, c.top, rng)))
	}
	slip, wrong := -1, 0 // the step that goes wrong, and its result
	switch style {
	case WrongStep:
		b.WriteByte(markSloppy)
		slip, wrong = s.slip(right, c.top, rng)
	case Backtrack:
		b.WriteByte(markBacktrack)
		slip, wrong = s.slip(right, c.top, rng)
	}
	total := right[0]
	for i := range s.ops {
		if i > 0 {
			b.WriteByte(';')
		}
		next := s.step(total, i)
		if i == slip {
			line(i, total, wrong)
			if style == WrongStep {
				total = wrong
				continue
			}
			b.WriteByte(markBacktrack)
		}
		line(i, total, next)
		total = next
	}
	return completion(b.String(), strconv.Itoa(total))
}

// slip chooses a step and a wrong result for it: off by one, two or ten, and
// such that no total from there on leaves 0..top (top 0: is negative). A chain
// of additions and subtractions carries the error to the end, so the answer
// is wrong too.
func (s sum) slip(right []int, top int, rng *rand.Rand) (step, wrong int) {
	deltas := []int{1, -1, 2, -2}
	if s.modulus == 0 && top == 0 {
		deltas = append(deltas, 10, -10)
	}
	for {
		step = rng.IntN(len(s.ops))
		d := deltas[rng.IntN(len(deltas))]
		rest := right[step+1:]
		switch {
		case s.modulus > 0:
			return step, ((rest[0]+d)%s.modulus + s.modulus) % s.modulus
		case slices.Min(rest)+d >= 0 && (top == 0 || slices.Max(rest)+d <= top):
			// The last step always has a d that fits, so the loop ends.
			return step, rest[0] + d
		}
	}
}

// guess is a terse answer: right with probability terseRight, else a near
// miss.
func (s sum) guess(right []int, top int, rng *rand.Rand) int {
	gold := right[len(right)-1]
	if rng.Float64() < terseRight {
		return gold
	}
	if s.modulus > 0 {
		return (gold + 1 + rng.IntN(s.modulus-1)) % s.modulus
	}
	if top > 0 {
		return (gold + 1 + rng.IntN(top)) % (top + 1)
	}
	for {
		d := rng.IntN(19) - 9
		if d != 0 && gold+d >= 0 {
			return gold + d
		}
	}
}

// completion joins a think part and an answer into a whole completion.
func completion(think, answer string) string {
	return text.ThinkOpen + think + text.ThinkClose + text.AnswerOpen + answer + text.AnswerClose
}
