package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"gradus/store"
	"gradus/tui/text"
)

func (a *app) shareCommand() *cobra.Command {
	var out, redact string
	var also []string
	var asJSON, force bool
	cmd := &cobra.Command{
		Use:   "share RUN [QUERY...]",
		Short: "Write a run, or some of its traces, into one file to hand over",
		Long: "The file is an SQLite database with everything that was recorded of the run, a checksum of every row, and\n" +
			"a manifest; 'gradus open' shows it, also where nothing can be written. Weights are not in it. --redact takes\n" +
			"out the names of users and hosts, the folders of paths, and what looks like a secret. With QUERY, as in\n" +
			"'gradus traces', only the traces that fit go in, and no word of the others. --also adds further runs; -o is\n" +
			"then a folder. The hash that is printed lets a receiver see that the file is the one you sent.",
		Example: "  gradus share demo -o demo.db\n  gradus share demo -o paper.db --redact all\n  gradus share demo -o hacks.db 'correct:no reward>.5'\n  gradus share demo --also 01K9 -o runs/ --redact paths,secrets",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return exactArgs("RUN")(cmd, args)
			}
			if len(args) > 1 && len(also) > 0 {
				return usage(errors.New("a query chooses traces of one run; leave out --also"))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if out == "" {
				return usage(errors.New("share wants -o FILE, or -o FOLDER for several runs"))
			}
			opt := store.ShareOptions{Version: a.version, NowUS: a.now().UnixMicro(), Replace: force}
			if cmd.Flags().Changed("redact") {
				var err error
				if opt.Redact, err = store.ParseRedaction(redact); err != nil {
					return usage(err)
				}
			}
			opt.Query = strings.Join(args[1:], " ")
			return a.share(cmd.Context(), append(args[:1:1], also...), out, opt, asJSON)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&out, "output", "o", "", "file to write; a folder for several runs")
	f.StringArrayVar(&also, "also", nil, "another RUN; may be repeated")
	f.StringVar(&redact, "redact", "", "take out: all, or some of paths,hosts,users,secrets")
	f.BoolVar(&force, "force", false, "replace a file that is there")
	f.BoolVar(&asJSON, "json", false, "print the manifest as JSON, one line a file")
	return cmd
}

func (a *app) share(ctx context.Context, runs []string, out string, opt store.ShareOptions, asJSON bool) error {
	info, err := os.Stat(out)
	folder := err == nil && info.IsDir() || len(runs) > 1
	if folder {
		if err := os.MkdirAll(out, 0o755); err != nil {
			return fmt.Errorf("share into %s: %w", out, err)
		}
	}
	for _, name := range runs {
		c, ref, err := a.openRun(ctx, name)
		if err != nil {
			return err
		}
		db, err := c.OpenDB(ctx, ref.RunID)
		if err != nil {
			return err
		}
		path := db.Path()
		if opt.Query != "" {
			opt.Traces, err = chooseTraces(ctx, db, opt.Query)
			opt.Chosen = true
		}
		if err = errors.Join(err, db.Close()); err != nil {
			return err
		}
		to := out
		if folder {
			to = filepath.Join(out, ref.RunID+".db")
		}
		m, err := store.Share(ctx, path, to, opt)
		if errors.Is(err, store.ErrExists) {
			return fmt.Errorf("%w; --force replaces it", err)
		}
		if err != nil {
			return err
		}
		if asJSON {
			if err := a.printJSON(sharedFile{to, m}); err != nil {
				return err
			}
			continue
		}
		size := int64(0)
		if info, err := os.Stat(to); err == nil {
			size = info.Size()
		}
		a.printf("%s  %.1f MB, %d of %s of %s\ncontent sha256 %s\n", text.Line(to), float64(size)/1e6, m.Traces, text.Count(m.Of, "trace"), text.Line(m.Name), m.SHA256)
		if len(m.Redacted) > 0 {
			a.printf("redacted: %s (%s)\n", text.Count(m.Replaced, "value"), strings.Join(m.Redacted, ", "))
		}
	}
	return nil
}

// chooseTraces are the ids of the traces that fit a query.
func chooseTraces(ctx context.Context, db *store.DB, terms string) ([]int64, error) {
	where, err := parseQuery(ctx, db, terms)
	if err != nil {
		return nil, err
	}
	ids, err := db.SampleIDs(ctx, store.SampleQuery{Where: where})
	if err == nil && len(ids) == 0 {
		err = fmt.Errorf("no stored trace fits %q; nothing was written", terms)
	}
	return ids, err
}

// sharedFile is a manifest with the file it stands in.
type sharedFile struct {
	Path string `json:"path"`
	store.Manifest
}
