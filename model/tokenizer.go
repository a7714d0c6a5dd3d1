package model

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// unkToken stands for a byte that is not in the vocabulary.
const unkToken = "<unk>"

// Tokenizer turns text into token ids, one id per byte, and back. Special
// tokens are whole words with an id of their own. It is safe for concurrent
// use.
type Tokenizer struct {
	bytes   [256]int32       // id of each byte; unk, or -1, where it has none
	tokens  []string         // the bytes of each id
	special map[string]int32 // added tokens by their text
	order   []string         // special tokens by descending length
	first   [256]bool        // bytes that a special token begins with
	unk     int32            // id of "<unk>", -1 where every byte has an id
}

// NewCharTokenizer makes a tokenizer whose vocabulary is the bytes of
// alphabet in order of first appearance, then "<unk>" for every other byte,
// then the special tokens. Text outside the alphabet does not survive
// encoding: each of its bytes becomes "<unk>".
func NewCharTokenizer(alphabet string, special []string) (*Tokenizer, error) {
	if alphabet == "" {
		return nil, errors.New("tokenizer: the alphabet is empty")
	}
	t := newTokenizer()
	for _, b := range []byte(alphabet) {
		if t.bytes[b] < 0 {
			t.bytes[b] = int32(len(t.tokens))
			t.tokens = append(t.tokens, string([]byte{b}))
		}
	}
	t.unk = int32(len(t.tokens))
	t.tokens = append(t.tokens, unkToken)
	for b, id := range t.bytes {
		if id < 0 {
			t.bytes[b] = t.unk
		}
	}
	t.special[unkToken] = t.unk
	return t, t.addSpecial(special)
}

// NewByteTokenizer makes a tokenizer with ids 0..255 for the bytes, followed
// by the special tokens. Every text survives encoding.
func NewByteTokenizer(special []string) (*Tokenizer, error) {
	t := newTokenizer()
	for b := range t.bytes {
		t.bytes[b] = int32(b)
		t.tokens = append(t.tokens, string([]byte{byte(b)}))
	}
	return t, t.addSpecial(special)
}

func newTokenizer() *Tokenizer {
	t := &Tokenizer{special: map[string]int32{}, unk: -1}
	for b := range t.bytes {
		t.bytes[b] = -1
	}
	return t
}

// addSpecial gives the next ids to special tokens.
func (t *Tokenizer) addSpecial(special []string) error {
	for _, s := range special {
		if s == unkToken && t.unk >= 0 {
			continue // has its id already
		}
		if err := checkSpecial(s); err != nil {
			return err
		}
		if _, twice := t.special[s]; twice {
			return fmt.Errorf("tokenizer: special token %q stands twice", s)
		}
		t.special[s] = int32(len(t.tokens))
		t.tokens = append(t.tokens, s)
	}
	t.sortSpecial()
	return nil
}

// checkSpecial refuses special tokens that would not come back from a file as
// they are: one that reads like the name of a byte, or that Hugging Face's
// decoder would take for a row of such names.
func checkSpecial(s string) error {
	switch {
	case s == "" || !utf8.ValidString(s):
		return fmt.Errorf("tokenizer: special token %q, want text in UTF-8", s)
	case len(s) > 256:
		return fmt.Errorf("tokenizer: special token of %d bytes, want at most 256", len(s))
	case utf8.RuneCountInString(s) == 1 || fromByteNames(s) != s:
		return fmt.Errorf("tokenizer: special token %q reads like bytes of the GPT-2 alphabet; choose another, such as <name>", s)
	}
	return nil
}

// sortSpecial puts the longest special tokens first: of those that match at
// one place, the longest is taken.
func (t *Tokenizer) sortSpecial() {
	t.order = t.order[:0]
	for s := range t.special {
		t.order = append(t.order, s)
		t.first[s[0]] = true
	}
	slices.SortFunc(t.order, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
}

// EncodeText encodes text as plain text: "<eos>" in it is five characters,
// never the special token. Foreign text must come in this way.
func (t *Tokenizer) EncodeText(text string) []int32 {
	ids := make([]int32, len(text))
	for i := range ids {
		ids[i] = t.bytes[text[i]]
	}
	return ids
}

// EncodeWithSpecials encodes text in which special tokens are recognised, the
// longest at each place, as in templates of our own.
func (t *Tokenizer) EncodeWithSpecials(text string) []int32 {
	ids := make([]int32, 0, len(text))
	for i := 0; i < len(text); {
		if s := t.specialAt(text[i:]); s != "" {
			ids = append(ids, t.special[s])
			i += len(s)
			continue
		}
		ids = append(ids, t.bytes[text[i]])
		i++
	}
	return ids
}

// specialAt returns the longest special token that text begins with.
func (t *Tokenizer) specialAt(text string) string {
	if !t.first[text[0]] {
		return ""
	}
	for _, s := range t.order {
		if strings.HasPrefix(text, s) {
			return s
		}
	}
	return ""
}

// Decode returns the bytes of ids, exactly: they need not be valid UTF-8.
// Special tokens give their text, ids out of range nothing.
func (t *Tokenizer) Decode(ids []int32) string {
	var b strings.Builder
	for _, id := range ids {
		if id >= 0 && int(id) < len(t.tokens) {
			b.WriteString(t.tokens[id])
		}
	}
	return b.String()
}

// TokenBytes returns the bytes that id stands for, nil when out of range.
func (t *Tokenizer) TokenBytes(id int32) []byte {
	if id < 0 || int(id) >= len(t.tokens) {
		return nil
	}
	return []byte(t.tokens[id])
}

// IsSpecial reports whether id is a special token; "<unk>" is one.
func (t *Tokenizer) IsSpecial(id int32) bool {
	if id < 0 || int(id) >= len(t.tokens) {
		return false
	}
	s, ok := t.special[t.tokens[id]]
	return ok && s == id
}

// ID returns the id of a special token.
func (t *Tokenizer) ID(special string) (int32, bool) {
	id, ok := t.special[special]
	return id, ok
}

// Size is the number of ids.
func (t *Tokenizer) Size() int { return len(t.tokens) }
