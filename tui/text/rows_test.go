package text

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"
)

func rowsOf(w *Rows) []string {
	var out []string
	for i := range w.Len() {
		out = append(out, w.Row(i))
	}
	return out
}

func TestWrap(t *testing.T) {
	for _, tt := range []struct {
		in    string
		width int
		want  []string
	}{
		{"", 5, []string{""}},
		{"a b c", 5, []string{"a b c"}},
		{"one two three", 8, []string{"one two ", "three"}},
		{"one two  three", 7, []string{"one two  ", "three"}},
		{"abcdefghij", 4, []string{"abcd", "efgh", "ij"}},
		{"ab cdefghij", 4, []string{"ab ", "cdef", "ghij"}},
		{"a\n\nb\n", 4, []string{"a", "", "b", ""}},
		{"日本語", 4, []string{"日本", "語"}},
		{"日本語", 1, []string{"日", "本", "語"}},
		{"xé́y", 1, []string{"x", "é́", "y"}},
		{"   indent", 20, []string{"   indent"}},
	} {
		if got := rowsOf(Wrap(tt.in, tt.width, ansi.WcWidth)); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("Wrap(%q, %d) = %q, want %q", tt.in, tt.width, got, tt.want)
		}
	}
}

func genText(t *rapid.T) string {
	parts := rapid.SliceOfN(rapid.OneOf(
		rapid.SampledFrom([]string{" ", "  ", "\n", "\t", "word", "日本", "e\u0301", "👍🏽", "\x1b[2J", "\xff", "\u202e", "\u0301", "a", "</think>", "العربية", "क्षि", "\r\n"}),
		rapid.String()), 0, 40).Draw(t, "parts")
	return strings.Join(parts, "")
}

// Rows cover the text in order, lose only line feeds, and are not too wide.
func TestWrapCoversTheText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := Clean(genText(t))
		width := rapid.IntRange(1, 30).Draw(t, "width")
		m := rapid.SampledFrom([]ansi.Method{ansi.WcWidth, ansi.GraphemeWidth}).Draw(t, "method")
		w := Wrap(text, width, m)
		at := 0
		for i := range w.Len() {
			from, to := w.Range(i)
			if from != at && text[at:from] != "\n" {
				t.Fatalf("row %d begins at %d, the one before ended at %d", i, from, at)
			}
			at = to
			row := strings.TrimRight(w.Row(i), " ")
			first, _ := ansi.FirstGraphemeCluster(row, m)
			if n := m.StringWidth(row); n > width && len(first) != len(row) {
				t.Fatalf("row %d %q has %d cells of %d", i, row, n, width)
			}
			if from < to && w.At(from) != i {
				t.Fatalf("At(%d) = %d, want %d", from, w.At(from), i)
			}
		}
		if at != len(text) {
			t.Fatalf("rows end at %d of %d", at, len(text))
		}
	})
}

func TestSegments(t *testing.T) {
	w := Wrap("<think>abc</think>", 10, ansi.WcWidth)
	marks := NewMarks([]Mark{{0, 7, 1}, {5, 12, 2}, {4, 4, 9}, {16, 99, 3}})
	var got []string
	for i := range w.Len() {
		for _, s := range w.Segments(i, marks) {
			got = append(got, fmt.Sprintf("%d:%s", s.Class, s.Text))
		}
		got = append(got, "/")
	}
	want := []string{"1:<thin", "2:k>abc", "/", "2:</", "0:thin", "3:k>", "/"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSegmentsKeepClusters(t *testing.T) {
	text := "xe\u0301y"
	w := Wrap(text, 10, ansi.WcWidth)
	got := w.Segments(0, NewMarks([]Mark{{0, 2, 1}}))
	if len(got) != 2 || got[0].Text != "xe\u0301" && got[0].Text != "xe" {
		t.Fatalf("%v", got)
	}
}

func TestSegmentsJoinToTheRow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := NewDoc([]byte(genText(t)))
		var marks []Mark
		for range rapid.IntRange(0, 6).Draw(t, "n") {
			a, b := rapid.IntRange(-2, 200).Draw(t, "a"), rapid.IntRange(-2, 200).Draw(t, "b")
			from, to := d.Span(a, b)
			marks = append(marks, Mark{from, to, rapid.IntRange(1, 3).Draw(t, "class")})
		}
		w := Wrap(d.Text(), rapid.IntRange(1, 20).Draw(t, "width"), ansi.WcWidth)
		m := NewMarks(marks)
		for i := range w.Len() {
			var joined strings.Builder
			for _, s := range w.Segments(i, m) {
				joined.WriteString(s.Text)
			}
			if joined.String() != w.Row(i) {
				t.Fatalf("row %d is %q, segments %q", i, w.Row(i), joined.String())
			}
		}
	})
}

