package rules

import (
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"gradus/rewards"
	"gradus/rewards/rules/rule/ruletest"
)

func mustNew(t testing.TB, name string, params map[string]any) rewards.Reward {
	t.Helper()
	return ruletest.New(t, Catalogue(), name, params)
}

// TestFormatRewards holds, side by side, what each definition pays. The
// columns openr1 and trl are what the published functions return.
func TestFormatRewards(t *testing.T) {
	const pretty = "<think>\n3+5=8\n</think>\n<answer>\n8\n</answer>"
	cases := []struct {
		name, completion        string
		gradus, r1, openr1, trl float64
		reason                  string
	}{
		{"as the template wants", "<think>3+5=8</think><answer>8</answer>", 1, 1, 0, 1, "format.ok"},
		{"tags on their own lines", pretty, 1, 1, 1, 1, "format.ok"},
		{"white space around", " \n<think>a</think>\n\n<answer>8</answer>\n", 1, 1, 0, 0, "format.ok"},
		{"two blocks", pretty + "\n" + pretty, 0, 1, 1, 0, "format.repeated_think"},
		{"text after the answer", pretty + "\nand more", 0, 1, 1, 1, "format.outside"},
		{"text right after the answer", pretty + " and more", 0, 1, 0, 1, "format.outside"},
		{"nested think", "<think>\n<think>\nx\n</think>\n</think>\n<answer>\n8\n</answer>", 0, 1, 1, 0, "format.stray_tag"},
		{"stray closers", "<think>\nx\n</answer>\n</think>\n<answer>\n8\n</answer>", 0, 1, 1, 1, "format.stray_tag"},
		{"empty reasoning", "<think>\n\n</think>\n<answer>\n8\n</answer>", 0, 1, 1, 1, "format.empty_think"},
		{"empty think alone", "<think></think>", 0, 1, 0, 1, "format.no_answer"},
		{"think alone", "<think>This is my reasoning.</think>", 0, 1, 0, 1, "format.no_answer"},
		{"think, then text", "<think>\nreasoning\n</think>\nThis is my answer.", 0, 1, 0, 1, "format.no_answer"},
		{"think never closed", "<think>3+5=8", 0, 0, 0, 0, "format.unclosed_think"},
		{"think never opened", "3+5=8</think><answer>8</answer>", 0, 0, 0, 0, "format.stray_tag"},
		{"answer never closed", "<think>a</think><answer>8", 0, 1, 0, 1, "format.unclosed_answer"},
		{"no tags", "The answer is 8.", 0, 0, 0, 0, "format.no_tags"},
		{"text before", "Sure! <think>a</think><answer>8</answer>", 0, 0, 0, 0, "format.outside"},
		{"answer first", "<answer>8</answer><think>a</think>", 0, 0, 0, 0, "format.order"},
		{"answer inside think", "<think>a<answer>8</answer></think>", 0, 1, 0, 1, "format.stray_tag"},
		{"empty answer", "<think>a</think><answer> \n</answer>", 0, 1, 0, 1, "format.empty_answer"},
		{"two answers", "<think>a</think><answer>8</answer><answer>9</answer>", 0, 1, 0, 1, "format.repeated_answer"},
		{"answer only", "<answer>8</answer>", 0, 0, 0, 0, "format.no_think"},
		{"empty", "", 0, 0, 0, 0, "format.no_tags"},
		{"upper case", "<THINK>a</THINK><ANSWER>8</ANSWER>", 0, 0, 0, 0, "format.no_tags"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for _, x := range []struct {
				reward string
				want   float64
			}{{"gradus.format", c.gradus}, {"r1.format", c.r1}, {"openr1.format", c.openr1}, {"trl.think_format", c.trl}} {
				r := ruletest.Score(t, mustNew(t, x.reward, nil), rewards.Sample{Completion: c.completion})
				if r.Status != rewards.OK || r.Score != x.want {
					t.Errorf("%s: %v (%s), want %v", x.reward, r.Score, r.Why, x.want)
				}
				if x.reward == "gradus.format" && r.Reason != c.reason {
					t.Errorf("%s: reason %s, want %s", x.reward, r.Reason, c.reason)
				}
			}
		})
	}
}

