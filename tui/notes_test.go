package tui

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"gradus/store"
	"gradus/store/storetest"
	"gradus/tui/keys"
	"gradus/tui/source"
)

// A reader judges a trace, tags it, writes a note on a place that a search
// found, and sees all of it; the list finds the trace by what was said.
func TestNotesOnATrace(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int{{80, 24}, {160, 45}} {
		t.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(t *testing.T) {
			w := world(t)
			d := start(t, w.Source(), setup{runID: liveRun, w: size[0], h: size[1]})
			d.Press("3", "/")
			d.Type(`reward>1 "double check" step:..20`)
			d.Press("enter", "enter", "v")
			if !strings.Contains(d.Screen(), "verdict: o ok   w wrong   h hack   u unclear   x take back") {
				t.Errorf("it does not ask for the verdict\n%s", d.Screen())
			}
			wellFormed(t, d, size[0], size[1])
			d.Press("h")
			d.Press("t")
			d.Type("Seen-It")
			d.Press("enter", "/")
			d.Type("double")
			d.Press("enter", "a")
			if !strings.Contains(d.Screen(), `note on "double":`) {
				t.Errorf("nothing says what the note is on\n%s", d.Screen())
			}
			d.Type("it only claims to check")
			d.Press("enter", "tab")
			for _, want := range []string{"hack (ada), tag seen-it, 1 note", "verdict  ada", "it only claims to check"} {
				if size[1] > 24 && !strings.Contains(d.Screen(), want) {
					t.Errorf("no %q in\n%s", want, d.Screen())
				}
			}
			d.Press("z")
			if !strings.Contains(d.Screen(), "it only claims to check") {
				t.Errorf("no note in\n%s", d.Screen())
			}
			d.Golden(t)
			wellFormed(t, d, size[0], size[1])
			d.Press("esc", "esc")
			if !strings.Contains(d.Screen(), "hack +seen-it note") {
				t.Errorf("the list does not show it\n%s", d.Screen())
			}
			d.Press("/")
			d.Press("ctrl+u")
			d.Type(`tag:seen-it verdict:hack@ada note:"only claims" -verdict:ok`)
			d.Press("enter")
			if !strings.Contains(d.Screen(), "> ") || strings.Count(d.Screen(), "  #") != 1 || !strings.Contains(d.Screen(), "hack +seen-it note") {
				t.Errorf("the list does not find it\n%s", d.Screen())
			}
		})
	}
}

// A verdict replaces the reader's last one, x takes it back, and any other key
// writes nothing; what cannot be written stays in the line.
func TestVerdictsAreReplacedAndTakenBack(t *testing.T) {
	t.Parallel()
	w := world(t)
	src := w.Source()
	d := start(t, src, setup{runID: liveRun, w: 100, h: 30})
	d.Press("3", "enter", "v", "x")
	if !strings.Contains(d.Screen(), "you have given no verdict") {
		t.Errorf("nothing says that there is none\n%s", d.Screen())
	}
	d.Press("v", "o", "v", "w")
	if s := d.Screen(); !strings.Contains(s, "readers wrong (ada)") {
		t.Errorf("no verdict in\n%s", s)
	}
	for _, nothing := range []string{"q", "enter", "esc", "O", "j", "1"} {
		d.Press("v", nothing)
		if s := d.Screen(); !strings.Contains(s, "readers wrong (ada)") || strings.Contains(s, "verdict: ") {
			t.Errorf("%q did something\n%s", nothing, s)
		}
	}
	d.Press("v", "x")
	if s := d.Screen(); strings.Contains(s, "readers") {
		t.Errorf("the verdict still stands in\n%s", s)
	}
	all, err := src.Notes(context.Background(), liveRun, store.NoteQuery{All: true})
	if err != nil || len(all) != 3 {
		t.Errorf("%d rows, want all three: %+v, %v", len(all), all, err)
	}
	w.Refuse = errors.New("disk full\x1b[2J")
	d.Press("t")
	d.Type("lost")
	d.Press("enter")
	if s := d.Screen(); !strings.Contains(s, "write the tag: disk full␛[2J") || !strings.Contains(s, "tag: lost") {
		t.Errorf("the error or the tag is not in\n%s", s)
	}
	w.Refuse = nil
	d.Press("enter")
	if s := d.Screen(); !strings.Contains(s, "readers tag lost") {
		t.Errorf("it was not written at the second try\n%s", s)
	}
	d.Press("a")
	d.Type(strings.Repeat("a long note ", 30))
	if s := d.Screen(); !strings.Contains(s, "note: …") || !strings.Contains(s, "a long note") {
		t.Errorf("the end of a long note is not in sight\n%s", s)
	}
	wellFormed(t, d, 100, 30)
	d.Press("esc")
	if strings.Contains(d.Screen(), "long note") {
		t.Error("esc does not drop it")
	}
}

func TestReadOnlyWritesNoNotes(t *testing.T) {
	t.Parallel()
	m := keys.NewMap(true)
	for _, k := range []string{"v", "a", "t"} {
		if id := m.Match(keys.Trace, k); id != "" {
			t.Errorf("%q does %s", k, id)
		}
	}
	d := start(t, world(t).Source(), setup{runID: liveRun, w: 100, h: 30, readOnly: true})
	d.Press("3", "enter", "v", "h")
	if s := d.Screen(); strings.Contains(s, "readers") || strings.Contains(s, "verdict") {
		t.Errorf("a verdict was given\n%s", s)
	}
}

// Notes on a run that was handed over as a file go to the notebook, and are seen
// and found beside those in the file.
func TestNotesOnAFile(t *testing.T) {
	t.Parallel()
	_, dir := storetest.Open(t, storetest.Spec{Seed: 9, Steps: 3})
	ctx := context.Background()
	file := filepath.Join(t.TempDir(), "handed.db")
	m, err := store.Share(ctx, store.DBPath(dir), file, store.ShareOptions{Version: "test", NowUS: 1e15})
	if err != nil {
		t.Fatal(err)
	}
	handed, err := store.Open(file, store.RoleUntrusted)
	if err != nil {
		t.Fatal(err)
	}
	files, err := source.NewFiles(ctx, handed)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { files.Close() })
	book := filepath.Join(t.TempDir(), "notes.jsonl")
	at := int64(2e15)
	files.Keep(source.Notebook{Author: "cy", Path: func(string) string { return book },
		Add: func(_ context.Context, runID string, notes ...store.Note) ([]store.NoteRow, error) {
			at++
			notes[0].Author = "cy"
			n, err := store.NewNote(runID, at, notes[0])
			if err != nil {
				return nil, err
			}
			rows := []store.NoteRow{{Note: n, TimeUS: at}}
			return rows, store.AppendNotesFile(book, runID, rows...)
		}})
	src := source.NewLocal(files, files, nil)
	t.Cleanup(func() { src.Close() })
	d := start(t, src, setup{runID: m.RunID, w: 100, h: 30, readOnly: true, annotate: true})
	d.Press("3", "enter", "v", "h", "v", "w", "esc", "/")
	d.Type("verdict:wrong@cy -verdict:hack")
	d.Press("enter")
	if s := d.Screen(); strings.Count(s, "  #") != 1 || !strings.Contains(s, "  wrong  ") {
		t.Errorf("the trace is not found\n%s", s)
	}
	d.Press("P")
	if strings.Contains(d.Screen(), "Pause") {
		t.Error("a run in a file can be paused")
	}
}
