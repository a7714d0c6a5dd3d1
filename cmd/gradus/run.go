package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"gradus/runner/client"
	"gradus/runner/recipe"
	"gradus/tui/text"
)

func (a *app) runCommand() *cobra.Command {
	var sets []string
	var follow, asJSON bool
	cmd := &cobra.Command{
		Use:   "run RECIPE",
		Short: "Start a run, as a process of its own",
		Long: "RECIPE is the name of a shipped recipe or a TOML file. The run goes on when this command,\n" +
			"the terminal or the connection ends. --set changes one key of the recipe, with the same checks.",
		Example: "  gradus run countdown --follow\n" +
			"  gradus run mine.toml --set grpo.beta=0.04 --set seed=7\n" +
			"  gradus run gsm8k --set task.file=gsm8k_train.jsonl",
		Args: exactArgs("RECIPE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := recipe.Load(args[0], sets...)
			if err != nil {
				return usage(err)
			}
			c, err := a.open()
			if err != nil {
				return err
			}
			id, err := a.start(cmd.Context(), c, r)
			if err != nil {
				return err
			}
			if asJSON {
				if err := a.printJSON(map[string]string{"id": id, "name": r.Name}); err != nil {
					return err
				}
			} else {
				a.printf("started %s  (%s)\n", id, text.Line(r.Name))
			}
			if follow {
				return a.watch(cmd.Context(), c, id, watchOptions{plain: asJSON, asJSON: asJSON})
			}
			if !asJSON {
				a.printf("watch it: gradus watch %s\nstop it:  gradus stop %s\n", shortID(id), shortID(id))
			}
			return nil
		},
	}
	cmd.Flags().StringArrayVar(&sets, "set", nil, "KEY=VALUE, as grpo.beta=0.04; may be repeated")
	cmd.Flags().BoolVar(&follow, "follow", false, "watch it: the workbench in a terminal, plain lines elsewhere")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// start starts a run and says where it failed if it did.
func (a *app) start(ctx context.Context, c *client.Client, r *recipe.Recipe) (string, error) {
	id, err := c.Start(ctx, r, client.StartOptions{})
	if err != nil && id != "" {
		return "", fmt.Errorf("%w; its record stays as %s", err, shortID(id))
	}
	return id, err
}

// shortID is enough of a ULID for a person to type: time and some randomness.
func shortID(id string) string {
	if len(id) > 14 {
		return id[:14]
	}
	return id
}
