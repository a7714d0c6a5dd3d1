// Package text finds the parts of a completion: think, answer, boxes, and
// what lies outside. Everything is a byte span into the completion; the text
// is never changed, so a span can be shown in the stored trace.
package text

import (
	"strings"
	"unicode/utf8"
)

// Tags of the R1 template (DeepSeek-R1, table 1).
const (
	ThinkOpen   = "<think>"
	ThinkClose  = "</think>"
	AnswerOpen  = "<answer>"
	AnswerClose = "</answer>"
)

// Tags returns the four tags in the order they stand in a completion. A
// character tokenizer does well to make each of them one token.
func Tags() []string { return []string{ThinkOpen, ThinkClose, AnswerOpen, AnswerClose} }

// Kind is the kind of a tag.
type Kind uint8

// The kinds, in the order of Tags.
const (
	KindThinkOpen Kind = iota
	KindThinkClose
	KindAnswerOpen
	KindAnswerClose
)

// Span is a byte range [From, To).
type Span struct{ From, To int }

// Len returns the number of bytes in the span.
func (s Span) Len() int { return s.To - s.From }

// In returns the text of the span.
func (s Span) In(text string) string { return text[s.From:s.To] }

// Tag is one tag as found.
type Tag struct {
	Kind Kind
	Span
}

// Scan finds all tags from left to right. Tags are case sensitive and hold
// no white space. It takes time linear in len(s).
func Scan(s string) []Tag {
	var tags []Tag
	for i := 0; ; {
		at := strings.IndexByte(s[i:], '<')
		if at < 0 {
			return tags
		}
		i += at
		kind, name := tagAt(s[i:])
		if name == "" {
			i++
			continue
		}
		tags = append(tags, Tag{kind, Span{i, i + len(name)}})
		i += len(name)
	}
}

// tagAt returns the tag that a text beginning with < begins with; "" for none.
// In mathematics and code most that begins with < is told by one byte.
func tagAt(s string) (kind Kind, name string) {
	if len(s) < len(ThinkOpen) {
		return 0, ""
	}
	switch s[1] {
	case 't':
		kind, name = KindThinkOpen, ThinkOpen
	case 'a':
		kind, name = KindAnswerOpen, AnswerOpen
	case '/':
		if kind, name = KindThinkClose, ThinkClose; s[2] == 'a' {
			kind, name = KindAnswerClose, AnswerClose
		}
	default:
		return 0, ""
	}
	if !strings.HasPrefix(s, name) {
		return 0, ""
	}
	return kind, name
}

// Format says how a completion begins.
type Format struct {
	Name string
	// Prefilled: the prompt already ends in "<think>", so the completion
	// starts inside the think part.
	Prefilled bool
}

// R1 is the format of the R1-Zero template: the completion starts before
// <think>, nothing is prefilled.
func R1() Format { return Format{Name: "r1"} }

// PrefilledThink is the format of chat templates that open <think> in the
// prompt.
func PrefilledThink() Format { return Format{Name: "prefilled_think", Prefilled: true} }

// After is the format of a completion of that prompt: PrefilledThink when the
// prompt ends in <think>, white space aside, else R1.
func After(prompt string) Format {
	if strings.HasSuffix(strings.TrimRight(prompt, " \t\r\n"), ThinkOpen) {
		return PrefilledThink()
	}
	return R1()
}

// Block is a part between an opening tag and the closing tag that ends it.
type Block struct {
	Open  Span // empty (From == To == 0) for a prefilled think part
	Body  Span
	Close Span
}

// Whole is the block with its tags.
func (b Block) Whole() Span { return Span{b.Open.From, b.Close.To} }

// Segments is a completion taken apart.
type Segments struct {
	Tags   []Tag
	Think  []Block // closed think parts that are not inside another block
	Answer []Block // closed answer parts that are not inside another block
	// OpenThink and OpenAnswer are where the body of a part starts that is
	// never closed; -1 when there is none.
	OpenThink, OpenAnswer int
	// Stray are closing tags that close nothing, and tags nested in a block
	// of the other kind or their own.
	Stray []Tag
	// Outside are the stretches between and around the blocks, stray tags
	// included, empty ones left out.
	Outside []Span
}

// Segment takes a completion apart. An opening tag starts a block when no
// block is open; the first closing tag of its kind ends it; any other tag
// inside it is stray. It takes time linear in len(s).
func Segment(s string, f Format) Segments {
	g := Segments{Tags: Scan(s), OpenThink: -1, OpenAnswer: -1}
	const none = Kind(255)
	open := none // kind of the opening tag of the block we are in
	var opened Span
	if f.Prefilled {
		open = KindThinkOpen
	}
	end := 0 // end of the last closed block
	for _, t := range g.Tags {
		switch {
		case open == none && (t.Kind == KindThinkOpen || t.Kind == KindAnswerOpen):
			open, opened = t.Kind, t.Span
		case open != none && t.Kind == open+1:
			b := Block{Open: opened, Body: Span{opened.To, t.From}, Close: t.Span}
			if open == KindThinkOpen {
				g.Think = append(g.Think, b)
			} else {
				g.Answer = append(g.Answer, b)
			}
			if end < opened.From {
				g.Outside = append(g.Outside, Span{end, opened.From})
			}
			end, open = t.To, none
		default:
			g.Stray = append(g.Stray, t)
		}
	}
	switch open {
	case KindThinkOpen:
		g.OpenThink = opened.To
	case KindAnswerOpen:
		g.OpenAnswer = opened.To
	}
	if open != none {
		if end < opened.From {
			g.Outside = append(g.Outside, Span{end, opened.From})
		}
	} else if end < len(s) {
		g.Outside = append(g.Outside, Span{end, len(s)})
	}
	return g
}

// TrimSpace narrows a span by the ASCII white space at its ends.
func TrimSpace(s string, at Span) Span {
	for at.From < at.To && isSpace(s[at.From]) {
		at.From++
	}
	for at.To > at.From && isSpace(s[at.To-1]) {
		at.To--
	}
	return at
}

// Blank says whether a span holds nothing but ASCII white space.
func Blank(s string, at Span) bool { return TrimSpace(s, at).Len() == 0 }

func isSpace(b byte) bool { return b == ' ' || b >= '\t' && b <= '\r' }

// ValidPrefix is how many bytes of b come before the first that is no UTF-8.
func ValidPrefix(b []byte) int {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(b)
}
