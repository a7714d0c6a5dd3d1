package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"unicode/utf8"
)

// tokenizerJSON is tokenizer.json of Hugging Face's tokenizers library: a BPE
// model without merges over byte names, in which every byte is a token.
type tokenizerJSON struct {
	Version       string          `json:"version"`
	Truncation    json.RawMessage `json:"truncation"`
	Padding       json.RawMessage `json:"padding"`
	AddedTokens   []addedToken    `json:"added_tokens"`
	Normalizer    json.RawMessage `json:"normalizer"`
	PreTokenizer  *byteLevel      `json:"pre_tokenizer"`
	PostProcessor *byteLevel      `json:"post_processor"`
	Decoder       *byteLevel      `json:"decoder"`
	Model         bpeJSON         `json:"model"`
}

type addedToken struct {
	ID         int    `json:"id"`
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"`
	LStrip     bool   `json:"lstrip"`
	RStrip     bool   `json:"rstrip"`
	Normalized bool   `json:"normalized"`
	Special    bool   `json:"special"`
}

type byteLevel struct {
	Type           string `json:"type"`
	AddPrefixSpace bool   `json:"add_prefix_space"`
	TrimOffsets    bool   `json:"trim_offsets"`
	UseRegex       bool   `json:"use_regex"`
}

type bpeJSON struct {
	Type                    string          `json:"type"`
	Dropout                 *float64        `json:"dropout"`
	UnkToken                *string         `json:"unk_token"`
	ContinuingSubwordPrefix *string         `json:"continuing_subword_prefix"`
	EndOfWordSuffix         *string         `json:"end_of_word_suffix"`
	FuseUnk                 bool            `json:"fuse_unk"`
	ByteFallback            bool            `json:"byte_fallback"`
	IgnoreMerges            bool            `json:"ignore_merges"`
	Vocab                   json.RawMessage `json:"vocab"`
	Merges                  []any           `json:"merges"`
}

// json writes tokenizer.json. Equal tokenizers give equal bytes.
func (t *Tokenizer) json() ([]byte, error) {
	null := json.RawMessage("null")
	j := tokenizerJSON{
		Version: "1.0", Truncation: null, Padding: null, Normalizer: null,
		PreTokenizer: &byteLevel{Type: "ByteLevel", TrimOffsets: true},
		Decoder:      &byteLevel{Type: "ByteLevel", TrimOffsets: true},
		Model:        bpeJSON{Type: "BPE", Vocab: t.vocabJSON(), Merges: []any{}},
	}
	if t.unk >= 0 {
		unk := t.tokens[t.unk]
		j.Model.UnkToken = &unk
	}
	for id, s := range t.tokens {
		if t.IsSpecial(int32(id)) {
			j.AddedTokens = append(j.AddedTokens, addedToken{ID: id, Content: s, Special: true})
		}
	}
	if j.AddedTokens == nil {
		j.AddedTokens = []addedToken{}
	}
	return marshal(j)
}

// vocabJSON writes the ids up to the last byte or "<unk>"; special tokens
// after that are added tokens only.
func (t *Tokenizer) vocabJSON() json.RawMessage {
	n := int(max(slices.Max(t.bytes[:]), t.unk)) + 1
	var b bytes.Buffer
	b.WriteByte('{')
	for id, s := range t.tokens[:n] {
		if !t.IsSpecial(int32(id)) {
			s = string(byteName(s[0]))
		}
		if id > 0 {
			b.WriteByte(',')
		}
		// A string of valid UTF-8 always encodes.
		k, _ := json.Marshal(s)
		fmt.Fprintf(&b, "%s:%d", k, id)
	}
	b.WriteByte('}')
	return b.Bytes()
}

