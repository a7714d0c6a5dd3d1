package rules

import (
	"bufio"
	"context"
	"encoding/json"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"gradus/rewards"
	"gradus/rewards/rules/rule"
	"gradus/rewards/rules/rule/ruletest"
	"gradus/rewards/tasks"
)

// completions returns judged-looking samples of a task: all trace styles for
// a generator; GSM8K solutions with the gold answer for "gsm8k".
func completions(tb testing.TB, task string) []rewards.Sample {
	tb.Helper()
	var out []rewards.Sample
	if task == "gsm8k" {
		f, err := os.Open("../../../shared/data/gsm8k_test.jsonl")
		if err != nil {
			tb.Skipf("the data set is not here: %v", err)
		}
		defer f.Close()
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var row struct{ ID, Question, Solution, Answer string }
			if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
				tb.Fatal(err)
			}
			out = append(out, rewards.Sample{
				Completion: "<think>" + row.Solution + "</think>\n<answer>$\\boxed{" + row.Answer + "}$</answer>",
				Problem:    rewards.Problem{Task: "jsonl", ID: row.ID, Question: row.Question, Gold: row.Answer}})
		}
		if err := lines.Err(); err != nil {
			tb.Fatal(err)
		}
		return out
	}
	t, err := tasks.New(task, tasks.Config{})
	if err != nil {
		tb.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range 256 {
		p, err := t.Problem(1, i, t.Spec().MaxLevel)
		if err != nil {
			tb.Fatal(err)
		}
		out = append(out, rewards.Sample{Completion: t.Trace(p, tasks.Style(i%4), rng), Problem: p})
	}
	return out
}

func BenchmarkAccuracy(b *testing.B) {
	for _, task := range []string{"mod_chain", "chain_sum", "countdown", "gsm8k"} {
		b.Run(task, func(b *testing.B) {
			samples := completions(b, task)
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				accuracy(samples[i%len(samples)])
			}
		})
	}
}

func BenchmarkFormat(b *testing.B) {
	samples := completions(b, "gsm8k")
	for _, f := range []struct {
		name  string
		judge rule.Judge
	}{{"gradus", strictFormat}, {"r1", r1Format}, {"openr1", openR1Format}, {"trl", trlThinkFormat}} {
		b.Run(f.name, func(b *testing.B) {
			b.ReportAllocs()
			for i := range b.N {
				f.judge(samples[i%len(samples)])
			}
		})
	}
}

// TestAccuracyIsFast holds the design's budget, 50 µs median on real
// completions, with room for a busy machine: the test asks for it only as the
// best of five passes.
func TestAccuracyIsFast(t *testing.T) {
	for _, task := range []string{"mod_chain", "chain_sum", "countdown", "gsm8k"} {
		samples := completions(t, task)
		best := time.Hour
		var worst time.Duration
		for range 5 {
			took := make([]time.Duration, len(samples))
			for i, s := range samples {
				start := time.Now()
				r := accuracy(s)
				took[i] = time.Since(start)
				if r.Status != rewards.OK {
					t.Fatalf("%s: %+v", s.Problem.ID, r)
				}
			}
			slices.Sort(took)
			best = min(best, took[len(took)/2])
			worst = took[len(took)-1]
		}
		t.Logf("%s: median %v, slowest of the last pass %v, %d completions", task, best, worst, len(samples))
		if best > medianBudget {
			t.Errorf("%s: median %v, budget %v", task, best, medianBudget)
		}
	}
}

