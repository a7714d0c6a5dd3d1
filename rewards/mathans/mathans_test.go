package mathans

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"
)

func TestCompare(t *testing.T) {
	for _, c := range []struct {
		gold, pred string
		status     Status
		rung       string
	}{
		// Numbers: the same value however it is written.
		{"1000", "1,000", Equal, "rational"},
		{"1,000", "1000", Equal, "rational"},
		{"10000", "10{,}000", Equal, "rational"},
		{"1234567.5", "1,234,567.50", Equal, "rational"},
		{"18", "$18", Equal, "rational"},
		{"18", `\$18.00`, Equal, "rational"},
		{"18", "$18$", Equal, "rational"},
		{"18", `\(18\)`, Equal, "rational"},
		{"18", "18.", Equal, "rational"},
		{"18", " +18 ", Equal, "rational"},
		{"-5", "−5", Equal, "rational"},
		{"-5", "-$5", Equal, "rational"},
		{"0.5", "1/2", Equal, "rational"},
		{"1/2", "2/4", Equal, "rational"},
		{`\frac{1}{2}`, "0.5", Equal, "rational"},
		{`\frac12`, `\dfrac{2}{4}`, Equal, "rational"},
		{`-\frac{7}{2}`, `\frac{-7}{2}`, Equal, "rational"},
		{"42", "042", Equal, "rational"},
		{".5", "0.50", Equal, "rational"},
		{"0", "-0", Equal, "rational"},
		{"18", "19", Different, "rational"},
		{"1/3", "0.333", Different, "rational"},
		{"1/3", "0.3333333333333333", Different, "rational"},
		{"100000000000000000000", "100000000000000000001", Different, "rational"},
		// Percent is a kind of its own.
		{"28%", "28%", Equal, "rational"},
		{`28\%`, "28 percent", Equal, "rational"},
		{`28\%`, "28", Equal, "percent_as_number"},
		{"28", "28%", Different, "percent"},
		{"0.28", "28%", Different, "percent"},
		{"28%", "0.28", Different, "percent"},
		// No number at all.
		{"18", "eighteen", PredUnparsed, "text"},
		{"18", "18 or 19", Different, "set"},
		{"18", "17, 18", Different, "set"},
		{"18", "1,8", Different, "set"},
		{"1000", "1,00,0", Different, "set"},
		{"1000", "10,00", Different, "set"},
		{"18", "{", PredUnparsed, ""},
		{"18", "1e1", Different, "rational"},
		{"18", "0x12", Different, "field_identity"},
		{"18", "١٨", PredUnparsed, "text"},
		{"1", "1/0", Different, "undefined"},
		{"1", "--1", PredUnparsed, ""},
		{"1", "$$", PredUnparsed, "text"},
		{"1", "-", PredUnparsed, ""},
		{"1", ".", NoAnswer, ""},
		{"1", `\frac{1}`, PredUnparsed, ""},
		{"1", `\frac{1}{`, PredUnparsed, ""},
		// Text.
		{"Evelyn", `\text{evelyn}`, Equal, "text"},
		{`\text{Evelyn}`, "Evelyn.", Equal, "identical"},
		{`\left( 3, \frac{\pi}{2} \right)`, `(3,\dfrac{\pi}{2})`, Equal, "identical"},
		{`x \rightarrow y`, `x \rightarrow y`, Equal, "identical"},
		{"A", "a", Different, "text"},
		{"(3,4)", "(4,3)", Different, "tuple"},
		{"12", "[ABC] = 12", Equal, "rational"},
		{`25\pi`, `Area = 25\pi`, Equal, "identical"},
		{"18", `\angle ABC = 18`, Equal, "rational"},
		{"2", `\angle ABC = 4-\sqrt2`, Different, "radical"},
		{"Area is 5", "Perimeter is 5", Different, "text"},
		{"p - q", "p-q", Equal, "identical"},
		{"p - q", "q-p", Different, "field_identity"},
		// Nothing there.
		{"18", "", NoAnswer, ""},
		{"18", " \n", NoAnswer, ""},
		{"", "18", GoldUnparsed, ""},
		{"  ", "18", GoldUnparsed, ""},
		{"18", strings.Repeat("1", maxAnswer+1), Budget, ""},
		{"18", strings.Repeat("1", maxAnswer), Different, "rational"},
		{strings.Repeat("1", maxAnswer+1), "18", GoldUnparsed, ""},
	} {
		v := Compare(c.gold, c.pred)
		if v.Status != c.status || v.Rung != c.rung {
			t.Errorf("gold %.40q pred %.40q: %s by %q, want %s by %q (%s)", c.gold, c.pred, v.Status, v.Rung, c.status, c.rung, v.Why)
		}
		if v.Why == "" || len(v.Why) > 500 {
			t.Errorf("gold %.40q pred %.40q: why %.100q", c.gold, c.pred, v.Why)
		}
	}
}

