package query

import (
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
)

func known() Known {
	return Known{Parts: []string{"gradus.accuracy", "gradus.format", "openr1.format", "length_penalty"}}
}

func at(v float64) Bound            { return Bound{Value: v, Set: true} }
func open(v float64) Bound          { return Bound{Value: v, Set: true, Open: true} }
func is(f string, v ...string) Node { return Is{Field: f, Values: values(v...)} }
func values(v ...string) (out []Value) {
	for _, s := range v {
		out = append(out, Value{Text: s})
	}
	return out
}

func TestParse(t *testing.T) {
	for in, want := range map[string]Node{
		"":                         nil,
		" \t\n":                    nil,
		"wait":                     Words{Text: "wait"},
		`"double check" wait`:      And{Words{Text: "double check"}, Words{Text: "wait"}},
		"“double check”":           Words{Text: "double check"},
		`"say ""hi"" twice"`:       Words{Text: `say "hi" twice`},
		"simplif*":                 Words{Text: "simplif", Prefix: true},
		"2+4=6":                    Words{Text: "2+4=6"},
		"or and not":               And{Words{Text: "or"}, Words{Text: "and"}, Words{Text: "not"}},
		"ORDER NOTE":               And{Words{Text: "ORDER"}, Words{Text: "NOTE"}},
		"a OR b c":                 Or{Words{Text: "a"}, And{Words{Text: "b"}, Words{Text: "c"}}},
		"a|b":                      Or{Words{Text: "a"}, Words{Text: "b"}},
		"(a OR b) c":               And{Or{Words{Text: "a"}, Words{Text: "b"}}, Words{Text: "c"}},
		"a AND b":                  And{Words{Text: "a"}, Words{Text: "b"}},
		"a (b (c))":                And{Words{Text: "a"}, Words{Text: "b"}, Words{Text: "c"}},
		"-a":                       Not{Words{Text: "a"}},
		"NOT a":                    Not{Words{Text: "a"}},
		"-(a b)":                   Not{And{Words{Text: "a"}, Words{Text: "b"}}},
		"- -a":                     Not{Not{Words{Text: "a"}}},
		"step:10..20":              Within{Field: "step", Lo: at(10), Hi: at(20)},
		"step:700..":               Within{Field: "step", Lo: at(700)},
		"step:..20":                Within{Field: "step", Hi: at(20)},
		"step:7":                   Within{Field: "step", Lo: at(7), Hi: at(7)},
		"STEP=7":                   Within{Field: "step", Lo: at(7), Hi: at(7)},
		"step:7,9..":               Or{Within{Field: "step", Lo: at(7), Hi: at(7)}, Within{Field: "step", Lo: at(9)}},
		"step>7 step<=9":           And{Within{Field: "step", Lo: open(7)}, Within{Field: "step", Hi: at(9)}},
		"step:>=7":                 Within{Field: "step", Lo: at(7)},
		"step!=7":                  Not{Within{Field: "step", Lo: at(7), Hi: at(7)}},
		"reward<.2":                Within{Field: "reward", Hi: open(0.2)},
		"reward:.2...5":            Within{Field: "reward", Lo: at(0.2), Hi: at(0.5)},
		"adv>-1":                   Within{Field: "advantage", Lo: open(-1)},
		"len:40":                   Within{Field: "length", Lo: at(40), Hi: at(40)},
		"tokens<40":                Within{Field: "length", Hi: open(40)},
		"entropy>=1e-3":            Within{Field: "entropy", Lo: at(1e-3)},
		"accuracy<1":               Within{Field: PartField, Part: "gradus.accuracy", Hi: open(1)},
		"openr1.format:0":          Within{Field: PartField, Part: "openr1.format", Lo: at(0), Hi: at(0)},
		"reward.length_penalty>-1": Within{Field: PartField, Part: "length_penalty", Lo: open(-1)},
		"accuracy:error,timeout":   Is{Field: PartField, Part: "gradus.accuracy", Values: values("error", "timeout")},
		"correct:no":               is("correct", "no"),
		"correct:RIGHT phase:eval": And{is("correct", "yes"), is("phase", "eval")},
		"correct:none":             is("correct", "none"),
		"finish:length,stop":       is("finish", "length", "stop"),
		`task:"gsm 8k"`:            is("task", "gsm 8k"),
		"reason:format.*":          Is{Field: "reason", Values: []Value{{Text: "format.", Prefix: true}}},
		`claim:"1,000"`:            is("claim", "1,000"),
		"claim:*":                  Is{Field: "claim", Values: []Value{{Prefix: true}}},
		"claim:a@b":                is("claim", "a@b"),
		"tag:hack -verdict:ok":     And{is("tag", "hack"), Not{is("verdict", "ok")}},
		"verdict:hack@ada@lab-7":   Is{Field: "verdict", Values: []Value{{Text: "hack", Author: "ada@lab-7"}}},
		`verdict:hack@"ada l"`:     Is{Field: "verdict", Values: []Value{{Text: "hack", Author: "ada l"}}},
		"prompt:3FA9C1":            Is{Field: "hash", Values: []Value{{Text: "3fa9c1", Prefix: true}}},
		"hash:3FA":                 Is{Field: "hash", Values: []Value{{Text: "3fa", Prefix: true}}},
		`hash:""`:                  Is{Field: "hash", Values: []Value{{Prefix: true}}},
		"prompt:12":                is("prompt", "12"), // too short for a hash
		`prompt:"3fa9c1"`:          is("prompt", "3fa9c1"),
		"prompt:abcdef,apples":     is("prompt", "abcdef", "apples"),
		`prompt:"how ""many"""`:    is("prompt", `how "many"`),
		`prompt:"how many"*,a@b`:   Is{Field: "prompt", Values: []Value{{Text: "how many", Prefix: true}, {Text: "a@b"}}},
		"-prompt:12345":            Not{is("prompt", "12345")},
		"ckpt:01J@3":               is("ckpt", "01J@3"),
		"a\x00b \xff":              nil, // below
	} {
		n, err := Parse(in, known())
		if in == "a\x00b \xff" { // what cannot be a word ends it; a byte that is no character is a blank
			if err == nil {
				t.Errorf("%q: %v", in, String(n))
			}
			continue
		}
		if err != nil || !reflect.DeepEqual(n, want) {
			t.Errorf("%q: got %#v, %v; want %#v", in, n, err, want)
			continue
		}
		if again, err := Parse(String(n), known()); err != nil || !reflect.DeepEqual(again, n) {
			t.Errorf("%q is written %q, which is read as %#v, %v", in, String(n), again, err)
		}
	}
}

