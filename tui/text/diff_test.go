package text

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestDiffLines(t *testing.T) {
	var got []string
	for _, p := range DiffLines("<think>\n3*7=21\nso 8*3\nmaybe\n</think>", "<think>\n3*7=21\nso 7*3\n</think>\nend") {
		got = append(got, fmt.Sprintf("%d %s|%s %v %v", p.Change, p.A, p.B, p.AMarks, p.BMarks))
	}
	want := []string{
		"0 <think>|<think> [] []",
		"0 3*7=21|3*7=21 [] []",
		"1 so 8*3|so 7*3 [[3 4]] [[3 4]]",
		"2 maybe| [] []",
		"0 </think>|</think> [] []",
		"3 |end [] []",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestDiffWords(t *testing.T) {
	for _, tt := range []struct {
		a, b   string
		wa, wb [][2]int
	}{
		{"the cat sat", "the dog sat", [][2]int{{4, 7}}, [][2]int{{4, 7}}},
		{"a", "a", nil, nil},
		{"", "new", nil, [][2]int{{0, 3}}},
		{"1+2", "1+22", [][2]int{{2, 3}}, [][2]int{{2, 4}}},
	} {
		a, b := DiffWords(tt.a, tt.b)
		if !reflect.DeepEqual(a, tt.wa) || !reflect.DeepEqual(b, tt.wb) {
			t.Errorf("DiffWords(%q, %q) = %v %v, want %v %v", tt.a, tt.b, a, b, tt.wa, tt.wb)
		}
	}
}

// Taking the marked words out of both texts leaves the same text.
func TestDiffWordsLeavesWhatIsCommon(t *testing.T) {
	words := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "日", " ", "+", "wait"}), 0, 30)
	without := func(s string, marks [][2]int) string {
		var out strings.Builder
		at := 0
		for _, m := range marks {
			out.WriteString(s[at:m[0]])
			at = m[1]
		}
		return out.String() + s[at:]
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := strings.Join(words.Draw(t, "a"), ""), strings.Join(words.Draw(t, "b"), "")
		ma, mb := DiffWords(a, b)
		if x, y := without(a, ma), without(b, mb); x != y {
			t.Fatalf("%q and %q leave %q and %q", a, b, x, y)
		}
	})
}

func TestDiffLinesKeepsBothTexts(t *testing.T) {
	lines := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "", "c d"}), 1, 20)
	rapid.Check(t, func(t *rapid.T) {
		a, b := lines.Draw(t, "a"), lines.Draw(t, "b")
		var ga, gb []string
		for _, p := range DiffLines(strings.Join(a, "\n")+"\n", strings.Join(b, "\n")+"\n") {
			if p.Change != OnlyB {
				ga = append(ga, p.A)
			}
			if p.Change != OnlyA {
				gb = append(gb, p.B)
			}
		}
		if !reflect.DeepEqual(ga, a) || !reflect.DeepEqual(gb, b) {
			t.Fatalf("%q %q gave %q %q", a, b, ga, gb)
		}
	})
}
