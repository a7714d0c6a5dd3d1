package store

import (
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// textPlace is where a text is in the blocks.
type textPlace struct {
	block, off sql.NullInt64
	bytes      int64
}

// blockCache keeps the last few blocks decompressed: a page of traces lies in
// one or two. It is safe for use by several goroutines.
type blockCache struct {
	dec *zstd.Decoder

	mu    sync.Mutex
	held  map[int64]string
	order []int64 // oldest first
	size  int
}

const maxHeld = 4 << 20 // bytes of decompressed blocks

func newBlockCache(dec *zstd.Decoder) *blockCache {
	return &blockCache{dec: dec, held: map[int64]string{}}
}

// text returns the text at p. read fetches a block that is not held.
func (c *blockCache) text(p textPlace, read func(id int64) ([]byte, error)) (string, error) {
	c.mu.Lock()
	block, ok := c.held[p.block.Int64]
	c.mu.Unlock()
	if !ok {
		z, err := read(p.block.Int64)
		if errors.Is(err, sql.ErrNoRows) {
			return "", fmt.Errorf("its text should be in block %d, which is missing; rebuild the database from the run's log", p.block.Int64)
		}
		if err != nil {
			return "", err
		}
		b, err := c.dec.DecodeAll(z, nil)
		if err != nil {
			return "", fmt.Errorf("decompress block %d of stored texts: %w; rebuild the database from the run's log", p.block.Int64, err)
		}
		block = string(b)
		c.hold(p.block.Int64, block)
	}
	from, to := p.off.Int64, p.off.Int64+p.bytes
	if from < 0 || p.bytes < 0 || to > int64(len(block)) {
		return "", fmt.Errorf("its text should be bytes %d to %d of block %d, which has %d; rebuild the database from the run's log",
			from, to, p.block.Int64, len(block))
	}
	return block[from:to], nil
}

func (c *blockCache) hold(id int64, block string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.held[id]; ok {
		return
	}
	c.held[id] = block
	c.order = append(c.order, id)
	c.size += len(block)
	for c.size > maxHeld && len(c.order) > 1 {
		old := c.order[0]
		c.order = c.order[1:]
		c.size -= len(c.held[old])
		delete(c.held, old)
	}
}

// clear forgets all: another file was put in place.
func (c *blockCache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.held)
	c.order, c.size = nil, 0
}
