package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What readers say of a run at the command line: written, found, listed, taken
// back, merged from a copy, compared, and there after a rebuild.
func TestNotesAtTheCommandLine(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("trains a small run")
	}
	s := newSession(t)
	s.must("run", s.tiny(), "--follow")
	var note struct {
		ID, Author, Text string
		Live             bool
	}
	if err := json.Unmarshal([]byte(s.must("note", "verdict", "tiny/3", "HACK", "--author", "ada", "--json")), &note); err != nil {
		t.Fatal(err)
	}
	if note.Text != "hack" || note.Author != "ada" || !note.Live || len(note.ID) != 26 {
		t.Errorf("%+v", note)
	}
	s.must("note", "tag", "tiny/4", "seen", "--author", "ada")
	s.must("note", "add", "tiny/3", "odd start", "--span", "0..2", "--author", "ada")
	s.must("note", "add", "tiny", "the whole run is odd", "--author", "ada")
	for query, want := range map[string]string{
		"verdict:hack": "1\n", "tag:seen,none": "1\n", "-has:note": "71\n", "author:ada": "2\n", "verdict:hack@bob": "0\n", "note:ODD has:verdict": "1\n",
	} {
		if out := s.must("traces", "tiny", "--count", "--", query); out != want {
			t.Errorf("%s counts %q, want %q", query, out, want)
		}
	}
	if out := s.must("traces", "tiny", "id:3"); !strings.Contains(out, "[hack note]") {
		t.Errorf("%s", out)
	}
	if out := s.must("traces", "tiny", "--id", "3"); !strings.Contains(out, "READERS") || !strings.Contains(out, "odd start") {
		t.Errorf("%s", out)
	}
	if out := s.must("traces", "tiny", "id:3..4", "--json"); strings.Count(out, `"author":"ada"`) != 3 {
		t.Errorf("%s", out)
	}
	// A colleague reads a copy.
	copied := filepath.Join(t.TempDir(), "copy.db")
	bob := &session{t: t, home: filepath.Join(t.TempDir(), "home")}
	if err := os.CopyFS(bob.home, os.DirFS(s.home)); err != nil {
		t.Fatal(err)
	}
	bob.must("note", "verdict", "tiny/3", "ok", "--author", "bob")
	bob.must("note", "verdict", "tiny/4", "ok", "--author", "bob")
	bob.must("share", "tiny", "-o", copied)
	s.must("note", "verdict", "tiny/4", "ok", "--author", "ada")
	for _, want := range []string{"6 notes on run tiny, 2 new", "6 notes on run tiny, 0 new"} {
		if out := s.must("db", "merge", copied); !strings.Contains(out, want) {
			t.Errorf("%s", out)
		}
	}
	if out := s.must("notes", "tiny", "--agreement"); !strings.Contains(out, "2 traces judged by both, 1 alike (50.0 %)") || !strings.Contains(out, "Cohen's kappa 0.000") {
		t.Errorf("%s", out)
	}
	s.must("note", "retract", "tiny", note.ID, "--author", "ada")
	s.must("db", "rebuild", "tiny")
	if out := s.must("notes", "tiny/3"); strings.Contains(out, "hack") || !strings.Contains(out, "odd start  [0..2 ") || !strings.Contains(out, "bob  verdict: ok") {
		t.Errorf("%s", out)
	}
	if out := s.must("notes", "tiny/3", "--all"); !strings.Contains(out, "hack  (no longer stands)") || !strings.Contains(out, "takes back "+note.ID) {
		t.Errorf("%s", out)
	}
	handedOver(t, s, copied)
	refusals(t, s, note.ID)
}

// Somebody who has the run as a file alone writes notes on it and sends them
// back as lines of JSON.
func handedOver(t *testing.T, s *session, file string) {
	t.Helper()
	cy := &session{t: t, home: filepath.Join(t.TempDir(), "home")}
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	cy.must("note", "verdict", file+"/3", "wrong", "--author", "cy")
	cy.must("note", "add", file+"/3", "two words", "--span", "0..1", "--author", "cy")
	if out := cy.must("notes", file); strings.Count(out, "cy  ") != 2 || !strings.Contains(out, "bob  verdict: ok") {
		t.Errorf("%s", out)
	}
	if out := cy.must("notes", file, "--agreement"); !strings.Contains(out, "bob (rows) and cy (columns): 1 trace judged by both") {
		t.Errorf("%s", out)
	}
	lines := filepath.Join(t.TempDir(), "cy.jsonl")
	if err := os.WriteFile(lines, []byte(cy.must("notes", file, "--author", "cy", "--all", "--json")), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"2 notes", " 0 new"} {
		if out := s.must("db", "merge", lines); !strings.Contains(out, want) {
			t.Errorf("%s", out)
		}
	}
	if out := s.must("traces", "tiny", "verdict:wrong@cy", "--count"); out != "1\n" {
		t.Errorf("%s", out)
	}
	if after, err := os.ReadFile(file); err != nil || !bytes.Equal(before, after) {
		t.Error("the file was changed")
	}
	if code, _, errs := cy.do("db", "merge", lines); code != exitFailed || !strings.Contains(errs, "which is not here") {
		t.Errorf("exit %d: %s", code, errs)
	}
	if code, _, errs := cy.do("note", "verdict", file+"/999", "ok"); code != exitUsage || !strings.Contains(errs, "has no trace 999") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

func refusals(t *testing.T, s *session, taken string) {
	t.Helper()
	other := filepath.Join(t.TempDir(), "other.db")
	if err := os.WriteFile(other, []byte("SQLite format 3\x00 and then not"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args string
		code int
		want string
	}{
		{"note verdict tiny/300 ok", exitUsage, "run tiny has no trace 300"},
		{"note verdict tiny/x ok", exitUsage, "no number of a trace"},
		{"note verdict tiny/3 two,words", exitUsage, "a verdict is a word of letters"},
		{"note verdict tiny/3", exitUsage, "wants RUN/TRACE VERDICT"},
		{"note tag nobody/3 x", exitUsage, "nobody"},
		{"note add tiny/3 x --span 5..2", exitUsage, "no span"},
		{"note add tiny/3 x --span five", exitUsage, "FROM..TO"},
		{"note add tiny/3 x --quote zebra", exitUsage, "does not occur"},
		{"note add tiny x --span 1..2", exitUsage, "point into a trace"},
		{"note retract tiny 0000", exitUsage, "has no note"},
		{"note retract tiny " + taken, exitUsage, "taken back already"},
		{"note retract tiny 0 --author eve", exitUsage, ""},
		{"notes tiny --kind shout", exitUsage, "note, tag or verdict"},
		{"traces tiny stpe:3", exitUsage, "column 1"},
		{"traces tiny acuracy<1", exitUsage, "did you mean accuracy?"},
		{"traces tiny -tag:x", exitUsage, "write --"},
		{"db merge", exitUsage, "FILE"},
		{"db merge nowhere.db", exitFailed, "no such file"},
		{"db merge " + other, exitFailed, "not a"},
	} {
		code, out, errs := s.do(strings.Fields(tt.args)...)
		if code != tt.code || !strings.Contains(errs, tt.want) || out != "" {
			t.Errorf("gradus %s: exit %d, want %d and %q\n%s%s", tt.args, code, tt.code, tt.want, out, errs)
		}
	}
}