// A prompt that ends in <think> has opened the thinking for the completion.
func TestPrefilledThinking(t *testing.T) {
	for _, tt := range []struct {
		completion, name string
		want             float64
	}{
		{"a is b</think><answer>5</answer>", "gradus.accuracy", 1},
		{"a is b</think><answer>5</answer>", "gradus.format", 1},
		{"a is b</think><answer>5</answer>", "gradus.tag_count", 1},
		{"a is b</think><answer>5</answer>", "r1.format", 1},
		{"1. a\n2. b\n3. c</think><answer>5</answer>", "gradus.reasoning_steps", 1},
		{"<answer>5</answer>", "gradus.accuracy", 0},
		{"<answer>5</answer>", "gradus.format", 0},
		{"<answer>5</answer>", "r1.format", 0},
		{"</think><answer>5</answer>", "gradus.format", 0},
		{"</think><answer>5</answer>", "gradus.tag_count", 0.5},
		{"<think>a</think><answer>5</answer>", "gradus.format", 0},
		{"<think>a</think><answer>5</answer>", "gradus.tag_count", 0.75},
	} {
		got := ruletest.Score(t, mustNew(t, tt.name, nil), rewards.Sample{Prompt: "Q\n<think>\n", Completion: tt.completion, Problem: rewards.Problem{Task: "jsonl", Gold: "5"}})
		if got.Status != rewards.OK || got.Score != tt.want {
			t.Errorf("%s of %q: %v, %v (%s); want %v", tt.name, tt.completion, got.Status, got.Score, got.Why, tt.want)
		}
	}
}

func TestAccuracy(t *testing.T) {
	sum := rewards.Problem{Task: "chain_sum", ID: "s", Question: "7+5-3", Gold: "9"}
	count := rewards.Problem{Task: "countdown", ID: "c", Question: "3 5 7=22", Gold: "3*5+7", Data: json.RawMessage(`{"numbers":[3,5,7],"target":22}`)}
	row := rewards.Problem{Task: "jsonl", ID: "j", Question: "?", Gold: "1000"}
	think := "<think>x</think>"
	cases := []struct {
		name       string
		problem    rewards.Problem
		completion string
		status     rewards.Status
		score      float64
		reason     string
		claim      string
	}{
		{"right", sum, think + "<answer>9</answer>", rewards.OK, 1, "accuracy.equal", "9"},
		{"right with space", sum, think + "<answer>\n 9 \n</answer>", rewards.OK, 1, "accuracy.equal", "9"},
		{"boxed in the answer", sum, think + `<answer>so \boxed{9}.</answer>`, rewards.OK, 1, "accuracy.equal", "9"},
		{"wrong", sum, think + "<answer>8</answer>", rewards.OK, 0, "accuracy.different", "8"},
		{"no number", sum, think + "<answer>nine</answer>", rewards.OK, 0, "accuracy.unparsed", "nine"},
		{"empty answer", sum, think + "<answer></answer>", rewards.OK, 0, "accuracy.no_answer", ""},
		{"no think part", sum, "<answer>9</answer>", rewards.OK, 1, "accuracy.equal", "9"},
		{"answer inside the thinking", sum, "<think><answer>9</answer></think>", rewards.OK, 0, "accuracy.no_answer", ""},
		{"answer inside unclosed thinking", sum, "<think><answer>9</answer>", rewards.OK, 0, "accuracy.no_answer", ""},
		{"answer before the thinking", sum, "<answer>9</answer><think>x</think>", rewards.OK, 0, "accuracy.no_answer", ""},
		{"answer not closed", sum, think + "<answer>9", rewards.OK, 0, "accuracy.no_answer", ""},
		{"bare number", sum, "9", rewards.OK, 0, "accuracy.no_answer", ""},
		{"two answers", sum, think + "<answer>8</answer><answer>9</answer>", rewards.OK, 0, "accuracy.ambiguous", "9"},
		{"the same answer twice", sum, think + "<answer>9</answer><answer>9</answer>", rewards.OK, 1, "accuracy.equal", "9"},
		{"two boxes", sum, think + `<answer>\boxed{8}\boxed{9}</answer>`, rewards.OK, 0, "accuracy.ambiguous", "9"},
		{"enumeration", sum, think + "<answer>7, 8, 9</answer>", rewards.OK, 0, "accuracy.unparsed", "7, 8, 9"},
		{"hedge", sum, think + "<answer>8 or 9</answer>", rewards.OK, 0, "accuracy.unparsed", "8 or 9"},
		{"tag in the answer", sum, think + "<answer><answer>9</answer>", rewards.OK, 0, "accuracy.no_answer", ""},
		{"countdown", count, think + "<answer>7+5*3</answer>", rewards.OK, 1, "accuracy.equal", "7+5*3"},
		{"countdown, number left out", count, think + "<answer>22</answer>", rewards.OK, 0, "accuracy.wrong_numbers", "22"},
		{"thousands", row, think + "<answer>$1,000.</answer>", rewards.OK, 1, "accuracy.equal", "$1,000."},
		{"gold unparsed is skipped", rewards.Problem{Task: "jsonl", Gold: " "}, think + "<answer>1</answer>", rewards.Skipped, 0, "accuracy.gold_unparsed", "1"},
		{"integer gold unparsed is skipped", rewards.Problem{Task: "chain_sum", Gold: "x"}, think + "<answer>1</answer>", rewards.Skipped, 0, "accuracy.gold_unparsed", "1"},
		{"unknown task is an error", rewards.Problem{Task: "nothing", Gold: "1"}, think + "<answer>1</answer>", rewards.Error, 0, "accuracy.no_checker", "1"},
	}
	r := mustNew(t, "gradus.accuracy", nil)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := ruletest.Score(t, r, rewards.Sample{Completion: c.completion, Problem: c.problem})
			if got.Status != c.status || got.Score != c.score || got.Reason != c.reason || got.Claim != c.claim {
				t.Errorf("got %s %v %s claim %q (%s)", got.Status, got.Score, got.Reason, got.Claim, got.Why)
			}
			for _, sp := range got.Spans {
				if sp.Label == "claim" && c.completion[sp.From:sp.To] != c.claim {
					t.Errorf("claim span shows %q", c.completion[sp.From:sp.To])
				}
			}
		})
	}
}