func rows(t *testing.T, path string) []string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Skipf("the data set is not here: %v", err)
	}
	defer f.Close()
	var answers []string
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var row struct{ Answer string }
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		answers = append(answers, row.Answer)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return answers
}

// TestGoldsOfGSM8K: all 1319 test answers are integers; each equals itself,
// boxed and with separators, and differs from its neighbour number.
func TestGoldsOfGSM8K(t *testing.T) {
	answers := rows(t, "../../../shared/data/gsm8k_test.jsonl")
	if len(answers) != 1319 {
		t.Fatalf("%d rows, want 1319", len(answers))
	}
	for _, gold := range answers {
		c := ExtractR1("<think>x</think><answer>\\boxed{" + gold + "}</answer>")
		if v := Compare(gold, c.Text); v.Status != Equal || v.Rung != "rational" || v.Basis != Exact {
			t.Errorf("gold %q against itself boxed: %+v", gold, v)
		}
		for _, form := range []string{"$" + gold, gold + ".", gold + ".00", " " + gold + " "} {
			if v := Compare(gold, form); v.Status != Equal {
				t.Errorf("gold %q against %q: %+v", gold, form, v)
			}
		}
		for _, form := range []string{gold + "1", gold + ".5", gold + "%", gold + "/3000001"} {
			if v := Compare(gold, form); v.Status != Different {
				t.Errorf("gold %q against %q: %+v", gold, form, v)
			}
		}
	}
}

// TestGoldsOfMATH500: every gold answer equals itself, boxed.
func TestGoldsOfMATH500(t *testing.T) {
	answers := rows(t, "../../../shared/data/math500.jsonl")
	if len(answers) != 500 {
		t.Fatalf("%d rows, want 500", len(answers))
	}
	numbers := 0
	for _, gold := range answers {
		c := ExtractR1("<think>x</think><answer>$\\boxed{" + gold + "}$</answer>")
		v := Compare(gold, c.Text)
		if v.Status != Equal {
			t.Errorf("gold %q, extracted %q: %+v", gold, c.Text, v)
		}
		if v.Rung == "rational" {
			numbers++
		}
	}
	// 406 golds are rational numbers by sympy's types (81.2 %).
	if numbers != 406 {
		t.Errorf("%d golds are read as numbers, want 406", numbers)
	}
}

func FuzzCompare(f *testing.F) {
	for _, s := range []string{"1,000", `\frac{1}{2}`, "28\\%", "$5", `\text{a}`, "-−1", "{,}", `\left(1,2\right)`, "$$$$", "1/2/3", ". %"} {
		f.Add("1000", s)
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, gold, pred string) {
		v := Compare(gold, pred)
		if v.Why == "" {
			t.Fatal("a verdict without a reason")
		}
		self := Compare(gold, gold)
		if self.Status != Equal && self.Status != GoldUnparsed {
			t.Fatalf("gold %q against itself: %+v", gold, self)
		}
	})
}

func FuzzExtractR1(f *testing.F) {
	for _, s := range []string{"<think>a</think><answer>b</answer>", `<answer>\boxed{1}</answer>`, "<answer><answer>1</answer></answer>", "</think><answer>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c := ExtractR1(s)
		if c.Status == "" && (c.Text == "" || c.Span.In(s) != c.Text) {
			t.Fatalf("%q: claim %+v", s, c)
		}
		if c.Status != "" && c.Why == "" {
			t.Fatalf("%q: status %s without a reason", s, c.Status)
		}
	})
}
