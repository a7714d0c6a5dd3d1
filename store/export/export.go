package export

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"gradus/store"
	"gradus/store/parquet"
)

// Options say what is written, and how.
type Options struct {
	Format string            // jsonl, csv, parquet, tensorboard
	Query  store.SampleQuery // which traces; without regard to its After, Newest and Limit
	Tokens bool              // also a row for each token; large
}

// Formats are the values of Options.Format.
func Formats() []string { return []string{"jsonl", "csv", "parquet", "tensorboard"} }

// File is a file that was written.
type File struct {
	Path string `json:"path"`
	Rows int64  `json:"rows"`
}

// sink takes the rows of one table.
type sink interface {
	Write(row []any) error
	Close() error
}

// Write writes the record of a run into the folder dir, which must be missing
// or empty: a file for each table that has rows, and run.json. Each file
// appears when it is complete.
func Write(ctx context.Context, db *store.DB, dir string, opt Options) ([]File, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	if len(entries) > 0 {
		return nil, fmt.Errorf("export into %s: the folder is not empty; name another one", dir)
	}
	h, err := db.Header(ctx)
	if err != nil {
		return nil, err
	}
	var files []File
	if opt.Format == "tensorboard" {
		f, err := tensorboard(ctx, db, h, dir)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	} else if files, err = writeTables(ctx, db, h, dir, opt); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "run.json")
	err = create(path, func(w io.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(h)
	})
	return append(files, File{path, 1}), err
}

func writeTables(ctx context.Context, db *store.DB, h store.RunHeader, dir string, opt Options) ([]File, error) {
	var files []File
	for _, t := range tables(db, valid(h.ID), opt) {
		f := File{Path: filepath.Join(dir, t.name+"."+opt.Format)}
		err := create(f.Path, func(w io.Writer) error {
			var to sink
			err := t.read(ctx, func(columns []parquet.Column) (err error) {
				to, err = newSink(opt.Format, w, columns, h)
				return err
			}, func(row []any) error {
				if f.Rows++; f.Rows%1024 == 0 && ctx.Err() != nil {
					return ctx.Err()
				}
				return to.Write(row)
			})
			if err == nil {
				err = to.Close()
			}
			if err == nil && f.Rows == 0 {
				err = errEmpty
			}
			return err
		})
		if errors.Is(err, errEmpty) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("export %s: %w", t.name, err)
		}
		files = append(files, f)
	}
	return files, nil
}

// errEmpty says that a table has no row and needs no file.
var errEmpty = errors.New("no rows")

func newSink(format string, w io.Writer, columns []parquet.Column, h store.RunHeader) (sink, error) {
	switch format {
	case "jsonl":
		return &jsonLines{w: w, columns: columns}, nil
	case "csv":
		return newCSV(w, columns)
	case "parquet":
		return parquet.NewWriter(w, columns, [2]string{"gradus.run_id", h.ID}, [2]string{"gradus.run_name", valid(h.Name)}, [2]string{"gradus.version", h.Version})
	}
	return nil, fmt.Errorf("there is no format %q; want %s", format, strings.Join(Formats(), ", "))
}

// create writes a file under a temporary name and gives it its own when it is
// complete and synced.
func create(path string, fill func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".part-")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	w := bufio.NewWriterSize(f, 1<<20)
	if err := fill(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
