package text

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSegment(t *testing.T) {
	cases := []struct {
		name, in                      string
		format                        Format
		think, answer, outside, stray []string
		openThink, openAnswer         int
	}{
		{"whole", "a<think>b</think>c<answer>d</answer>e", R1(), []string{"b"}, []string{"d"}, []string{"a", "c", "e"}, nil, -1, -1},
		{"no tags", "plain", R1(), nil, nil, []string{"plain"}, nil, -1, -1},
		{"empty", "", R1(), nil, nil, nil, nil, -1, -1},
		{"prefilled", "b</think><answer>d</answer>", PrefilledThink(), []string{"b"}, []string{"d"}, nil, nil, -1, -1},
		{"prefilled, opened again", "<think>b</think>c", PrefilledThink(), []string{"<think>b"}, nil, []string{"c"}, []string{"<think>"}, -1, -1},
		{"prefilled, never closed", "b", PrefilledThink(), nil, nil, nil, nil, 0, -1},
		{"unclosed think", "x<think>b<answer>d</answer>", R1(), nil, nil, []string{"x"}, []string{"<answer>", "</answer>"}, 8, -1},
		{"unclosed answer", "<think></think><answer>d", R1(), []string{""}, nil, nil, nil, -1, 23},
		{"stray closer", "a</think>b", R1(), nil, nil, []string{"a</think>b"}, []string{"</think>"}, -1, -1},
		{"two answers", "<answer>1</answer><answer>2</answer>", R1(), nil, []string{"1", "2"}, nil, nil, -1, -1},
		{"near tags", "<think <think> ></think ></think>", R1(), []string{" ></think >"}, nil, []string{"<think "}, nil, -1, -1},
		{"invalid UTF-8", "\xff<think>\xfe</think>", R1(), []string{"\xfe"}, nil, []string{"\xff"}, nil, -1, -1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			g := Segment(c.in, c.format)
			var think, answer, outside, stray []string
			for _, b := range g.Think {
				think = append(think, b.Body.In(c.in))
			}
			for _, b := range g.Answer {
				answer = append(answer, b.Body.In(c.in))
			}
			for _, o := range g.Outside {
				outside = append(outside, o.In(c.in))
			}
			for _, s := range g.Stray {
				stray = append(stray, s.In(c.in))
			}
			if !slices.Equal(think, c.think) || !slices.Equal(answer, c.answer) || !slices.Equal(outside, c.outside) || !slices.Equal(stray, c.stray) {
				t.Errorf("think %q answer %q outside %q stray %q", think, answer, outside, stray)
			}
			if g.OpenThink != c.openThink || g.OpenAnswer != c.openAnswer {
				t.Errorf("open think %d, open answer %d", g.OpenThink, g.OpenAnswer)
			}
		})
	}
}

func TestBoxes(t *testing.T) {
	for _, c := range []struct {
		in   string
		want []string
	}{
		{`so \boxed{42}.`, []string{"42"}},
		{`\boxed{\frac{1}{2}} and \boxed {3}`, []string{`\frac{1}{2}`, "3"}},
		{`\boxed{a \boxed{b}}`, []string{`a \boxed{b}`}},
		{`\fbox{7}`, []string{"7"}},
		{`\boxed{\{1,2\}}`, []string{`\{1,2\}`}},
		{`\boxed{3`, nil},
		{`\boxed 3`, nil},
		{`\boxed`, nil},
		{`{ \boxed{3}`, []string{"3"}},
		{`\boxed{1} \boxed{2 {`, []string{"1"}},
		{`\\boxed{3}`, nil}, // a line break and the letters "boxed"
		{`}}\boxed{3}}`, []string{"3"}},
		{"\\boxed{\xff}", []string{"\xff"}},
	} {
		var got []string
		for _, b := range Boxes(c.in) {
			got = append(got, b.Body.In(c.in))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.in, got, c.want)
		}
	}
}

