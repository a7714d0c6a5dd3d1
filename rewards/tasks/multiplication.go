package tasks

import (
	"math/rand/v2"
	"strconv"
	"strings"
)

// multiplicationKind is the product of two numbers by partial products, one a
// digit of the second, then their sums: "34*26" is worked as
// "34*6=204;34*20=680;204+680=884".
func multiplicationKind() kind {
	return kind{
		name: "multiplication", version: "1.1.0", summary: "multiply two numbers by partial products",
		alphabet: "0123456789+*=", same: func(q string) string { return anyOrder(q, "*") },
		levels: []kindLevel{{"two digits by one", 0.01}, {"three digits by one", 0.002}, {"two digits by two", 0.002},
			{"three digits by two", 0.001}, {"three digits by three", 0.001}},
		draw: func(level int, rng *rand.Rand) string {
			n := [][2]int{{2, 1}, {3, 1}, {2, 2}, {3, 2}, {3, 3}}[level-1]
			b := drawDigits(n[1], rng)
			if n[1] == 1 {
				b = 2 + rng.IntN(8)
			}
			return strconv.Itoa(drawDigits(n[0], rng)) + "*" + strconv.Itoa(b)
		},
		work: multiply, check: integerCheck(multiply), miss: nearInteger,
	}
}

func multiply(q string, slip slip) (steps []string, answer string, ok bool) {
	left, right, found := strings.Cut(q, "*")
	a, okA := number(left)
	b, okB := number(right)
	if !found || !okA || !okB || len(left) > 4 || len(right) > 4 {
		return nil, "", false
	}
	total, place, parts := 0, 1, 0
	for first := true; first || b > 0; first = false {
		d := b % 10 * place
		part := slip(a*d, 2*a*d+20)
		steps = append(steps, strconv.Itoa(a)+"*"+strconv.Itoa(d)+"="+strconv.Itoa(part))
		if parts++; parts > 1 {
			sum := slip(total+part, 2*(total+part)+20)
			steps = append(steps, strconv.Itoa(total)+"+"+strconv.Itoa(part)+"="+strconv.Itoa(sum))
			total = sum
		} else {
			total = part
		}
		b, place = b/10, place*10
	}
	return steps, strconv.Itoa(total), true
}
