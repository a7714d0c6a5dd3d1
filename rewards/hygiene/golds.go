package hygiene

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"gradus/rewards/mathans"
	"gradus/rewards/tasks"
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
	if v := mathans.PolicyR1.Verify(row.Answer, "<think>\n</think>\n\\boxed{"+row.Answer+"}", mathans.Adjust{}); v.Status != mathans.Equal {
		f.NotItself.add(examples, Example{Row: row.Number, What: fmt.Sprintf("%s: %s", row.Answer, v.Why)})
	}
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
