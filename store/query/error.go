package query

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Error says what is wrong with a query, and where.
type Error struct {
	Query    string // as it was given
	From, To int    // bytes of Query that are meant; equal at a place where something is missing
	Message  string // what is wrong and what would do
}

// Column is where the error is, in characters from 1.
func (e *Error) Column() int { return utf8.RuneCountInString(e.Query[:e.From]) + 1 }

func (e *Error) Error() string { return fmt.Sprintf("query, column %d: %s", e.Column(), e.Message) }

// Marked is the query as one line, and below it a line that points at the
// error. width measures a text in cells; nil takes one for every character.
// Line breaks and tabs of the query are shown as blanks; the rest is as it was
// typed and must be made clean before it is shown.
func (e *Error) Marked(width func(string) int) (query, caret string) {
	if width == nil {
		width = utf8.RuneCountInString
	}
	flat := func(s string) string { return strings.NewReplacer("\n", " ", "\r", " ", "\t", " ").Replace(s) }
	before, meant := flat(e.Query[:e.From]), flat(e.Query[e.From:e.To])
	return flat(e.Query), strings.Repeat(" ", width(before)) + strings.Repeat("^", max(width(meant), 1))
}
