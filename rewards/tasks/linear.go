package tasks

import (
	"math/rand/v2"
	"strconv"
	"strings"
)

// linearKind is a linear equation with a whole solution: "3x+4=19" is worked
// as "19-4=15;15/3=5".
func linearKind() kind {
	return kind{
		name: "linear", version: "1.1.0", summary: "solve a linear equation in one variable",
		alphabet: "0123456789x+-=/",
		levels: []kindLevel{{"coefficients to 5, solutions to 9", 0.12}, {"coefficients to 9, solutions to 9", 0.12},
			{"coefficients to 9, solutions to 30", 0.036}, {"coefficients to 20, solutions to 99", 0.012}},
		draw: func(level int, rng *rand.Rand) string {
			a := 2 + rng.IntN([]int{4, 8, 8, 19}[level-1])
			x := 1 + rng.IntN([]int{9, 9, 30, 99}[level-1])
			b := 1 + rng.IntN([]int{9, 20, 30, 99}[level-1])
			if rng.IntN(2) == 0 && b <= a*x {
				return strconv.Itoa(a) + "x-" + strconv.Itoa(b) + "=" + strconv.Itoa(a*x-b)
			}
			return strconv.Itoa(a) + "x+" + strconv.Itoa(b) + "=" + strconv.Itoa(a*x+b)
		},
		work: solveLinear, check: integerCheck(solveLinear), miss: nearInteger,
	}
}

func solveLinear(q string, slip slip) (steps []string, answer string, ok bool) {
	left, right, found := strings.Cut(q, "=")
	coefficient, constant, foundX := strings.Cut(left, "x")
	if !found || !foundX || constant == "" || constant[0] != '+' && constant[0] != '-' {
		return nil, "", false
	}
	a, okA := number(coefficient)
	b, okB := number(constant[1:])
	c, okC := number(right)
	if !okA || !okB || !okC || a < 1 {
		return nil, "", false
	}
	op, rest := "-", c-b
	if constant[0] == '-' {
		op, rest = "+", c+b
	}
	if rest < 0 {
		return nil, "", false
	}
	if wrong := slip(rest, 2*rest+20); wrong != rest && rest%a == 0 {
		// The division that follows must come out even, or it would be a second
		// error: the nearest other multiple of a.
		if wrong < rest && rest >= a {
			rest -= max(1, (rest-wrong)/a) * a
		} else {
			rest += max(1, (wrong-rest)/a) * a
		}
	}
	steps = append(steps, right+op+constant[1:]+"="+strconv.Itoa(rest))
	x := slip(rest/a, 2*rest/a+9)
	steps = append(steps, strconv.Itoa(rest)+"/"+coefficient+"="+strconv.Itoa(x))
	return steps, strconv.Itoa(x), true
}
