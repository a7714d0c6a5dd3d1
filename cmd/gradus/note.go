package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"gradus/runner/client"
	"gradus/store"
	"gradus/tui/text"
)

func (a *app) noteCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "note",
		Short: "Write notes, tags and verdicts on traces",
		Long: "A note is about RUN/TRACE, where TRACE is the number that 'gradus traces' prints first, about RUN@STEP, or about the\n" +
			"RUN. It is added to a log beside the run's own and never changed or removed: one that replaces or takes back\n" +
			"another is added after it. 'gradus traces RUN tag:hack' finds what was written. FILE/TRACE is a trace of a run that\n" +
			"was handed over as a file; notes on it are kept beside your own runs, and 'gradus notes FILE --all --json' prints what\n" +
			"to send back for 'gradus db merge'.",
		Example: "  gradus note verdict demo/812 hack\n  gradus note add demo/812 'copies the prompt' --quote 'as stated above'\n  gradus notes demo",
	}
	cmd.AddCommand(a.noteAddCommand(), a.noteLabelCommand(store.NoteTag), a.noteLabelCommand(store.NoteVerdict), a.noteRetractCommand(), a.notesCommand("list"))
	return cmd
}

// noteFlags are those of every command that writes a note.
type noteFlags struct {
	author string
	json   bool
}

func (f *noteFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.author, "author", "", "who writes; default: GRADUS_AUTHOR, else USER@HOST")
	cmd.Flags().BoolVar(&f.json, "json", false, "print the note as JSON")
}

// noted is the run, and what in it a note is about.
type noted struct {
	c            *client.Client // nil on a file without a folder of runs
	homeless     error          // why there is none
	run          string
	file         bool // the run was handed over as a file; notes go beside
	db           *store.DB
	kind, target string
	trace        store.SampleDetail // of a note about a trace
}

func (a *app) openNoted(ctx context.Context, ref string) (*noted, error) {
	run, trace, ofTrace := strings.Cut(ref, "/")
	if i := strings.LastIndexByte(ref, '/'); i > 0 && isFile(ref[:i]) {
		run, trace = ref[:i], ref[i+1:]
	} else if _, _, ok := fileAt(ref); ok || missingFile(ref) != nil {
		run, trace, ofTrace = ref, "", false
	}
	id, err := strconv.ParseInt(trace, 10, 64)
	if ofTrace && (err != nil || id < 1) {
		return nil, usage(fmt.Errorf("%q: %q is no number of a trace; write RUN/TRACE, as in demo/812; 'gradus traces RUN' prints the numbers", ref, trace))
	}
	n := &noted{}
	step, err := a.openNotedRun(ctx, run, n)
	if err != nil {
		return nil, err
	}
	n.kind, n.target = "run", n.run
	switch {
	case ofTrace && step >= 0:
		n.db.Close()
		return nil, usage(fmt.Errorf("%q names a step and a trace; write RUN/TRACE or RUN@STEP", ref))
	case ofTrace:
		n.kind, n.target = "sample", strconv.FormatInt(id, 10)
	case step >= 0:
		n.kind, n.target = "step", strconv.Itoa(step)
	}
	if ofTrace {
		if n.trace, err = n.db.Sample(ctx, id); err != nil {
			n.db.Close()
			if errors.Is(err, store.ErrNotFound) {
				err = usage(fmt.Errorf("run %s has no trace %d", run, id))
			}
			return nil, err
		}
	}
	return n, nil
}

// isFile tells whether a reference is one to a file. A run whose name is that
// of a file of the folder at hand is meant as the run.
func isFile(ref string) bool {
	info, err := os.Stat(ref)
	return err == nil && info.Mode().IsRegular() && strings.ContainsAny(ref, "./")
}

// openNotedRun opens the run that a reference names, here or in a file that was
// handed over, and returns the step it names, or -1. Any step of the record will
// do, not only those with a checkpoint.
func (a *app) openNotedRun(ctx context.Context, name string, n *noted) (step int, err error) {
	step = -1
	if at := strings.LastIndexByte(name, '@'); at > 0 {
		if k, err := strconv.Atoi(name[at+1:]); err == nil && k >= 0 {
			name, step = name[:at], k
		}
	}
	if path, word, ok := fileAt(name); ok {
		n.file = true
		if n.c, n.homeless, n.run, n.db, err = a.openFile(ctx, path); err == nil && word != "" {
			step, err = stepIn(ctx, n.db, path, word)
			err = usage(err)
		}
	} else if err = usage(missingFile(name)); err == nil {
		step, err = a.openOwn(ctx, name, step, n)
	}
	if err == nil && step >= 0 {
		err = n.reaches(ctx, name, step)
	}
	if err != nil && n.db != nil {
		err = errors.Join(err, n.db.Close())
	}
	return step, err
}

