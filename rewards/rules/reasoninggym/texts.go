package reasoninggym

import (
	"slices"
	"strings"
	"unicode/utf8"

	"gradus/rewards/rules/pytext"
)

// byText is ProceduralDataset.score_answer, that of most data sets. "01" for
// the answer 1 pays a half, and so does a list of two candidates.
func byText(answer string, _ bool, e entry) (float64, error) {
	switch answer {
	case "":
		return 0, nil
	case e.answer:
		return 1, nil
	}
	return share(e.answer, answer), nil
}

// chainSum is utils.compute_decimal_reward: "+01,000.00" is 1000.
func chainSum(answer string, _ bool, e entry) (float64, error) {
	if answer == "" {
		return 0, nil
	}
	answer, oracle := strings.ReplaceAll(answer, ",", ""), strings.ReplaceAll(e.answer, ",", "")
	if sameDecimal(answer, oracle) {
		return 1, nil
	}
	if answer == "" && oracle == "" {
		return 0, errZero
	}
	return share(oracle, answer), nil
}

func decimalChainSum(answer string, _ bool, e entry) (float64, error) {
	return truth(answer != "" && sameDecimal(answer, e.answer)), nil
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func exactText(answer string, found bool, e entry) (float64, error) {
	return truth(found && answer == e.answer), nil
}

func foldedText(answer string, found bool, e entry) (float64, error) {
	return truth(found && oneLine(answer) == oneLine(e.answer)), nil
}

func oneLine(s string) string { return strings.ReplaceAll(pytext.Lower(s), "\n", "") }

func lowerText(answer string, found bool, e entry) (float64, error) {
	return truth(found && trimmedLower(answer) == trimmedLower(e.answer)), nil
}

func trimmedLower(s string) string { return pytext.Lower(pytext.Strip(s)) }

func needle(answer string, found bool, e entry) (float64, error) {
	return truth(found && trimmedLower(strings.ReplaceAll(answer, " ", "")) == trimmedLower(e.answer)), nil
}

func pathStar(answer string, _ bool, e entry) (float64, error) {
	return truth(answer != "" && slices.Equal(pytext.Words(answer), pytext.Words(e.answer))), nil
}

func circuitLogic(answer string, _ bool, e entry) (float64, error) {
	return truth(answer != "" && answer == e.answer), nil
}

// spellBackward adds a part for each right letter, so that the sum of all,
// with more behind them, is 1 for some lengths, from which 0.2 is taken, and
// nearly 1 for others, from which nothing is.
func spellBackward(answer string, found bool, e entry) (float64, error) {
	want, got := []rune(pytext.Lower(e.answer)), []rune(pytext.Lower(answer))
	if !found {
		return 0, nil
	}
	if slices.Equal(want, got) {
		return 1, nil
	}
	reward := 0.0
	for i := 0; i < len(want) && i < len(got); i++ {
		if want[i] == got[i] {
			reward += 1 / float64(len(want))
		}
	}
	if reward == 1 {
		reward -= 0.2
	}
	return reward, nil
}

func wordSorting(answer string, _ bool, e entry) (float64, error) {
	var want []string
	if err := e.meta("sorted_words", &want); err != nil {
		return 0, err
	}
	if answer == "" {
		return 0, nil
	}
	got := strings.Split(answer, ",")
	for i := range got {
		got[i] = pytext.Strip(got[i])
	}
	if slices.Equal(got, want) {
		return 1, nil
	}
	if len(want) == 0 {
		return 0, errZero
	}
	score := float64(inPlace(want, got)) / float64(len(want))
	slices.Sort(got)
	if slices.Sort(want); slices.Equal(got, want) {
		score = max(score, 0.2)
	}
	return score, nil
}

// inPlace is how many words or letters stand where they should.
func inPlace[T comparable](want, got []T) int {
	n := 0
	for i := 0; i < min(len(want), len(got)); i++ {
		if want[i] == got[i] {
			n++
		}
	}
	return n
}

func sentenceReordering(answer string, found bool, e entry) (float64, error) {
	want, got := pytext.Words(e.answer), pytext.Words(answer)
	switch {
	case !found:
		return 0, nil
	case answer == e.answer:
		return 1, nil
	case len(want) != len(got):
		return 0.05, nil
	case len(want) == 0:
		return 0, nil
	}
	return float64(inPlace(lowered(want), lowered(got))) / float64(len(want)), nil
}

func lowered(words []string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = pytext.Lower(w)
	}
	return out
}

func letterJumble(answer string, found bool, e entry) (float64, error) {
	oracle, answer := trimmedLower(e.answer), trimmedLower(answer)
	if !found || oracle == answer {
		return truth(found), nil
	}
	want := pytext.Words(oracle)
	sum := 0.0
	for range inPlace(want, pytext.Words(answer)) {
		sum += 1 / float64(len(want))
	}
	return min(1, sum), nil
}

func palindrome(answer string, _ bool, e entry) (float64, error) {
	var letters []string
	if err := e.meta("letters", &letters); err != nil {
		return 0, err
	}
	if answer == "" {
		return 0, nil
	}
	runes := []rune(trimmedLower(answer))
	for i := range len(runes) / 2 {
		if runes[i] != runes[len(runes)-1-i] {
			return 0.02, nil
		}
	}
	got := strings.Split(string(runes), "")
	slices.Sort(got)
	if slices.Sort(letters); !slices.Equal(got, letters) {
		return 0.05, nil
	}
	return 1, nil
}

// characters is len(s).
func characters(s string) int { return utf8.RuneCountInString(s) }
