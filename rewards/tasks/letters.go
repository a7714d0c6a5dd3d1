package tasks

import (
	"math/rand/v2"
	"strconv"
	"strings"
)

const lowercase = "abcdefghijklmnopqrstuvwxyz"

// word says whether s is 1 to 64 lower-case letters.
func word(s string) bool {
	return s != "" && len(s) <= 64 && strings.Trim(s, lowercase) == ""
}

// drawWord draws n letters of the first so many of the alphabet.
func drawWord(n, letters int, rng *rand.Rand) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = lowercase[rng.IntN(letters)]
	}
	return string(b)
}

// spoilLetter returns a word with one letter changed.
func spoilLetter(_, gold string, rng *rand.Rand) string {
	b := []byte(gold)
	b[rng.IntN(len(b))] = lowercase[rng.IntN(26)]
	return string(b)
}

// reverseKind writes a word backwards, letter by letter.
func reverseKind() kind {
	return kind{
		name: "reverse", version: "1.0.0", summary: "write a word backwards",
		alphabet: lowercase,
		levels:   []kindLevel{{"three letters", 0.001}, {"four letters", 0.001}, {"six letters", 0.001}, {"eight letters", 0.001}, {"twelve letters", 0.001}},
		draw: func(level int, rng *rand.Rand) string {
			return drawWord([]int{3, 4, 6, 8, 12}[level-1], 26, rng)
		},
		work: func(q string, slip slip) (steps []string, answer string, ok bool) {
			if !word(q) {
				return nil, "", false
			}
			var b []byte
			for i := len(q) - 1; i >= 0; i-- {
				b = append(b, 'a'+byte(slip(int(q[i]-'a'), 25)))
				steps = append(steps, string(b[len(b)-1:]))
			}
			return steps, string(b), true
		},
		miss: spoilLetter,
	}
}

// caesarKind shifts every letter of a word: "abc+3" is worked as "a>d;b>e;c>f".
func caesarKind() kind {
	return kind{
		name: "caesar", version: "1.0.0", summary: "shift every letter of a word through the alphabet",
		alphabet: lowercase + "0123456789+>",
		levels:   []kindLevel{{"three letters by 1 to 3", 0.001}, {"four letters by 1 to 5", 0.001}, {"six letters by 1 to 13", 0.001}, {"eight letters by 1 to 25", 0.001}},
		draw: func(level int, rng *rand.Rand) string {
			return drawWord([]int{3, 4, 6, 8}[level-1], 26, rng) + "+" + strconv.Itoa(1+rng.IntN([]int{3, 5, 13, 25}[level-1]))
		},
		work: func(q string, slip slip) (steps []string, answer string, ok bool) {
			w, by, found := strings.Cut(q, "+")
			n, okN := number(by)
			if !found || !okN || !word(w) {
				return nil, "", false
			}
			var b []byte
			for i := range len(w) {
				b = append(b, 'a'+byte(slip((int(w[i]-'a')+n)%26, 25)))
				steps = append(steps, string([]byte{w[i], '>', b[i]}))
			}
			return steps, string(b), true
		},
		miss: spoilLetter,
	}
}

// letterCountKind counts a letter in a word by spelling it with a counter:
// "abca:a" is worked as "a1;b1;c1;a2".
func letterCountKind() kind {
	work := func(q string, slip slip) (steps []string, answer string, ok bool) {
		w, letter, found := strings.Cut(q, ":")
		if !found || !word(w) || !word(letter) || len(letter) != 1 {
			return nil, "", false
		}
		n := 0
		for i := range len(w) {
			if w[i] == letter[0] {
				n++
			}
			n = slip(n, len(w))
			steps = append(steps, w[i:i+1]+strconv.Itoa(n))
		}
		return steps, strconv.Itoa(n), true
	}
	return kind{
		name: "letter_count", version: "1.0.0", summary: "count a letter in a word",
		alphabet: lowercase + "0123456789:",
		levels:   []kindLevel{{"five letters of three", 0.33}, {"eight letters of four", 0.31}, {"twelve letters of five", 0.28}, {"sixteen letters of five", 0.25}},
		draw: func(level int, rng *rand.Rand) string {
			letters := []int{3, 4, 5, 5}[level-1]
			return drawWord([]int{5, 8, 12, 16}[level-1], letters, rng) + ":" + lowercase[rng.IntN(letters):][:1]
		},
		work: work, check: integerCheck(work), miss: nearInteger,
	}
}
