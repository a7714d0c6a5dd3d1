package reasoninggym

import (
	"math/big"
	"slices"
	"strings"
	"unicode"

	"gradus/rewards/rules/pytext"
)

// Answers that are short texts: letters, words, codes.

// colorCube is ColorCubeRotationDataset.score_answer: 0.01 for any answer.
func colorCube(answer string, found bool, e entry) (float64, error) {
	if found && trimmedLower(answer) == trimmedLower(e.answer) {
		return 1, nil
	}
	return half(found, 0.01), nil
}

// figletFont is FigletFontDataset.score_answer: 0.1 for each letter in place.
func figletFont(answer string, found bool, e entry) (float64, error) {
	got, want := []rune(trimmedLower(strings.ReplaceAll(answer, " ", ""))), []rune(trimmedLower(e.answer))
	if !found || slices.Equal(got, want) {
		return truth(found), nil
	}
	return min(float64(inPlace(want, got))*0.1, 1), nil
}

// emojiMystery is EmojiMysteryDataset.score_answer: the share of the right
// characters in a text of the same length, 0.01 for others.
func emojiMystery(answer string, found bool, e entry) (float64, error) {
	got, want := []rune(answer), []rune(e.answer)
	switch {
	case !found || answer == e.answer:
		return truth(found), nil
	case len(got) != len(want):
		return 0.01, nil
	}
	return float64(inPlace(want, got)) / float64(len(want)), nil
}

// tsumego is TsumegoDataset.score_answer: the point, by its share in a longer
// text; 0.05 for any other point, 0.01 for any text.
func tsumego(answer string, _ bool, e entry) (float64, error) {
	if answer == "" {
		return 0, nil
	}
	answer, oracle := pytext.Upper(answer), pytext.Strip(e.answer)
	switch {
	case answer == oracle:
		return 1, nil
	case strings.Contains(answer, oracle):
		return share(oracle, answer), nil
	case len(answer) > 1 && answer[0] >= 'A' && answer[0] <= 'Z' && !strings.ContainsFunc(answer[1:], func(r rune) bool { return !unicode.IsDigit(r) }):
		return 0.05, nil
	}
	return 0.01, nil
}

// cryptarithm is CryptarithmDataset.score_answer: any digits of the letters
// that solve the sum; 0.01 for others.
func cryptarithm(answer string, found bool, e entry) (float64, error) {
	var words []string
	var result string
	var zeros bool
	for name, into := range inOrder[any]("words_letters", &words, "result_letters", &result) {
		if err := e.meta(name, into); err != nil {
			return 0, err
		}
	}
	if e.has("allow_leading_zero") {
		if err := e.meta("allow_leading_zero", &zeros); err != nil {
			return 0, err
		}
	}
	digits := map[string]*big.Int{}
	for pair := range strings.SplitSeq(answer, ",") {
		letter, digit, ok := strings.Cut(pytext.Strip(pair), "=")
		v, whole := pytext.Int(digit)
		if !found || !ok || !whole {
			return 0, nil
		}
		digits[pytext.Strip(letter)] = v
	}
	return max(0.01, truth(solvesSum(digits, words, result, zeros))), nil
}

func solvesSum(digits map[string]*big.Int, words []string, result string, zeros bool) bool {
	letters := map[string]bool{}
	for _, word := range append(slices.Clone(words), result) {
		for _, letter := range word {
			letters[string(letter)] = true
		}
		if _, first := numberIn(word, digits); !zeros && first {
			return false
		}
	}
	used := map[int64]bool{}
	for letter, v := range digits {
		if !letters[letter] || v.Sign() < 0 || v.Cmp(big.NewInt(9)) > 0 || used[v.Int64()] {
			return false
		}
		used[v.Int64()] = true
	}
	if len(digits) != len(letters) || result == "" || slices.Contains(words, "") {
		return false
	}
	sum := new(big.Int)
	for _, word := range words {
		v, _ := numberIn(word, digits)
		sum.Add(sum, v)
	}
	want, _ := numberIn(result, digits)
	return sum.Cmp(want) == 0
}

// numberIn is the number that a word stands for, and whether it begins with 0.
func numberIn(word string, digits map[string]*big.Int) (v *big.Int, zero bool) {
	v = new(big.Int)
	for i, letter := range word {
		d := digits[string(letter)]
		if d == nil {
			return v, zero
		}
		zero = zero || i == 0 && d.Sign() == 0
		v.Mul(v, big.NewInt(10)).Add(v, d)
	}
	return v, zero
}

// quantumLock is QuantumLockDataset.score_answer: buttons that reach the
// target, a half for more or fewer presses than the oracle's. Every A, B and C
// in the answer is a press, those in words too.
func quantumLock(answer string, found bool, e entry) (float64, error) {
	lock, err := readLock(e)
	if err != nil || !found {
		return 0, err
	}
	got, want := presses(answer), presses(e.answer)
	switch {
	case got == want:
		return 1, nil
	case !lock.opens(got):
		return 0, nil
	case len(got) == len(want):
		return 1, nil
	}
	return 0.5, nil
}

// presses are the letters A to C of a text in capitals.
func presses(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'C' {
			return r
		}
		return -1
	}, pytext.Upper(s))
}

type lock struct {
	value, target int64
	color         string
	buttons       map[byte]button
}

type button struct {
	Name   string
	Type   string
	Value  int64
	Active string `json:"active_state"`
}

func readLock(e entry) (l lock, err error) {
	var buttons []button
	for name, into := range inOrder[any]("initial_value", &l.value, "target_value", &l.target, "initial_state", &l.color, "buttons", &buttons) {
		if err := e.meta(name, into); err != nil {
			return l, err
		}
	}
	l.buttons = map[byte]button{}
	for _, b := range buttons {
		if len(b.Name) == 1 {
			l.buttons[b.Name[0]] = b
		}
	}
	return l, nil
}

// opens says whether the presses end at the target. Over 4096 bits, where no
// number of presses less leads back, they do not.
func (l lock) opens(presses string) bool {
	const most = 4096
	state, color := big.NewInt(l.value), l.color
	for i := range len(presses) {
		b, ok := l.buttons[presses[i]]
		if !ok || b.Active != color && b.Active != "any" {
			continue
		}
		switch v := big.NewInt(b.Value); b.Type {
		case "add":
			state.Add(state, v)
		case "subtract":
			state.Sub(state, v)
		case "multiply":
			state.Mul(state, v)
		}
		if state.BitLen() > most {
			return false
		}
		if color == "red" {
			color = "green"
		} else {
			color = "red"
		}
	}
	return state.Cmp(big.NewInt(l.target)) == 0
}
