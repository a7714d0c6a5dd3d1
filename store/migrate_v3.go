package store

import (
	"context"
	"errors"
	"fmt"
)

// Version 3 kept no means over the tokens of a completion, did not index the
// words of prompts, and left the ledger to gradus. The tables are changed, and
// the means are computed from the token data that is stored. The next fold
// indexes the prompts, and seals anew what had been sealed, with the ledger.
func migrateV3(ctx context.Context, path string, how opening) error {
	if err := changeSchema(ctx, path, how, v4SQL+"\nDELETE FROM seal; PRAGMA user_version=4;"); err != nil {
		return err
	}
	in, err := how.ingester(ctx, path)
	if err == nil {
		err = in.change(ctx, func() error { return in.fillMeans(ctx) })
		err = errors.Join(err, in.Close()) // which empties the write-ahead log
	}
	if err != nil {
		return fmt.Errorf("compute means: %w", err)
	}
	return nil
}

// fillMeans computes the means of every completion that has token data.
func (in *Ingester) fillMeans(ctx context.Context) error {
	all, err := in.tokenPlaces(ctx)
	if err != nil {
		return err
	}
	update, err := in.f.conn.PrepareContext(ctx, `UPDATE sample SET logprob = ?, entropy = ? WHERE id = ?`)
	if err != nil {
		return err
	}
	defer update.Close()
	still := context.WithoutCancel(ctx) // go-sqlite3 starts a goroutine for each call that can be cancelled
	held := int64(-1)
	var data []tokenData
	for i, v := range all {
		if v.block != held {
			tell(ctx, "computing means of tokens", int64(i), int64(len(all)))
			var z []byte
			if err := in.f.conn.QueryRowContext(ctx, `SELECT z FROM tok_block WHERE id = ?`, v.block).Scan(&z); err != nil {
				return fmt.Errorf("block %d of token data: %w", v.block, err)
			}
			if data, err = unpackTokens(in.dec, z); err != nil {
				return fmt.Errorf("block %d of token data: %w", v.block, err)
			}
			held = v.block
		}
		if v.pos < 0 || v.pos >= int64(len(data)) {
			return fmt.Errorf("trace %d: %w", v.sample, errTokens)
		}
		var row packedRow
		row.setMeans(&data[v.pos])
		if _, err := update.ExecContext(still, row.logprob, row.entropy, v.sample); err != nil {
			return err
		}
	}
	return nil
}