// Errors name what is wrong, where, and what would do.
func TestErrors(t *testing.T) {
	for _, tt := range []struct{ in, meant, want string }{
		{"wait stpe:3", "stpe", "did you mean step?"},
		{"acuracy<1", "acuracy", "did you mean accuracy?"},
		{"format<1", "format", "gradus.format, openr1.format; write one in full"},
		{"reward.formt<1", "reward.formt", "did you mean format?"},
		{"zzzz:hack", "zzzz", `quote it: "zzzz:hack"`},
		{"zzzz:hack", "zzzz", "length_penalty"},
		{"http://x y", "http", `quote it: "http://x"`},
		{"finish:end", "end", "finish is stop or length"},
		{"correct:may", "may", "yes, no or none"},
		{"phase:rollin", "rollin", "train or eval"},
		{"step:x", "x", "whole number"},
		{"step:1.5", "1.5", "whole number"},
		{"step:1..x", "x", "whole number"},
		{"step:..", "..", "needs an end"},
		{"step:20..10", "20..10", "smaller one comes first"},
		{"step:1e99", "1e99", "whole number"},
		{"step:", "", "wants a value"},
		{"step: 3", "", "wants a value"},
		{"finish:stop,", "", "wants a value"},
		{"reward<low", "low", "wants a number"},
		{"reward:NaN", "NaN", "wants a number"},
		{"reward:0x1p3", "0x1p3", "wants a number"},
		{"reward<1,2", "1,2", "takes one number"},
		{"accuracy:high", "high", "ok, skipped, invalid, error, timeout"},
		{"finish<stop", "<", "takes a colon"},
		{`a "open phrase`, `"`, "close it"},
		{`task:"open`, `"`, "close it"},
		{"a (b OR c", "(", "never closed"},
		{"a) b", ")", "no ( for this"},
		{"a OR", "", "missing here"},
		{"OR a", "OR", "both sides"},
		{"a AND", "", "missing here"},
		{"AND a", "AND", "both sides"},
		{"()", ")", "before this )"},
		{"a -", "-", "nothing stands after"},
		{"NOT OR", "NOT", "nothing stands after"},
		{"*** wait", "***", "letters and digits only"},
		{`""`, `""`, "letters and digits only"},
		{"hash:xyz", "xyz", "beginning of a prompt's hash"},
		{"prompt:+-", "+-", "letters and digits only"},
		{"prompt:*", "*", "letters and digits only"},
		{"prompt<3", "<", "takes a colon"},
		{"verdict:hack@", "hack@", "author is missing"},
		{strings.Repeat("(", 20) + "a" + strings.Repeat(")", 20), "(", "deeper than"},
		{strings.Repeat("-", 20) + "a", "-", "deeper than"},
		{strings.Repeat("a ", 60), "a", "more than 48 terms"},
		{"step:" + strings.Repeat("1,", 90) + "1", "", "more than 64 values"},
		{strings.Repeat("ä", 3000), "", "longer than 4000 bytes"},
	} {
		n, err := Parse(tt.in, known())
		var e *Error
		if !errors.As(err, &e) || n != nil || !strings.Contains(e.Message, tt.want) || strings.Contains(e.Error(), "\n") {
			t.Errorf("%.40q: %v, %v; want %q", tt.in, n, err, tt.want)
			continue
		}
		if got := tt.in[e.From:e.To]; tt.meant != "" && got != tt.meant {
			t.Errorf("%.40q: it points at %q, want %q", tt.in, got, tt.meant)
		}
	}
}

