package tasks

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"gradus/rewards"
)

// maxFailedTries is the most tries that miss the target in a careful trace:
// one with three numbers, two with more.
func maxFailedTries(numbers int) int {
	if numbers <= 3 {
		return 1
	}
	return 2
}

// markMiss ends a try that does not reach the target.
const markMiss = 'x'

// Trace writes a search as lines: "7+5=12;12-3=9x" is a try that missed,
// the last try hits. A careful trace has none or some misses (see
// maxFailedTries) before the hit, all arithmetic right. WrongStep claims the target as the result of a last
// move that gives another number. Backtrack writes one wrong result, takes
// it back with "!" and writes it right. Terse is some expression over the
// numbers without any line.
func (c *countdown) Trace(p rewards.Problem, style Style, rng *rand.Rand) string {
	d, err := ParseCountdown(p)
	if err != nil {
		return ""
	}
	hit, ok := findHit(p, d)
	if !ok {
		return ""
	}
	ops := opsOf(p)
	if style == Terse {
		if rng.Float64() < terseRight {
			return completion(string(markTerse), hit.expr)
		}
		if miss, ok := findMiss(d, ops, rng); ok {
			return completion(string(markTerse), miss.expr)
		}
		return completion(string(markTerse), hit.expr)
	}
	var b strings.Builder
	switch style {
	case WrongStep:
		b.WriteByte(markSloppy)
		miss, ok := findMiss(d, ops, rng)
		if !ok {
			return ""
		}
		miss.moves = slices.Clone(miss.moves)
		miss.moves[len(miss.moves)-1].result = d.Target
		writePlay(&b, miss, -1, rng)
		return completion(b.String(), miss.expr)
	case Backtrack:
		b.WriteByte(markBacktrack)
		writePlay(&b, hit, rng.IntN(len(hit.moves)), rng)
		return completion(b.String(), hit.expr)
	}
	for range rng.IntN(maxFailedTries(len(d.Numbers)) + 1) {
		if miss, ok := findMiss(d, ops, rng); ok {
			writePlay(&b, miss, -1, rng)
			b.WriteByte(markMiss)
		}
	}
	writePlay(&b, hit, -1, rng)
	return completion(b.String(), hit.expr)
}

// writePlay writes the moves of a play; at move slip it first writes a wrong
// result and takes it back.
func writePlay(b *strings.Builder, p play, slip int, rng *rand.Rand) {
	line := func(m move, result int64) {
		b.WriteString(strconv.FormatInt(m.a, 10))
		b.WriteByte(m.op)
		b.WriteString(strconv.FormatInt(m.b, 10))
		b.WriteByte('=')
		b.WriteString(strconv.FormatInt(result, 10))
	}
	for i, m := range p.moves {
		if i > 0 {
			b.WriteByte(';')
		}
		if i == slip {
			line(m, m.result+1+rng.Int64N(2))
			b.WriteByte(markBacktrack)
		}
		line(m, m.result)
	}
}

// opsOf returns the operations that misses are made of: + and -, and those of
// the gold answer.
func opsOf(p rewards.Problem) string {
	ops := "+-"
	for _, op := range "*/" {
		if strings.ContainsRune(p.Gold, op) {
			ops += string(op)
		}
	}
	return ops
}

// findHit returns the moves of the gold answer.
func findHit(p rewards.Problem, d CountdownData) (play, bool) {
	tree, _, err := parseExpr(p.Gold)
	if err != nil {
		return play{}, false
	}
	hit := play{expr: p.Gold}
	hit.value, err = replay(tree, &hit.moves)
	return hit, err == nil && hit.value == d.Target && len(hit.moves) > 0
}

// replay turns an expression over whole numbers into moves.
func replay(n *exprNode, moves *[]move) (int64, error) {
	if n.op == 0 {
		return n.value, nil
	}
	if n.op == 'n' {
		return 0, errSyntax
	}
	a, err := replay(n.left, moves)
	if err != nil {
		return 0, err
	}
	b, err := replay(n.right, moves)
	if err != nil {
		return 0, err
	}
	made, m, ok := combine(operand{value: a}, operand{value: b}, n.op)
	if !ok {
		return 0, errSyntax
	}
	// combine puts the larger number first; the line follows the expression.
	m.a, m.b = a, b
	*moves = append(*moves, m)
	return made.value, nil
}

// findMiss draws a play that does not reach the target. Random plays nearly
// always miss; ok is false when 100 of them did not.
func findMiss(d CountdownData, ops string, rng *rand.Rand) (play, bool) {
	for range 100 {
		if p, ok := randomPlay(d.Numbers, ops, rng); ok && p.value != d.Target {
			return p, true
		}
	}
	return play{}, false
}
