package code

import (
	"context"
	"encoding/json"
	"testing"
)

// What verl 0.9.1's prime_code makes of these outputs.
func TestPrimeEqual(t *testing.T) {
	for _, tt := range []struct {
		got, want string
		equal     bool
	}{
		{"7\n", "7", true}, {"  7 \n\n", "7\n", true}, {"7 1\n", "7", false}, {"7.0\n", "7", true}, {"07\n", "7", false},
		{"0.3333333333333333\n", "0.333333\n", true}, {"0.3333\n", "0.333333\n", false}, {"nan\n", "nan", true}, {"nan\n", "0.5", false}, {"inf\n", "inf ", true},
		{"1\r\n2\n", "1\n2\n", true}, {"1\f2\n", "1\n2\n", true}, {" 1 \n\n 2 \n\n", "1\n2\n", true}, {"a b\nc\n", "a b\n\nc ", true}, {"a  b\nc\n", "a b\n\nc ", false},
		{"", "", true}, {"\n", "", true}, {"x\n", "", false}, {"1\n", "1\n2\n", false}, {"1 2\n", "1\n2\n", false},
	} {
		if ok, _ := Prime.equal(tt.got, tt.want, 0); ok != tt.equal {
			t.Errorf("%q for %q: %v", tt.got, tt.want, ok)
		}
	}
}

func TestPrimeProgram(t *testing.T) {
	j := newJudge(t, func(o *Options) { o.Compare = Prime })
	tests := Tests{Kind: Stdio, Cases: []Case{{Stdin: "3 4\n", Stdout: "7\n"}}}
	for program, want := range map[string]Status{
		"import sys\na, b = map(int, input().split())\nprint(a + b)\nsys.exit(1)":                        Accepted,
		"def main():\n    print(sum(map(int, input().split())))\nif __name__ == '__main__':\n    main()": Accepted,
		"print(7)\nexit()": RuntimeError, // exit is None there
		"a = 7\ndef f():\n    global a\n    a += 0\nf()\nprint(a)": RuntimeError, // its globals are a function's
		"stdout.write('7')": WrongAnswer, // kept before the output was caught
		"print(7":           CompileError,
	} {
		v, err := j.Run(context.Background(), PrimeProgram(program), tests)
		if err != nil {
			t.Fatal(err)
		}
		if v.Status != want {
			t.Errorf("%q: %v (%s); want %v", program, v.Status, v.Why, want)
		}
	}
	calls := Tests{Kind: Function, Entry: "pair", Cases: []Case{{Args: []json.RawMessage{json.RawMessage("1")}, Want: json.RawMessage(`"[1, 5]"`)}}}
	for program, want := range map[string]Status{"def pair(a):\n    return a, 5": Accepted, "def pair(a):\n    return a": Accepted, "def pair(a):\n    return [5]": WrongAnswer} {
		v, err := j.Run(context.Background(), PrimeFunction(program), calls)
		if err != nil {
			t.Fatal(err)
		}
		if v.Status != want {
			t.Errorf("%q: %v (%s); want %v", program, v.Status, v.Why, want)
		}
	}
}