// infoJSON writes tokenizer_config.json, from which Hugging Face's
// AutoTokenizer learns the class and the roles of special tokens.
func (t *Tokenizer) infoJSON(c Config) ([]byte, error) {
	info := struct {
		Class   string `json:"tokenizer_class"`
		Clean   bool   `json:"clean_up_tokenization_spaces"`
		MaxLen  int    `json:"model_max_length"`
		BOS     string `json:"bos_token,omitempty"`
		EOS     string `json:"eos_token,omitempty"`
		Pad     string `json:"pad_token,omitempty"`
		Unknown string `json:"unk_token,omitempty"`
	}{Class: "PreTrainedTokenizerFast", MaxLen: c.MaxPositionEmbeddings}
	name := func(id int32) string {
		if t.IsSpecial(id) {
			return t.tokens[id]
		}
		return ""
	}
	info.BOS, info.Pad, info.Unknown = name(c.BOSTokenID), name(c.PadTokenID), name(t.unk)
	if len(c.EOSTokenIDs) > 0 {
		info.EOS = name(c.EOSTokenIDs[0])
	}
	return marshal(info)
}

// Save writes tokenizer.json to path, synced and renamed into place.
func (t *Tokenizer) Save(path string) (err error) {
	b, err := t.json()
	if err != nil {
		return err
	}
	tmp := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".partial")
	w := folder{dir: filepath.Dir(path)}
	if err := os.RemoveAll(tmp); err != nil {
		return err
	}
	if err := w.create(filepath.Base(tmp), func(f io.Writer) error {
		_, err := f.Write(b)
		return err
	}); err != nil {
		return errors.Join(err, os.RemoveAll(tmp))
	}
	if err := os.Rename(tmp, path); err != nil {
		return errors.Join(err, os.RemoveAll(tmp))
	}
	return syncDir(filepath.Dir(path))
}

