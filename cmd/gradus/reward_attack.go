package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"gradus/rewards/code"
	"gradus/rewards/code/attack"
	"gradus/rewards/sandbox"
	"gradus/tui/text"
)

func (a *app) rewardAttackCommand() *cobra.Command {
	var level string
	var quick, markdown, asJSON bool
	cmd := &cobra.Command{
		Use:   "attack",
		Short: "Try to break out of the sandbox of code rewards, and to be paid for nothing",
		Long: "Runs programs that try to leave the sandbox or to wear the machine down, then programs that try to\n" +
			"get code rewards to pay for no solution, and says which of them this machine holds. Nothing they\n" +
			"could reach is of any value: a file, a port and a process made for them. It takes about a minute.",
		Example: "  gradus reward attack\n  gradus reward attack --sandbox landlock\n  gradus reward attack --quick --json",
		Args:    exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := sandbox.ParseLevel(level)
			if err != nil {
				return usage(err)
			}
			if l == sandbox.None {
				return usage(fmt.Errorf("--sandbox none: without isolation the attacks would be run on this machine"))
			}
			if asJSON && markdown {
				return usage(fmt.Errorf("--json and --markdown: choose one"))
			}
			return a.rewardAttack(cmd.Context(), l, quick, markdown, asJSON)
		},
	}
	cmd.Flags().StringVar(&level, "sandbox", string(sandbox.Auto), "isolation to attack: auto, userns, landlock, bwrap")
	cmd.Flags().BoolVar(&quick, "quick", false, "leave out attacks that take seconds")
	cmd.Flags().BoolVar(&markdown, "markdown", false, "print Markdown tables")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	return cmd
}

func (a *app) rewardAttack(ctx context.Context, level sandbox.Level, quick, markdown, asJSON bool) error {
	o := code.DefaultOptions()
	o.Sandbox, o.Keep, o.Timeout = level, a.keeper(), 3*time.Second
	j, err := code.New(o)
	if err != nil {
		return err
	}
	defer j.Close()
	r, _, err := j.Python(ctx)
	if err != nil {
		return err
	}
	held, total := 0, 0
	tell := func(f attack.Finding) {
		total++
		mark := "BROKEN"
		if f.Held {
			held++
			mark = "held"
		}
		said := f.Said
		if !f.Held {
			said = f.Breach
		}
		switch {
		case asJSON:
			err = a.printJSON(f)
		case markdown:
			a.printf("| %s | %s | %s | %s | %s |\n", text.Line(f.Name), text.Line(f.About), mark, f.Status, markdownCell(said))
		default:
			a.printf("%-6s  %-26s %-14s %s\n", mark, text.Line(f.Name), f.Status, text.Line(said))
		}
	}
	for _, group := range []string{"programs against the sandbox", "programs against the judge"} {
		if !asJSON {
			hold, _ := r.Hold()
			a.printf("\n%s (isolation: %s, limits of all processes together: %s)\n\n", group, r.Level(), hold)
		}
		if markdown {
			a.printf("| attack | what it tries | | ends with | first words |\n|---|---|---|---|---|\n")
		}
		var runErr error
		if group == "programs against the sandbox" {
			runErr = attack.Sandbox(ctx, j, attack.Select(attack.Probes(), quick), tell)
		} else {
			runErr = attack.Judge(ctx, j, attack.SelectHacks(attack.Hacks(), quick), tell)
		}
		if runErr != nil {
			return runErr
		}
		if err != nil {
			return err
		}
	}
	if !asJSON {
		a.printf("\n%d of %s held\n", held, text.Count(total, "attack"))
	}
	if held < total {
		return fmt.Errorf("not held: %d of %s; run no code of a model on this machine outside of a throw-away one", total-held, text.Count(total, "attack"))
	}
	return nil
}

// markdownCell is foreign text in a cell of a table.
func markdownCell(s string) string {
	out := []rune{}
	for _, r := range text.Line(s) {
		switch r {
		case '|', '<', '>', '`', '*', '_', '\\':
			out = append(out, '\\')
		}
		out = append(out, r)
		if len(out) > 90 {
			return string(out) + "…"
		}
	}
	return string(out)
}
