package tasks

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// baseKind writes a number in another base by repeated division: "13>2" is
// worked as "13/2=6r1;6/2=3r0;3/2=1r1;1/2=0r1", and the remainders from the
// last to the first are 1101.
func baseKind() kind {
	return kind{
		name: "base", version: "1.0.0", summary: "write a number in another base by repeated division",
		alphabet: "0123456789abcdef>/=r",
		levels: []kindLevel{{"numbers to 31 in base 2", 0.05}, {"numbers to 99 in base 2 or 3", 0.013}, {"numbers to 255 in bases 2 to 5", 0.006},
			{"numbers to 999 in bases 2 to 9", 0.001}, {"numbers to 4095 in bases 2 to 16", 0.001}},
		draw: func(level int, rng *rand.Rand) string {
			most := []int{31, 99, 255, 999, 4095}[level-1]
			base := 2 + rng.IntN([]int{1, 2, 4, 8, 15}[level-1])
			return strconv.Itoa(base+rng.IntN(most-base+1)) + ">" + strconv.Itoa(base)
		},
		work: divideDown,
		check: func(q, claim string) (correct, valid bool) {
			_, gold, _ := divideDown(q, exactly)
			claim = strings.ToLower(claim)
			for i := 0; i < len(claim); i++ {
				if strings.IndexByte(hexDigits, claim[i]) < 0 {
					return false, false
				}
			}
			return strings.TrimLeft(claim, "0") == gold, true
		},
		miss: func(q, gold string, rng *rand.Rand) string {
			_, base, _ := strings.Cut(q, ">")
			b, _ := number(base)
			digits := []byte(gold)
			digits[rng.IntN(len(digits))] = hexDigits[rng.IntN(max(b, 2))]
			return string(digits)
		},
	}
}

const hexDigits = "0123456789abcdef"

func divideDown(q string, slip slip) (steps []string, answer string, ok bool) {
	left, right, found := strings.Cut(q, ">")
	n, okN := number(left)
	base, okB := number(right)
	if !found || !okN || !okB || n < 1 || base < 2 || base > 16 {
		return nil, "", false
	}
	var digits []byte
	for n > 0 {
		r := slip(n%base, base-1)
		steps = append(steps, strconv.Itoa(n)+"/"+strconv.Itoa(base)+"="+strconv.Itoa(n/base)+"r"+strconv.Itoa(r))
		digits = append(digits, hexDigits[r])
		n /= base
	}
	slices.Reverse(digits)
	return steps, string(digits), true
}
