package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"gradus/runner/recipe"
)

func (a *app) recipesCommand() *cobra.Command {
	var asJSON, keys bool
	cmd := &cobra.Command{
		Use:   "recipes [NAME]",
		Short: "List the shipped recipes, or print one",
		Long: "A recipe is a TOML file that describes a whole run: model, task, rewards, stages.\n" +
			"Print one, change it, and give the file to 'gradus run'.",
		Example: "  gradus recipes\n  gradus recipes demo > mine.toml\n  gradus recipes --keys",
		Args: func(cmd *cobra.Command, args []string) error {
			return usage(cobra.MaximumNArgs(1)(cmd, args))
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if keys {
				return a.recipeKeys(asJSON)
			}
			list, err := recipe.List()
			if err != nil {
				return err
			}
			if len(args) == 1 {
				return a.printRecipe(list, args[0])
			}
			for _, info := range list {
				if asJSON {
					if err := a.printJSON(map[string]string{"name": info.Name, "about": info.About}); err != nil {
						return err
					}
					continue
				}
				a.printf("%-14s %s\n", info.Name, info.About)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	cmd.Flags().BoolVar(&keys, "keys", false, "list every key with its default, its range and its meaning")
	return cmd
}

func (a *app) printRecipe(list []recipe.Info, name string) error {
	for _, info := range list {
		if info.Name == name {
			a.printf("%s", info.Text)
			return nil
		}
	}
	_, err := recipe.Load(name) // its error names the nearest shipped recipe
	if err == nil {
		err = fmt.Errorf("%s is a file of yours, not a shipped recipe", name)
	}
	return usage(err)
}

func (a *app) recipeKeys(asJSON bool) error {
	for _, table := range recipe.Tables() {
		if asJSON {
			if err := a.printJSON(table); err != nil {
				return err
			}
			continue
		}
		a.printf("\n%s\n", table.Title)
		for _, k := range table.Keys {
			a.printf("  %-28s %-10s %-24s %s\n", k.Name, k.Default, k.Allowed, k.Help)
		}
	}
	return nil
}