// The caret stands under what is meant, also after wide characters.
func TestCaret(t *testing.T) {
	_, err := Parse("數學\tstpe:3 x", Known{})
	var e *Error
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	wide := func(s string) (n int) {
		for _, r := range s {
			n++
			if r > 0x2e80 {
				n++
			}
		}
		return n
	}
	for _, tt := range []struct {
		width func(string) int
		caret string
	}{{nil, "   ^^^^"}, {wide, "     ^^^^"}} {
		if q, caret := e.Marked(tt.width); q != "數學 stpe:3 x" || caret != tt.caret {
			t.Errorf("%q %q, want %q", q, caret, tt.caret)
		}
	}
	if e.Column() != 4 || !strings.HasPrefix(e.Error(), "query, column 4: ") {
		t.Errorf("%v", e)
	}
}

// Whatever is typed is a query that can be written and read again, or an error
// that points into it; and the SQL of it has an argument for every mark.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"", `step:1.."`, `"`, "a:b:c", "reward<=<", "step:..", "::", "=", `x"y z"w`, "a OR (b -c) | -(d e*)", "verdict:hack@ada,ok*@\"b c\"",
		"accuracy:error format<1", "claim:*,\"\"", "“x”", "-\xff", "prompt:f hash:0,f prompt:\"a\"\"b\"*,c has:tag,claim ckpt:3 note:a entropy>1 id:3", "tag:a*@b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		n, err := Parse(in, known())
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.From < 0 || e.To < e.From || e.To > len(in) || n != nil {
				t.Fatalf("%q: %#v", in, err)
			}
			e.Marked(nil)
			return
		}
		out := String(n)
		again, err := Parse(out, known())
		if len(out) <= MaxBytes && (err != nil || !reflect.DeepEqual(again, n)) {
			t.Fatalf("%q is written %q, which is read as %#v, %v; want %#v", in, out, again, err, n)
		}
		p := Compile(n, func(string) bool { return true })
		if marks := strings.Count(strings.Join(p.Where, " "), "?"); marks != len(p.Args) {
			t.Fatalf("%q: %d marks and %d arguments in %q", in, marks, len(p.Args), p.Where)
		}
	})
}

// The documentation names every field, and shows terms that are right.
func TestDocumentation(t *testing.T) {
	b, err := os.ReadFile("../../docs/notes-and-search.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range Fields() {
		if !strings.Contains(string(b), "`"+f.Name+"`") {
			t.Errorf("docs/notes-and-search.md does not name %s", f.Name)
		}
		if _, err := Parse(f.Example, Known{}); err != nil || f.Help == "" {
			t.Errorf("%s: example %s: %v", f.Name, f.Example, err)
		}
	}
}
