package trace

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"gradus/store"
	"gradus/tui/keys"
	"gradus/tui/screen"
	"gradus/tui/text"
)

// writing is what is being written on the trace.
type writing struct {
	kind  string // store.NoteText, NoteTag or NoteVerdict; "" for nothing
	field *screen.Field
	span  *store.Quote // of a note
	sent  bool         // it is on its way; the line takes no more keys
}

// verdictKeys are the keys of the verdicts, in the order of store.Verdicts.
const verdictKeys = "owhu"

// about is the notes' target.
func (m *Model) about() (kind, target string) { return "sample", strconv.FormatInt(m.trace.ID, 10) }

// write opens the line for a verdict, a tag or a note.
func (m *Model) write(id keys.ID) tea.Cmd {
	if m.env.Source.Author() == "" {
		return screen.Say(screen.Warn, "this run is a file that was handed over; nothing can be written into it")
	}
	m.writing = writing{kind: store.NoteVerdict, field: screen.NewField(store.MaxNote)}
	switch id {
	case keys.AddTag:
		m.writing.kind = store.NoteTag
		m.writing.field.Open()
	case keys.AddNote:
		m.writing.kind = store.NoteText
		m.writing.span = m.matchSpan()
		m.writing.field.Open()
	}
	return nil
}

// matchSpan is the place that a search stands at; nil without a search, and in
// modes that do not show the text.
func (m *Model) matchSpan() *store.Quote {
	d := m.doc()
	if m.mode != asText || m.find.Value() == "" || len(d.found) == 0 {
		return nil
	}
	at := d.found[max(m.match, 0)%len(d.found)]
	q, err := store.QuoteOf(m.trace.Text, d.doc.Raw(at[0]), d.doc.Raw(at[1]))
	if err != nil {
		return nil // it lies in what Clean put there
	}
	return q
}

// typeNote takes a key or a paste for what is being written.
func (m *Model) typeNote(msg tea.Msg) tea.Cmd {
	if m.writing.sent {
		return nil
	}
	k, isKey := msg.(tea.KeyPressMsg)
	if isKey && k.String() == "esc" {
		m.writing = writing{}
		return nil
	}
	if m.writing.kind == store.NoteVerdict {
		if !isKey {
			return nil
		}
		return m.judge(k.String())
	}
	if !isKey || k.String() != "enter" {
		return m.writing.field.Type(msg)
	}
	n := store.Note{Kind: m.writing.kind, Text: strings.TrimSpace(m.writing.field.Value()), Span: m.writing.span}
	if n.Kind == store.NoteTag {
		n.Text = strings.ToLower(n.Text)
	}
	if n.Text == "" {
		m.writing = writing{}
		return nil
	}
	m.writing.sent = true
	return m.add(n)
}

// judge writes the verdict of a key; x takes back the reader's own. Any other
// key writes nothing.
func (m *Model) judge(key string) tea.Cmd {
	m.writing = writing{}
	if i := strings.Index(verdictKeys, key); i >= 0 && len(key) == 1 {
		return m.add(store.Note{Kind: store.NoteVerdict, Text: store.Verdicts()[i]})
	}
	if key != "x" {
		return nil
	}
	for _, n := range m.notes {
		if n.Kind == store.NoteVerdict && n.Author == m.env.Source.Author() {
			return m.add(store.Note{Kind: store.NoteVerdict, Supersedes: n.ID})
		}
	}
	return screen.Say(screen.Warn, "you have given no verdict on this trace")
}

// failedMsg says why a note was not written.
type failedMsg struct {
	of  *Model
	err error
}

// add writes a note and reads all of the trace again.
func (m *Model) add(n store.Note) tea.Cmd {
	n.TargetKind, n.Target = m.about()
	ctx, src, id, sample := m.env.Ctx, m.env.Source, m.id, m.trace.ID
	return func() tea.Msg {
		if err := src.AddNote(ctx, id, n); err != nil {
			return failedMsg{m, err} // what could not be written stays in its field
		}
		notes, err := src.Notes(ctx, id, store.NoteQuery{TargetKind: n.TargetKind, Target: n.Target})
		if err != nil {
			return failedMsg{m, err}
		}
		return screen.Annotated{RunID: id, Sample: sample, Notes: notes}
	}
}

