package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"unicode/utf8"

	"gradus/rewards/lines"
	"gradus/tui/text"
)

// maxRow bounds the bytes of a row of completions; a longer one is reported
// and the rows after it are still read.
const maxRow = 64 << 20

// eachRow reads a JSONL file ("-" is the standard input), hands every row to
// answer, and writes what it returns, one line a row, in order. A row that
// cannot be answered is written as {"error": …}, named on the error output,
// and loses nothing but itself; the error returned at the end counts them.
func (a *app) eachRow(ctx context.Context, path, out string, answer func(row []byte) ([]byte, error)) (err error) {
	in, w, done, err := a.rowFiles(path, out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	name, rows, failed := inputName(path), 0, 0
	err = eachLine(ctx, in, maxRow, func(number int, row []byte, err error) error {
		rows++
		var answered []byte
		if err == nil {
			answered, err = answer(row)
		}
		if ctx.Err() != nil {
			return ctx.Err() // what was answered is of a call that was broken off
		}
		if err != nil {
			failed++
			err = fmt.Errorf("line %d of %s: %w", number, name, err)
			fmt.Fprintf(a.stderr, "gradus: %s\n", text.Line(err.Error()))
			if answered, err = json.Marshal(map[string]string{"error": err.Error()}); err != nil {
				return err
			}
		}
		if _, err := w.Write(append(answered, '\n')); err != nil {
			return fmt.Errorf("write rows: %w", err)
		}
		return nil
	})
	switch {
	case err != nil:
		return fmt.Errorf("rows of %s: %w", name, err)
	case failed > 0:
		return fmt.Errorf("%d of %s of %s could not be answered; the others are", failed, text.Count(rows, "row"), name)
	case rows == 0:
		return noRows(path)
	}
	return nil
}

// inputName is what to call a file of rows.
func inputName(path string) string {
	if path == "-" || path == "" {
		return "the standard input"
	}
	return path
}

// noRows says that a file of rows is empty, which is hardly ever meant.
func noRows(path string) error { return usage(fmt.Errorf("%s holds no rows", inputName(path))) }

// rowFiles opens the files of a command that reads rows and writes rows; "-"
// and "" are the standard input and output. done ends the writing. The file that
// is read is never written over.
func (a *app) rowFiles(in, out string) (r io.Reader, w *bufio.Writer, done func() error, err error) {
	from, err := a.openRows(in)
	if err != nil {
		return nil, nil, nil, err
	}
	to, files := a.stdout, []*os.File{from}
	if out != "-" && out != "" {
		f, err := createBeside(out, from)
		if err != nil {
			a.closeRows(from)
			return nil, nil, nil, err
		}
		to, files = f, append(files, f)
	}
	w = bufio.NewWriter(to)
	done = func() error {
		err := w.Flush()
		for _, f := range files {
			err = errors.Join(err, a.closeRows(f))
		}
		return err
	}
	return from, w, done, nil
}

// openRows opens a file of rows, to be closed by closeRows; "-" and "" are the
// standard input.
func (a *app) openRows(in string) (*os.File, error) {
	if in == "-" || in == "" {
		return a.stdin, nil
	}
	f, err := os.Open(in)
	if err != nil {
		return nil, usage(fmt.Errorf("read rows: %w", err))
	}
	return f, nil
}

func (a *app) closeRows(f *os.File) error {
	if f == a.stdin {
		return nil
	}
	return f.Close()
}

// createBeside creates the file out, unless it is the one that from reads: to
// create it would empty what is still to be read.
func createBeside(out string, from *os.File) (*os.File, error) {
	there, err := os.Stat(out)
	if err == nil && there.Mode().IsRegular() {
		if read, err := from.Stat(); err == nil && os.SameFile(there, read) {
			return nil, usage(fmt.Errorf("write rows: %s is the file that is read; write to another one", out))
		}
	}
	f, err := os.Create(out)
	if err != nil {
		return nil, usage(fmt.Errorf("write rows: %w", err))
	}
	return f, nil
}

// eachLine is lines.Each until ctx ends, also while it waits for a line. Bytes
// that are no UTF-8 are replaced: a row that is written again must be JSON.
func eachLine(ctx context.Context, r io.Reader, most int, f func(number int, line []byte, err error) error) error {
	return lines.Each(&untilDone{ctx: ctx, r: r}, most, func(number int, line []byte, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !utf8.Valid(line) {
			line = bytes.ToValidUTF8(line, []byte("\ufffd"))
		}
		return f(number, line, err)
	})
}

// untilDone reads until ctx ends: a person who interrupts a command that waits
// for a terminal or a pipe must not wait for its next line. What is being read
// then is lost.
type untilDone struct {
	ctx context.Context
	r   io.Reader
	buf []byte // read into, so that a read given up writes where nobody looks
}

func (u *untilDone) Read(p []byte) (int, error) {
	if len(u.buf) < len(p) {
		u.buf = make([]byte, len(p))
	}
	type result struct {
		n   int
		err error
	}
	got := make(chan result, 1)
	go func(buf []byte) {
		n, err := u.r.Read(buf)
		got <- result{n, err}
	}(u.buf[:len(p)])
	select {
	case r := <-got:
		return copy(p, u.buf[:r.n]), r.err
	case <-u.ctx.Done():
		return 0, u.ctx.Err()
	}
}
