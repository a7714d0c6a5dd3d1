// Package text makes foreign text fit for a terminal and keeps it readable:
// it shows control characters instead of running them, wraps long traces once
// per width, maps byte spans of the stored text to the text on the screen, and
// compares two texts. It knows nothing of Bubble Tea.
package text

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

const (
	// TabStop is the distance between tab stops in cells.
	TabStop = 4
	// MaxMarks is how many combining marks one base character keeps.
	MaxMarks = 8
	// MaxGrowth bounds the output of Clean in bytes for each byte of input.
	MaxGrowth = 4
)

// Stats counts what Clean had to make visible.
type Stats struct {
	Controls int // control sequences: one for each C0, C1 or DEL that is not LF, tab or the end of a sequence counted before
	Hidden   int // invisible characters: bidi, zero-width, tag, filler, and combining marks over MaxMarks
	Invalid  int // bytes that are not UTF-8
}

// Total is the number of places that Clean changed so that they can be seen.
func (s Stats) Total() int { return s.Controls + s.Hidden + s.Invalid }

// String says what was found in words, or "" when nothing was.
func (s Stats) String() string {
	var parts []string
	for _, p := range []struct {
		n    int
		noun string
	}{{s.Controls, "control sequence"}, {s.Hidden, "hidden character"}, {s.Invalid, "invalid byte"}} {
		if p.n > 0 {
			parts = append(parts, Count(p.n, p.noun))
		}
	}
	return strings.Join(parts, ", ")
}

// Clean returns s with everything that could drive a terminal made visible:
// C0 controls and DEL as control pictures (␛), C1 controls, bidi, zero-width
// and tag characters as <U+202E>, bytes that are not UTF-8 as \xff. Tabs become
// spaces up to the next stop, CR LF becomes LF, any other CR is shown. LF is
// kept. At most MaxMarks combining marks stay on a character; a mark without a
// character to stand on gets a dotted circle. A presentation selector (U+FE0E,
// U+FE0F) after a symbol is left out: terminals disagree on its width and it
// hides nothing.
//
// The result is valid UTF-8, has no byte below 0x20 but LF and no code point
// in 0x7f-0x9f, and Clean(Clean(s)) == Clean(s). Each line starts and ends with
// a character that does not join its neighbour, so a line can stand between two
// borders. Right-to-left text stays in logical order.
func Clean[S ~string | ~[]byte](s S) string {
	out, _ := CleanStats(s)
	return out
}

// CleanStats is Clean together with the count of what was made visible.
func CleanStats[S ~string | ~[]byte](s S) (string, Stats) {
	if plainASCII(s) {
		return string(s), Stats{}
	}
	c := cleaner{}
	c.run(string(s))
	return c.out.String(), c.stats
}

// Line is Clean for a field of one line, such as a name: an LF is shown too.
func Line[S ~string | ~[]byte](s S) string {
	return strings.ReplaceAll(Clean(s), "\n", "␊")
}

func plainASCII[S ~string | ~[]byte](s S) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; (c < 0x20 && c != '\n') || c >= 0x7f {
			return false
		}
	}
	return true
}

// anchor ties a byte of the raw text to a byte of the clean text. Between two
// anchors both advance together.
type anchor struct{ raw, clean int }

// cleaner holds the state of one pass. Decisions look only at what was written
// (last, marks), never at what was read, which is what makes Clean idempotent.
type cleaner struct {
	out     strings.Builder
	stats   Stats
	col     int  // cells since the last LF, for tab stops
	last    rune // last character written; 0 at the start of a line
	marks   int  // combining marks written since last
	dropped bool // a presentation selector was left out since last
	inStr   bool // inside OSC, DCS, APC, PM or SOS, whose end is not counted again
	anchors []anchor
	mapping bool
}

