package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"gradus/runner/client"
	"gradus/runner/lineage"
	"gradus/store"
	"gradus/tui/source"
	"gradus/tui/text"
)

func (a *app) lineageCommand() *cobra.Command {
	var asJSON bool
	var data string
	var files []string
	cmd := &cobra.Command{
		Use:   "lineage CKPT|FILE",
		Short: "Say what went into a checkpoint, and what it went into",
		Long: "CKPT is RUN (its last checkpoint), RUN@STEP, RUN@last or RUN@best. Backwards: the checkpoints before it and what\n" +
			"they started from, also in other runs; data with hash and licence; filters; teachers. Forwards: checkpoints of\n" +
			"any run, and evaluations. FILE is a run that was handed over: FILE (its last checkpoint), FILE@STEP; --in adds more\n" +
			"of them. --data asks the other way: what was trained on a file, a task, a teacher or a hash.",
		Example: "  gradus lineage demo@last\n  gradus lineage demo@100 --json\n  gradus lineage paper.db@200 --in teacher.db\n  gradus lineage --data gsm8k_train.jsonl\n  gradus lineage --data deepseek-ai/DeepSeek-R1",
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
			shelf := &lineageRuns{}
			c, homeless := a.open()
			if homeless == nil {
				shelf.local = c
			}
			var from []lineage.Node
			path, step, isFile := "", "", false
			if data == "" {
				if path, step, isFile = fileAt(args[0]); !isFile {
					if err := missingFile(args[0]); err != nil {
						return usage(err)
					}
				}
			}
			switch {
			case isFile:
				if !slices.Contains(files, path) {
					files = append(files, path)
				}
			case homeless != nil && len(files) == 0:
				return homeless
			}
			var err error
			if shelf.files, err = a.openStrangers(ctx, files, nil); err != nil {
				return err
			}
			defer shelf.files.Close()
			switch {
			case data != "":
			case isFile:
				n, err := shelf.checkpoint(ctx, path, step)
				if err != nil {
					return err
				}
				from = append(from, n)
			case homeless != nil:
				return homeless
			default:
				n, err := checkpointNode(ctx, c, args[0])
				if err != nil {
					return usage(err)
				}
				from = append(from, n)
			}
			g, err := lineage.Load(ctx, shelf)
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
	cmd.Flags().StringVar(&data, "data", "", "a data file, task:NAME, a teacher, a model's folder, or a SHA-256")
	cmd.Flags().StringArrayVar(&files, "in", nil, "also look into this file that was handed over; may be repeated")
	return cmd
}

// checkpointNode is the checkpoint that CKPT names. One that is no longer on
// disk has a lineage too.
func checkpointNode(ctx context.Context, c *client.Client, name string) (lineage.Node, error) {
	run, step, at := strings.Cut(name, "@")
	ref, err := c.ResolveCheckpoint(ctx, name)
	if err != nil && at && strings.Trim(step, "0123456789") == "" && step != "" {
		if ref, err = c.Resolve(ctx, run); err == nil {
			return lineage.Node{Kind: "ckpt", Name: ref.RunID + "@" + step}, nil
		}
	}
	kind := "ckpt"
	if ref.RunID == "" {
		kind = "model"
	}
	return lineage.Node{Kind: kind, Name: ref.String()}, err
}

// lineageRuns are the runs of files that were handed over and those that are
// here. A run that is both is read from its file.
type lineageRuns struct {
	files *source.Files
	local *client.Client // nil without a folder of runs
}

// checkpoint is the one that FILE or FILE@STEP names.
func (l *lineageRuns) checkpoint(ctx context.Context, path, step string) (lineage.Node, error) {
	runs, err := l.files.Runs(ctx)
	if err != nil {
		return lineage.Node{}, err
	}
	id := runs[slices.IndexFunc(runs, func(r client.Run) bool { return r.Dir == path })].ID
	db, err := l.OpenDB(ctx, id)
	if err != nil {
		return lineage.Node{}, err
	}
	defer db.Close()
	if step == "" {
		step = "last"
	}
	n, err := stepIn(ctx, db, path, step)
	if err != nil {
		return lineage.Node{}, usage(err)
	}
	return lineage.Node{Kind: "ckpt", Name: fmt.Sprintf("%s@%d", id, n)}, nil
}

// Runs lists them, newest first.
func (l *lineageRuns) Runs(ctx context.Context) ([]client.Run, error) {
	out, err := l.files.Runs(ctx)
	if err != nil || l.local == nil {
		return out, err
	}
	mine, err := l.local.Runs(ctx)
	for _, r := range mine {
		if !slices.ContainsFunc(out, func(o client.Run) bool { return o.ID == r.ID }) {
			out = append(out, r)
		}
	}
	slices.SortStableFunc(out, func(x, y client.Run) int { return strings.Compare(y.ID, x.ID) })
	return out, err
}

// OpenDB opens the record of a run.
func (l *lineageRuns) OpenDB(ctx context.Context, runID string) (*store.DB, error) {
	if _, err := l.files.Run(ctx, runID); err == nil || l.local == nil {
		return l.files.OpenDB(ctx, runID)
	}
	return l.local.OpenDB(ctx, runID)
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
	// Licences are those of everything that went into it, each with what it is
	// on; Unlicensed is the data, models and teachers without a recorded one.
	Licences   map[string][]string `json:"licences"`
	Unlicensed []string            `json:"unlicensed,omitempty"`
}

func (a *app) printLineage(g *lineage.Graph, from []lineage.Node, asJSON bool) error {
	for _, n := range from {
		o := lineageOf{Of: n, Ancestors: append([]lineage.Edge{}, g.Ancestors(n)...), Descendants: append([]lineage.Edge{}, g.Descendants(n)...)}
		o.Licences, o.Unlicensed = lineage.Licences(o.Ancestors)
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
		for _, licence := range slices.Sorted(maps.Keys(o.Licences)) {
			a.printf("  licence %s: %s\n", text.Line(licence), text.Line(strings.Join(o.Licences[licence], ", ")))
		}
		if len(o.Unlicensed) > 0 {
			a.printf("  no licence is recorded of %s\n", text.Line(strings.Join(o.Unlicensed, ", ")))
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
	var d struct {
		Data string `json:"data"`
		Rows int    `json:"rows"`
	}
	if len(e.Detail) > 0 && json.Unmarshal(e.Detail, &d) == nil && d.Data != "" && e.Parent.Kind != "dataset" {
		if d.Rows > 0 {
			out += "  " + text.Count(d.Rows, "row")
		}
		out += "  of " + d.Data
	}
	if e.Derived {
		out += "  (not recorded)"
	}
	return out
}