func TestAfter(t *testing.T) {
	for prompt, want := range map[string]bool{"": false, "<think>": true, "Q\n<think>\n": true, "<think> x": false, "</think>": false, "Assistant:": false} {
		if got := After(prompt).Prefilled; got != want {
			t.Errorf("after %q: %v, want %v", prompt, got, want)
		}
	}
}

// TestScan: the tags are those of the expression.
func TestScan(t *testing.T) {
	tag := regexp.MustCompile(`<think>|</think>|<answer>|</answer>`)
	pieces := []string{"<", "/", "</", ">", "think", "think>", "answer", "answer>", "t", "a", "<think>", "</answer>", "<<2*3=6>>6", "x", "\xff"}
	rng := rand.New(rand.NewPCG(2, 2))
	for range 20_000 {
		s := ""
		for range rng.IntN(12) {
			s += pieces[rng.IntN(len(pieces))]
		}
		got := Scan(s)
		want := tag.FindAllStringIndex(s, -1)
		if len(got) != len(want) {
			t.Fatalf("%q: %v, want %v", s, got, want)
		}
		for i, w := range want {
			if g := got[i]; g.Span != (Span{w[0], w[1]}) || Tags()[g.Kind] != s[w[0]:w[1]] {
				t.Fatalf("%q: %v, want %v", s, got, want)
			}
		}
	}
}

// TestLargeInputs: time stays linear on the inputs made to break that. A
// quadratic scan of 4 MB would take minutes.
func TestLargeInputs(t *testing.T) {
	const n = 4 << 20
	start := time.Now()
	for _, unit := range []string{"<", "<think>", "</answer>", "<answer>", "{", "}", `\boxed`, `\boxed{`, `\boxed `, `\boxed{{`, `\`, " "} {
		s := strings.Repeat(unit, n/len(unit))
		Segment(s, R1())
		Boxes(s)
	}
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("12 inputs of 4 MB took %v", took)
	}
}

func FuzzSegment(f *testing.F) {
	for _, s := range []string{"", "<think>a</think><answer>b</answer>", "</think><answer>", `<answer>\boxed{\boxed{1}}</answer>`, "<think><think>"} {
		f.Add(s, false)
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, s string, prefilled bool) {
		g := Segment(s, Format{Prefilled: prefilled})
		// Blocks and outside stretches tile the text up to an unclosed part.
		var spans []Span
		for _, b := range append(slices.Clone(g.Think), g.Answer...) {
			if b.Body.From > b.Body.To || b.Body.To != b.Close.From || b.Open.To != b.Body.From {
				t.Fatalf("block %+v", b)
			}
			spans = append(spans, b.Whole())
		}
		spans = append(spans, g.Outside...)
		slices.SortFunc(spans, func(a, b Span) int { return a.From - b.From })
		at := 0
		for _, sp := range spans {
			if sp.From != at || sp.To <= sp.From {
				t.Fatalf("%q: spans %v do not tile", s, spans)
			}
			at = sp.To
		}
		if g.OpenThink < 0 && g.OpenAnswer < 0 && at != len(s) {
			t.Fatalf("%q: spans %v end at %d of %d", s, spans, at, len(s))
		}
		end := 0
		for _, b := range Boxes(s) {
			if b.Whole.From < end || !strings.HasPrefix(b.Whole.In(s), `\`) || s[b.Whole.To-1] != '}' || b.Body.To != b.Whole.To-1 {
				t.Fatalf("%q: box %+v", s, b)
			}
			end = b.Whole.To
		}
	})
}

func TestMadeUpIDs(t *testing.T) {
	if ids := MadeUpIDs(""); ids == nil || len(ids) != 0 {
		t.Errorf("of nothing: %v", ids)
	}
	ids := MadeUpIDs("abcdabcdabce\xff")
	if len(ids) != 4 || ids[0] != ids[1] || ids[1] == ids[2] || ids[3] != 0xff {
		t.Errorf("%v", ids)
	}
}
