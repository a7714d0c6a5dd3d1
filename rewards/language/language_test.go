package language

import (
	"reflect"
	"strings"
	"sync"
	"testing"
)

func measure(t *testing.T, code, s string) Count {
	t.Helper()
	l, ok := Find(code)
	if !ok {
		t.Fatalf("no language %q", code)
	}
	return Measure(s, l)
}

func TestMeasure(t *testing.T) {
	cases := []struct {
		name, target, text string
		words, others      int // target words, other words
	}{
		{"plain English", "en", "First we add the two numbers and then we divide by three.", 12, 0},
		{"English with Chinese inside", "en", "First we 计算 the sum of the list", 7, 2},
		{"Chinese", "zh", "首先计算总和", 6, 0},
		{"Chinese with an English clause", "zh", "首先 compute the sum", 2, 3},
		{"Japanese is no Chinese", "zh", "まず合計", 2, 2},
		{"Han belongs to Japanese too", "ja", "まず合計", 4, 0},
		{"German for an English target", "en", "Dann ist die Summe der Zahlen nicht mit dem Wert", 0, 10},
		{"German", "de", "Dann ist die Summe der Zahlen nicht mit dem Wert", 10, 0},
		{"Spanish for English", "en", "entonces la suma de los números es igual para todos los casos", 0, 12},
		{"Russian for English", "en", "so the сумма is", 3, 1},
		{"Korean", "ko", "먼저 합을 구한다", 3, 0},
		{"mathematics is masked", "en", `so the value $x = \frac{a}{b} \text{ist die}$ is here`, 5, 0},
		{"code is masked", "en", "we run `der die das und` here and ```python\nfür ist nicht\n``` is it", 6, 0},
		{"addresses and tags are masked", "en", "see <b> https://example.org/der/die/das </b> for the rest", 4, 0},
		{"single letters are names", "en", "x y z a b n the sum is it", 4, 0},
		{"Greek letters are names", "en", "the α and β of it", 4, 0},
		{"money is no mathematics", "en", "he had $5 and then she paid $6 for it", 8, 0},
		{"no words", "en", "12 + 30 = 42", 0, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := measure(t, c.target, c.text)
			if got.Target != c.words || got.Other != c.others {
				t.Errorf("%d target and %d other words (%v), want %d and %d", got.Target, got.Other, got.Languages, c.words, c.others)
			}
		})
	}
}

// TestNeutral: names without a function word near say nothing.
func TestNeutral(t *testing.T) {
	got := measure(t, "en", "Alice Bob Carol")
	if got.Target != 0 || got.Other != 0 || got.Neutral != 3 {
		t.Errorf("got %+v, want three neutral words", got)
	}
}

func TestForeignSpans(t *testing.T) {
	const s = "First we 计算总和 of the list и then"
	got := measure(t, "en", s)
	var runs []string
	for _, f := range got.Foreign {
		runs = append(runs, s[f.From:f.To])
	}
	if strings.Join(runs, "|") != "计算总和|и" {
		t.Errorf("foreign runs %q", runs)
	}
}

// FuzzMeasure: the numbers agree with each other and with the plain
// definitions, and spans stay inside the text.
func FuzzMeasure(f *testing.F) {
	for _, s := range []string{"", "$", "$$a", "```", "\\begin{x}", "der the 计算 \xff\xfe", strings.Repeat("`$<\\(", 50)} {
		f.Add(s)
	}
	en, _ := Find("en")
	m, p := NewMeter(en), newPlain()
	f.Fuzz(func(t *testing.T, s string) {
		c := m.Measure(s)
		if len(s) < 1<<12 {
			p.compare(t, m, en, s)
		}
		if c.Target < 0 || c.Other < 0 || c.Masked > len(s) {
			t.Fatalf("%+v of %d bytes", c, len(s))
		}
		sum := 0
		for _, n := range c.Languages {
			sum += n
		}
		if sum != c.Target+c.Other {
			t.Fatalf("languages add up to %d, words to %d", sum, c.Target+c.Other)
		}
		for _, sp := range c.Foreign {
			if sp.From < 0 || sp.From >= sp.To || sp.To > len(s) {
				t.Fatalf("span %+v of %d bytes", sp, len(s))
			}
		}
	})
}

// TestMeterIsShared: several goroutines may use one meter. It means most under
// the race detector.
func TestMeterIsShared(t *testing.T) {
	en, _ := Find("en")
	m := NewMeter(en)
	texts := []string{"First we add the two numbers", "Dann ist die Summe der Zahlen nicht mit dem Wert", "the 計算 of it", ""}
	want := make([]Count, len(texts))
	for i, s := range texts {
		want[i] = Measure(s, en)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for n := range 200 {
				if got := m.Measure(texts[n%len(texts)]); !reflect.DeepEqual(got, want[n%len(texts)]) {
					t.Errorf("%+v, want %+v", got, want[n%len(texts)])
				}
			}
		})
	}
	all.Wait()
}
