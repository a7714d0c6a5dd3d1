// Package pyregex decides what Python's re module decides (3.12, str
// patterns): a parser of its syntax, and a matcher whose work is bounded by
// the lengths of text and expression. Where the text is scored by an
// expression that a data set holds, Go's regexp will not do: its \b and \w
// know ASCII alone, and Python's (?i) has letters of its own.
//
// Not here are back references, look-behind, conditionals, named characters
// and the flags a, L and x: Compile refuses them by name.
package pyregex

import (
	"errors"
	"fmt"
	"unicode"

	"gradus/rewards/rules/pytext"
)

// Flags are those that the caller of re.search gives.
type Flags struct {
	IgnoreCase, MultiLine, DotAll bool
}

// Regexp is a compiled expression. It may be used by several goroutines.
type Regexp struct {
	program []instruction
	splits  int // choices in the program, each remembered by position
	groups  int
}

// Groups is the number of capturing groups.
func (r *Regexp) Groups() int { return r.groups }

// Text is a text to be searched, prepared once for several expressions.
type Text struct {
	runes  []rune
	folded []rune // each in lower case; nil until it is needed
}

// NewText prepares a text.
func NewText(s string) *Text { return &Text{runes: []rune(s)} }

// lower is the text with each character in lower case, as re folds it.
func (t *Text) lower() []rune {
	if t.folded == nil {
		t.folded = make([]rune, len(t.runes))
		for i, r := range t.runes {
			t.folded[i] = unicode.ToLower(r)
		}
	}
	return t.folded
}

// ErrTooMuch says that a text and an expression together are above what is
// searched.
var ErrTooMuch = errors.New("the expression and the completion are too long together")

// ErrSyntax is what Python refuses with re.error; ErrUnsupported what is not
// built in here.
var (
	ErrSyntax      = errors.New("no expression that Python reads")
	ErrUnsupported = errors.New("the expression needs what is not built in")
)

func syntax(format string, a ...any) error {
	return fmt.Errorf("%w: %s", ErrSyntax, fmt.Sprintf(format, a...))
}

func unsupported(what string) error { return fmt.Errorf("%w: %s", ErrUnsupported, what) }

// Match is a match: the whole of it, then the groups, as rune offsets; -1
// where a group took no part.
type Match [][2]int

// Search says whether the expression matches anywhere, as bool(re.search(…)).
func (r *Regexp) Search(t *Text) (bool, error) {
	m := newMatcher(r, t)
	if m == nil {
		return false, ErrTooMuch
	}
	_, found, err := m.next(0, false)
	return found, err
}

// Count is len(re.findall(…)).
func (r *Regexp) Count(t *Text) (int, error) {
	n := 0
	err := r.each(t, func(Match) { n++ })
	return n, err
}

// All are the matches of re.finditer, the texts of which are t.Slice's.
func (r *Regexp) All(t *Text) ([]Match, error) {
	var out []Match
	err := r.each(t, func(m Match) { out = append(out, m) })
	return out, err
}

// Slice is the text between two offsets, "" for a group that took no part.
func (t *Text) Slice(span [2]int) string {
	if span[0] < 0 {
		return ""
	}
	return string(t.runes[span[0]:span[1]])
}

// each calls f for every match. An empty one may follow another match at once,
// but not an empty one at the same place.
func (r *Regexp) each(t *Text, f func(Match)) error {
	m := newMatcher(r, t)
	if m == nil {
		return ErrTooMuch
	}
	at, advance := 0, false
	for at <= len(t.runes) {
		found, ok, err := m.next(at, advance)
		if err != nil || !ok {
			return err
		}
		f(found)
		at, advance = found[0][1], found[0][0] == found[0][1]
	}
	return nil
}

func wordAt(runes []rune, i int) bool { return i >= 0 && i < len(runes) && pytext.Word(runes[i]) }
