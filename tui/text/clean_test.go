package text

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

func TestCleanShowsControls(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"plain", "a <think>x</think> b\nc", "a <think>x</think> b\nc"},
		{"csi", "a\x1b[2Jb", "a␛[2Jb"},
		{"osc 52", "\x1b]52;c;QUJD\x07", "␛]52;c;QUJD␇"},
		{"osc without end", "\x1b]52;c;AAAA", "␛]52;c;AAAA"},
		{"nul bs del", "\x00\x08\x7f", "␀␈␡"},
		{"c1 as utf-8", "\u009b2J", "<U+009B>2J"},
		{"c1 as a raw byte", "\x9b2J", `\x9b2J`},
		{"crlf", "a\r\nb", "a\nb"},
		{"cr", "secret\rB", "secret␍B"},
		{"cr cr lf", "a\r\r\nb", "a␍\nb"},
		{"cr at the end", "a\r", "a␍"},
		{"tabs", "\ta\tbcd\te\n\tf", "    a   bcd e\n    f"},
		{"tab after wide", "日\tx", "日  x"},
		{"bidi", "a\u202eb\u2066c", "a<U+202E>b<U+2066>c"},
		{"zero width", "a\u200bb\ufeffc\u00add", "a<U+200B>b<U+FEFF>c<U+00AD>d"},
		{"tag", "a\U000e0041", "a<U+E0041>"},
		{"line separator", "a\u2028b", "a<U+2028>b"},
		{"half a code point", "\xe6\x97", `\xe6\x97`},
		{"surrogate in utf-8", "\xed\xa0\x80", `\xed\xa0\x80`},
		{"mark alone", "\u0301x\n\u0301", "◌\u0301x\n◌\u0301"},
		{"forty marks", "o" + strings.Repeat("\u0301", 40), "o" + strings.Repeat("\u0301", 8) + "<+32 marks>"},
		{"nine marks", "o" + strings.Repeat("\u0301", 9), "o" + strings.Repeat("\u0301", 8) + "<+1 mark>"},
		{"presentation", "✔\ufe0f 1\ufe0f\u20e3", "✔ 1\u20e3"},
		{"selector on a letter", "a\ufe0f", "a<U+FE0F>"},
		{"two selectors", "✔\ufe0f\ufe0f", "✔<U+FE0F>"},
		{"skin tone", "👍🏽 a🏽", "👍🏽 a<U+1F3FD>"},
		{"emoji joined", "👩\u200d👧", "👩<U+200D>👧"},
		{"cjk, arabic, devanagari", "日本 العربية क्षि", "日本 العربية क्षि"},
		{"jamo", "\u1112\u1161\u11ab \u1161", "\u1112\u1161\u11ab <U+1161>"},
		{"picture stays", "␛[2J", "␛[2J"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Clean(tt.in); got != tt.want {
				t.Errorf("Clean(%q)\n got %q\nwant %q", tt.in, got, tt.want)
			}
			if got := Clean([]byte(tt.in)); got != tt.want {
				t.Errorf("Clean of bytes: got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestCleanCounts(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want Stats
		say  string
	}{
		{"plain\n\ttext", Stats{}, ""},
		{"\x1b[2J", Stats{Controls: 1}, "1 control sequence"},
		{"\x1b]52;c;QQ==\x07 \x1b[31m", Stats{Controls: 2}, "2 control sequences"},
		{"\x1b]0;t\x1b\\x", Stats{Controls: 1}, "1 control sequence"},
		{"\x1bPq\u009c\x07", Stats{Controls: 2}, "2 control sequences"},
		{"a\rb\u202e\xff\xfe", Stats{Controls: 1, Hidden: 1, Invalid: 2}, "1 control sequence, 1 hidden character, 2 invalid bytes"},
		{"o" + strings.Repeat("\u0301", 40), Stats{Hidden: 32}, "32 hidden characters"},
	} {
		_, got := CleanStats(tt.in)
		if got != tt.want || got.String() != tt.say {
			t.Errorf("CleanStats(%q) = %+v %q, want %+v %q", tt.in, got, got.String(), tt.want, tt.say)
		}
	}
}

func TestLineShowsLineFeeds(t *testing.T) {
	if got := Line("a\r\nb\x1b"); got != "a␊b␛" {
		t.Errorf("got %q", got)
	}
}

// Every code point, alone: it takes room, and joins neither border beside it.
func TestEveryCodePointStandsAlone(t *testing.T) {
	const border = "│"
	for r := rune(0); r <= utf8.MaxRune; r++ {
		if r == '\n' || (r >= 0xd800 && r <= 0xdfff) {
			continue
		}
		if r > 0x1ffff && r>>16 != 0xe && r%97 != 0 {
			continue // Han, private use, and planes without characters: a sample
		}
		s := Clean(string(r))
		for _, m := range []ansi.Method{ansi.WcWidth, ansi.GraphemeWidth} {
			w := m.StringWidth(s)
			if w < 1 {
				t.Errorf("U+%04X %q: width %d in method %d", r, s, w, m)
			}
			if first, _ := ansi.FirstGraphemeCluster(border+s, m); first != border {
				t.Errorf("U+%04X %q joins the border before it", r, s)
			}
			if got := m.StringWidth(border + s + border); got != w+2 {
				t.Errorf("U+%04X %q: width %d between borders, %d alone", r, s, got, w)
			}
			rest := s + border
			for last := ""; rest != ""; rest = rest[len(last):] {
				last, _ = ansi.FirstGraphemeCluster(rest, m)
				if len(last) == len(rest) && last != border {
					t.Errorf("U+%04X %q joins the border after it", r, s)
				}
			}
		}
	}
}

func checkClean(t *testing.T, in string) {
	t.Helper()
	out, stats := CleanStats(in)
	if !utf8.ValidString(out) {
		t.Errorf("Clean(%q) = %q is not UTF-8", in, out)
	}
	for _, r := range out {
		if (r < 0x20 && r != '\n') || (r >= 0x7f && r <= 0x9f) {
			t.Errorf("Clean(%q) = %q holds U+%04X", in, out, r)
		}
	}
	if again, st := CleanStats(out); again != out || st != (Stats{}) {
		t.Errorf("not idempotent on %q: %q then %q, %+v", in, out, again, st)
	}
	if len(out) > MaxGrowth*len(in) {
		t.Errorf("%d bytes grew to %d", len(in), len(out))
	}
	if stats.Total() == 0 && strings.ContainsAny(in, "\x00\x1b\x7f") {
		t.Errorf("controls in %q not counted", in)
	}
	if doc := NewDoc([]byte(in)); doc.Text() != out || doc.Stats() != stats {
		t.Errorf("Doc and Clean differ on %q", in)
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"", "plain", "\x1b]52;c;AAAA", "a\r\n\r\tb", "\u202e\u200d\ufe0f", "👍🏽\u200d👩",
		"\u0301\u0301", "o" + strings.Repeat("\u0301", 20), "✔\ufe0f\u0301\ufe0f", "\u1112\u1161\ufe0f\u11ab", "\xff\xe6\x97", "\u0600\u0d4e"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) { checkClean(t, string(in)) })
}

func BenchmarkClean(b *testing.B) {
	for name, s := range map[string]string{
		"ascii": strings.Repeat("so (7-2)*5-1 = 24, wait. ", 40000),
		"cjk":   strings.Repeat("日本語のテキスト ", 40000),
		"tabs":  strings.Repeat("a\tb\x1b[0m\n", 100000),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(s)))
			for b.Loop() {
				Clean(s)
			}
		})
	}
}
