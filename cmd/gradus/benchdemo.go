package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"gradus/runner/client"
	"gradus/runner/compare"
	"gradus/runner/recipe"
	"gradus/runner/stats"
	"gradus/tui/text"
)

// demoSeed is one line of the table: the demo with one seed.
type demoSeed struct {
	demoResult
	Difference stats.Difference `json:"difference"` // after - before, paired by prompt
	Device     string           `json:"device"`
}

func (a *app) benchDemoCommand() *cobra.Command {
	var seeds int
	var write string
	var sets []string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run the demo with several seeds and tabulate what it learnt",
		Long: "Runs the demo recipe with seeds 1, 2, ... one after the other and prints held-out accuracy before and after\n" +
			"reinforcement learning. --write replaces the table in a Markdown file between its demo-table marks.",
		Example: "  gradus bench demo --seeds 5 --write docs/results.md",
		Args:    exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if seeds < 1 {
				return usage(fmt.Errorf("--seeds is %d; want at least 1", seeds))
			}
			rows, err := a.benchDemo(cmd.Context(), seeds, sets, asJSON)
			if err != nil {
				return err
			}
			table := demoTable(a, rows)
			if !asJSON {
				a.printf("%s", table)
			}
			if write == "" {
				return nil
			}
			return replaceTable(write, table)
		},
	}
	cmd.Flags().IntVar(&seeds, "seeds", 5, "seeds to run")
	cmd.Flags().StringVar(&write, "write", "", "Markdown file to put the table into")
	cmd.Flags().StringArrayVar(&sets, "set", nil, "KEY=VALUE of the recipe; may be repeated")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a seed")
	return cmd
}

func (a *app) benchDemo(ctx context.Context, seeds int, sets []string, asJSON bool) ([]demoSeed, error) {
	c, err := a.open()
	if err != nil {
		return nil, err
	}
	var rows []demoSeed
	for seed := 1; seed <= seeds; seed++ {
		r, err := recipe.Load("demo", append(append([]string{}, sets...), fmt.Sprintf("seed=%d", seed))...)
		if err != nil {
			return nil, usage(err)
		}
		id, err := a.start(ctx, c, r)
		if err != nil {
			return nil, err
		}
		if err := a.watch(ctx, c, id, watchOptions{quiet: true}); err != nil {
			return nil, err
		}
		row, err := a.demoSeed(ctx, c, id)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
		if asJSON {
			if err := a.printJSON(row); err != nil {
				return nil, err
			}
			continue
		}
		a.printf("seed %d: held-out accuracy %.3f -> %.3f in %.0f s\n", seed, row.AccuracyBefore, row.AccuracyAfter, row.TrainSeconds)
	}
	return rows, nil
}

// demoSeed reads one finished demo and pairs its two evaluations.
func (a *app) demoSeed(ctx context.Context, c *client.Client, id string) (demoSeed, error) {
	result, err := readDemo(ctx, c, id)
	if err != nil {
		return demoSeed{}, err
	}
	if result == nil {
		return demoSeed{}, fmt.Errorf("run %s has not finished", shortID(id))
	}
	paired, err := compare.Recorded(ctx, c, compare.Found{RunID: id, Eval: result.before}, compare.Found{RunID: id, Eval: result.after}, compare.Options{}, 1)
	if err != nil {
		return demoSeed{}, err
	}
	return demoSeed{demoResult: *result, Difference: paired.Accuracy, Device: result.device}, nil
}

// demoTable is the table in Markdown, with what it was measured on.
func demoTable(a *app, rows []demoSeed) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Made by `make results` on %s: %s, %s/%s, gradus %s.\n\n", a.now().UTC().Format("2006-01-02"), text.Line(rows[0].Device), runtime.GOOS, runtime.GOARCH, a.version)
	b.WriteString("| seed | accuracy before | accuracy after | difference (95 % interval, paired by prompt) | training | steps | traces |\n|---|---|---|---|---|---|---|\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| %d | %.3f (%.3f to %.3f) | %.3f (%.3f to %.3f) | %+.3f (%+.3f to %+.3f) | %.0f s | %d | %d |\n", r.Seed,
			r.AccuracyBefore, r.CIBefore[0], r.CIBefore[1], r.AccuracyAfter, r.CIAfter[0], r.CIAfter[1],
			r.Difference.Mean, r.Difference.Interval.Low, r.Difference.Interval.High, r.TrainSeconds, r.Steps, r.Traces)
	}
	return b.String()
}

const (
	tableBegin = "<!-- demo-table -->\n"
	tableEnd   = "<!-- /demo-table -->\n"
)

// replaceTable puts table between the marks of a Markdown file.
func replaceTable(path, table string) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return usage(fmt.Errorf("write the table: %w", err))
	}
	head, rest, ok := bytes.Cut(old, []byte(tableBegin))
	_, tail, ok2 := bytes.Cut(rest, []byte(tableEnd))
	if !ok || !ok2 {
		return usage(errors.New("write the table: " + path + " has no lines " + strings.TrimSpace(tableBegin) + " and " + strings.TrimSpace(tableEnd)))
	}
	out := bytes.Join([][]byte{head, []byte(tableBegin), []byte(table), []byte(tableEnd), tail}, nil)
	return os.WriteFile(path, out, 0o644)
}
