package tasks

import (
	"math/rand/v2"
	"strconv"
	"strings"
)

// gcdKind is the greatest common divisor by Euclid's algorithm: "84,36" is
// worked as "84%36=12;36%12=0".
func gcdKind() kind {
	return kind{
		name: "gcd", version: "1.0.0", summary: "find the greatest common divisor by Euclid's algorithm",
		alphabet: "0123456789,%=",
		levels:   []kindLevel{{"numbers to 30", 0.2}, {"numbers to 60", 0.12}, {"numbers to 99", 0.09}, {"numbers to 300", 0.055}, {"numbers to 999", 0.033}},
		draw: func(level int, rng *rand.Rand) string {
			most := []int{30, 60, 99, 300, 999}[level-1]
			for {
				g := 1 + rng.IntN([]int{6, 10, 12, 20, 30}[level-1])
				a, b := g*(1+rng.IntN(most/g)), g*(1+rng.IntN(most/g))
				if a > b && a%b != 0 {
					return strconv.Itoa(a) + "," + strconv.Itoa(b)
				}
			}
		},
		work: euclid, check: integerCheck(euclid),
		miss: func(_, gold string, rng *rand.Rand) string {
			n, _ := number(gold)
			return strconv.Itoa(1 + rng.IntN(max(2*n, 6)))
		},
	}
}

func euclid(q string, slip slip) (steps []string, answer string, ok bool) {
	left, right, found := strings.Cut(q, ",")
	a, okA := number(left)
	b, okB := number(right)
	if !found || !okA || !okB || a < 1 || b < 1 {
		return nil, "", false
	}
	for b > 0 {
		r := slip(a%b, b-1) // below b, so it ends
		steps = append(steps, strconv.Itoa(a)+"%"+strconv.Itoa(b)+"="+strconv.Itoa(r))
		a, b = b, r
	}
	return steps, strconv.Itoa(a), true
}