// LoadTokenizer reads a tokenizer.json in Hugging Face format. It refuses what
// it cannot reproduce exactly: merges, normalizers, other pre-tokenizers.
func LoadTokenizer(path string) (*Tokenizer, error) {
	b, err := readSmall(path)
	if err != nil {
		return nil, err
	}
	t, err := parseTokenizer(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

func parseTokenizer(b []byte) (*Tokenizer, error) {
	if err := recognise(b); err != nil {
		return nil, err
	}
	var j tokenizerJSON
	if err := strictJSON(b, &j); err != nil {
		return nil, err
	}
	if err := j.supported(); err != nil {
		return nil, err
	}
	t := newTokenizer()
	named, err := t.readVocab(j.Model.Vocab)
	if err != nil {
		return nil, fmt.Errorf("vocab: %w", err)
	}
	vocab := len(t.tokens)
	if err := t.readAdded(j.AddedTokens, named); err != nil {
		return nil, err
	}
	if len(named) > 0 {
		return nil, fmt.Errorf("vocab: %q is neither a byte nor a special token: only tokenizers with one token per byte are supported so far", slices.Sorted(maps.Keys(named))[0])
	}
	if u := j.Model.UnkToken; u != nil {
		id, ok := t.special[*u]
		if !ok || int(id) >= vocab {
			return nil, fmt.Errorf("unk_token %q is not a special token of the vocabulary", *u)
		}
		t.unk = id
	}
	for b, id := range t.bytes {
		if id >= 0 {
			continue
		}
		if t.unk < 0 {
			return nil, fmt.Errorf("byte 0x%02x has no token and there is no unk_token: it would vanish", b)
		}
		t.bytes[b] = t.unk
	}
	t.sortSpecial()
	return t, nil
}

// recognise names the parts of other tokenizers before the strict decoder
// stumbles over their fields.
func recognise(b []byte) error {
	var j struct {
		Normalizer    json.RawMessage `json:"normalizer"`
		PreTokenizer  json.RawMessage `json:"pre_tokenizer"`
		PostProcessor json.RawMessage `json:"post_processor"`
		Decoder       json.RawMessage `json:"decoder"`
		Model         struct {
			Type   string            `json:"type"`
			Merges []json.RawMessage `json:"merges"`
		} `json:"model"`
	}
	if err := json.Unmarshal(b, &j); err != nil {
		return err
	}
	if j.Model.Type != "BPE" {
		return fmt.Errorf("model type %q: only byte-level BPE without merges is supported so far", j.Model.Type)
	}
	if n := len(j.Model.Merges); n > 0 {
		return fmt.Errorf("BPE with %d merges: only tokenizers with one token per byte are supported so far", n)
	}
	if !isNull(j.Normalizer) {
		return errors.New("a normalizer is not supported")
	}
	for _, part := range []struct {
		name     string
		raw      json.RawMessage
		optional bool
	}{{"pre_tokenizer", j.PreTokenizer, false}, {"post_processor", j.PostProcessor, true}, {"decoder", j.Decoder, false}} {
		if isNull(part.raw) && part.optional {
			continue
		}
		var p struct {
			Type string `json:"type"`
		}
		if err := json.Unmarshal(part.raw, &p); len(part.raw) == 0 || err != nil || p.Type != "ByteLevel" {
			return fmt.Errorf("%s of type %q, want ByteLevel", part.name, p.Type)
		}
	}
	return nil
}

func (j *tokenizerJSON) supported() error {
	m := j.Model
	empty := func(s *string) bool { return s == nil || *s == "" }
	switch {
	case !isNull(j.Truncation) || !isNull(j.Padding):
		return errors.New("truncation and padding are not supported")
	case j.PreTokenizer.AddPrefixSpace:
		return errors.New("pre_tokenizer adds a space before the text, which is not supported")
	case m.Dropout != nil && *m.Dropout != 0:
		return fmt.Errorf("BPE dropout %v is not supported", *m.Dropout)
	case !empty(m.ContinuingSubwordPrefix) || !empty(m.EndOfWordSuffix):
		return errors.New("BPE with a subword prefix or suffix is not supported")
	case m.FuseUnk:
		return errors.New("BPE with fuse_unk is not supported")
	case m.ByteFallback:
		return errors.New("BPE with byte_fallback is not supported")
	}
	return nil
}

// readVocab takes the bytes of the vocabulary and returns its other entries.
// Ids must be 0, 1, ... without gaps.
func (t *Tokenizer) readVocab(raw json.RawMessage) (named map[string]int32, err error) {
	named = map[string]int32{}
	ids := map[int32]string{}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	err = eachField(d, func(s string) error {
		v, err := d.Token()
		if err != nil {
			return noEOF(err)
		}
		n, _ := v.(json.Number)
		id, err := strconv.ParseInt(n.String(), 10, 32)
		if err != nil || id < 0 {
			return fmt.Errorf("%q has id %v, want a number", s, v)
		}
		if other, twice := ids[int32(id)]; twice {
			return fmt.Errorf("%q and %q have the same id %d", other, s, id)
		}
		if _, twice := named[s]; twice {
			return fmt.Errorf("%q stands twice", s)
		}
		ids[int32(id)] = s
		if r, size := utf8.DecodeRuneInString(s); size == len(s) && size > 0 {
			if b, ok := nameByte(r); ok {
				if t.bytes[b] >= 0 {
					return fmt.Errorf("%q stands twice", s)
				}
				t.bytes[b] = int32(id)
				return nil
			}
		}
		named[s] = int32(id)
		return nil
	})
	if err != nil {
		return nil, err
	}
	t.tokens = make([]string, len(ids))
	for id, s := range ids {
		if int(id) >= len(t.tokens) {
			return nil, fmt.Errorf("%q has id %d in a vocabulary of %d: ids leave gaps", s, id, len(t.tokens))
		}
		t.tokens[id] = fromByteNames(s)
	}
	return named, nil
}

// readAdded takes the special tokens; those found in named leave it, the
// others get the ids after the vocabulary.
func (t *Tokenizer) readAdded(added []addedToken, named map[string]int32) error {
	for _, a := range added {
		if err := checkSpecial(a.Content); err != nil {
			return err
		}
		want := int32(len(t.tokens))
		id, inVocab := named[a.Content]
		if inVocab {
			want = id
			delete(named, a.Content)
		}
		_, twice := t.special[a.Content]
		switch {
		case twice:
			return fmt.Errorf("added token %q stands twice", a.Content)
		case a.ID != int(want):
			return fmt.Errorf("added token %q has id %d, want %d", a.Content, a.ID, want)
		case a.SingleWord || a.LStrip || a.RStrip:
			return fmt.Errorf("added token %q with single_word, lstrip or rstrip is not supported", a.Content)
		case !a.Special:
			return fmt.Errorf("added token %q is not special, which is not supported so far", a.Content)
		}
		if !inVocab {
			t.tokens = append(t.tokens, a.Content)
		}
		t.special[a.Content] = want
	}
	return nil
}
