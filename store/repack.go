package store

import (
	"context"
	"fmt"
)

// textEdit decides about the text of one trace: what it becomes, which must be
// of the same length, and whether it stays at all.
type textEdit func(id int64, text string) (edited string, keep bool)

// rewriteTexts lets edit decide about every stored text. Blocks that hold a
// text which changes or goes are made anew without it: nothing of it stays in
// them. It returns the traces whose text changed and those whose text went,
// with the bytes of the latter. It runs inside the folder's transaction.
func (in *Ingester) rewriteTexts(ctx context.Context, edit textEdit) (changed, gone []int64, bytes int64, err error) {
	r := textRewriter{in: in, ctx: ctx, edit: edit}
	if err := r.short(); err != nil {
		return nil, nil, 0, err
	}
	if err := r.long(); err != nil {
		return nil, nil, 0, err
	}
	in.blocks.clear()
	return r.changed, r.gone, r.bytes, nil
}

type textRewriter struct {
	in            *Ingester
	ctx           context.Context
	edit          textEdit
	changed, gone []int64
	bytes         int64 // of what went
}

func (r *textRewriter) exec(query string, args ...any) error {
	_, err := r.in.f.conn.ExecContext(r.ctx, query, args...)
	return err
}

// short edits the texts that lie uncompressed in rows of their own.
func (r *textRewriter) short() error {
	const page = 4096
	for after := int64(0); ; {
		type row struct {
			id   int64
			text string
		}
		var list []row
		rows, err := r.in.f.conn.QueryContext(r.ctx, `SELECT sample, text FROM sample_text WHERE sample > ? ORDER BY sample LIMIT ?`, after, page)
		if err != nil {
			return err
		}
		for rows.Next() {
			var v row
			var b []byte
			if err := rows.Scan(&v.id, &b); err != nil {
				rows.Close()
				return err
			}
			v.text = string(b)
			list = append(list, v)
		}
		if err := rows.Close(); err != nil {
			return err
		}
		if err := rows.Err(); err != nil {
			return err
		}
		if len(list) == 0 {
			return nil
		}
		for _, v := range list {
			after = v.id
			text, keep := r.edit(v.id, v.text)
			switch {
			case !keep:
				r.gone = append(r.gone, v.id)
				r.bytes += int64(len(v.text))
				err = r.exec(`DELETE FROM sample_text WHERE sample = ?`, v.id)
			case text != v.text:
				if err = r.note(v.id, v.text, text); err == nil {
					err = r.exec(`UPDATE sample_text SET text = ? WHERE sample = ?`, sqlText(text), v.id)
				}
			}
			if err != nil {
				return err
			}
		}
	}
}

// note marks a trace as changed and gives it the checksum of its new text.
func (r *textRewriter) note(id int64, old, text string) error {
	if len(old) != len(text) {
		return fmt.Errorf("trace %d: its text of %d bytes became one of %d; spans would point elsewhere", id, len(old), len(text))
	}
	r.changed = append(r.changed, id)
	return r.exec(`UPDATE sample SET crc = ? WHERE id = ?`, textSum(text), id)
}

type placedText struct {
	id    int64
	place textPlace
}

// long edits the texts in blocks. The traces of a block follow one another.
func (r *textRewriter) long() error {
	rows, err := r.in.f.conn.QueryContext(r.ctx, `SELECT id, block, off, bytes FROM sample WHERE block IS NOT NULL ORDER BY block, id`)
	if err != nil {
		return err
	}
	var all []placedText
	for rows.Next() {
		var t placedText
		if err := rows.Scan(&t.id, &t.place.block, &t.place.off, &t.place.bytes); err != nil {
			rows.Close()
			return err
		}
		all = append(all, t)
	}
	if err := rows.Close(); err != nil {
		return err
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].place.block == all[0].place.block {
			n++
		}
		if err := r.block(all[:n]); err != nil {
			return fmt.Errorf("block %d of texts: %w", all[0].place.block.Int64, err)
		}
		if all = all[n:]; r.ctx.Err() != nil {
			return r.ctx.Err()
		}
	}
	return nil
}

