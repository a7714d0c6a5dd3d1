package reasoninggym

import (
	_ "embed"
	"fmt"
	"sort"
	"strings"
	"unicode/utf8"

	"gradus/rewards/rules/pytext"
)

// words are the words of reasoning-gym's word ladders (data/words.csv): a line
// each for those of 3, 4 and 5 letters, in alphabetical order with nothing
// between them.
//
//go:embed words.txt
var words string

// wordLadder is WordLadderDataset.score_answer: words from start to end, each
// a letter from the one before; each that is not in the list halves it.
func wordLadder(answer string, found bool, e entry) (float64, error) {
	var start, end string
	for name, into := range inOrder("start_word", &start, "end_word", &end) {
		if err := e.meta(name, into); err != nil {
			return 0, err
		}
	}
	length := utf8.RuneCountInString(end)
	if length < 3 || length > 5 {
		return 0, rowError(fmt.Sprintf("the row's end_word has %d letters; reasoning-gym's words have 3 to 5", length))
	}
	ladder := strings.Split(pytext.Upper(answer), ",")
	for i := range ladder {
		ladder[i] = pytext.Strip(ladder[i])
	}
	if !found || len(ladder) < 2 || ladder[0] != start || ladder[len(ladder)-1] != end {
		return 0, nil
	}
	reward := 1.0
	for i, word := range ladder {
		if utf8.RuneCountInString(word) != length || i > 0 && inPlace([]rune(ladder[i-1]), []rune(word)) != length-1 {
			return 0, nil
		}
		if !knownWord(word, length) {
			reward *= 0.5
		}
	}
	return reward, nil
}

// knownWord says whether a word of 3 to 5 letters is in the list.
func knownWord(word string, length int) bool {
	line := strings.Split(words, "\n")[length-3]
	at := func(i int) string { return line[i*length : (i+1)*length] }
	n := len(line) / length
	i := sort.Search(n, func(i int) bool { return at(i) >= word })
	return i < n && at(i) == word
}
