package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	goruntime "runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gradus/rewards/mathans"
	"gradus/runner/bench"
	"gradus/tui/text"
)

// verifyCase is one text to judge.
type verifyCase struct{ gold, completion string }

// verifyTime is how long a text took: the fastest of some runs.
type verifyTime struct {
	Wall   float64 `json:"wall_ms"`
	CPU    float64 `json:"cpu_ms"` // of the thread; 0 where the system does not tell
	Bytes  int     `json:"bytes"`
	Made   bool    `json:"made_to_be_slow"`
	Status string  `json:"status"`
	Rung   string  `json:"rung"`
	Gold   string  `json:"gold"`
	Text   string  `json:"text"` // the beginning
}

func (a *app) benchVerifyCommand() *cobra.Command {
	var asJSON bool
	var policy, in string
	var repeats, slowest int
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Time answer verification",
		Long: "verify.median is over completions, from a JSONL file with fields gold and completion (or answer and solution, as data\n" +
			"sets name them), or a few built-in ones. verify.max adds inputs made to be slow: power towers, nested braces, a\n" +
			"megabyte of LaTeX; verify.max.real is over the completions alone, verify.max.cpu is of the same texts as verify.max in\n" +
			"time of the processor, which other programs do not lengthen. Of each text the fastest of --repeats runs counts.\n" +
			"suite.median and suite.long.median are all rewards of an R1 setup together, in ms a completion: the same completions in\n" +
			"the R1 template, and some of 2048 to 8192 tokens. python.median, python.mean and python.p99 are one call of a Python\n" +
			"reward that does next to nothing, for a group of eight, where there is a python3; python.kwargs.… of one that takes a\n" +
			"column out of its **kwargs, python.all.… of one that hands them on, and so is given the token ids too.\n" +
			"--profile N lists the N slowest texts instead.",
		Example: "  gradus bench verify\n  gradus bench verify --in ../shared/data/math500.jsonl --json\n  gradus bench verify --profile 10 --policy lenient",
		Args:    exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := mathans.ParsePolicy(policy)
			if err != nil {
				return usage(err)
			}
			if repeats < 1 {
				return usage(fmt.Errorf("--repeats is %d; want at least 1", repeats))
			}
			if slowest < 0 {
				return usage(fmt.Errorf("--profile is %d; want how many texts to list", slowest))
			}
			return a.benchVerify(cmd.Context(), p, in, repeats, slowest, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a figure")
	cmd.Flags().StringVar(&policy, "policy", string(mathans.PolicyMathVerify), "policy to time: r1, gsm8k, mathverify, lenient")
	cmd.Flags().StringVar(&in, "in", "", "JSONL file of completions")
	cmd.Flags().IntVar(&repeats, "repeats", 3, "times each text is judged")
	cmd.Flags().IntVar(&slowest, "profile", 0, "list this many of the slowest texts")
	return cmd
}

func (a *app) benchVerify(ctx context.Context, p mathans.Policy, in string, repeats, slowest int, asJSON bool) error {
	cases := builtinCases()
	if in != "" {
		var err error
		if cases, err = a.readVerifyCases(ctx, in); err != nil {
			return err
		}
	}
	// The time of the processor is counted by thread.
	goruntime.LockOSThread()
	defer goruntime.UnlockOSThread()
	var times []verifyTime
	for i, c := range append(cases, hostileCases()...) {
		if err := ctx.Err(); err != nil {
			return err
		}
		t := a.timeVerdict(p, c, repeats)
		t.Made = i >= len(cases)
		times = append(times, t)
	}
	if slowest > 0 {
		return a.printSlowest(times, slowest, asJSON)
	}
	var real, realMS, all, cpu []float64
	for _, t := range times {
		all, cpu = append(all, t.Wall), append(cpu, t.CPU)
		if !t.Made {
			real, realMS = append(real, t.Wall*1e3), append(realMS, t.Wall)
		}
	}
	figures := []bench.Figure{spread("verify.median", "µs", real, 0.5), spread("verify.max", "ms", all, 1),
		spread("verify.max.real", "ms", realMS, 1), spread("verify.max.cpu", "ms", cpu, 1)}
	suite, err := a.benchSuite(ctx, cases, repeats)
	if err != nil {
		return err
	}
	python, err := a.benchPython(ctx, cases)
	if err != nil {
		return err
	}
	for _, f := range slices.Concat(figures, suite, python) {
		if f.Value == 0 {
			continue // the system does not tell
		}
		if err := a.printFigure(f, asJSON); err != nil {
			return err
		}
	}
	return nil
}

// timeVerdict judges a text some times and keeps the fastest.
func (a *app) timeVerdict(p mathans.Policy, c verifyCase, repeats int) verifyTime {
	t := verifyTime{Bytes: len(c.completion), Gold: c.gold, Text: c.completion[:min(len(c.completion), 200)]}
	best, bestCPU := time.Duration(1<<63-1), time.Duration(1<<63-1)
	for range repeats {
		start, cpu := a.now(), threadTime()
		v := p.Verify(c.gold, c.completion, mathans.Adjust{})
		bestCPU, best = min(bestCPU, threadTime()-cpu), min(best, a.now().Sub(start))
		t.Status, t.Rung = string(v.Status), v.Rung
	}
	t.Wall, t.CPU = 1e3*best.Seconds(), 1e3*bestCPU.Seconds()
	return t
}

// printSlowest lists the texts that took longest.
func (a *app) printSlowest(times []verifyTime, n int, asJSON bool) error {
	slices.SortStableFunc(times, func(x, y verifyTime) int { return cmp.Compare(y.Wall, x.Wall) })
	if !asJSON {
		a.printf("%10s %10s %9s  %-14s %-12s %s\n", "WALL MS", "CPU MS", "BYTES", "STATUS", "RUNG", "TEXT")
	}
	for _, t := range times[:min(n, len(times))] {
		if asJSON {
			if err := a.printJSON(t); err != nil {
				return err
			}
			continue
		}
		a.printf("%10.3f %10.3f %9d  %-14s %-12s %s\n", t.Wall, t.CPU, t.Bytes, t.Status, text.Line(t.Rung), text.Line(t.Text[:min(len(t.Text), 60)]))
	}
	return nil
}

func (a *app) readVerifyCases(ctx context.Context, path string) ([]verifyCase, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, usage(err)
	}
	defer f.Close()
	var cases []verifyCase
	err = eachLine(ctx, f, maxAnswerLine, func(number int, line []byte, err error) error {
		var row jsonRow
		if err == nil {
			row, err = parseRow(line)
		}
		var c verifyCase
		for _, field := range []struct {
			to    *string
			names []string
		}{{&c.gold, []string{"gold", "answer"}}, {&c.completion, []string{"completion", "pred", "solution"}}} {
			if err != nil {
				break
			}
			name := field.names[0]
			for _, n := range field.names {
				if row.has(n) {
					name = n
					break
				}
			}
			var texts []string
			if texts, err = row.texts(name); err == nil {
				*field.to = texts[0]
			}
		}
		if err != nil {
			a.complain(fmt.Errorf("line %d: %w", number, err))
			return nil
		}
		cases = append(cases, c)
		return nil
	})
	if err == nil && len(cases) == 0 {
		return nil, usage(fmt.Errorf("%s holds no completion", path))
	}
	return cases, err
}

