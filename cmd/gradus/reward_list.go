package main

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"gradus/rewards/rules"
)

// ruleRow is a rule as 'reward list --json' and 'reward show --json' print it.
type ruleRow struct {
	Name       string         `json:"name"`
	Aliases    []string       `json:"aliases,omitempty"`
	About      string         `json:"about"`
	Notes      []string       `json:"notes,omitempty"`
	Fixed      string         `json:"fixed,omitempty"` // the repaired form of a published function
	Version    string         `json:"version,omitempty"`
	Range      *[2]float64    `json:"range,omitempty"`      // absent for functions of the user's own
	Parameters map[string]any `json:"parameters,omitempty"` // with their defaults
	Needed     []string       `json:"needed,omitempty"`     // parameters without a default
}

func (a *app) rewardListCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "list [PART]",
		Short:   "List the reward functions, or those with PART in their name",
		Example: "  gradus reward list\n  gradus reward list openr1\n  gradus reward list countdown --json",
		Args: func(cmd *cobra.Command, args []string) error {
			return usage(cobra.MaximumNArgs(1)(cmd, args))
		},
		RunE: func(_ *cobra.Command, args []string) error {
			list := rules.Catalogue()
			if len(args) == 1 {
				list = slices.DeleteFunc(list, func(r rules.Rule) bool { return !strings.Contains(r.Name, args[0]) })
			}
			if len(list) == 0 {
				one, err := rules.Find(args[0]) // an alias, or the error that names the nearest
				if err != nil {
					return usage(err)
				}
				list = append(list, one)
			}
			for _, rule := range list {
				if asJSON {
					row, err := describe(rule)
					if err != nil {
						return err
					}
					if err := a.printJSON(row); err != nil {
						return err
					}
					continue
				}
				a.printf("%-33s %s\n", rule.Name, rule.About)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	return cmd
}

func (a *app) rewardShowCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "show NAME",
		Short:   "Show a reward function: what it pays, its range and its parameters",
		Example: "  gradus reward show gradus.cosine",
		Args:    exactArgs("NAME"),
		RunE: func(_ *cobra.Command, args []string) error {
			rule, err := rules.Find(args[0])
			if err != nil {
				return usage(err)
			}
			row, err := describe(rule)
			if err != nil {
				return err
			}
			if asJSON {
				return a.printJSON(row)
			}
			a.printf("%s\n  %s\n", strings.TrimSpace(row.Name+" "+row.Version), row.About)
			for _, note := range row.Notes {
				a.printf("  %s\n", note)
			}
			if row.Fixed != "" {
				a.printf("  published form, quirks included; the repaired form is %s\n", row.Fixed)
			}
			if row.Range != nil && row.Range[1] == math.MaxFloat64 {
				a.printf("  scores are any finite numbers\n")
			} else if row.Range != nil {
				a.printf("  scores from %g to %g (with the parameters below)\n", row.Range[0], row.Range[1])
			} else {
				a.printf("  a function of your own; docs/custom-rewards.md tells how to write one\n")
			}
			if len(row.Aliases) > 0 {
				a.printf("  also called %s\n", strings.Join(row.Aliases, ", "))
			}
			for _, name := range rule.Params() {
				note := ""
				if _, ok := rule.Needed[name]; ok {
					note = "  (must be given; an example)"
				}
				var value strings.Builder
				enc := json.NewEncoder(&value)
				enc.SetEscapeHTML(false)
				if rule.Custom && name == "range" {
					value.WriteString("any finite number")
				} else if err := enc.Encode(row.Parameters[name]); err != nil {
					return err
				}
				a.printf("  %-22s %s%s\n", name, strings.TrimSuffix(value.String(), "\n"), note)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

// describe makes the rule with its example parameters and reads off what it
// says of itself.
func describe(rule rules.Rule) (ruleRow, error) {
	row := ruleRow{Name: rule.Name, Aliases: rule.Aliases, About: rule.About, Notes: rule.Notes, Fixed: rule.Fixed}
	if rule.Custom { // its file is not there: it cannot be made
		defaults, err := json.Marshal(rule.Defaults)
		if err == nil {
			err = json.Unmarshal(defaults, &row.Parameters)
		}
		if err != nil {
			return ruleRow{}, err
		}
		maps.Copy(row.Parameters, rule.Needed)
	} else {
		r, err := rules.New(rule.Name, rule.Needed)
		if err != nil {
			return ruleRow{}, err
		}
		spec := r.Spec()
		row.Version, row.Range = spec.Version, &spec.Range
		if len(spec.Params) > 0 {
			if err := json.Unmarshal(spec.Params, &row.Parameters); err != nil {
				return ruleRow{}, err
			}
		}
	}
	for _, name := range rule.Params() {
		if _, ok := rule.Needed[name]; ok {
			row.Needed = append(row.Needed, name)
		}
	}
	return row, nil
}
