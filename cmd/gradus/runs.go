package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"gradus/runner/client"
	"gradus/tui/text"
)

func (a *app) runsCommand() *cobra.Command {
	var asJSON, all, suspects bool
	cmd := &cobra.Command{
		Use:     "runs",
		Short:   "List runs, newest first",
		Example: "  gradus runs\n  gradus runs --all --json\n  gradus runs --suspects",
		Args:    exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.open()
			if err != nil {
				return err
			}
			runs, err := c.Runs(cmd.Context())
			if err != nil {
				return err
			}
			if suspects {
				return a.runSuspects(cmd.Context(), c, runs, asJSON)
			}
			hidden, shown := 0, 0
			for _, r := range runs {
				if r.Purpose == "eval" && !all {
					hidden++
					continue
				}
				if asJSON {
					if err := a.printJSON(r); err != nil {
						return err
					}
					continue
				}
				if shown == 0 {
					a.printf("%-14s  %-18s %-9s %11s  %-8s %-8s %s\n", "ID", "NAME", "STATE", "STEP", "REWARD", "KL", "LAST RECORD")
				}
				shown++
				a.printf("%s\n", a.runLine(r))
			}
			if !asJSON && shown == 0 {
				a.printf("no runs yet; 'gradus demo' makes one\n")
			}
			if !asJSON && hidden > 0 {
				a.printf("(not shown: %s; --all lists them)\n", text.Count(hidden, "evaluation"))
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	cmd.Flags().BoolVar(&suspects, "suspects", false, "only runs whose reward may mean something else, with what was noticed")
	cmd.Flags().BoolVar(&all, "all", false, "also list evaluations of checkpoints")
	return cmd
}

func (a *app) runLine(r client.Run) string {
	if r.Problem != "" {
		return fmt.Sprintf("%-14s  cannot be read: %s", shortID(r.ID), text.Line(r.Problem))
	}
	line := fmt.Sprintf("%-14s  %-18s %-9s %11s  %-8s %-8s %s", shortID(r.ID), text.Line(r.Name), r.State,
		fmt.Sprintf("%d/%d", r.Step, r.Steps), optional(r.Reward), optional(r.KL), a.ago(r.LastRecordUS))
	if r.Reason != "" {
		line += "  " + text.Line(r.Reason)
	}
	return line
}

func optional(v *float64) string {
	if v == nil {
		return "-"
	}
	return fmt.Sprintf("%.3f", *v)
}

// ago words the time since a wall-clock microsecond; "-" for none.
func (a *app) ago(us int64) string {
	if us == 0 {
		return "-"
	}
	d := a.now().Sub(time.UnixMicro(us))
	switch {
	case d < 0:
		return "in the future (clock moved back)"
	case d < time.Minute:
		return fmt.Sprintf("%.0f s ago", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%.0f min ago", d.Minutes())
	case d < 48*time.Hour:
		return fmt.Sprintf("%.0f h ago", d.Hours())
	}
	return fmt.Sprintf("%.0f d ago", d.Hours()/24)
}
