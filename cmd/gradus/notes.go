package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"gradus/store"
	"gradus/tui/screen"
	"gradus/tui/text"
)

// notesCommand lists notes; it is also 'gradus note list'.
func (a *app) notesCommand(name string) *cobra.Command {
	var q store.NoteQuery
	var asJSON, agreement bool
	full := "notes"
	if name == "list" {
		full = "note list"
	}
	cmd := &cobra.Command{
		Use:   name + " RUN|RUN@STEP|RUN/TRACE|FILE",
		Short: "Print notes, tags and verdicts, oldest first; with --agreement, how far readers agree",
		Long: "What --all --json prints of a run, or of one that was handed over as FILE, is what 'gradus db merge' takes.\n" +
			"--agreement counts the standing verdicts on traces, and for every two readers those that both judged, with Cohen's\n" +
			"kappa and its standard error.",
		Example: "  gradus " + full + " demo\n  gradus " + full + " demo/812 --all\n  gradus " + full + " demo --kind verdict --author ada --json\n  gradus " + full + " demo --agreement",
		Args:    exactArgs("RUN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch q.Kind {
			case "", store.NoteText, store.NoteTag, store.NoteVerdict:
			default:
				return usage(fmt.Errorf("--kind is %q; want note, tag or verdict", q.Kind))
			}
			on, err := a.openNoted(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			defer on.db.Close()
			if agreement {
				return a.printAgreement(cmd.Context(), on.db, asJSON)
			}
			if on.kind != "run" {
				q.TargetKind, q.Target = on.kind, on.target
			}
			return a.printNotes(cmd.Context(), on, q, asJSON)
		},
	}
	f := cmd.Flags()
	f.StringVar(&q.Kind, "kind", "", "note, tag or verdict")
	f.StringVar(&q.Author, "author", "", "of this author")
	f.BoolVar(&q.All, "all", false, "those too that were replaced or taken back")
	f.BoolVar(&agreement, "agreement", false, "print counts of verdicts and Cohen's kappa of every two readers")
	f.BoolVar(&asJSON, "json", false, "print one JSON object a line")
	return cmd
}

func (a *app) printNotes(ctx context.Context, on *noted, q store.NoteQuery, asJSON bool) error {
	rows, err := on.db.Notes(ctx, q)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if asJSON {
			if err := a.printJSON(store.FiledNote{Run: on.run, NoteRow: r}); err != nil {
				return err
			}
			continue
		}
		about := on.trace.Text
		if r.Span != nil && on.kind == "run" {
			if about, err = textOf(ctx, on.db, r.Target); err != nil {
				return err
			}
		}
		a.printf("%s\n", noteLine(r, about))
	}
	if len(rows) == 0 && !asJSON {
		a.printf("no notes\n")
	}
	return nil
}

// textOf is the text of a trace, empty where it is not there.
func textOf(ctx context.Context, db *store.DB, target string) (string, error) {
	var id int64
	if _, err := fmt.Sscan(target, &id); err != nil {
		return "", nil
	}
	d, err := db.Sample(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	return d.Text, err
}

// noteLine is a note in a list; about is the text of the trace that it is on.
func noteLine(r store.NoteRow, about string) string {
	what := r.TargetKind + " " + r.Target
	switch r.TargetKind {
	case "sample":
		what = "trace " + r.Target
	case "run":
		what = "run"
	}
	said := r.Text
	if said == "" {
		said = "takes back " + r.Supersedes
	} else if r.Supersedes != "" {
		said += "  (replaces " + r.Supersedes + ")"
	}
	line := fmt.Sprintf("%s  %s  %-12s %s  %s: %s", text.Line(r.ID), time.UnixMicro(r.TimeUS).UTC().Format("2006-01-02 15:04"), text.Line(what),
		text.Line(r.Author), text.Line(r.Kind), text.Line(said))
	if r.Span != nil {
		quoted, ok := r.Span.In(about)
		if !ok {
			quoted = "the text there is another now"
		}
		line += fmt.Sprintf("  [%d..%d %s]", r.Span.From, r.Span.To, text.Line(quoted))
	}
	if !r.Live && r.Text != "" {
		line += "  (no longer stands)"
	}
	return line
}

// agreements is what --agreement prints as JSON.
type agreements struct {
	Verdicts []store.Judged    `json:"verdicts"`
	Pairs    []store.Agreement `json:"pairs"`
}

func (a *app) printAgreement(ctx context.Context, db *store.DB, asJSON bool) error {
	var out agreements
	var err error
	if out.Verdicts, err = db.Judgements(ctx); err != nil {
		return err
	}
	if out.Pairs, err = db.Agreements(ctx); err != nil {
		return err
	}
	if asJSON {
		return a.printJSON(out)
	}
	if len(out.Verdicts) == 0 {
		a.printf("no verdicts on traces; 'gradus note verdict RUN/TRACE ok' writes one\n")
		return nil
	}
	for _, v := range out.Verdicts {
		a.printf("%-24s %-12s %d\n", text.Line(v.Author), text.Line(v.Label), v.N)
	}
	for _, p := range out.Pairs {
		a.printPair(p)
	}
	return nil
}

func (a *app) printPair(p store.Agreement) {
	a.printf("\n%s (rows) and %s (columns): %s judged by both", text.Line(p.Authors[0]), text.Line(p.Authors[1]), text.Count(p.N, "trace"))
	if p.N == 0 {
		a.printf("\n")
		return
	}
	a.printf(", %d alike (%.1f %%)\n", p.Agreed, 100*float64(p.Agreed)/float64(p.N))
	width := 8
	for _, l := range p.Labels {
		width = max(width, len([]rune(l))+2)
	}
	a.printf("%*s", width, "")
	for _, l := range p.Labels {
		a.printf("%*s", width, text.Line(l))
	}
	a.printf("\n")
	for i, row := range p.Counts {
		a.printf("%*s", width, text.Line(p.Labels[i]))
		for _, n := range row {
			a.printf("%*d", width, n)
		}
		a.printf("\n")
	}
	if p.Kappa == nil {
		a.printf("Cohen's kappa is not defined: both gave one and the same verdict throughout\n")
		return
	}
	a.printf("Cohen's kappa %.3f, standard error %.3f\n", *p.Kappa, *p.StdError)
}

// saidOf is what readers said of a trace, in a line about it.
func saidOf(notes []store.NoteRow) string {
	if s := screen.Said(notes); s != "" {
		return "  [" + s + "]"
	}
	return ""
}
