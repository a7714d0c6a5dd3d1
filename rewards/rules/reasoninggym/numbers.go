package reasoninggym

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"slices"
	"strings"
	"unicode"

	"gradus/rewards/rules/pytext"
	"gradus/rewards/rules/pyvalue"
)

// errZero is where the published function divides by zero.
var errZero = errors.New("the published function divides by zero: the row's answer is empty")

// countdown is CountdownDataset.score_answer. Its nearness is numpy's isclose:
// a hundred-thousandth of the target counts as reaching it.
func countdown(answer string, _ bool, e entry) (float64, error) {
	var numbers []json.Number
	var target float64
	if err := errors.Join(e.meta("numbers", &numbers), e.meta("target", &target)); err != nil {
		return 0, err
	}
	v, err := sympy(answer)
	if err != nil {
		return 0.01, nil
	}
	f, ok := v.float()
	used, read := writtenInts(answer)
	if !ok || !read {
		return 0.01, nil
	}
	var want []*big.Int
	for _, n := range numbers {
		z, ok := pytext.Int(n.String())
		if !ok {
			return 0, errors.New("the row's metadata: numbers holds a number that is not whole")
		}
		want = append(want, z)
	}
	order := func(a, b *big.Int) int { return a.Cmp(b) }
	slices.SortFunc(used, order)
	slices.SortFunc(want, order)
	same := slices.EqualFunc(used, want, func(a, b *big.Int) bool { return a.Cmp(b) == 0 })
	if same && math.Abs(f-target) <= 1e-6+float64(1e-5*math.Abs(target)) {
		return 1, nil
	}
	return 0.05, nil
}

// puzzle24 is Puzzle24Dataset.score_answer with its numbers from 1 to 10. The
// numbers need not be those of the puzzle, and 24.9 is 24.
func puzzle24(answer string, _ bool, _ entry) (float64, error) {
	const worst = 0.01
	v, err := sympy(answer)
	if err != nil {
		return worst, nil
	}
	z, ok := v.integer()
	if !ok || z.Cmp(big.NewInt(24)) != 0 {
		return worst, nil
	}
	used, ok := writtenInts(answer)
	if !ok || len(used) != 4 || slices.ContainsFunc(used, func(z *big.Int) bool { return z.Sign() <= 0 || z.Cmp(big.NewInt(10)) > 0 }) {
		return worst, nil
	}
	return 1, nil
}

// writtenInts are the numbers that re.findall(r"\b\d+\b") finds, in comments
// too; ok is false where int() refuses one.
func writtenInts(s string) (out []*big.Int, ok bool) {
	for s != "" {
		at := strings.IndexFunc(s, pytext.Word)
		if at < 0 {
			break
		}
		s = s[at:]
		end := strings.IndexFunc(s, func(r rune) bool { return !pytext.Word(r) })
		if end < 0 {
			end = len(s)
		}
		if strings.IndexFunc(s[:end], func(r rune) bool { return !unicode.IsDigit(r) }) < 0 {
			z, ok := pytext.Int(s[:end])
			if !ok {
				return nil, false
			}
			out = append(out, z)
		}
		s = s[end:]
	}
	return out, true
}

// numberSorting is NumberSortingDataset.score_answer. Every number may be 1
// off, and NaN is near any: [NaN, NaN, NaN] is right for three numbers.
func numberSorting(answer string, found bool, e entry) (float64, error) {
	var direction string
	if err := e.meta("direction", &direction); err != nil {
		return 0, err
	}
	want, ok := floatList(strings.ReplaceAll(e.answer, "'", `"`))
	if !ok {
		return 0, errors.New("the row's answer is no list of numbers")
	}
	got, ok := floatList(strings.ReplaceAll(answer, "'", `"`))
	if !found || !ok || len(got) != len(want) || !pythonSorted(got, direction != "ascending") {
		return 0, nil
	}
	for i := range got {
		if math.Abs(got[i]-want[i]) > 1 {
			return 0, nil
		}
	}
	return 1, nil
}

// floatList is [float(x) for x in json.loads(s)] of a list; ok is false for
// anything else. Python's JSON has NaN and Infinity too.
func floatList(s string) (out []float64, ok bool) {
	v, err := pyvalue.JSON(s)
	list, ok := v.([]any)
	if err != nil || !ok {
		return nil, false
	}
	for _, v := range list {
		f, ok := 0.0, true
		switch v := v.(type) {
		case *big.Int:
			f, _ = new(big.Float).SetInt(v).Float64()
			ok = !math.IsInf(f, 0)
		case float64:
			f = v
		case string:
			f, ok = pytext.Float(v)
		case bool:
			f = truth(v)
		default:
			ok = false
		}
		if !ok {
			return nil, false
		}
		out = append(out, f)
	}
	return out, true
}

// pythonSorted is v == sorted(v, reverse=descending), where NaN is in order
// wherever Python's sort leaves it.
func pythonSorted(v []float64, descending bool) bool {
	s := slices.Clone(v)
	if descending {
		slices.Reverse(s)
	}
	pyvalue.Sort(s, lessFloat) // which cannot fail
	if descending {
		slices.Reverse(s)
	}
	// Python compares the same object as equal to itself, so NaN to NaN only
	// where it has not moved; another NaN in its place is a different object.
	return slices.EqualFunc(s, v, func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) })
}

func primeFactorization(answer string, found bool, e entry) (float64, error) {
	if !found {
		return 0, nil
	}
	want, ok := factors(e.answer)
	if !ok {
		return 0, errors.New("the row's answer is no list of factors")
	}
	got, ok := factors(answer)
	if !ok {
		return 0, errors.New("the answer holds what is no whole number between ×, at which the published function fails")
	}
	product := func(list []*big.Int) (*big.Int, bool) {
		p, bits := big.NewInt(1), 0
		for _, z := range list {
			if bits += z.BitLen(); bits > maxBits {
				return nil, false
			}
			p.Mul(p, z)
		}
		return p, true
	}
	if slices.EqualFunc(got, want, func(a, b *big.Int) bool { return a.Cmp(b) == 0 }) {
		return 1, nil
	}
	a, ok := product(want)
	b, ok2 := product(got)
	if ok && ok2 && a.Cmp(b) == 0 {
		return 0.5, nil
	}
	return 0.01, nil
}

func factors(s string) ([]*big.Int, bool) {
	var out []*big.Int
	for part := range strings.SplitSeq(s, "×") {
		if part = pytext.Strip(part); part == "" {
			continue
		}
		z, ok := pytext.Int(part)
		if !ok {
			return nil, false
		}
		out = append(out, z)
	}
	slices.SortFunc(out, func(a, b *big.Int) int { return a.Cmp(b) })
	return out, true
}

func numberFormat(answer string, _ bool, e entry) (float64, error) {
	var want float64
	if err := e.meta("solution", &want); err != nil {
		return 0, err
	}
	v, ok := pytext.Float(strings.ReplaceAll(answer, ",", ""))
	return truth(ok && math.Abs(v-want) < 1e-2), nil
}

func rectangleCount(answer string, found bool, e entry) (float64, error) {
	want, ok := pytext.Int(oneLine(e.answer))
	got, ok2 := pytext.Int(answer)
	if !found || !ok || !ok2 {
		return 0, nil
	}
	const near = 5
	off := new(big.Int).Sub(got, want)
	if off.CmpAbs(big.NewInt(near)) >= 0 {
		return 0, nil
	}
	if off.Sign() == 0 {
		return 1, nil
	}
	return 0.8 * (1 - math.Abs(float64(off.Int64()))/near), nil
}