// builtinCases are short solutions in the style of chat models.
func builtinCases() []verifyCase {
	think := func(body, answer string) string {
		return "<think>\n" + strings.Repeat(body+" ", 6) + "\n</think>\n\n" + answer
	}
	return []verifyCase{
		{"18", think("She sells $16 - 3 - 4 = 9$ eggs a day at 2 dollars each.", `So she makes $9 \times 2 = 18$ dollars: $\boxed{18}$.`)},
		{`\frac{3}{56}`, think(`Then \[q(8) = -\frac{37}{8},\] so $p(8) = \frac{q(8)+8}{63}$.`, `The answer is $\boxed{\frac{3}{56}}$.`)},
		{`3\sqrt{13}`, think(`By the distance formula $\sqrt{6^2+9^2} = \sqrt{117}$.`, `Hence \[\boxed{3\sqrt{13}}\]`)},
		{`\left(3,\frac{\pi}{2}\right)`, think(`We have $r = 3$ and the angle is $\frac{\pi}{2}$.`, `$\boxed{\left( 3, \frac{\pi}{2} \right)}$`)},
		{"[-2,7]", think(`The parabola $x^2-5x-14$ is at most 0 between its roots $-2$ and $7$.`, `Final Answer: The final answer is $[-2,7]$. I hope it is correct.`)},
		{"x^2+2x+1", think(`Expanding the square gives the sum of three terms.`, `**Answer:** $(x+1)^2$`)},
		{"28\\%", think(`The value becomes $0.8 \cdot 0.9x = 0.72x$.`, `The loss is \boxed{28\%}.`)},
		{"y=2x+3", think(`The slope is $2$ and the line meets the axis at $3$.`, `$\boxed{y = 2x + 3}$`)},
		{"1,-2", think(`This factors as $(n-1)(n+2) = 0$.`, `\boxed{1} and \boxed{-2}`)},
	}
}

