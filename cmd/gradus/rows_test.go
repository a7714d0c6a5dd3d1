package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestRowsKeepTheirFile: a command that reads rows never writes over the file
// that it reads.
func TestRowsKeepTheirFile(t *testing.T) {
	s := newSession(t)
	dir := t.TempDir()
	in, link := filepath.Join(dir, "in.jsonl"), filepath.Join(dir, "link.jsonl")
	const rows = `{"gold":"1","pred":"1","completions":["<think>a</think>b"]}` + "\n"
	if err := errors.Join(os.WriteFile(in, []byte(rows), 0o600), os.Symlink(in, link)); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"reward", "verify", "--in", in, "--out", in},
		{"reward", "verify", "--in", in, "--out", link},
		{"reward", "score", "--reward", "r1.format", "--in", link, "--out", in},
		{"reward", "fuzz", "--in", in, "--rows", in},
	} {
		code, _, errs := s.do(args...)
		if kept, err := os.ReadFile(in); err != nil || string(kept) != rows {
			t.Fatalf("%v left %q, %v", args, kept, err)
		}
		if code != exitUsage || !strings.Contains(errs, "is the file that is read") {
			t.Errorf("%v: exit %d, %s", args, code, errs)
		}
	}
	var out, errs bytes.Buffer
	a := s.app(&out, &errs)
	stdin, err := os.Open(in)
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	a.stdin = stdin
	if code := a.run(t.Context(), []string{"reward", "verify", "--out", in}); code != exitUsage || !strings.Contains(errs.String(), "is the file that is read") {
		t.Errorf("of the standard input: exit %d, %s", code, errs.String())
	}
	if code, _, errs := s.do("reward", "verify", "--in", in, "--out", filepath.Join(dir, "out.jsonl")); code != exitDone {
		t.Errorf("to another file: exit %d, %s", code, errs)
	}
}

// TestRowsInterrupted: a command that waits for rows ends when it is
// interrupted, keeps what it had answered, and writes nothing of the row that it
// was at.
func TestRowsInterrupted(t *testing.T) {
	s := newSession(t)
	for _, args := range [][]string{{"reward", "verify"}, {"reward", "score", "--reward", "r1.format", "--in", "-"}} {
		read, write, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		ctx, interrupt := context.WithCancel(t.Context())
		var out, errs bytes.Buffer
		a := s.app(&out, &errs)
		a.stdin = read
		done := make(chan int)
		go func() { done <- a.run(ctx, args) }()
		// More than is read at once: when all is written some has been judged.
		row := `{"gold":"1","pred":"1","completions":["<think>a</think>b"],"pad":"` + strings.Repeat("x", 1<<16) + "\"}\n"
		if _, err := io.WriteString(write, row+row+row); err != nil {
			t.Fatal(err)
		}
		interrupt()
		if code := <-done; code != exitFailed || !strings.Contains(errs.String(), "the standard input: interrupted") {
			t.Errorf("%v: exit %d, %s", args, code, errs.String())
		}
		if got := out.String(); got != "" && !strings.HasSuffix(got, "}\n") {
			t.Errorf("%v wrote a part of a row: …%q", args, got[max(0, len(got)-50):])
		}
		write.Close()
		read.Close()
	}
	ctx, interrupt := context.WithCancel(t.Context())
	in := filepath.Join(t.TempDir(), "in.jsonl")
	if err := os.WriteFile(in, []byte("{}\n{}\n{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	rows := 0
	err := s.app(&out, &errs).eachRow(ctx, in, "", func([]byte) ([]byte, error) {
		if rows++; rows == 2 {
			interrupt()
		}
		return []byte("answered"), nil
	})
	if !errors.Is(err, context.Canceled) || out.String() != "answered\n" {
		t.Errorf("%v, wrote %q", err, out.String())
	}
}

// TestRowsAreUTF8: whatever bytes a row holds, what is written is JSON.
func TestRowsAreUTF8(t *testing.T) {
	s := newSession(t)
	in := filepath.Join(t.TempDir(), "in.jsonl")
	if err := os.WriteFile(in, []byte("{\"gold\":\"1\",\"pred\":\"1\",\"completions\":[\"a\xc3\"],\"note\":\"\xff\xfe\"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"reward", "verify", "--in", in}, {"reward", "score", "--reward", "r1.format", "--in", in}} {
		if out := s.must(args...); !utf8.ValidString(out) || !json.Valid([]byte(out)) || !strings.Contains(out, "\ufffd") {
			t.Errorf("%v: %q", args, out)
		}
	}
}

// TestFullDisk: what a person cannot be told is told by the exit code.
func TestFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	for _, args := range [][]string{{"reward", "list"}, {"reward", "setup", "r1"}, {"runs", "--all"}, {"reward", "list", "--json"}} {
		var errs bytes.Buffer
		a := newSession(t).app(nil, &errs)
		a.stdout = full
		if code := a.run(t.Context(), args); code != exitFailed || strings.Count(errs.String(), "\n") != 1 || !strings.Contains(errs.String(), "no space left") {
			t.Errorf("%v: exit %d, %q", args, code, errs.String())
		}
	}
}