// TestOverlong holds DAPO's own setting (arXiv 2503.14476, section 4.1: an
// expected length of 16384 and a cache of 4096) and equation 13 on it.
func TestOverlong(t *testing.T) {
	r := mustNew(t, "gradus.soft_overlong", map[string]any{"max_completion_length": 20480, "soft_punish_cache": 4096})
	for _, c := range []struct {
		tokens int
		want   float64
	}{{1, 0}, {16384, 0}, {16385, -1.0 / 4096}, {18432, -0.5}, {20480, -1}, {20481, -1}, {99999, -1}} {
		got := ruletest.Score(t, r, rewards.Sample{Completion: "x", TokenIDs: make([]int32, c.tokens)})
		if got.Status != rewards.OK || math.Abs(got.Score-c.want) > 1e-12 {
			t.Errorf("%d tokens: %v, want %v", c.tokens, got.Score, c.want)
		}
	}
	if got := ruletest.Score(t, r, rewards.Sample{Completion: "x"}); got.Status != rewards.Skipped {
		t.Errorf("without token ids: %s", got.Status)
	}
}

// A published function is found by the names it has in its publisher's code.
func TestFindPublished(t *testing.T) {
	for name, want := range map[string]string{
		"trl.think_format_reward": "trl.think_format", "trl.get_soft_overlong_punishment": "trl.soft_overlong_punishment", "trl.get_cosine_scaled_reward": "trl.cosine",
		"trl.get_repetition_penalty_reward": "trl.repetition_penalty", "trl.rewards.accuracy_reward": "trl.accuracy", "reasoning_accuracy_reward": "trl.reasoning_accuracy",
		"open_r1.rewards.len_reward": "openr1.length", "open-r1.get_soft_overlong_punishment": "openr1.soft_overlong_punishment", "tag_count_reward": "openr1.tag_count",
		"openr1.get_code_format_reward": "openr1.code_format", "binary_code_reward": "openr1.binary_code", "verl.math_reward": "verl.math",
	} {
		if r, err := Find(name); err != nil || r.Name != want {
			t.Errorf("%s is %q, %v; want %s", name, r.Name, err, want)
		}
	}
	if _, err := Find("accuracy_reward"); err == nil || !strings.Contains(err.Error(), "say which: openr1.accuracy, trl.accuracy") {
		t.Errorf("accuracy_reward: %v", err)
	}
}

func TestNewRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		params map[string]any
		want   string
	}{
		{"gradus.acuracy", nil, `did you mean "gradus.accuracy"`},
		{"gradus.format", map[string]any{"strict": true}, "takes no parameters"},
		{"gradus.soft_overlong", map[string]any{"max_completion_lenght": 5}, `did you mean "max_completion_length"`},
		{"trl.cosine", map[string]any{"max_len": 10.5}, "parameter max_len is a number 10.5; give a whole number"},
		{"trl.cosine", map[string]any{"max_len": "10"}, "parameter max_len is a string; give a whole number"},
		{"trl.cosine", map[string]any{"max_len": 0}, "max_len is 0"},
		{"gradus.cosine", map[string]any{"max_len": -1}, "max_len is -1"},
		{"openr1.repetition_penalty", map[string]any{"ngram_size": true}, "parameter ngram_size is a bool; give a whole number"},
		{"trl.reasoning_accuracy", map[string]any{"reasoning_delimiters": "</think>"}, "parameter reasoning_delimiters is a string; give a list"},
		{"trl.reasoning_accuracy", map[string]any{"reasoning_delimiters": []string{"</think>", ""}}, "is empty"},
		{"gradus.soft_overlong", nil, "max_completion_length is 0"},
		{"gradus.soft_overlong", map[string]any{"max_completion_length": 10, "soft_punish_cache": 11}, "give 1 to 10"},
		{"gradus.soft_overlong", map[string]any{"max_completion_length": "ten"}, "max_completion_length"},
		{"tinyzero.countdown", map[string]any{"score": math.NaN()}, "tinyzero.countdown"},
	} {
		_, err := New(c.name, c.params)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %v: error %v, want %q in it", c.name, c.params, err, c.want)
		}
	}
	for _, rule := range Catalogue() {
		if rule.Custom {
			continue // tested in package custom
		}
		name, params := rule.Name, rule.Needed
		r := mustNew(t, name, params)
		if s := r.Spec(); s.Name != name || s.Version == "" || s.Deterministic == strings.HasSuffix(name, "code") || !(s.Range[0] < s.Range[1]) {
			t.Errorf("%s: spec %+v", name, s)
		}
	}
}

func TestDeadlineIsATimeout(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	out, err := mustNew(t, "gradus.format", nil).Score(ctx, rewards.Group{Samples: make([]rewards.Sample, 3)})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range out {
		if r.Status != rewards.Timeout {
			t.Errorf("status %s", r.Status)
		}
	}
}

// TestOpenR1AgainstTheExpression compares the searches with the published
// expression, run by Go's regexp, on random arrangements of its pieces.
func TestOpenR1AgainstTheExpression(t *testing.T) {
	pattern := regexp.MustCompile(`(?sm)\A<think>\n.*?\n</think>\n<answer>\n.*?\n</answer>$`)
	pieces := []string{"<think>", "</think>", "<answer>", "</answer>", "\n", "\n", "\n", "x", "\r"}
	rng := rand.New(rand.NewPCG(1, 2))
	paid, cases := 0, 200_000
	if testing.Short() {
		cases = 20_000
	}
	for range cases {
		var b strings.Builder
		if rng.IntN(4) > 0 {
			b.WriteString("<think>\n")
		}
		for range rng.IntN(6) {
			b.WriteString(pieces[rng.IntN(len(pieces))])
		}
		if rng.IntN(4) > 0 {
			b.WriteString("\n</think>\n<answer>\n")
		}
		for range rng.IntN(8) {
			b.WriteString(pieces[rng.IntN(len(pieces))])
		}
		at := pattern.FindStringIndex(b.String())
		end, ok := openR1Match(b.String())
		if ok != (at != nil) || ok && end != at[1] {
			t.Fatalf("%q: match %v to %d, the expression says %v", b.String(), ok, end, at)
		}
		if ok {
			paid++
		}
	}
	if paid < cases/200 {
		t.Errorf("only %d matches among the cases", paid)
	}
}