// hostileCases are texts made to be slow.
func hostileCases() []verifyCase {
	box := func(s string) string { return `$\boxed{` + s + `}$` }
	return []verifyCase{
		{"1", box("9^{9^{9^{9^9}}}")},
		{"1", box(strings.Repeat("2^{", 60) + "2" + strings.Repeat("}", 60))},
		{"1", box(`\frac{1}{2004!} + \binom{5999}{2999}`)},
		{"1", box("(((1000!)!)!)!")},
		{"x", box(strings.Repeat("{", 4000) + "x" + strings.Repeat("}", 4000))},
		{"x", box(strings.Repeat("{", 100) + "x" + strings.Repeat("}", 100))},
		{"1", strings.Repeat(`\frac{1}{2}+`, 1<<17) + box("1")},
		{"1", strings.Repeat("$x$ and ", 1<<17)},
		{"1", strings.Repeat(`\boxed{`, 1<<17)},
		{"1", strings.Repeat("answer is ", 100_000)},
		{"1", strings.Repeat("1 1 ", 1<<18) + "+ 2"},
		{"1", strings.Repeat("(", 1<<20)},
		{"1", strings.Repeat("$", 1<<20)},
		{`\sin x`, box(`\sin(` + strings.Repeat(`\sin(`, 30) + "x" + strings.Repeat(")", 30) + ")")},
		{`\sqrt{x}`, box(strings.Repeat(`\sqrt{x+`, 60) + "1" + strings.Repeat("}", 60))},
		{`\sqrt{2}`, box(strings.Repeat(`\sqrt{2+`, 60) + "1" + strings.Repeat("}", 60))},
		{`\{1,2\}`, box(`\{` + strings.Repeat(`\sqrt{2}+\sqrt{3},`, 60) + `1\}`)},
		{"1", box(strings.Repeat("p(", 40) + "x+1" + strings.Repeat(")", 40))},
		{"(x+1)^{1000}", box("(x+1)^{999}(x+1)")},
		{`\sum_{k=1}^{1000}\frac{1}{k^2}`, box(`\sum_{k=0}^{999}\frac{1}{(k+1)^2}`)},
		{`\sum_{k=1}^{900}\sum_{j=1}^{900}\sin(kj)`, box(`\sum_{j=1}^{900}\sum_{k=1}^{900}\sin(kj)+1`)},
		// Found by a search over random formulas.
		{`\sqrt{2}`, box(strings.Repeat(`(\arctan(100!))^{307} `, 150))},
		{`\prod_{k=1}^{701}(` + strings.Repeat(`\pi+`, 40) + "1)", box(`\prod_{k=2}^{701}(` + strings.Repeat(`\pi+`, 40) + "1)")},
		{`\log(\sum_{k=1}^{627}y^{1126})`, box(strings.Repeat(`\binom{i}{\pi} `, 60))},
		{`\sin(y)`, strings.Repeat("$"+strings.Repeat("n+", 30)+"1$ and ", 4000)},
		{`\sqrt{0.1}`, strings.Repeat(`$\tan{`+strings.Repeat(`1e9\cdot e+`, 20)+`1}$ and `, 300)},
	}
}