func (a *app) openOwn(ctx context.Context, name string, step int, n *noted) (int, error) {
	c, r, err := a.openRun(ctx, name)
	if err != nil {
		return -1, err
	}
	n.c, n.run = c, r.RunID
	if step < 0 {
		step = r.Step
	}
	n.db, err = c.OpenDB(ctx, r.RunID)
	return step, err
}

// reaches refuses a step that the run has not made.
func (n *noted) reaches(ctx context.Context, name string, step int) error {
	s, err := n.db.State(ctx)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	m, err := n.db.LatestMetrics(ctx)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if last := max(s.Step, m.Step); step > last {
		return usage(fmt.Errorf("%s has no step %d: its record ends at step %d", name, step, last))
	}
	return nil
}

// writeNote adds a note and says so.
func (a *app) writeNote(ctx context.Context, on *noted, note store.Note, f noteFlags) error {
	if on.c == nil {
		return fmt.Errorf("notes on a file are kept in the folder of runs: %w", on.homeless)
	}
	note.TargetKind, note.Target = on.kind, on.target
	note.Author = f.author
	add := on.c.AddNotes
	if on.file {
		add = on.c.AddFiledNotes
	}
	rows, err := add(ctx, on.run, note)
	if err != nil {
		if len(rows) == 0 {
			err = usage(err)
		}
		return err
	}
	if f.json {
		return a.printJSON(rows[0])
	}
	a.printf("%s\n", noteLine(rows[0], on.trace.Text))
	return nil
}