// hostile are completions made to be slow.
func hostile() []string {
	rep := func(s string, n int) string {
		out := make([]byte, 0, n)
		for len(out) < n {
			out = append(out, s...)
		}
		return string(out)
	}
	const n = hostileBytes
	return []string{
		rep("<", n), rep("<think>", n), rep("<answer>", n), rep("</think>", n), rep("<answer>1</answer>", n), rep("<think>\n", n),
		"<think>x</think><answer>" + rep("(", n) + "</answer>", "<think>x</think><answer>" + rep("1+", n) + "1</answer>",
		"<think>x</think><answer>" + rep(`\boxed{`, n) + "</answer>", "<think>x</think><answer>" + rep(`\boxed{1}`, n) + "</answer>",
		"<think>x</think><answer>" + rep("9", n) + "</answer>", "<think>x</think><answer>" + rep("{,}", n) + "</answer>",
		"<think>\n" + rep("\n</think>\n<answer>", n), rep("<answer>-", n) + "</answer>",
		"<think>x</think>" + rep("<answer>-----3</answer>", n), rep("\xff\x00", n),
	}
}

// TestHostileCompletions: a quarter of a megabyte (hostileBytes) made to be slow.
// A function takes at most an eighth of a second of its thread for any of them;
// the limit leaves room for the race detector, and still catches quadratic work.
func TestHostileCompletions(t *testing.T) {
	count := rewards.Problem{Task: "countdown", ID: "c", Data: json.RawMessage(`{"numbers":[3,5,7],"target":22}`)}
	sum := rewards.Problem{Task: "chain_sum", ID: "s", Gold: "9"}
	row := rewards.Problem{Task: "jsonl", ID: "j", Gold: "9"}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for _, rule := range Catalogue() {
		if rule.Custom {
			continue // tested in package custom
		}
		r := mustNew(t, rule.Name, rule.Needed)
		problems := []rewards.Problem{row}
		if rule.Name == "gradus.accuracy" || strings.Contains(rule.Name, "countdown") { // the others see the gold answer's text alone
			problems = append(problems, count, sum)
		}
		for k, text := range hostile() {
			for _, p := range problems {
				start := spent()
				if _, err := r.Score(context.Background(), rewards.Group{Samples: []rewards.Sample{{Prompt: "Assistant:", Completion: text, Problem: p}}}); err != nil {
					t.Fatal(err)
				}
				if took := spent() - start; took > 2*time.Second {
					t.Errorf("%s on hostile text %d (%s): %v", rule.Name, k, p.Task, took)
				}
			}
		}
	}
}

// FuzzRules runs every function on any completion: a status, a reason, spans
// that lie in the completion, a score in the range.
func FuzzRules(f *testing.F) {
	for _, s := range []string{"", "<think>3*5=15;15+7=22</think><answer>3*5+7</answer>", "<think>\na\n</think>\n<answer>\n9\n</answer>",
		"<answer>3.5**7//-2</answer>", "<think><answer>\\boxed{9}</think>", "<answer>9</answer><answer>8</answer>"} {
		f.Add(s, "Assistant:")
		f.Add(s, "")
	}
	var all []rewards.Reward
	for _, rule := range Catalogue() {
		if rule.Custom {
			continue // tested in package custom
		}
		name, params := rule.Name, rule.Needed
		all = append(all, mustNew(f, name, params))
	}
	problems := []rewards.Problem{
		{Task: "countdown", ID: "c", Data: json.RawMessage(`{"numbers":[3,5,7],"target":22}`)},
		{Task: "chain_sum", ID: "s", Gold: "9"},
		{Task: "jsonl", ID: "j", Gold: "9"},
	}
	f.Fuzz(func(t *testing.T, completion, prompt string) {
		for _, r := range all {
			spec := r.Spec()
			for _, p := range problems {
				got := ruletest.Score(t, r, rewards.Sample{Prompt: prompt, Completion: completion, TokenIDs: make([]int32, len(completion)%16), Problem: p})
				// Some published functions raise an exception, and say so.
				failed := got.Status == rewards.Error && !strings.Contains(got.Why, "the published function")
				if failed || got.Score < spec.Range[0] || got.Score > spec.Range[1] {
					t.Fatalf("%s on %q: %+v", spec.Name, completion, got)
				}
			}
		}
	})
}
