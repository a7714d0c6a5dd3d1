package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"gradus/runner/lineage"
	"gradus/tui/text"
)

func (a *app) lineageCommand() *cobra.Command {
	var asJSON bool
	var data string
	cmd := &cobra.Command{
		Use:   "lineage CKPT",
		Short: "Say what went into a checkpoint, and what it went into",
		Long: "CKPT is RUN (its last checkpoint), RUN@STEP, RUN@last or RUN@best. Backwards: the checkpoints before it and what\n" +
			"they started from, also in other runs; data with hash and licence; filters; teachers. Forwards: checkpoints of\n" +
			"any run, and evaluations. --data asks the other way: what was trained on a file, a task or a hash.",
		Example: "  gradus lineage demo@last\n  gradus lineage demo@100 --json\n  gradus lineage --data gsm8k_train.jsonl\n  gradus lineage --data task:countdown",
		Args: func(cmd *cobra.Command, args []string) error {
			if data != "" && len(args) == 0 {
				return nil
			}
			if data != "" {
				return usage(errors.New("lineage wants a checkpoint or --data, not both"))
			}
			return exactArgs("CKPT")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			c, err := a.open()
			if err != nil {
				return err
			}
			var from []lineage.Node
			if data == "" {
				// A checkpoint that is no longer on disk has a lineage too.
				run, step, at := strings.Cut(args[0], "@")
				ref, err := c.ResolveCheckpoint(ctx, args[0])
				if err != nil && at && strings.Trim(step, "0123456789") == "" && step != "" {
					if ref, err = c.Resolve(ctx, run); err == nil {
						from = append(from, lineage.Node{Kind: "ckpt", Name: ref.RunID + "@" + step})
					}
				} else if err == nil {
					kind := "ckpt"
					if ref.RunID == "" {
						kind = "model"
					}
					from = append(from, lineage.Node{Kind: kind, Name: ref.String()})
				}
				if err != nil {
					return usage(err)
				}
			}
			g, err := lineage.Load(ctx, c)
			if err != nil {
				return err
			}
			for _, why := range g.Unread {
				a.complain(fmt.Errorf("not read: %s", why))
			}
			if data != "" {
				if from, err = dataNodes(g, data); err != nil {
					return err
				}
			}
			return a.printLineage(g, from, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().StringVar(&data, "data", "", "a data file, task:NAME, a model's folder, or a SHA-256")
	return cmd
}

// dataNodes are the data sets that a person names by path, name or hash.
func dataNodes(g *lineage.Graph, name string) ([]lineage.Node, error) {
	found := g.Datasets(name)
	if abs, err := filepath.Abs(name); err == nil && len(found) == 0 {
		found = g.Datasets(abs)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("no run was trained on %q, as far as is recorded", name)
	}
	return found, nil
}

// lineageOf is the answer about one node.
type lineageOf struct {
	Of          lineage.Node   `json:"of"`
	Ancestors   []lineage.Edge `json:"ancestors"`
	Descendants []lineage.Edge `json:"descendants"`
}

func (a *app) printLineage(g *lineage.Graph, from []lineage.Node, asJSON bool) error {
	for _, n := range from {
		o := lineageOf{n, g.Ancestors(n), g.Descendants(n)}
		if asJSON {
			if err := a.printJSON(o); err != nil {
				return err
			}
			continue
		}
		a.printf("%s %s\n", n.Kind, text.Line(n.Name))
		if len(o.Ancestors) == 0 && n.Kind == "ckpt" {
			a.printf("  nothing is recorded of what went into it\n")
		}
		for _, e := range o.Ancestors {
			a.printf("  %s  <- %s  %s %s%s\n", text.Line(e.Child.Name), text.Line(e.How), e.Parent.Kind, text.Line(e.Parent.Name), text.Line(about(e)))
		}
		for _, e := range o.Descendants {
			a.printf("  %s  -> %s  %s %s\n", text.Line(e.Parent.Name), text.Line(e.How), e.Child.Kind, text.Line(e.Child.Name))
		}
	}
	return nil
}

// about is what is known of a parent, for a reader.
func about(e lineage.Edge) string {
	out := ""
	if e.Hash != "" {
		out += "  sha256 " + e.Hash[:min(16, len(e.Hash))]
	}
	if e.Licence != "" {
		out += "  licence " + e.Licence
	}
	if e.Derived {
		out += "  (from the recipe)"
	}
	return out
}
