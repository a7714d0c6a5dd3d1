package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"gradus/runner/client"
	"gradus/store"
	"gradus/tui"
	"gradus/tui/source"
	"gradus/tui/text"
)

func (a *app) openCommand() *cobra.Command {
	var asJSON bool
	var expect string
	cmd := &cobra.Command{
		Use:   "open FILE...",
		Short: "Look at a run that was handed over as a file",
		Long: "Opens files that 'gradus share' made, read-only and as a stranger's: nothing in them can run, and nothing\n" +
			"is written beside them. The content is compared with the manifest first. In a terminal the workbench opens\n" +
			"on them; elsewhere, and with --json, it prints what they hold. A folder stands for the .db files in it.",
		Example: "  gradus open paper.db\n  gradus open paper.db --json\n  gradus open runs/",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage(fmt.Errorf("open wants FILE; example: %s", firstExample(cmd)))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			paths, err := databaseFiles(args)
			if err != nil {
				return err
			}
			return a.openFiles(cmd.Context(), paths, strings.ToLower(expect), asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a file")
	cmd.Flags().StringVar(&expect, "expect", "", "content sha256 that the sender told: refuse another file")
	return cmd
}

// databaseFiles are the named files, and the .db files of the named folders.
func databaseFiles(args []string) ([]string, error) {
	var out []string
	for _, arg := range args {
		info, err := os.Stat(arg)
		if err != nil {
			return nil, usage(fmt.Errorf("open: %w", err))
		}
		if !info.IsDir() {
			out = append(out, arg)
			continue
		}
		found, err := filepath.Glob(filepath.Join(escapeGlob(arg), "*.db"))
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, usage(fmt.Errorf("there is no .db file in %s", arg))
		}
		out = append(out, found...)
	}
	return out, nil
}

func escapeGlob(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(s)
}

// opened is what a file says of itself.
type opened struct {
	Path     string          `json:"path"`
	Shared   bool            `json:"shared"` // has a manifest, and its content is as the manifest says
	Manifest *store.Manifest `json:"manifest,omitempty"`
	// OlderSchema is the schema version of a file that an older gradus made; what
	// is shown is a private copy, migrated.
	OlderSchema int             `json:"older_schema,omitempty"`
	Run         client.Run      `json:"run"`
	Counts      store.Counts    `json:"counts"`
	Evals       []store.EvalRow `json:"evals"`
	Warning     string          `json:"warning,omitempty"`
}

func (a *app) openFiles(ctx context.Context, paths []string, expect string, asJSON bool) error {
	var list []opened
	files, err := a.openStrangers(ctx, paths, func(db *store.DB) error {
		o, err := inspect(ctx, db, expect)
		list = append(list, o)
		return err
	})
	if err != nil {
		return err
	}
	defer files.Close()
	for i := range list {
		if list[i].Run, err = files.Run(ctx, list[i].Run.ID); err != nil {
			return err
		}
		if asJSON {
			if err := a.printJSON(list[i]); err != nil {
				return err
			}
		} else if list[i].Warning != "" {
			a.complain(errors.New(list[i].Warning))
		}
	}
	if asJSON {
		return nil
	}
	if a.interactive() {
		first := ""
		if len(list) == 1 {
			first = list[0].Run.ID
		}
		annotate := false
		if c, err := a.openAs("tui"); err == nil { // where nothing can be written, no notes can be
			files.Keep(source.Notebook{Author: c.Author(), Path: c.NotesPath, Add: c.AddFiledNotes})
			annotate = true
		}
		return tui.Run(store.Watch(ctx, nil), tui.Options{Files: files, RunID: first, ReadOnly: true, Annotate: annotate,
			In: a.stdin, Out: a.stdout, Getenv: a.getenv, Environ: os.Environ(), Now: a.now})
	}
	for _, o := range list {
		a.printOpened(o)
	}
	return nil
}

// openStrangers opens files that were handed over, shows each to look, which may
// be nil, and takes them together. The caller closes them.
func (a *app) openStrangers(ctx context.Context, paths []string, look func(*store.DB) error) (*source.Files, error) {
	var dbs []*store.DB
	for _, path := range paths {
		db, err := store.OpenFile(ctx, path, a.scratch())
		if err == nil {
			dbs = append(dbs, db)
		}
		if err == nil && look != nil {
			err = look(db)
		}
		if err != nil {
			for _, db := range dbs {
				err = errors.Join(err, db.Close())
			}
			return nil, err
		}
	}
	return source.NewFiles(ctx, dbs...)
}

// inspect verifies a file and reads what it holds.
func inspect(ctx context.Context, db *store.DB, expect string) (opened, error) {
	o := opened{Path: db.Path(), OlderSchema: db.OlderSchema()}
	m, err := db.VerifyShared(ctx)
	switch {
	case errors.Is(err, store.ErrNoManifest) && expect == "":
		o.Warning = fmt.Sprintf("%s has no manifest: it is the database of a run itself, so nothing tells whether it was changed", o.Path)
	case err != nil:
		return o, err
	case expect != "" && m.SHA256 != expect:
		return o, fmt.Errorf("%s is not the file that was sent: its content has sha256 %s, expected %s", o.Path, m.SHA256, expect)
	default:
		o.Shared, o.Manifest = true, &m
	}
	h, err := db.Header(ctx)
	if err != nil {
		return o, err
	}
	o.Run.ID = h.ID
	if o.Counts, err = db.Counts(ctx); err != nil {
		return o, err
	}
	o.Evals, err = db.Evals(ctx)
	return o, err
}

func (a *app) printOpened(o opened) {
	r := o.Run
	a.printf("%s  %s  %s, step %d of %d, task %s, %.2fM parameters on %s\n", text.Line(r.ID), text.Line(r.Name), text.Line(string(r.State)), r.Step, r.Steps,
		text.Line(r.Task), float64(r.Params)/1e6, text.Line(r.Device))
	if o.OlderSchema > 0 {
		a.printf("the file has schema version %d, of an older gradus: a private copy was migrated to be read\n", o.OlderSchema)
	}
	if m := o.Manifest; m != nil {
		a.printf("shared by gradus %s, content as in its manifest (sha256 %s)\n", text.Line(m.Version), text.Line(m.SHA256))
		if m.Query != "" {
			a.printf("chosen by %s: %d of %s\n", text.Line(m.Query), m.Traces, text.Count(m.Of, "trace"))
		}
		if len(m.Redacted) > 0 {
			a.printf("redacted: %s\n", text.Line(strings.Join(m.Redacted, ", ")))
		}
	}
	a.printf("%s, %s, %s, %s, %s, %s\n", text.Count(o.Counts.Samples, "trace"), text.Count(o.Counts.Prompts, "prompt"), text.Count(o.Counts.Steps, "step"),
		text.Count(o.Counts.Series, "curve"), text.Count(o.Counts.Checkpoints, "checkpoint"), text.Count(o.Counts.Events, "event"))
	for _, e := range o.Evals {
		a.printf("eval %s at step %d: accuracy %.3f (95 %% interval %.3f to %.3f), %s x %d\n", text.Line(e.Label), e.Step, e.Accuracy, e.CILow, e.CIHigh, text.Count(e.N, "prompt"), e.K)
	}
}
