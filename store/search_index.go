package store

import (
	"context"
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
	for {
		n, err := in.indexSome()
		if err != nil {
			return fmt.Errorf("index the traces of %s: %w", in.dbPath, err)
		}
		if n == 0 {
			return nil
		}
		if err := in.truncateWAL(); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

func (in *Ingester) indexSome() (n int, err error) {
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
	if err := in.f.exec(putCursor, "fts", 0, 0, last); err != nil {
		return 0, err
	}
	if _, err := in.f.conn.ExecContext(context.Background(), "COMMIT"); err != nil {
		return 0, err
	}
	in.f.indexed = last
	return len(texts), nil
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
