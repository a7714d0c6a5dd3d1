package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pelletier/go-toml/v2"
	"github.com/spf13/cobra"

	"gradus/rewards/setups"
)

func (a *app) rewardSetupCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "setup [NAME]",
		Short: "List published reward setups, or print one",
		Long: "A setup is what a published run was paid by: its reward functions with weights and parameters.\n" +
			"A recipe takes one with reward_setup = \"NAME\"; printed, it is the tables to write instead, and\n" +
			"what the source says of its settings.",
		Example: "  gradus reward setup\n  gradus reward setup open-r1\n  gradus run mine.toml --set reward_setup=open-r1",
		Args: func(cmd *cobra.Command, args []string) error {
			return usage(cobra.MaximumNArgs(1)(cmd, args))
		},
		RunE: func(_ *cobra.Command, args []string) error {
			list, err := setups.List()
			if err != nil {
				return err
			}
			if len(args) == 1 {
				one, err := setups.Find(args[0])
				if err != nil {
					return usage(err)
				}
				if !asJSON {
					return a.printSetup(one)
				}
				list = []setups.Setup{one}
			}
			for _, s := range list {
				if asJSON {
					if err := a.printJSON(s); err != nil {
						return err
					}
					continue
				}
				a.printf("%-18s %s\n", s.Name, s.About)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	return cmd
}

// printSetup prints a setup as a part of a recipe.
func (a *app) printSetup(s setups.Setup) error {
	a.printf("# %s\n# source: %s\n# prompt: %s\n# rows:   %s\n", s.About, s.Source, s.Prompt, s.Rows)
	for _, r := range s.Reward {
		a.printf("\n[[reward]]\nname = %q\nweight = %g\n", r.Name, r.Weight)
		if r.Label != "" {
			a.printf("label = %q\n", r.Label)
		}
		if r.Gate != "" {
			a.printf("gate = %q\n", r.Gate)
		}
		if len(r.Params) > 0 {
			text, err := inlineTable(r.Params)
			if err != nil {
				return err
			}
			a.printf("params = %s\n", text)
		}
	}
	if len(s.GRPO) > 0 {
		a.printf("\n# The source's settings, for a [[stage]] with kind = \"grpo\":\n")
		for _, key := range slices.Sorted(maps.Keys(s.GRPO)) {
			text, err := tomlLine(key, s.GRPO[key])
			if err != nil {
				return err
			}
			a.printf("# %s\n", text)
		}
	}
	return nil
}

// tomlLine is a key and its value as one line of TOML.
func tomlLine(key string, value any) (string, error) {
	line, err := toml.Marshal(map[string]any{key: value})
	if err != nil {
		return "", fmt.Errorf("write %s: %w", key, err)
	}
	return string(line[:len(line)-1]), nil
}

// inlineTable is a table of plain values on one line.
func inlineTable(table map[string]any) (string, error) {
	text := "{ "
	for i, key := range slices.Sorted(maps.Keys(table)) {
		line, err := tomlLine(key, table[key])
		if err != nil {
			return "", err
		}
		if i > 0 {
			text += ", "
		}
		text += line
	}
	return text + " }", nil
}
