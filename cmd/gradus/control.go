package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"gradus/runner/client"
	"gradus/runner/state"
	"gradus/store"
	"gradus/tui/text"
)

// A run answers between two steps. A step of a large model takes a while.
const answerWait = 10 * time.Minute

func (a *app) pauseCommand() *cobra.Command {
	return a.verbCommand(state.VerbPause, "Pause a run after its current step", "  gradus pause demo --reason 'need the machine'")
}

func (a *app) stopCommand() *cobra.Command {
	return a.verbCommand(state.VerbStop, "Stop a run after its current step, with a checkpoint", "  gradus stop demo")
}

func (a *app) checkpointCommand() *cobra.Command {
	return a.verbCommand(state.VerbCheckpoint, "Write a checkpoint after the current step", "  gradus checkpoint demo")
}

// resumeCommand unpauses a run that waits, and starts a new attempt of one
// that ended before its time.
func (a *app) resumeCommand() *cobra.Command {
	return a.verbCommand(state.VerbResume, "Resume a run: unpause it, or go on from its last checkpoint",
		"  gradus resume demo")
}

func (a *app) verbCommand(verb state.Verb, short, example string) *cobra.Command {
	var reason string
	var asJSON bool
	cmd := &cobra.Command{
		Use:     string(verb) + " RUN",
		Short:   short,
		Example: example,
		Args:    exactArgs("RUN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, ref, err := a.openRun(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if verb == state.VerbResume {
				restarted, err := a.restart(cmd.Context(), c, ref.RunID, asJSON)
				if err != nil || restarted {
					return err
				}
			}
			return a.ask(cmd.Context(), c, ref.RunID, verb, reason, asJSON)
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the record")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the run's answer as JSON")
	return cmd
}

// restart starts a new attempt if no process works on the run and says
// whether it did.
func (a *app) restart(ctx context.Context, c *client.Client, id string, asJSON bool) (bool, error) {
	run, err := c.Run(ctx, id)
	if err != nil {
		return false, err
	}
	if run.Live == client.Alive {
		return false, nil
	}
	if err := c.Resume(ctx, id, client.StartOptions{}); err != nil {
		return false, err
	}
	if asJSON {
		return true, a.printJSON(map[string]any{"id": id, "verb": state.VerbResume, "outcome": "new attempt"})
	}
	a.printf("%s goes on from its last checkpoint; watch it: gradus watch %s\n", shortID(id), shortID(id))
	return true, nil
}

func (a *app) ask(ctx context.Context, c *client.Client, id string, verb state.Verb, reason string, asJSON bool) error {
	ctx, cancel := context.WithTimeout(ctx, answerWait)
	defer cancel()
	answer, err := c.Send(ctx, id, verb, reason)
	if err != nil && !errors.Is(err, client.ErrRejected) {
		return err
	}
	if asJSON {
		if jsonErr := a.printJSON(answer); jsonErr != nil {
			return jsonErr
		}
		return err
	}
	if err != nil {
		return err
	}
	a.printf("%s\n", answerLine(id, answer))
	return nil
}

func answerLine(id string, c store.Control) string {
	line := fmt.Sprintf("%s %s at step %d", c.Verb, c.Outcome, c.AppliedStep)
	if c.Result != "" {
		line += ": " + c.Result
	}
	return shortID(id) + "  " + text.Line(line)
}
