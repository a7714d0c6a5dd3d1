package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"gradus/runner/client"
	"gradus/runner/recipe"
	"gradus/runner/state"
	"gradus/store"
	"gradus/tui/text"
)

// demoResult is what 'gradus demo --json-out' writes.
type demoResult struct {
	Run            string     `json:"run"`
	Seed           uint64     `json:"seed"`
	AccuracyBefore float64    `json:"accuracy_before"`
	AccuracyAfter  float64    `json:"accuracy_after"`
	CIBefore       [2]float64 `json:"ci_before"`
	CIAfter        [2]float64 `json:"ci_after"`
	TrainSeconds   float64    `json:"train_seconds"` // of all attempts, from the start of the process to its last record, evaluations included
	Steps          int        `json:"steps"`
	Traces         int64      `json:"traces"`
	DB             string     `json:"db"`

	before, after store.EvalRow
	device        string
}

func (a *app) demoCommand() *cobra.Command {
	var plain bool
	var jsonOut string
	var sets []string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Train a small reasoner on this machine and watch it learn",
		Long: "R1-Zero in miniature: a transformer of less than a million parameters gets a short cold start on\n" +
			"worked traces of mixed quality, then learns by GRPO with R1's accuracy and format rewards which of them\n" +
			"to trust. A few minutes on two cores. In a terminal it opens the workbench; the run goes on when\n" +
			"you close it.",
		Example: "  gradus demo\n  gradus demo --plain --json-out result.json\n  gradus demo --set seed=3",
		Args:    exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := recipe.Load("demo", sets...)
			if err != nil {
				return usage(err)
			}
			return a.demo(cmd.Context(), r, plain, jsonOut)
		},
	}
	cmd.Flags().BoolVar(&plain, "plain", false, "print lines instead of opening the workbench")
	cmd.Flags().StringVar(&jsonOut, "json-out", "", "write the result to this file when the run is done (implies waiting for it)")
	cmd.Flags().StringArrayVar(&sets, "set", nil, "KEY=VALUE, as seed=3; may be repeated")
	return cmd
}

func (a *app) demo(ctx context.Context, r *recipe.Recipe, plain bool, jsonOut string) error {
	var out io.WriteCloser
	if jsonOut != "" {
		// Opened first: a result that cannot be written is better known now.
		f, err := os.Create(jsonOut)
		if err != nil {
			return usage(fmt.Errorf("write the result: %w", err))
		}
		defer f.Close()
		out = f
	}
	c, err := a.open()
	if err != nil {
		return err
	}
	id, err := a.start(ctx, c, r)
	if err != nil {
		return err
	}
	if err := a.watch(ctx, c, id, watchOptions{plain: plain}); err != nil {
		return err
	}
	if out != nil && !plain {
		// The workbench was closed; the file was asked for, so wait.
		if err := a.watch(ctx, c, id, watchOptions{quiet: true}); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return nil // the watcher left, and was told that the run goes on
	}
	return a.printDemo(ctx, c, id, out)
}

// printDemo says what became of a demo that is no longer watched, and writes
// the result to out, which may be nil, if it is done.
func (a *app) printDemo(ctx context.Context, c *client.Client, id string, out io.WriteCloser) error {
	result, err := readDemo(ctx, c, id)
	if err != nil {
		return err
	}
	if result == nil {
		run, err := c.Run(ctx, id)
		if err != nil {
			return err
		}
		if state.Active(run.State) {
			a.printf("the run goes on: gradus watch %s\n", shortID(id))
			return nil
		}
		why := ""
		if run.Reason != "" {
			why = " (" + text.Line(run.Reason) + ")"
		}
		a.printf("the run is %s%s; from its last checkpoint on: gradus resume %s\n", text.Line(string(run.State)), why, shortID(id))
		return nil
	}
	a.printf("held-out accuracy %.3f -> %.3f in %.0f s of training, %s; %s in %s\n",
		result.AccuracyBefore, result.AccuracyAfter, result.TrainSeconds, text.Count(result.Steps, "step"), text.Count(result.Traces, "trace"), result.DB)
	if out == nil {
		return nil
	}
	enc := json.NewEncoder(out)
	if err := enc.Encode(result); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return out.Close()
}

// readDemo takes the result from the record of a finished run; nil if it has
// not finished.
func readDemo(ctx context.Context, c *client.Client, id string) (*demoResult, error) {
	db, err := c.OpenDB(ctx, id)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	now, err := db.State(ctx)
	if err != nil || now.State != store.StateDone {
		return nil, err
	}
	head, err := db.Header(ctx)
	if err != nil {
		return nil, err
	}
	evals, err := db.Evals(ctx)
	if err != nil {
		return nil, err
	}
	result := &demoResult{Run: id, Seed: head.Seed, Steps: now.Step, DB: db.Path(), device: head.Device}
	for _, e := range evals {
		switch e.Label {
		case "before":
			result.AccuracyBefore, result.CIBefore, result.before = e.Accuracy, [2]float64{e.CILow, e.CIHigh}, e
		case "after":
			result.AccuracyAfter, result.CIAfter, result.after = e.Accuracy, [2]float64{e.CILow, e.CIHigh}, e
		}
	}
	if result.before.ID == 0 || result.after.ID == 0 {
		return nil, fmt.Errorf("run %s is done but has no evaluations labelled before and after; the demo recipe needs both", shortID(id))
	}
	counts, err := db.Counts(ctx)
	if err != nil {
		return nil, err
	}
	result.Traces = counts.Samples
	attempts, err := db.Attempts(ctx)
	if err != nil {
		return nil, err
	}
	for _, at := range attempts {
		end := at.EndedUS
		if end == 0 {
			end = now.LastRecordUS
		}
		result.TrainSeconds += float64(end-at.StartedUS) / 1e6
	}
	return result, nil
}
