package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// indexRows is how many traces one transaction adds to the search index: few
// enough that a live fold never waits long for it.
const indexRows = 512

// indexAll brings the full-text index up to the last sample. It runs after
// the rows are committed and keeps a cursor of its own, so that a large
// backlog shows up in tables at once and becomes searchable a little later.
func (in *Ingester) indexAll(ctx context.Context) error {
	for _, some := range []struct {
		what  string
		index func(context.Context) (int, error)
		done  func() (done, total int64)
	}{
		{"prompts", in.indexPrompts, func() (int64, int64) { return in.f.prompted, 0 }},
		{"traces", in.indexSome, func() (int64, int64) { return in.f.indexed, in.f.sample }},
	} {
		for {
			n, err := some.index(ctx)
			if err != nil {
				return fmt.Errorf("index the %s of %s: %w", some.what, in.dbPath, err)
			}
			if n == 0 {
				break
			}
			done, total := some.done()
			tell(ctx, "indexing "+some.what, done, total)
			if err := in.truncateWAL(); err != nil {
				return err
			}
			if err := ctx.Err(); err != nil {
				return err
			}
		}
	}
	return nil
}

// indexPrompts adds the next prompts to their index.
func (in *Ingester) indexPrompts(ctx context.Context) (n int, err error) {
	type prompt struct {
		id       int64
		plain, z []byte
	}
	var list []prompt
	rows, err := in.f.stmts[nextPrompts].QueryContext(ctx, in.f.prompted, indexRows)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var p prompt
		if err := rows.Scan(&p.id, &p.plain, &p.z); err != nil {
			return 0, err
		}
		list = append(list, p)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil || len(list) == 0 {
		return 0, err
	}
	last := list[len(list)-1].id
	err = in.change(ctx, func() error {
		for _, p := range list {
			text, err := unpackText(in.dec, p.plain, p.z)
			if err != nil {
				return fmt.Errorf("prompt %d: %w", p.id, err)
			}
			if err := in.f.exec(putPromptIndex, p.id, strings.ToValidUTF8(text, " ")); err != nil {
				return err
			}
		}
		return in.f.exec(putCursor, srcPrompts, 0, 0, last)
	})
	if err != nil {
		return 0, err
	}
	in.f.prompted = last
	return len(list), nil
}

// indexSome adds the next completions to the search index.
func (in *Ingester) indexSome(context.Context) (n int, err error) {
	if in.f.indexed >= in.f.sample {
		return 0, nil
	}
	if err := in.f.begin(); err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			in.f.rollback()
		}
	}()
	texts, err := in.texts(in.f.indexed, indexRows)
	if err != nil {
		return 0, err
	}
	last := in.f.indexed
	for _, t := range texts {
		last = t.id
		if t.removed {
			continue
		}
		// The tokenizer wants UTF-8; what is not becomes a separator.
		if err := in.f.exec(putIndex, t.id, strings.ToValidUTF8(t.text, " ")); err != nil {
			return 0, err
		}
	}
	if len(texts) == 0 {
		last = in.f.sample
	}
	if err := in.f.exec(putCursor, srcTexts, 0, 0, last); err != nil {
		return 0, err
	}
	if _, err := in.f.conn.ExecContext(context.Background(), "COMMIT"); err != nil {
		return 0, err
	}
	in.f.indexed = last
	return len(texts), nil
}

// mergeIndexes puts the search indexes in order, which makes them smaller.
func (in *Ingester) mergeIndexes(ctx context.Context) error {
	for _, query := range []string{`INSERT INTO sample_fts(sample_fts) VALUES('optimize')`, `INSERT INTO prompt_fts(prompt_fts) VALUES('optimize')`} {
		if _, err := in.f.conn.ExecContext(ctx, query); err != nil {
			return err
		}
	}
	return nil
}

type indexText struct {
	id      int64
	text    string
	removed bool
}

// texts are the completions after trace after, at most limit of them.
func (in *Ingester) texts(after int64, limit int) ([]indexText, error) {
	rows, err := in.f.stmts[nextTexts].Query(after, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []indexText
	var blocks []textPlace
	for rows.Next() {
		var t indexText
		var p textPlace
		var plain []byte
		var flags int
		if err := rows.Scan(&t.id, &plain, &p.block, &p.off, &p.bytes, &flags); err != nil {
			return nil, err
		}
		t.text, t.removed = string(plain), flags&flagRemoved != 0
		out, blocks = append(out, t), append(blocks, p)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	for i, p := range blocks {
		if !p.block.Valid {
			continue
		}
		if out[i].text, err = in.blocks.text(p, in.readBlock); err != nil {
			return nil, fmt.Errorf("trace %d: %w", out[i].id, err)
		}
	}
	return out, nil
}

func (in *Ingester) readBlock(id int64) (z []byte, err error) {
	err = in.f.stmts[getBlock].QueryRow(id).Scan(&z)
	return z, err
}
