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

	"gradus/tui/text"
)

// maxRow is the longest line of a JSONL file that is read, in bytes.
const maxRow = 64 << 20

// eachRow reads a JSONL file ("-" is the standard input), hands every row to
// answer, and writes what it returns, one line a row, in order. A row that
// cannot be answered is written as {"error": …}, named on the error output,
// and loses nothing but itself; the error returned at the end counts them.
func (a *app) eachRow(ctx context.Context, path, out string, answer func(row []byte) ([]byte, error)) (err error) {
	in := io.Reader(a.stdin)
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return usage(fmt.Errorf("read rows: %w", err))
		}
		defer f.Close()
		in = f
	}
	to := a.stdout
	if out != "" {
		f, err := os.Create(out)
		if err != nil {
			return fmt.Errorf("write rows: %w", err)
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		to = f
	}
	w := bufio.NewWriter(to)
	defer func() { err = errors.Join(err, w.Flush()) }()
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 0, 64<<10), maxRow)
	rows, failed := 0, 0
	for number := 1; lines.Scan(); number++ {
		row := bytes.TrimSpace(lines.Bytes())
		if number == 1 {
			row = bytes.TrimPrefix(row, []byte("\xef\xbb\xbf"))
		}
		if len(row) == 0 {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		rows++
		answered, err := answer(row)
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
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return fmt.Errorf("row %d of %s is longer than %d MiB; the %d rows before it are answered", rows+1, path, maxRow>>20, rows)
	case err != nil:
		return fmt.Errorf("read rows: %w", err)
	case failed > 0:
		return fmt.Errorf("%d of %d rows of %s could not be answered; the others are", failed, rows, path)
	case rows == 0:
		return usage(fmt.Errorf("%s holds no rows", path))
	}
	return nil
}
