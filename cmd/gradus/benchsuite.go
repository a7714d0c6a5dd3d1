package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gradus/rewards"
	"gradus/rewards/custom"
	"gradus/rewards/rules"
	"gradus/rewards/text"
	"gradus/runner/bench"
)

// suiteRules are the rewards of R1 (accuracy, format, language) and those that
// reproductions add to them.
func suiteRules() []map[string]any {
	return []map[string]any{
		{"": "gradus.accuracy"}, {"": "gradus.format"}, {"": "gradus.language_consistency"}, {"": "gradus.tag_count"}, {"": "gradus.reasoning_steps"},
		{"": "gradus.repetition_penalty"}, {"": "gradus.cosine", "max_len": 8192},
		{"": "gradus.soft_overlong", "max_completion_length": 8192, "soft_punish_cache": 1024},
	}
}

// longTokens are the lengths of the long completions in tokens of four bytes.
var longTokens = []int{2048, 4096, 8192}

// benchSuite times all rules over groups of eight completions in the R1
// template: the cases themselves, and long ones made of many of them.
func (a *app) benchSuite(ctx context.Context, cases []verifyCase, repeats int) ([]bench.Figure, error) {
	var c rewards.Composite
	for _, r := range suiteRules() {
		name := r[""].(string)
		delete(r, "")
		reward, err := rules.New(name, r)
		if err != nil {
			return nil, err
		}
		c.Parts = append(c.Parts, rewards.Part{Name: name, Weight: 1, Reward: reward})
	}
	var short, long []rewards.Sample
	for i, v := range cases {
		short = append(short, suiteSample(v.completion, v.gold))
		if len(long) >= 96 { // thirty of each length will do
			continue
		}
		var b strings.Builder
		for k := i; b.Len() < 4*longTokens[i%len(longTokens)]; k++ {
			b.WriteString(cases[k%len(cases)].completion + "\n\n")
		}
		long = append(long, suiteSample(b.String(), v.gold))
	}
	var out []bench.Figure
	for _, set := range []struct {
		name    string
		samples []rewards.Sample
	}{{"suite", short}, {"suite.long", long}} {
		var times []float64
		for group := range slices.Chunk(set.samples, 8) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			best := time.Duration(1<<63 - 1)
			for range repeats {
				start := a.now()
				judged, err := c.Score(ctx, rewards.Group{ID: "bench", Samples: group})
				best = min(best, a.now().Sub(start))
				if err != nil {
					return nil, err
				}
				for _, p := range judged[0].Parts {
					if p.Result.Status != rewards.OK && p.Result.Status != rewards.Skipped {
						return nil, fmt.Errorf("bench verify: %s: %s", p.Name, p.Result.Why)
					}
				}
			}
			times = append(times, 1e3*best.Seconds()/float64(len(group)))
		}
		out = append(out, spread(set.name+".median", "ms", times, 0.5), spread(set.name+".max", "ms", times, 1))
	}
	return out, nil
}

// suiteSample is a completion in the R1 template with its token ids, one for
// each four bytes.
func suiteSample(think, gold string) rewards.Sample {
	think = strings.NewReplacer("<think>", "", "</think>", "").Replace(think)
	s := rewards.Sample{Completion: "<think>\n" + think + "\n</think>\n<answer>\n$\\boxed{" + gold + "}$\n</answer>",
		Problem: rewards.Problem{Task: "jsonl", ID: "bench", Question: "?", Gold: gold}}
	s.TokenIDs = text.MadeUpIDs(s.Completion)
	return s
}

// pythonCalls are timed after as many to warm up.
const pythonCalls = 3000

// benchPython times calls for a group of eight of Python rewards that do next
// to nothing: one that leaves its **kwargs alone, one that takes a column out of
// them, and one that hands them on, for which everything must be made, the token
// ids too. None where there is no Python.
func (a *app) benchPython(ctx context.Context, cases []verifyCase) (out []bench.Figure, err error) {
	if _, err := exec.LookPath("python3"); err != nil {
		return nil, nil
	}
	dir, err := os.MkdirTemp("", "gradus-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "reward.py")
	if err := os.WriteFile(file, []byte("def reward(completions, **kwargs):\n    return [1.0] * len(completions)\n\n"+
		"def reads(completions, **kwargs):\n    return [1.0] * len(kwargs['answer'])\n\n"+
		"def passes(completions, **kwargs):\n    return reward(completions, **kwargs)\n"), 0o600); err != nil {
		return nil, err
	}
	g := rewards.Group{ID: "bench"}
	for i := range 8 {
		g.Samples = append(g.Samples, suiteSample(cases[i%len(cases)].completion, cases[0].gold))
	}
	for _, f := range []struct{ name, function string }{{"python", "reward"}, {"python.kwargs", "reads"}, {"python.all", "passes"}} {
		times, err := a.timePython(ctx, custom.PythonParams{File: file, Function: f.function, Python: "python3", ProcessParams: custom.DefaultProcess()}, g)
		if err != nil {
			return nil, err
		}
		mean := spread(f.name+".mean", "µs", times, 0.5)
		mean.Value = 0
		for _, t := range times {
			mean.Value += t / float64(len(times))
		}
		out = append(out, spread(f.name+".median", "µs", times, 0.5), mean, spread(f.name+".p99", "µs", times, 0.99))
	}
	return out, nil
}

// timePython returns the times of calls in µs.
func (a *app) timePython(ctx context.Context, p custom.PythonParams, g rewards.Group) (times []float64, err error) {
	r, err := custom.NewPython(p)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	for i := range 2 * pythonCalls {
		start := a.now()
		scored, err := r.Score(ctx, g)
		took := a.now().Sub(start)
		switch {
		case err != nil:
			return nil, err
		case scored[0].Status != rewards.OK:
			return nil, fmt.Errorf("bench verify: python: %s", scored[0].Why)
		case i >= pythonCalls:
			times = append(times, 1e6*took.Seconds())
		}
	}
	return times, nil
}

// spread is the figure of a share of sorted values: 0.5 is the median.
func spread(name, unit string, values []float64, share float64) bench.Figure {
	slices.Sort(values)
	n := len(values)
	return bench.Figure{Name: name, Value: values[min(n-1, int(share*float64(n)))], Unit: unit, Better: "lower", N: n, Min: values[0], Max: values[n-1]}
}