func (c *cleaner) run(s string) {
	c.out.Grow(len(s) + len(s)/8)
	for i := 0; i < len(s); {
		r, n := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(s[i:])
		}
		from := c.out.Len()
		switch {
		case r == '\n':
			c.newline()
		case r == '\r' && i+1 < len(s) && s[i+1] == '\n':
			n = 2
			c.newline()
		case r == '\t':
			c.tab()
		case r < 0x20 || (r >= 0x7f && r <= 0x9f):
			c.control(r, s[i+n:])
		case r < 0x7f:
			c.put(r, 1)
		case r == utf8.RuneError && n == 1:
			c.stats.Invalid++
			c.show(fmt.Sprintf(`\x%02x`, s[i]))
		default:
			n = c.wide(r, n, s[i:])
		}
		i += n
		if c.mapping && c.out.Len()-from != n {
			c.anchors = append(c.anchors, anchor{i - n, from}, anchor{i, c.out.Len()})
		}
	}
}

// wide handles a character above DEL, n bytes long, at the start of rest. It
// returns the number of bytes used up, which is more than n for a run of marks.
func (c *cleaner) wide(r rune, n int, rest string) int {
	switch {
	case isPresentation(r) && c.marks == 0 && !c.dropped && takesPresentation(c.last):
		c.dropped = true
	case isHidden(r):
		c.hide(r)
	case isModifier(r):
		// A skin tone joins what stands before it, so it may only follow an emoji.
		if isEmoji(c.last) && c.marks == 0 {
			c.marks++
			c.out.WriteRune(r)
			c.col += 2
		} else {
			c.hide(r)
		}
	case isMark(r):
		return c.mark(r, n, rest)
	case isJoiningJamo(r) && !isHangul(c.last):
		c.hide(r)
	default:
		c.put(r, cells(r))
	}
	return n
}

func (c *cleaner) put(r rune, width int) {
	c.out.WriteRune(r)
	c.col += width
	c.last, c.marks, c.dropped = r, 0, false
}

// show writes ASCII that stands for something else.
func (c *cleaner) show(s string) {
	c.out.WriteString(s)
	c.col += len(s)
	c.last, c.marks, c.dropped = rune(s[len(s)-1]), 0, false
}

func (c *cleaner) hide(r rune) {
	c.stats.Hidden++
	c.show(fmt.Sprintf("<U+%04X>", r))
}

func (c *cleaner) newline() {
	c.out.WriteByte('\n')
	c.col, c.last, c.marks, c.dropped = 0, 0, 0, false
}

func (c *cleaner) tab() {
	n := TabStop - c.col%TabStop
	c.show("        "[:n])
}

// control shows a C0, C1 or DEL character; rest is what follows it. The end of
// a string sequence (BEL or ST) belongs to the sequence and is not counted.
func (c *cleaner) control(r rune, rest string) {
	ends := c.inStr && (r == 0x07 || r == 0x9c || (r == 0x1b && strings.HasPrefix(rest, `\`)))
	if !ends {
		c.stats.Controls++
	}
	switch {
	case ends:
		c.inStr = false
	case r == 0x1b && rest != "" && strings.ContainsRune("]PX^_", rune(rest[0])):
		c.inStr = true
	case r == 0x90 || r == 0x98 || (r >= 0x9d && r <= 0x9f):
		c.inStr = true
	}
	switch {
	case r < 0x20:
		c.put(0x2400+r, 1)
	case r == 0x7f:
		c.put('␡', 1)
	default:
		c.show(fmt.Sprintf("<U+%04X>", r))
	}
}

// mark writes a combining mark, and says how many more there are when the
// character before it has its fill.
func (c *cleaner) mark(r rune, n int, rest string) int {
	if c.last == 0 {
		c.put('◌', 1)
	}
	if c.marks < MaxMarks {
		c.marks++
		c.out.WriteRune(r)
		c.col += cells(r)
		return n
	}
	used, over := 0, 0
	for used < len(rest) {
		r, n := utf8.DecodeRuneInString(rest[used:])
		if !isMark(r) || isHidden(r) {
			break
		}
		used += n
		over++
	}
	c.stats.Hidden += over
	c.show("<+" + Count(over, "mark") + ">")
	return used
}
