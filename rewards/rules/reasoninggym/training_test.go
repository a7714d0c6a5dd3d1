package reasoninggym

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"gradus/rewards"
	"gradus/rewards/rules/rule/ruletest"
)

// Whether sympy 1.14.0 simplifies the difference of an answer's derivative and
// an integrand to 0.
func TestIntegration(t *testing.T) {
	for _, tt := range []struct {
		answer, integrand string
		want              float64
	}{
		{"x**2/2 + C", "x", 1},
		{"x**2/2", "x", 1},
		{"x**2", "x", 0},
		{"-cos(2*x)/4", "sin(x)*cos(x)", 1},
		{"sin(x)**2/2 + 3", "sin(x)*cos(x)", 1},
		{"x*log(x) - x", "log(x)", 1},
		{"log(2*x)", "1/x", 1},
		{"2*(3*x + 4)**(3/2)/9", "sqrt(3*x + 4)", 1},
		{"x*asin(x) + sqrt(1 - x**2)", "asin(x)", 1},
		{"x*atan(2*x) - log(4*x**2 + 1)/4", "atan(2*x)", 1},
		{"exp(x)*(sin(x) - cos(x))/2", "exp(x)*sin(x)", 1},
		{"E**(2*x)/2", "exp(2*x)", 1},
		{"exp(x)", "exp(2*x)", 0},
		{"x^2/2", "x", 0},
		{"2x", "2", 0},
		{"tan(x)", "1/cos(x)**2", 1},
		{"0.5*x**2", "x", 1},
		{"0.333*x**3", "x**2", 0},
		{"Integral(sin(x)/x, x)", "sin(x)/x", 1},
		{"expand((x + 1)**2)/2", "x + 1", 1},
		{"cosh(x)", "sinh(x)", 1},
		{"x = 3", "0", 0},
		{"C*x", "0", 0},
		{"x**2/2 # done", "x", 1},
		{"-cot(x)", "1/sin(x)**2", 1},
		{"asinh(x)", "1/sqrt(x**2 + 1)", 1},
		{"acos(x)", "-1/sqrt(1 - x**2)", 1},
		{"tanh(x)", "1 - tanh(x)**2", 1},
		{"", "x", 0},
		{"x, 1", "1", 0},
	} {
		e := entry{metadata: json.RawMessage(fmt.Sprintf(`{"variable":"x","integrand":%q}`, tt.integrand))}
		if got, err := integration(tt.answer, true, e); err != nil || got != tt.want {
			t.Errorf("%q for %q: %v, %v, want %v", tt.answer, tt.integrand, got, err, tt.want)
		}
	}
}

// Whether parse_expr of two texts is the same to sympy 1.14.0.
func TestPolynomial(t *testing.T) {
	for _, tt := range []struct {
		answer, oracle string
		want           float64
	}{
		{"2*x + x**2", "x**2+2*x", 1},
		{"x*(x+2)", "x**2+2*x", 0},
		{"expand(x*(x+2))", "x**2+2*x", 1},
		{"2*(x+1)", "2*x+2", 1},
		{"x*x+x+x", "x**2+2*x", 1},
		{"(x**2+2*x)*3/3", "x**2+2*x", 1},
		{"x*(x+2)*1/x", "x+2", 1},
		{"(2*x)**2", "4*x**2", 1},
		{"2*x*(x+1)/x", "2*x+2", 1},
		{"2.0*x", "2*x", 0},
		{"(x+1)**2/(x+1)", "x+1", 1},
		{"x^2", "x**2", 0},
		{"(x+1)*(x+2)-(x+1)*(x+2)+x", "x", 1},
		{"x/2+x/2", "x", 1},
		{"Rational(4,2)*x", "2*x", 1},
		{"-(x-1)", "1-x", 1},
		{"y+x", "x+y", 1},
		{"x=x", "x", 0},
		{"6*x/3", "2*x", 1},
		{"x**-1*x**3", "x**2", 1},
		{"0*x+x", "x", 1},
		{"((x))", "x", 1},
		{"3 x", "3*x", 0},
		{"z* *2", "z**2", 1},
		{"(x*y)**2", "x**2*y**2", 1},
		{"(x+y)*(x-y)", "x**2-y**2", 0},
		{"(x+1)**0", "1", 1},
	} {
		if got, err := polynomialMultiplication(tt.answer, true, entry{answer: tt.oracle}); err != nil || got != tt.want {
			t.Errorf("%q for %q: %v, %v, want %v", tt.answer, tt.oracle, got, err, tt.want)
		}
	}
}

// What the functions of training/rewards/reward.py (49b0713) returned, alone
// and as the trainer adds them up.
func TestTraining(t *testing.T) {
	const fine = `{"answer":"4","metadata":{"source_dataset":"chain_sum"}}`
	for _, tt := range []struct {
		reward, completion string
		params             map[string]any
		want               float64
	}{
		{"reasoninggym.cosine", "<answer>4</answer>" + strings.Repeat("a", 232), map[string]any{"scaling_factor": 0.3}, 0.29780330085889906},
		{"reasoninggym.cosine", "<answer>5</answer>" + strings.Repeat("a", 232), nil, 0.10251262658470839},
		{"reasoninggym.length", "<answer>1234</answer>" + strings.Repeat("a", 491), map[string]any{"scaling_factor": 0.2}, 0.07500000000000001},
		{"reasoninggym.length", strings.Repeat("é", 5000), map[string]any{"max_score": 2}, 2},
		{"reasoninggym.reward", "<answer>4</answer>" + strings.Repeat("a", 233), map[string]any{"secondary_rewards": []any{map[string]any{"name": "length"}}}, 1},
		{"reasoninggym.reward", "<think></think><answer>4</answer>", map[string]any{"secondary_rewards": []any{map[string]any{"name": "format", "scaling_factor": 0.2}}}, 1.2},
		{"reasoninggym.reward", "</think><answer>4</answer>", map[string]any{"use_accuracy": false, "secondary_rewards": []any{map[string]any{"name": "format", "kwargs": map[string]any{"preappend_thinking_token": true}}}}, 1},
		{"reasoninggym.reward", "<answer>5</answer>", nil, 0},
		{"reasoninggym.unsloth_format", "<think>a < b</think>\n<answer>\n4</answer>\n", nil, 1},
		{"reasoninggym.unsloth_format", "<think>a<think></think>\n<answer>4</answer>", nil, 0},
		{"reasoninggym.unsloth_format", "<think>a</think><answer>4</answer>", nil, 0},
		{"reasoninggym.unsloth_format", "<think>a</think>\n<answer>4</answer> ", nil, 0},
	} {
		s := rewards.Sample{Completion: tt.completion, Columns: map[string]json.RawMessage{"item": json.RawMessage(fine)}}
		got := ruletest.Score(t, ruletest.New(t, Rules(), tt.reward, tt.params), s)
		if got.Status != rewards.OK || math.Abs(got.Score-tt.want) > 1e-12 {
			t.Errorf("%s %v of %.40q: %+v, want %v", tt.reward, tt.params, tt.completion, got, tt.want)
		}
	}
}
