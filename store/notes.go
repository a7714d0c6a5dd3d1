package store

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/oklog/ulid/v2"
)

// Kinds of a Note.
const (
	NoteText    = "note"    // a remark in the reader's words
	NoteTag     = "tag"     // a word that traces are found by
	NoteVerdict = "verdict" // a reader's judgement; one stands for each reader and thing, the latest
)

// What a note may have at most, in bytes.
const (
	MaxNote   = 8 << 10
	MaxLabel  = 64
	maxAuthor = 200
	maxTarget = 200
)

// Verdicts are the usual labels of a verdict. Others are allowed.
func Verdicts() []string { return []string{"ok", "wrong", "hack", "unclear"} }

// TargetKinds are the things that notes can be about.
func TargetKinds() []string {
	return []string{"run", "step", "sample", "prompt", "ckpt", "eval", "comparison"}
}

// NewNote checks a note about something of run runID and sets its ID: a ULID of
// the time and of what the note says, its author and the run, so that a note
// that was changed on its way to another store no longer fits its ID. The
// error says what of the note is not allowed. Its record has the same time.
func NewNote(runID string, timeUS int64, n Note) (Note, error) {
	if err := n.check(); err != nil {
		return n, fmt.Errorf("note: %w", err)
	}
	if timeUS < 0 || timeUS/1000 > int64(ulid.MaxTime()) {
		return n, fmt.Errorf("note: the time %d is not one that an id can hold", timeUS)
	}
	n.ID = n.identity(runID, timeUS)
	return n, nil
}

// identity is the ID that the note must have.
func (n Note) identity(runID string, timeUS int64) string {
	h := sha256.New()
	put := func(s string) {
		var size [8]byte
		binary.LittleEndian.PutUint64(size[:], uint64(len(s)))
		h.Write(size[:])
		h.Write([]byte(s))
	}
	for _, s := range []string{"gradus note 1", runID, strconv.FormatInt(timeUS, 10), n.Author, n.TargetKind, n.Target, n.Kind, n.Text, n.Supersedes} {
		put(s)
	}
	if n.Span != nil {
		put(fmt.Sprintf("%d %d %d", n.Span.From, n.Span.To, n.Span.CRC))
	}
	var id ulid.ULID
	if err := id.SetTime(uint64(max(timeUS, 0)) / 1000); err != nil {
		return "" // a time that NewNote refuses
	}
	copy(id[6:], h.Sum(nil))
	return id.String()
}

// check says what of a note is not allowed.
func (n Note) check() error {
	if err := plainLine("author", n.Author, maxAuthor); err != nil {
		return err
	}
	if err := n.checkTarget(); err != nil {
		return err
	}
	if !utf8.ValidString(n.Text) || strings.ContainsFunc(n.Text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
		return errors.New("its text holds control characters or bytes that are not UTF-8")
	}
	switch n.Kind {
	case NoteText:
		if len(n.Text) > MaxNote {
			return fmt.Errorf("its text has %d bytes; at most %d are allowed", len(n.Text), MaxNote)
		}
		if n.Text != strings.TrimSpace(n.Text) {
			return errors.New("its text begins or ends with blanks")
		}
	case NoteTag, NoteVerdict:
		if n.Text != "" && !label(n.Text) {
			return fmt.Errorf("a %s is a word of letters, digits and . _ - of at most %d bytes, not %q", n.Kind, MaxLabel, n.Text)
		}
		if n.Kind == NoteVerdict && n.Span != nil {
			return errors.New("a verdict is about the whole, not a span")
		}
	default:
		return fmt.Errorf("its kind is %q; want note, tag or verdict", n.Kind)
	}
	if n.Text == "" && n.Supersedes == "" {
		return errors.New("its text is empty and it takes nothing back")
	}
	if n.Supersedes != "" {
		if _, err := ulid.ParseStrict(n.Supersedes); err != nil {
			return fmt.Errorf("%q, which it takes back, is no id of a note", n.Supersedes)
		}
	}
	if s := n.Span; s != nil && (n.TargetKind != "sample" || s.From < 0 || s.To <= s.From) {
		return fmt.Errorf("bytes %d to %d of a %s are no span", s.From, s.To, n.TargetKind)
	}
	return nil
}

func (n Note) checkTarget() error {
	if err := plainLine(n.TargetKind, n.Target, maxTarget); err != nil {
		return err
	}
	switch n.TargetKind {
	case "sample", "step", "eval":
		if v, err := strconv.ParseInt(n.Target, 10, 64); err != nil || v < 0 || strconv.FormatInt(v, 10) != n.Target {
			return fmt.Errorf("%q is no number of a %s", n.Target, n.TargetKind)
		}
	case "run", "prompt", "ckpt", "comparison":
	default:
		return fmt.Errorf("it is about a %q; want one of %s", n.TargetKind, strings.Join(TargetKinds(), ", "))
	}
	return nil
}

// plainLine holds a name to one line that any screen can show.
func plainLine(what, s string, limit int) error {
	if s == "" || len(s) > limit || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) || s != strings.TrimSpace(s) {
		return fmt.Errorf("%s is %q; want 1 to %d bytes of printable text", what, s, limit)
	}
	return nil
}

// label tells whether s can be a tag or verdict: a word that a query takes
// without quotes.
func label(s string) bool {
	return len(s) <= MaxLabel && !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._-", r)
	})
}

// QuoteOf anchors a note to bytes [from, to) of a completion.
func QuoteOf(text string, from, to int) (*Quote, error) {
	if from < 0 || to <= from || to > len(text) {
		return nil, fmt.Errorf("bytes %d to %d are no span of a text of %d bytes", from, to, len(text))
	}
	return &Quote{From: from, To: to, CRC: crc32.Checksum([]byte(text[from:to]), crc32.MakeTable(crc32.Castagnoli))}, nil
}

// In is what the quote stands for in text; ok is false where those bytes are
// another text than the note was written on.
func (q Quote) In(text string) (quoted string, ok bool) {
	have, err := QuoteOf(text, q.From, q.To)
	if err != nil || have.CRC != q.CRC {
		return "", false
	}
	return text[q.From:q.To], true
}