// took shows what was written.
func (m *Model) took(msg screen.Annotated) {
	if m.writing.sent {
		m.writing = writing{}
	}
	if msg.Sample == m.trace.ID {
		m.notes = msg.Notes
		m.remark()
	}
}

// what names what is being written; a verdict is no longer by then.
func (w writing) what() string {
	if w.kind == "" {
		return store.NoteVerdict
	}
	return w.kind
}

// remark makes the marks of the text anew, with those of the notes.
func (m *Model) remark() {
	m.docs[asText] = textDocument(m.trace, m.notes)
	m.docs[asRaw] = nil
	m.docs[asText].find(m.find.Value())
}

// writingLine is the line in which something is written; nil when nothing is.
func (m *Model) writingLine(w int) []screen.Piece {
	const hint = "   enter writes it, esc drops it"
	switch m.writing.kind {
	case store.NoteVerdict:
		out := []screen.Piece{screen.P(screen.Strong, " verdict: ")}
		for i, v := range store.Verdicts() {
			out = append(out, screen.P(screen.Key, verdictKeys[i:i+1]), screen.P(screen.Plain, " "+v+"   "))
		}
		return append(out, screen.P(screen.Key, "x"), screen.P(screen.Plain, " take back   "), screen.P(screen.Key, "esc"))
	case store.NoteTag:
		return m.fieldLine(" tag: ", hint, w)
	case store.NoteText:
		label := " note: "
		if s := m.writing.span; s != nil {
			quoted, _ := s.In(m.trace.Text)
			label = fmt.Sprintf(" note on %q: ", screen.Excerpt(quoted))
		}
		return m.fieldLine(text.Line(label), hint, w)
	}
	return nil
}

// fieldLine shows the field between a label and a hint. Of a text that is too
// long the part before the cursor is cut, and the hint goes first.
func (m *Model) fieldLine(label, hint string, w int) []screen.Piece {
	field := m.writing.field.Pieces()
	width := func(p []screen.Piece) (n int) {
		for _, p := range p {
			n += m.env.Method.StringWidth(p.Text)
		}
		return n
	}
	room := w - m.env.Method.StringWidth(label)
	if width(field)+len(hint) > room {
		hint = ""
	}
	if over := width(field) - room; over > 0 && len(field) > 1 {
		field[0].Text = m.env.Ending(field[0].Text, max(room-width(field[1:2]), 4))
		field = field[:2]
	}
	return append(append([]screen.Piece{screen.P(screen.Strong, label)}, field...), screen.P(screen.Dim, hint))
}

// noteLines are the notes as they stand below the rewards.
func (m *Model) noteLines(w int) []string {
	var out []string
	for _, n := range m.notes {
		role := screen.Strong
		if n.Kind == store.NoteText {
			role = screen.Noted
		}
		head := []screen.Piece{screen.P(role, " "+text.Line(n.Kind)), screen.P(screen.Dim, "  "+text.Line(n.Author)+"  "+day(n.TimeUS))}
		if n.Kind != store.NoteText {
			head = append(head, screen.P(screen.Strong, "  "+text.Line(n.Text)))
		}
		if n.Span != nil {
			head = append(head, screen.P(screen.Dim, fmt.Sprintf("  %d-%d", n.Span.From, n.Span.To)))
			if _, ok := n.Span.In(m.trace.Text); !ok {
				head = append(head, screen.P(screen.Caution, "  written on another text"))
			}
		}
		out = append(out, m.env.Line(w, head...))
		if n.Kind == store.NoteText {
			for _, l := range m.env.Wrap(text.Clean(n.Text), max(w-4, 1)) {
				out = append(out, m.env.Line(w, screen.P(screen.Plain, "   "+l)))
			}
		}
	}
	return out
}

func day(us int64) string { return time.UnixMicro(us).UTC().Format("2006-01-02") }

// said is what readers said of the trace in few words: verdicts and tags.
func (m *Model) said() string {
	var out []string
	notes := 0
	for _, n := range m.notes {
		switch n.Kind {
		case store.NoteVerdict:
			out = append(out, text.Line(n.Text)+" ("+text.Line(n.Author)+")")
		case store.NoteTag:
			out = append(out, "tag "+text.Line(n.Text))
		default:
			notes++
		}
	}
	if notes > 0 {
		out = append(out, text.Count(notes, "note"))
	}
	return strings.Join(out, ", ")
}
