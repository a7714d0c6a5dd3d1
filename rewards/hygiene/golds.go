package hygiene

import (
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"gradus/rewards/mathans"
	"gradus/rewards/tasks"
	"gradus/rewards/text"
)

// gold tries a gold answer: it must be read, and be accepted in a box.
func (f *File) gold(row tasks.Row, examples int) {
	f.Golds++
	e := Example{Row: row.Number, What: row.Answer}
	// A gold equals itself as a text whatever it is, so it is held against a
	// number besides: that tells what it was read as.
	read := mathans.Compare(row.Answer, "0")
	switch {
	case testCases(row.Answer):
	case read.Status == mathans.GoldUnparsed, read.Rung == "undefined", read.Rung == "text" && !inWords(row.Answer):
		f.Unread.add(examples, e)
		return
	case read.Rung == "text" && strings.ContainsFunc(row.Answer, unicode.IsNumber):
		f.Worded.add(examples, e)
	case read.Rung == "set" && strings.Contains(strings.ToLower(row.Answer), " or "):
		f.Several.add(examples, e)
	}
	if !fits(row.Solution, row.Answer) {
		f.Unfit.add(examples, e)
	}
	if v := mathans.PolicyR1.Verify(row.Answer, "<think>\n</think>\n\\boxed{"+row.Answer+"}", mathans.Adjust{}); v.Status != mathans.Equal {
		f.NotItself.add(examples, Example{Row: row.Number, What: fmt.Sprintf("%s: %s", row.Answer, v.Why)})
	}
}

// fits says whether a solution may be that of a gold answer: its last box holds
// the answer or, without a box, an answer that is a number stands in it. A
// hundred times the number is the same in cents or per cent. Nothing is known,
// and true, of no solution and of other answers.
func fits(solution, gold string) bool {
	if strings.TrimSpace(solution) == "" {
		return true
	}
	if boxes := text.Boxes(solution); len(boxes) > 0 {
		last := boxes[len(boxes)-1].Body.In(solution)
		return mathans.Compare(gold, last).Status == mathans.Equal || strings.TrimSpace(last) == ""
	}
	want, ok := amount(strings.Trim(gold, " $%-"))
	if !ok {
		return true
	}
	hundred := big.NewRat(100, 1)
	for _, n := range slices.Concat(numbers.FindAllString(solution, -1), spaced.FindAllString(solution, -1)) {
		if v, ok := amount(n); ok && (v.Cmp(want) == 0 || v.Mul(v, hundred).Cmp(want) == 0) {
			return true
		}
	}
	return false
}

var spaced = regexp.MustCompile(`\d{1,3}(?: \d{3})+`) // 100 000

var numbers = regexp.MustCompile(`\d[\d,]*(?:\.\d+)?|\.\d+`)

// amount reads a number as numbers finds it.
func amount(s string) (*big.Rat, bool) {
	s = strings.NewReplacer(",", "", " ", "").Replace(s)
	if len(s) > 40 || s == "" || strings.Trim(s, "0123456789.") != "" {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}

// testCases says whether a gold answer is what a program is tested by.
func testCases(gold string) bool {
	gold = strings.TrimSpace(gold)
	return gold != "" && (gold[0] == '{' || gold[0] == '[') && json.Valid([]byte(gold))
}

// inWords says whether a gold answer that is no formula is words at least, not what
// is left of a formula: it has letters, and outside of LaTeX's text commands no
// sign of mathematics.
func inWords(gold string) bool {
	plain := textCommand.ReplaceAllString(gold, "$1")
	return strings.ContainsFunc(plain, unicode.IsLetter) && !strings.ContainsAny(plain, `\{}[]$=<>^_+*|`)
}

var textCommand = regexp.MustCompile(`\\(?:text|mathrm|textbf|mbox|textrm|textit)\s*\{([^{}]*)\}`)
