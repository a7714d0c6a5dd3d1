package model

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func charTokenizer(t testing.TB) *Tokenizer {
	t.Helper()
	tok, err := NewCharTokenizer("0123456789+-*/=() \n<>thinkaswer",
		[]string{"<think>", "</think>", "<answer>", "</answer>", "<eos>", "<pad>", "<e"})
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func byteTokenizer(t testing.TB) *Tokenizer {
	t.Helper()
	tok, err := NewByteTokenizer([]string{"<eos>", "<pad>", "→→", "a b"})
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// The ids and texts are what Hugging Face's tokenizers 0.19 gives for the
// tokenizer.json that Save writes.
func TestTokenizersAgree(t *testing.T) {
	for _, c := range []struct {
		name  string
		tok   *Tokenizer
		size  int
		cases []struct {
			text    string
			ids     []int32
			decoded string
		}
	}{
		{"char", charTokenizer(t), 39, []struct {
			text    string
			ids     []int32
			decoded string
		}{
			{"1+2=3\n", []int32{1, 10, 2, 14, 3, 18}, "1+2=3\n"},
			{"<think>12</think>\n<answer>(3*4)</answer><eos>", []int32{32, 1, 2, 33, 18, 34, 15, 3, 12, 4, 16, 35, 36}, "<think>12</think>\n<answer>(3*4)</answer><eos>"},
			{"<<think>><e><eos<eos>", []int32{19, 32, 20, 38, 20, 38, 31, 27, 36}, "<<think>><e><e<unk>s<eos>"},
			{"xyz hé<unk>", []int32{31, 31, 31, 17, 22, 31, 31, 31}, "<unk><unk><unk> h<unk><unk><unk>"},
			{"", []int32{}, ""},
			{"</think</think>", []int32{19, 13, 21, 22, 23, 24, 25, 33}, "</think</think>"},
			{"<unk><un", []int32{31, 19, 31, 24}, "<unk><<unk>n"},
		}},
		{"byte", byteTokenizer(t), 260, []struct {
			text    string
			ids     []int32
			decoded string
		}{
			{"<<think>><e><eos<eos>", []int32{60, 60, 116, 104, 105, 110, 107, 62, 62, 60, 101, 62, 60, 101, 111, 115, 256}, "<<think>><e><eos<eos>"},
			{"xyz hé<unk>", []int32{120, 121, 122, 32, 104, 195, 169, 60, 117, 110, 107, 62}, "xyz hé<unk>"},
			{"  a b→→→ab\t\x00é漢", []int32{32, 32, 259, 258, 226, 134, 146, 97, 98, 9, 0, 195, 169, 230, 188, 162}, "  a b→→→ab\t\x00é漢"},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.tok.Size() != c.size {
				t.Errorf("%d ids, want %d", c.tok.Size(), c.size)
			}
			for _, x := range c.cases {
				if ids := c.tok.EncodeWithSpecials(x.text); !slices.Equal(ids, x.ids) {
					t.Errorf("%q: ids %v, want %v", x.text, ids, x.ids)
				}
				if s := c.tok.Decode(x.ids); s != x.decoded {
					t.Errorf("%v decodes to %q, want %q", x.ids, s, x.decoded)
				}
			}
		})
	}
}

func TestPlainTextHasNoSpecialTokens(t *testing.T) {
	for _, tok := range []*Tokenizer{charTokenizer(t), byteTokenizer(t)} {
		unk, hasUnk := tok.ID("<unk>")
		for _, s := range []string{"<eos>", "<pad>", "<unk>", "<think>", "</answer>", "→→", "a b"} {
			for _, id := range tok.EncodeText(s) {
				if tok.IsSpecial(id) && !(hasUnk && id == unk) {
					t.Errorf("%q as plain text holds the special token %q", s, tok.TokenBytes(id))
				}
			}
		}
		if n := len(tok.EncodeText("<eos>")); n != 5 {
			t.Errorf("<eos> as plain text has %d tokens, want 5", n)
		}
		eos, ok := tok.ID("<eos>")
		if !ok || !tok.IsSpecial(eos) || string(tok.TokenBytes(eos)) != "<eos>" {
			t.Errorf("<eos> is %d, %v", eos, ok)
		}
		if _, ok := tok.ID("<none>"); ok {
			t.Error("a token that nobody added has an id")
		}
		for _, id := range []int32{-1, int32(tok.Size()), 1 << 30} {
			if tok.TokenBytes(id) != nil || tok.IsSpecial(id) || tok.Decode([]int32{id}) != "" {
				t.Errorf("id %d exists", id)
			}
		}
	}
}

func TestTokenizerRefusesSpecials(t *testing.T) {
	for _, s := range [][]string{{""}, {"a"}, {"<a>", "<a>"}, {"\xff\xfe"}, {"Ġ"}, {"éé"}, {"Ġworld"}, {strings.Repeat("x", 257)}} {
		if _, err := NewByteTokenizer(s); err == nil {
			t.Errorf("special tokens %q were taken", s)
		}
	}
	if _, err := NewCharTokenizer("", nil); err == nil {
		t.Error("an empty alphabet was taken")
	}
}

func TestTokenizerFile(t *testing.T) {
	for _, tok := range []*Tokenizer{charTokenizer(t), byteTokenizer(t)} {
		dir := t.TempDir()
		path := filepath.Join(dir, "tokenizer.json")
		if err := tok.Save(path); err != nil {
			t.Fatal(err)
		}
		got, err := LoadTokenizer(path)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, tok) {
			t.Errorf("loaded %+v, saved %+v", got, tok)
		}
		a, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := got.json(); err != nil || string(a) != string(b) {
			t.Errorf("saving again gives other bytes (%v)", err)
		}
		if list, _ := os.ReadDir(dir); len(list) != 1 {
			t.Errorf("left behind: %v", list)
		}
	}
}

// Special tokens may stand inside the vocabulary, in any order.
func TestTokenizerFileWithSpecialsInVocabulary(t *testing.T) {
	file := `{"version":"1.0","truncation":null,"padding":null,"added_tokens":[
	  {"id":1,"content":"<pad>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true},
	  {"id":3,"content":"[U]","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true},
	  {"id":4,"content":"<eos>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}],
	 "normalizer":null,"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true},
	 "post_processor":null,"decoder":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true},
	 "model":{"type":"BPE","dropout":null,"unk_token":"[U]","continuing_subword_prefix":null,"end_of_word_suffix":null,
	  "fuse_unk":false,"byte_fallback":false,"ignore_merges":false,"vocab":{"Ġ":2,"b":0,"[U]":3,"<pad>":1},"merges":[]}}`
	tok, err := parseTokenizer([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	if ids := tok.EncodeWithSpecials("b b<pad>x<eos>"); !slices.Equal(ids, []int32{0, 2, 0, 1, 3, 4}) {
		t.Errorf("ids %v", ids)
	}
	b, err := tok.json()
	if err != nil {
		t.Fatal(err)
	}
	again, err := parseTokenizer(b)
	if err != nil || !reflect.DeepEqual(again, tok) {
		t.Errorf("a round trip gives %+v, %v", again, err)
	}
}

func TestTokenizerFileRefused(t *testing.T) {
	good, err := charTokenizer(t).json()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, old, new, want string }{
		{"merges", `"merges": []`, `"merges": ["1 2"]`, "1 merges"},
		{"another model", `"BPE"`, `"WordPiece"`, `"WordPiece"`},
		{"normalizer", `"normalizer": null`, `"normalizer": {"type": "NFC"}`, "normalizer"},
		{"pre-tokenizer", `"type": "ByteLevel"`, `"type": "Whitespace"`, "Whitespace"},
		{"no pre-tokenizer", "\"pre_tokenizer\": {\n    \"type\": \"ByteLevel\",\n    \"add_prefix_space\": false,\n    \"trim_offsets\": true,\n    \"use_regex\": false\n  }", `"pre_tokenizer": null`, "pre_tokenizer"},
		{"post-processor", `"post_processor": null`, `"post_processor": {"type": "TemplateProcessing"}`, "TemplateProcessing"},
		{"prefix space", `"add_prefix_space": false`, `"add_prefix_space": true`, "space"},
		{"padding", `"padding": null`, `"padding": {"strategy": "BatchLongest"}`, "padding"},
		{"dropout", `"dropout": null`, `"dropout": 0.1`, "dropout"},
		{"suffix", `"end_of_word_suffix": null`, `"end_of_word_suffix": "</w>"`, "suffix"},
		{"fused unknowns", `"fuse_unk": false`, `"fuse_unk": true`, "fuse_unk"},
		{"byte fallback", `"byte_fallback": false`, `"byte_fallback": true`, "byte_fallback"},
		{"unknown field", `"version"`, `"verison"`, "unknown field"},
		{"stripping token", `"lstrip": false`, `"lstrip": true`, "lstrip"},
		{"added token that is not special", `"special": true`, `"special": false`, "not special"},
		{"wrong id", `"id": 32`, `"id": 33`, "want 32"},
		{"long token", `"0": 0`, `"01": 0`, "one token per byte"},
		{"equal ids", `"1": 1`, `"1": 0`, "the same id"},
		{"gap", `"1": 1,`, `"1": 55,`, "gaps"},
		{"negative id", `"1": 1,`, `"1": -1,`, "want a number"},
		{"id that is no number", `"1": 1,`, `"1": "1",`, "want a number"},
		{"byte twice", `"1": 1,`, `"0": 1,`, "stands twice"},
		{"no unknown", `"unk_token": "<unk>"`, `"unk_token": null`, "would vanish"},
		{"unknown unknown", `"unk_token": "<unk>"`, `"unk_token": "<eos>"`, "unk_token"},
		{"torn", `"merges": []`, ``, "tokenizer.json"},
		{"two files", "\n}\n", "\n}{}\n", "tokenizer.json"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !strings.Contains(string(good), c.old) {
				t.Fatalf("the file does not contain %q:\n%s", c.old, good)
			}
			path := filepath.Join(t.TempDir(), "tokenizer.json")
			bad := strings.Replace(string(good), c.old, c.new, 1)
			if c.name == "torn" {
				bad = bad[:strings.Index(bad, "vocab")]
			}
			writeFile(t, path, []byte(bad))
			if tok, err := LoadTokenizer(path); err == nil || tok != nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// The 256 byte names are distinct and lead back.
func TestByteNames(t *testing.T) {
	seen := map[rune]bool{}
	for b := range 256 {
		r := byteName(byte(b))
		if seen[r] {
			t.Errorf("byte %d shares its name %q", b, r)
		}
		seen[r] = true
		if back, ok := nameByte(r); !ok || back != byte(b) {
			t.Errorf("byte %d is named %q, which names %d, %v", b, r, back, ok)
		}
	}
	for b, want := range map[byte]rune{' ': 'Ġ', '\n': 'Ċ', 'A': 'A', 0: 'Ā', 0xAD: 'Ń', 0xFF: 'ÿ', 0x7F: 'ġ'} {
		if got := byteName(b); got != want {
			t.Errorf("byte %#x is named %q, want %q", b, got, want)
		}
	}
	for _, r := range []rune{' ', '\n', 0xAD, 0x144, '漢', 0x7f} {
		if b, ok := nameByte(r); ok {
			t.Errorf("%q names byte %d", r, b)
		}
	}
}

func FuzzTokenizer(f *testing.F) {
	for _, s := range []string{"", "1+2=<eos>", "\xff\x00<", "<answer>(1)</answer>", "漢字 →→a b"} {
		f.Add(s)
	}
	char, bytes := charTokenizer(f), byteTokenizer(f)
	unk, _ := char.ID("<unk>")
	f.Fuzz(func(t *testing.T, s string) {
		for _, ids := range [][]int32{bytes.EncodeText(s), bytes.EncodeWithSpecials(s)} {
			if got := bytes.Decode(ids); got != s {
				t.Errorf("%q comes back as %q", s, got)
			}
		}
		for _, ids := range [][]int32{char.EncodeText(s), char.EncodeWithSpecials(s)} {
			for _, id := range ids {
				if id < 0 || int(id) >= char.Size() {
					t.Errorf("%q: id %d", s, id)
				}
			}
			if got := char.Decode(ids); got != s && !slices.Contains(ids, unk) {
				t.Errorf("%q comes back as %q", s, got)
			}
		}
	})
}

func FuzzTokenizerFile(f *testing.F) {
	for _, tok := range []*Tokenizer{charTokenizer(f), testTokenizer(f)} {
		b, err := tok.json()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		tok, err := parseTokenizer(b)
		if err != nil {
			return
		}
		// Whatever is taken is understood: it survives a round trip.
		out, err := tok.json()
		if err != nil {
			t.Fatal(err)
		}
		again, err := parseTokenizer(out)
		if err != nil || !reflect.DeepEqual(again, tok) {
			t.Errorf("%s was read as %+v, written and read as %+v: %v", b, tok, again, err)
		}
	})
}
