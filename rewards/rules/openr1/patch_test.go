package openr1

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"gradus/rewards"
	"gradus/rewards/code/piston"
)

// TestPatch: what open-r1's code_patcher.py makes of these, run under Python 3.11.
func TestPatch(t *testing.T) {
	replacements := pythonReplacements()
	for _, tt := range [][2]string{
		{"print(1)", "print(1)\nimport sys\nsys.set_int_max_str_digits(0)\nprint(1)"},
		{"import sys\nprint(1)", "import sys\nimport sys\nsys.set_int_max_str_digits(0)\nimport sys\nprint(1)"},
		{"n = int(input())\nfrom fractions import gcd\nprint(gcd(n, 4))", "n = int(input())\nfrom math import gcd\nimport sys\nsys.set_int_max_str_digits(0)\nprint(gcd(n, 4))"},
		{"from fractions import Fraction, gcd  # x\nprint(gcd(4, 6))", "from fractions import Fraction  # x\nfrom math import gcd\nimport sys\nsys.set_int_max_str_digits(0)\nfrom fractions import Fraction  # x\nprint(gcd(4, 6))"},
		{"from fractions import (gcd, Fraction)\nx = 1", "from fractions import (Fraction)\nfrom math import gcd\nimport sys\nsys.set_int_max_str_digits(0)\nfrom fractions import (Fraction)\nx = 1"},
		{"import fractions\nprint(fractions.gcd(4, 6))", "import fractions\nimport math\nimport sys\nsys.set_int_max_str_digits(0)\nimport fractions\nprint(math.gcd(4, 6))"},
		{"\u00e9fractions.gcd\nimport x", "\u00e9fractions.gcd\nimport x\nimport math\nimport sys\nsys.set_int_max_str_digits(0)\nimport x"},
		{"from collections import Mapping\nimport imp\nimport importlib", "from collections.abc import Mapping\nimport importlib\nimport importlibortlib\nimport sys\nsys.set_int_max_str_digits(0)\nimport importlibortlib"},
		{"import os\nif os . getlogin( ):\n  x = 1 + \\\n\n  2\\", "import os\nimport sys\nsys.set_int_max_str_digits(0)\nimport os\nif False:\n  x = 1 + \\\n  2"},
		{"import sys\rsys.set_int_max_str_digits(0)\u2028asyncio.async(f)", "import sys\nimport sys\nsys.set_int_max_str_digits(0)\nasyncio.ensure_future(f)"},
	} {
		if got := patchCode(tt[0], "python", replacements); got != tt[1] {
			t.Errorf("%q is %q, want %q", tt[0], got, tt[1])
		}
	}
	const includes = "#include <bits/stdc++.h>\n"
	for _, tt := range [][2]string{
		{"int main() {}", includes + "\nusing namespace std;\n\nint main() {}"},
		{"std::cout", includes + "std::cout"},
		{"using namespace std;", includes + "using namespace std;"},
		{"", ""},
	} {
		if got := patchCode(tt[0], "cpp", nil); got != tt[1] {
			t.Errorf("%q is %q, want %q", tt[0], got, tt[1])
		}
	}
	if got := addIncludes("#include \"add.h\"\nstd::x", "add"); got != includes+"#include \"add.h\"\nstd::x" {
		t.Errorf("%q", got)
	}
}

// FuzzPatch: any source is mended without a panic and stays a text.
func FuzzPatch(f *testing.F) {
	for _, s := range []string{"", "\n", "from fractions import (gcd, \u00e9)\r\\\n", "\xff\\", strings.Repeat("from fractions import ", 50) + "gcd"} {
		f.Add(s)
	}
	replacements := pythonReplacements()
	f.Fuzz(func(t *testing.T, s string) {
		got := patchCode(s, "python", replacements)
		if utf8.ValidString(s) && !utf8.ValidString(got) || s != "" && got == "" {
			t.Errorf("%q is %q", s, got)
		}
	})
}

// FuzzScores: any row, completion and answer of a server is judged, with a
// reason, and a score within the range or none.
func FuzzScores(f *testing.F) {
	for _, row := range []string{cfRow, ioiRow, "{}", `{"id":null,"language":"cpp","official_tests":[{}]}`, `{"id":"a","subtask":1,"score":1,"score_precision":1e9,"test_names":[1,null],"test_cases":{"1":["",""]},"grader_files":[],"time_limit":1e308,"memory_limit":-1}`} {
		f.Add("```cpp\nx\n``````python\nx\n```", row, `{"compile":{"code":0},"run":{"code":0,"stdout":"1"}}`)
		f.Add("```", row, `{"compile":{"code":1},"run":{"code":1,"stdout":"nan","stderr":"MemoryError"}}`)
	}
	f.Fuzz(func(t *testing.T, completion, row, answer string) {
		var columns map[string]json.RawMessage
		if json.Unmarshal([]byte(row), &columns) != nil {
			return
		}
		reply := func(piston.Job) (piston.Answer, error) { return piston.Read([]byte(answer)) }
		for name, params := range map[string]map[string]any{"openr1.cf_code": {"official_only": true, "patch_code": true}, "openr1.ioi_code": {"test_batch_size": 2}} {
			r := provided(t, name, params, reply)
			out, err := r.Score(context.Background(), rewards.Group{Samples: []rewards.Sample{{Completion: completion, Columns: columns}}})
			if err != nil || len(out) != 1 || out[0].Reason == "" || out[0].Why == "" || out[0].Reason == "reward.error" {
				t.Fatalf("%s: %+v, %v", name, out, err)
			}
			if cf := name == "openr1.cf_code"; cf && out[0].Status == rewards.OK && (out[0].Score < -1 || out[0].Score > 1.1) {
				t.Errorf("%s: %+v", name, out[0])
			}
			if _, err := json.Marshal(out[0].Facts); err != nil {
				t.Errorf("%s: the facts are not JSON: %v", name, err)
			}
		}
	})
}
