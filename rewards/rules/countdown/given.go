package countdown

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"unicode"

	"gradus/rewards"
	"gradus/rewards/rules/pyarith"
	"gradus/rewards/rules/pytext"
	"gradus/rewards/rules/rule"
)

// maxGiven bounds the given numbers of a problem.
const maxGiven = 1000

// given is a countdown problem: make the target of the numbers.
type given struct {
	numbers []int64
	target  pyarith.Number
}

// row is a countdown problem as publishers keep it.
type row struct {
	Nums    []json.Number   `json:"nums"`
	Numbers []json.Number   `json:"numbers"`
	Target  json.RawMessage `json:"target"`
	// Truth is the same once more, in the rows that verl reads.
	Truth *row `json:"ground_truth"`
}

// readGiven finds the numbers and the target of a sample: in the columns nums
// (or numbers) and target, as Jiayi-Pan/Countdown-Tasks-3to4 has them, in the
// column ground_truth or reward_model ({"ground_truth":{…}}), as TinyZero's
// rows have it, or in a gold answer that is such an object. A problem's data
// are columns too.
func readGiven(s rewards.Sample) (given, error) {
	var r row
	columns := rule.Columns(s)
	if columns["target"] != nil && (columns["nums"] != nil || columns["numbers"] != nil) {
		r.Target = columns["target"]
		for column, into := range map[string]*[]json.Number{"nums": &r.Nums, "numbers": &r.Numbers} {
			if raw := columns[column]; raw != nil {
				if err := json.Unmarshal(raw, into); err != nil {
					return given{}, fmt.Errorf("column %s: want a list of whole numbers: %w", column, err)
				}
			}
		}
		return r.given()
	}
	for _, raw := range []json.RawMessage{columns["ground_truth"], columns["reward_model"], json.RawMessage(s.Problem.Gold)} {
		raw = bytes.TrimSpace(raw)
		if len(raw) == 0 || raw[0] != '{' {
			continue
		}
		r = row{}
		if err := json.Unmarshal(raw, &r); err != nil {
			return given{}, fmt.Errorf("problem %s: numbers and target: %w", s.Problem.ID, err)
		}
		if r.Truth != nil {
			r = *r.Truth
		}
		if r.Target != nil {
			return r.given()
		}
	}
	return given{}, fmt.Errorf("problem %s is no countdown: give the columns nums and target, or a gold answer as {\"numbers\":[3,5,7],\"target\":22}", s.Problem.ID)
}

func (r row) given() (given, error) {
	numbers := r.Nums
	if numbers == nil {
		numbers = r.Numbers
	}
	if len(numbers) == 0 || len(numbers) > maxGiven {
		return given{}, fmt.Errorf("there are %d numbers; want 1 to %d", len(numbers), maxGiven)
	}
	var g given
	for _, n := range numbers {
		v, err := n.Int64()
		if err != nil {
			return given{}, fmt.Errorf("the number %q is not a whole one", n)
		}
		g.numbers = append(g.numbers, v)
	}
	slices.Sort(g.numbers)
	text := string(r.Target)
	_ = json.Unmarshal(r.Target, &text) // a number stays as it is written
	if i, ok := new(big.Int).SetString(text, 10); ok && i.IsInt64() {
		g.target = pyarith.Number{Int: i}
	} else if f, ok := pytext.Float(text); ok {
		g.target = pyarith.Number{Float: f}
	} else {
		return given{}, errors.New("the target is no number")
	}
	return g, nil
}

// verdict says what an equation is worth; reason is without its publisher.
type verdict struct {
	right       bool
	reason, why string
}

// judge says whether the equation uses the given numbers and Python evaluates
// it to the target, by near. allowed holds the filter on its characters; the
// numbers are looked at before.
func (g given) judge(equation string, allowed func(string) bool, near func(v, target pyarith.Number) bool) verdict {
	switch {
	case !tinyZeroNumbers(equation, g.numbers):
		return verdict{false, "wrong_numbers", "the digit runs of the answer are not the given numbers"}
	case !allowed(equation):
		return verdict{false, "not_allowed", "the answer has other characters than digits, operators and parentheses"}
	}
	v, err := pyarith.Eval(equation)
	switch {
	case err != nil:
		return verdict{false, "not_evaluable", "Python would not evaluate the answer"}
	case !near(v, g.target):
		return verdict{false, "different", "the answer's value is not the target " + g.target.String()}
	}
	return verdict{true, "equal", "the answer evaluates to the target " + g.target.String()}
}

// arithmetic is the filter ^[\d+\-*/().\s]+$ of a text with no white space
// around it.
func arithmetic(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool {
		return !(unicode.IsDigit(r) || strings.ContainsRune("+-*/().", r) || pytext.Space(r))
	}) < 0
}

// exactlyNear is abs(v - target) < 1e-5; the difference of two ints is exact.
func exactlyNear(v, target pyarith.Number) bool {
	d, err := pyarith.Sub(v, target)
	if err != nil {
		return false
	}
	f, err := d.ToFloat()
	return err == nil && math.Abs(f) < 1e-5
}

// nearAsFloats is abs(float(v) - float(target)) < 1e-5.
func nearAsFloats(v, target pyarith.Number) bool {
	x, err := v.ToFloat()
	if err != nil {
		return false
	}
	y, err := target.ToFloat()
	return err == nil && math.Abs(x-y) < 1e-5
}

// notCountdown is the result where the problem has no numbers and target.
func notCountdown(err error) rewards.Result {
	return rewards.Result{Status: rewards.Skipped, Reason: "countdown.no_problem", Why: err.Error()}
}