func TestDocMapsSpans(t *testing.T) {
	d := NewDoc([]byte("\x1b[2J<think>\t日\xffx</think>"))
	span := func(from, to int) string {
		a, b := d.Span(from, to)
		return d.Text()[a:b]
	}
	for _, tt := range []struct {
		from, to int
		want     string
	}{
		{0, 1, "␛"}, {4, 11, "<think>"}, {0, 4, "␛[2J"}, {11, 12, " "}, {12, 15, "日"}, {15, 16, `\xff`},
		{16, 25, "x</think>"}, {4, 99, "<think> 日" + `\xffx</think>`}, {5, 5, ""}, {99, 100, ""}, {7, 3, ""},
	} {
		if got := span(tt.from, tt.to); got != tt.want {
			t.Errorf("span %d-%d shows %q, want %q (of %q)", tt.from, tt.to, got, tt.want, d.Text())
		}
	}
}

func TestDocOffsetsAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := []byte(genText(t))
		d := NewDoc(raw)
		prev := 0
		for i := range len(raw) + 1 {
			at := d.Clean(i)
			if at < prev || at > len(d.Text()) {
				t.Fatalf("byte %d of %q maps to %d after %d", i, raw, at, prev)
			}
			prev = at
			if back := d.Raw(at); back > i {
				t.Fatalf("byte %d of %q maps to %d and back to %d", i, raw, at, back)
			}
			// Text before the offset cleans to the text before its image,
			// where the offset does not cut something that is shown as one.
			if head := Clean(raw[:i]); strings.HasPrefix(d.Text(), head) && Clean(raw[i:]) == d.Text()[len(head):] && len(head) != at && d.Raw(len(head)) == i {
				t.Fatalf("byte %d of %q maps to %d, want %d", i, raw, at, len(head))
			}
		}
	})
}

func TestDocLimit(t *testing.T) {
	d := NewDocLimit([]byte("ab日本"), 4)
	if d.Text() != "ab" || d.Cut() != 6 {
		t.Errorf("text %q, cut %d", d.Text(), d.Cut())
	}
}

func TestFind(t *testing.T) {
	for _, tt := range []struct {
		text, query string
		want        [][2]int
	}{
		{"Wait, wait. WAIT", "wait", [][2]int{{0, 4}, {6, 10}, {12, 16}}},
		{"Wait, wait", "Wait", [][2]int{{0, 4}}},
		{"aaa", "aa", [][2]int{{0, 2}}},
		{"Äpfel äpfel", "äp", [][2]int{{0, 3}, {7, 10}}},
		{"x", "", nil},
	} {
		if got := Find(tt.text, tt.query, 10); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("Find(%q, %q) = %v, want %v", tt.text, tt.query, got, tt.want)
		}
	}
	if got := Find(strings.Repeat("a", 100), "a", 7); len(got) != 7 {
		t.Errorf("limit: %d", len(got))
	}
}

func TestFit(t *testing.T) {
	for _, tt := range []struct {
		in    string
		width int
		want  string
	}{
		{"abc", 5, "abc  "}, {"abcdef", 5, "abcd…"}, {"日本語", 4, "日… "}, {"", 2, "  "}, {"abc", 0, ""}, {"abc", -1, ""}, {"abc", 1, "…"},
	} {
		if got := Fit(tt.in, tt.width, ansi.WcWidth); got != tt.want {
			t.Errorf("Fit(%q, %d) = %q, want %q", tt.in, tt.width, got, tt.want)
		}
	}
	if got := FitRight("12", 4, ansi.WcWidth); got != "  12" {
		t.Errorf("FitRight: %q", got)
	}
}

func TestOneLongLineOpensFast(t *testing.T) {
	raw := []byte(strings.Repeat("Wait, let me double check. ", 1<<20/27))
	start := time.Now()
	w := Wrap(NewDoc(raw).Text(), 158, ansi.WcWidth)
	if d := time.Since(start); d > 20*time.Second { // 60 ms is the aim; a quadratic pager takes minutes
		t.Errorf("1 MB line took %v", d)
	}
	if w.Len() < 6000 {
		t.Errorf("%d rows", w.Len())
	}
}

func BenchmarkOpenMegabyte(b *testing.B) {
	for name, s := range map[string]string{
		"words": strings.Repeat("Wait, let me double check. ", 1<<20/27),
		"cjk":   strings.Repeat("日本語", 1<<20/9),
		"blob":  strings.Repeat("x", 1<<20),
	} {
		raw := []byte(s)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(raw)))
			for b.Loop() {
				Wrap(NewDoc(raw).Text(), 158, ansi.WcWidth)
			}
		})
	}
}
