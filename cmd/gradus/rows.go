package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

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
	rows, failed := 0, 0
	err = eachLine(ctx, in, maxRow, func(number int, row []byte, err error) error {
		rows++
		var answered []byte
		if err == nil {
			answered, err = answer(row)
		}
		if err != nil {
			failed++
			err = fmt.Errorf("line %d of %s: %w", number, path, err)
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
		return fmt.Errorf("rows of %s: %w", path, err)
	case failed > 0:
		return fmt.Errorf("%d of %s of %s could not be answered; the others are", failed, text.Count(rows, "row"), path)
	case rows == 0:
		return usage(fmt.Errorf("%s holds no rows", path))
	}
	return nil
}

// rowFiles opens the files of a command that reads rows and writes rows; "-"
// and "" are the standard input and output. done ends the writing.
func (a *app) rowFiles(in, out string) (r io.Reader, w *bufio.Writer, done func() error, err error) {
	r, to := io.Reader(a.stdin), a.stdout
	var files []*os.File
	done = func() error {
		err := w.Flush()
		for _, f := range files {
			err = errors.Join(err, f.Close())
		}
		return err
	}
	if in != "-" && in != "" {
		f, err := os.Open(in)
		if err != nil {
			return nil, nil, nil, usage(fmt.Errorf("read rows: %w", err))
		}
		r, files = f, append(files, f)
	}
	if out != "-" && out != "" {
		f, err := os.Create(out)
		if err != nil {
			for _, open := range files {
				open.Close()
			}
			return nil, nil, nil, usage(fmt.Errorf("write rows: %w", err))
		}
		to, files = f, append(files, f)
	}
	w = bufio.NewWriter(to)
	return r, w, done, nil
}

// eachLine is lines.Each until ctx ends.
func eachLine(ctx context.Context, r io.Reader, most int, f func(number int, line []byte, err error) error) error {
	return lines.Each(r, most, func(number int, line []byte, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return f(number, line, err)
	})
}