func (a *app) noteAddCommand() *cobra.Command {
	var f noteFlags
	var span, quote, replaces string
	cmd := &cobra.Command{
		Use:     "add RUN/TRACE|RUN@STEP|RUN TEXT",
		Short:   "Write a note",
		Example: "  gradus note add demo/812 'copies the prompt' --quote 'as stated above'\n  gradus note add demo/812 'never checked' --span 120..180\n  gradus note add demo@900 'reward jumps here'",
		Args:    exactArgs("RUN/TRACE", "TEXT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			on, err := a.openNoted(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			defer on.db.Close()
			note := store.Note{Kind: store.NoteText, Text: strings.TrimSpace(args[1])}
			if note.Text == "" {
				return usage(errors.New("the note is empty"))
			}
			if note.Span, err = on.span(span, quote); err != nil {
				return usage(err)
			}
			if replaces != "" {
				old, err := on.find(cmd.Context(), replaces)
				if err != nil {
					return usage(err)
				}
				if old.Kind != store.NoteText || old.TargetKind != on.kind || old.Target != on.target {
					return usage(fmt.Errorf("%s is a %s about %s %s; a note replaces a note about the same thing", old.ID, old.Kind, old.TargetKind, old.Target))
				}
				if f.author == "" {
					f.author = old.Author
				}
				if note.Supersedes = old.ID; f.author != old.Author {
					return usage(fmt.Errorf("%s is %s's; nobody replaces another's note", old.ID, old.Author))
				}
			}
			return a.writeNote(cmd.Context(), on, note, f)
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&span, "span", "", "bytes FROM..TO of the trace's text that the note is about; TO is not among them")
	cmd.Flags().StringVar(&quote, "quote", "", "words of the trace's text that the note is about; they must occur once")
	cmd.Flags().StringVar(&replaces, "replace", "", "id of your own note that this one replaces")
	return cmd
}

// span finds the bytes that a note is about; nil for the whole.
func (n *noted) span(span, quote string) (*store.Quote, error) {
	if span == "" && quote == "" {
		return nil, nil
	}
	if n.kind != "sample" {
		return nil, errors.New("--span and --quote point into a trace; write RUN/TRACE")
	}
	if n.trace.Removed {
		return nil, errors.New("the text of this trace was removed to save space; a note on it can have no span")
	}
	if span != "" && quote != "" {
		return nil, errors.New("--span and --quote say the same in two ways; give one")
	}
	if span != "" {
		lo, hi, _ := strings.Cut(span, "..")
		from, err1 := strconv.Atoi(lo)
		to, err2 := strconv.Atoi(hi)
		if err1 != nil || err2 != nil {
			return nil, fmt.Errorf("--span is %q; want FROM..TO in bytes, as 120..180", span)
		}
		return store.QuoteOf(n.trace.Text, from, to)
	}
	switch at := strings.Index(n.trace.Text, quote); {
	case at < 0:
		return nil, fmt.Errorf("%q does not occur in the text of the trace", quote)
	case strings.Contains(n.trace.Text[at+1:], quote):
		return nil, fmt.Errorf("%q occurs more than once; quote more of it, or give --span", quote)
	default:
		return store.QuoteOf(n.trace.Text, at, at+len(quote))
	}
}

// find finds a note that stands by the beginning or the end of its id.
func (n *noted) find(ctx context.Context, id string) (store.NoteRow, error) {
	rows, err := n.db.Notes(ctx, store.NoteQuery{All: true})
	if err != nil {
		return store.NoteRow{}, err
	}
	var fits []store.NoteRow
	for _, r := range rows {
		if want := strings.ToUpper(id); strings.HasPrefix(r.ID, want) || strings.HasSuffix(r.ID, want) {
			fits = append(fits, r)
		}
	}
	switch {
	case len(fits) == 0:
		return store.NoteRow{}, fmt.Errorf("this run has no note %q; 'gradus notes RUN' lists them", id)
	case len(fits) > 1:
		return store.NoteRow{}, fmt.Errorf("%q fits %s; give more of the id", id, text.Count(len(fits), "note"))
	case !fits[0].Live:
		return fits[0], fmt.Errorf("note %s was replaced or taken back already", fits[0].ID)
	}
	return fits[0], nil
}

func (a *app) noteLabelCommand(kind string) *cobra.Command {
	var f noteFlags
	labels, example := "TAG", "copied"
	short := "Put a tag on a trace, a step or a run"
	if kind == store.NoteVerdict {
		labels, example = "VERDICT", "hack"
		short = "Judge a trace: " + strings.Join(store.Verdicts(), ", ") + " or a word of your own; your latest verdict stands"
	}
	cmd := &cobra.Command{
		Use:     kind + " RUN/TRACE|RUN@STEP|RUN " + labels,
		Short:   short,
		Example: "  gradus note " + kind + " demo/812 " + example + "\n  gradus note " + kind + " demo/812 " + example + " --author ada --json",
		Args:    exactArgs("RUN/TRACE", labels),
		RunE: func(cmd *cobra.Command, args []string) error {
			on, err := a.openNoted(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			defer on.db.Close()
			if args[1] == "" {
				return usage(fmt.Errorf("the %s is empty; 'gradus note retract' takes one back", kind))
			}
			return a.writeNote(cmd.Context(), on, store.Note{Kind: kind, Text: strings.ToLower(args[1])}, f)
		},
	}
	f.add(cmd)
	return cmd
}

func (a *app) noteRetractCommand() *cobra.Command {
	var f noteFlags
	cmd := &cobra.Command{
		Use:   "retract RUN NOTE",
		Short: "Take back a note, tag or verdict of your own",
		Long: "NOTE is an id that 'gradus notes' prints, or the beginning or end of one. The note stays in the record; a later one\n" +
			"says that it no longer stands.",
		Example: "  gradus note retract demo 01K9XQ",
		Args:    exactArgs("RUN", "NOTE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			on, err := a.openNoted(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			defer on.db.Close()
			old, err := on.find(cmd.Context(), args[1])
			if err != nil {
				return usage(err)
			}
			me := f.author
			if me == "" && on.c != nil { // without a folder of runs nothing can be written, which writeNote says
				me = on.c.Author()
			}
			if me != old.Author && on.c != nil {
				return usage(fmt.Errorf("%s is %s's, and you are %s; nobody takes back another's note (--author says who you are)", old.ID, old.Author, me))
			}
			f.author = me
			on.kind, on.target = old.TargetKind, old.Target
			return a.writeNote(cmd.Context(), on, store.Note{Kind: old.Kind, Supersedes: old.ID}, f)
		},
	}
	f.add(cmd)
	return cmd
}
