package tasks

import (
	"math/rand/v2"
	"strconv"
	"strings"
)

// parityKind is the parity of the ones in a bit string, kept over groups of
// four: "10110100" is worked as "1011=1;0100=0". A guess is right every
// second time: a reward for it should want the steps as well.
func parityKind() kind {
	work := func(q string, slip slip) (steps []string, answer string, ok bool) {
		if q == "" || len(q) > 64 || strings.Trim(q, "01") != "" {
			return nil, "", false
		}
		parity := 0
		for from := 0; from < len(q); from += 4 {
			group := q[from:min(from+4, len(q))]
			parity = slip((parity+strings.Count(group, "1"))%2, 1)
			steps = append(steps, group+"="+strconv.Itoa(parity))
		}
		return steps, strconv.Itoa(parity), true
	}
	return kind{
		name: "parity", version: "1.0.0", summary: "say whether a bit string has an odd number of ones",
		alphabet: "01=",
		levels:   []kindLevel{{"eight bits", 0.5}, {"twelve bits", 0.5}, {"sixteen bits", 0.5}, {"twenty-four bits", 0.5}, {"thirty-two bits", 0.5}},
		draw: func(level int, rng *rand.Rand) string {
			b := make([]byte, []int{8, 12, 16, 24, 32}[level-1])
			for i := range b {
				b[i] = '0' + byte(rng.IntN(2))
			}
			return string(b)
		},
		work: work, check: integerCheck(work),
		miss: func(_, _ string, rng *rand.Rand) string { return strconv.Itoa(rng.IntN(2)) },
	}
}

// bracketsKind finds the first error in a string of brackets: the position,
// from 1, of the first closing bracket that closes nothing or the wrong kind;
// one more than the length when some stay open; 0 when there is no error. It
// is worked by the open brackets after each symbol, "-" for none.
func bracketsKind() kind {
	return kind{
		name: "brackets", version: "1.1.0", summary: "find the first error in a string of brackets",
		alphabet: "()[]{}0123456789-",
		levels:   []kindLevel{{"six of two kinds", 0.32}, {"eight of two kinds", 0.33}, {"ten of two kinds", 0.33}, {"ten of three kinds", 0.33}, {"sixteen of three kinds", 0.33}},
		draw: func(level int, rng *rand.Rand) string {
			return drawBrackets([]int{6, 8, 10, 10, 16}[level-1], []int{2, 2, 2, 3, 3}[level-1], rng)
		},
		work: scanBrackets, check: integerCheck(scanBrackets),
		miss: func(q, _ string, rng *rand.Rand) string { return strconv.Itoa(rng.IntN(len(q) + 2)) },
	}
}

// drawBrackets draws a balanced string and, two times in three, changes one
// of its symbols.
func drawBrackets(n, kinds int, rng *rand.Rand) string {
	const opening, closing = "([{", ")]}"
	var b, stack []byte
	for len(b) < n {
		left := n - len(b)
		if len(stack) == left || len(stack) > 0 && rng.IntN(2) == 0 {
			b = append(b, closing[strings.IndexByte(opening, stack[len(stack)-1])])
			stack = stack[:len(stack)-1]
			continue
		}
		c := opening[rng.IntN(kinds)]
		b, stack = append(b, c), append(stack, c)
	}
	if rng.IntN(3) > 0 {
		at := rng.IntN(n)
		others := strings.ReplaceAll(opening[:kinds]+closing[:kinds], string(b[at:at+1]), "")
		b[at] = others[rng.IntN(len(others))]
	}
	return string(b)
}

func scanBrackets(q string, slip slip) (steps []string, answer string, ok bool) {
	const opening, closing = "([{", ")]}"
	if q == "" || len(q) > 64 || strings.Trim(q, opening+closing) != "" {
		return nil, "", false
	}
	var stack []byte
	for i := range len(q) {
		if strings.IndexByte(opening, q[i]) >= 0 {
			stack = append(stack, q[i])
		} else {
			n := len(stack)
			if n == 0 || opening[strings.IndexByte(closing, q[i])] != stack[n-1] {
				at := strconv.Itoa(slip(i+1, len(q)+1))
				return append(steps, at), at, true
			}
			stack = stack[:n-1]
		}
		// A wrong height forgets open brackets or sees one too many.
		switch height := slip(len(stack), len(stack)+1); {
		case height > len(stack):
			stack = append(stack, '(')
		default:
			stack = stack[:height]
		}
		if len(stack) == 0 {
			steps = append(steps, "-")
		} else {
			steps = append(steps, string(stack))
		}
	}
	if len(stack) > 0 {
		return steps, strconv.Itoa(len(q) + 1), true
	}
	return steps, "0", true
}