func (r *textRewriter) block(list []placedText) error {
	id := list[0].place.block.Int64
	var plain []byte
	offs := make([]int, len(list))
	same, kept := true, 0
	for i, t := range list {
		old, err := r.in.blocks.text(t.place, r.in.readBlock)
		if err != nil {
			return err
		}
		text, keep := r.edit(t.id, old)
		if !keep {
			same, offs[i] = false, -1
			r.gone = append(r.gone, t.id)
			r.bytes += int64(len(old))
			continue
		}
		if text != old {
			same = false
			if err := r.note(t.id, old, text); err != nil {
				return err
			}
		}
		offs[i] = len(plain)
		plain = append(plain, text...)
		kept++
	}
	if same {
		return nil
	}
	if kept == 0 {
		if err := r.exec(`DELETE FROM text_block WHERE id = ?`, id); err != nil {
			return err
		}
	} else if err := r.exec(`UPDATE text_block SET z = ? WHERE id = ?`, r.in.enc.EncodeAll(plain, nil), id); err != nil {
		return err
	}
	for i, t := range list {
		var err error
		if offs[i] < 0 {
			err = r.exec(`UPDATE sample SET block = NULL, off = NULL WHERE id = ?`, t.id)
		} else {
			err = r.exec(`UPDATE sample SET off = ? WHERE id = ?`, offs[i], t.id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// tokenPlace is where the token data of a trace is.
type tokenPlace struct{ sample, block, pos int64 }

// tokenPlaces are all of them, block by block.
func (in *Ingester) tokenPlaces(ctx context.Context) ([]tokenPlace, error) {
	rows, err := in.f.conn.QueryContext(ctx, `SELECT sample, block, pos FROM sample_tok ORDER BY block, pos`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []tokenPlace
	for rows.Next() {
		var v tokenPlace
		if err := rows.Scan(&v.sample, &v.block, &v.pos); err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

// dropTokens removes the token data of the traces that gone names, and returns
// how many had any. Blocks are made anew without it.
func (in *Ingester) dropTokens(ctx context.Context, gone func(id int64) bool) (n int64, err error) {
	all, err := in.tokenPlaces(ctx)
	if err != nil {
		return 0, err
	}
	exec := func(query string, args ...any) {
		if err == nil {
			_, err = in.f.conn.ExecContext(ctx, query, args...)
		}
	}
	for len(all) > 0 && err == nil {
		k := 1
		for k < len(all) && all[k].block == all[0].block {
			k++
		}
		list, block := all[:k], all[0].block
		all = all[k:]
		kept := make([]tokenPlace, 0, len(list))
		for _, v := range list {
			if !gone(v.sample) {
				kept = append(kept, v)
				continue
			}
			n++
			exec(`DELETE FROM sample_tok WHERE sample = ?`, v.sample)
		}
		switch {
		case len(kept) == len(list):
			continue
		case len(kept) == 0:
			exec(`DELETE FROM tok_block WHERE id = ?`, block)
			continue
		}
		var z []byte
		if err = in.f.conn.QueryRowContext(ctx, `SELECT z FROM tok_block WHERE id = ?`, block).Scan(&z); err != nil {
			break
		}
		data, e := unpackTokens(in.dec, z)
		if err = e; err != nil {
			break
		}
		p := tokPacker{enc: in.enc}
		for i, v := range kept {
			if v.pos < 0 || v.pos >= int64(len(data)) {
				return n, fmt.Errorf("trace %d: %w", v.sample, errTokens)
			}
			p.add(data[v.pos])
			exec(`UPDATE sample_tok SET pos = ? WHERE sample = ?`, i, v.sample)
		}
		p.flush()
		if len(p.blocks) != 1 { // fewer than were in one block before
			return n, fmt.Errorf("block %d of token data fell into %d", block, len(p.blocks))
		}
		exec(`UPDATE tok_block SET z = ?, crc = ? WHERE id = ?`, p.blocks[0], bytesSum(p.blocks[0]), block)
	}
	if err != nil {
		return n, fmt.Errorf("token data: %w", err)
	}
	return n, nil
}

// reindex makes the search indexes anew from the texts that are stored now. It
// is called outside of a transaction.
func (in *Ingester) reindex(ctx context.Context) error {
	if err := in.f.begin(); err != nil {
		return err
	}
	_, err := in.f.conn.ExecContext(ctx, `INSERT INTO sample_fts(sample_fts) VALUES('delete-all'); INSERT INTO prompt_fts(prompt_fts) VALUES('delete-all')`)
	for _, src := range []string{srcTexts, srcPrompts} {
		if err == nil {
			err = in.f.exec(putCursor, src, 0, 0, 0)
		}
	}
	if err == nil {
		_, err = in.f.conn.ExecContext(ctx, "COMMIT")
	}
	if err != nil {
		in.f.rollback()
		return fmt.Errorf("make the search index anew: %w", err)
	}
	in.f.indexed, in.f.prompted = 0, 0
	return in.indexAll(ctx)
}
