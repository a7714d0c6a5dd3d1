package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"gradus/runner/client"
	"gradus/runner/train"
	"gradus/store"
	"gradus/store/eventlog"
	"gradus/tui/text"
)

// watchOptions say how a run is shown.
type watchOptions struct {
	plain  bool // lines instead of the workbench
	asJSON bool // records as JSON
	quiet  bool // nothing: only wait
}

func (a *app) watchCommand() *cobra.Command {
	var opt watchOptions
	cmd := &cobra.Command{
		Use:     "watch RUN",
		Short:   "Watch a run: the workbench in a terminal, plain lines elsewhere",
		Example: "  gradus watch 01K8\n  gradus watch demo --plain\n  gradus watch demo --json",
		Args:    exactArgs("RUN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, ref, err := a.openRun(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return a.watch(cmd.Context(), c, ref.RunID, opt)
		},
	}
	cmd.Flags().BoolVar(&opt.plain, "plain", false, "print lines even in a terminal")
	cmd.Flags().BoolVar(&opt.asJSON, "json", false, "print every record of the log as JSON, samples included")
	return cmd
}

// watch shows a run until it ends or the watcher leaves. The run does not
// notice either.
func (a *app) watch(ctx context.Context, c *client.Client, id string, opt watchOptions) error {
	if !opt.plain && !opt.asJSON && !opt.quiet && a.interactive() {
		return a.workbench(ctx, id)
	}
	p := plainLines{app: a, opt: opt}
	err := c.Follow(ctx, id, eventlog.Position{}, p.record)
	switch {
	case errors.Is(err, client.ErrCrashed):
		return &exitError{exitTryAgain, fmt.Errorf("run %s crashed: its process is gone and left no exit record; 'gradus resume %s' goes on from the last checkpoint", shortID(id), shortID(id))}
	case errors.Is(err, context.Canceled):
		a.complain(fmt.Errorf("no longer watching; the run goes on: gradus watch %s", shortID(id)))
		return nil
	case err != nil:
		return err
	case p.last.State == store.StateFailed:
		code := exitFailed
		if p.last.ExitCode == exitTryAgain {
			code = exitTryAgain
		}
		return &exitError{code, fmt.Errorf("run %s failed: %s", shortID(id), p.last.Reason)}
	}
	return nil
}

// plainEvery is the least time between two metric lines, so that a log of a
// fast run stays readable.
const plainEvery = 2 * time.Second

// plainLines prints records as one line each.
type plainLines struct {
	app   *app
	opt   watchOptions
	steps int   // planned, from the header
	shown int64 // time of the last metric line, microseconds
	stage string
	held  *train.Event // the newest metric line not shown
	last  store.StateChange
}

func (p *plainLines) record(_ uint64, rec store.Record) error {
	if p.opt.asJSON {
		return p.app.printJSON(rec)
	}
	e := train.Event{Steps: p.steps}
	var err error
	switch rec.Kind {
	case store.KindRun:
		var h store.RunHeader
		if err = json.Unmarshal(rec.Body, &h); err == nil {
			p.steps = h.Steps
			p.line("%s  %s  task %s, %s, %.2fM parameters on %s", shortID(h.ID), h.Name, h.Task, text.Count(h.Steps, "step"), float64(h.Params)/1e6, h.Device)
		}
		return err
	case store.KindState:
		var s store.StateChange
		err = json.Unmarshal(rec.Body, &s)
		p.last = s
		e.State, e.Step, e.Stage = &s, s.Step, s.Stage
	case store.KindMetrics:
		var m store.Metrics
		err = json.Unmarshal(rec.Body, &m)
		e.Metrics, e.Step, e.Stage = &m, m.Step, m.Stage
		if err == nil && m.Stage == p.stage && rec.TimeUS-p.shown < plainEvery.Microseconds() {
			p.held = &e
			return nil
		}
		p.stage, p.shown = m.Stage, rec.TimeUS
	case store.KindEval:
		var v store.Eval
		err = json.Unmarshal(rec.Body, &v)
		e.Eval, e.Step = &v, v.Step
	case store.KindCheckpoint:
		var v store.Checkpoint
		err = json.Unmarshal(rec.Body, &v)
		e.Checkpoint, e.Step = &v, v.Step
	case store.KindAlert:
		var v store.Alert
		err = json.Unmarshal(rec.Body, &v)
		e.Alert, e.Step = &v, v.Step
	case store.KindControl:
		var v store.Control
		err = json.Unmarshal(rec.Body, &v)
		e.Control, e.Step = &v, v.AppliedStep
	default:
		return nil
	}
	if err != nil {
		return fmt.Errorf("read %s record: %w", rec.Kind, err)
	}
	if e.Metrics == nil && p.held != nil {
		p.line("%s", p.held.String())
	}
	p.held = nil
	p.line("%s", e.String())
	return nil
}

func (p *plainLines) line(format string, args ...any) {
	if !p.opt.quiet {
		p.app.printf("%s\n", text.Line(fmt.Sprintf(format, args...)))
	}
}
