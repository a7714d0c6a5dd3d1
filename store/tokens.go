package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"

	"github.com/klauspost/compress/zstd"
)

// Token data of several completions lie together in a block, because a frame
// for each would cost more than it saves:
//
//	uvarint  number of completions
//	uvarint  for each: number of ids, of log-probabilities, of entropies
//	streams  ids, log-probabilities, entropies of all completions, one after the
//	         other, as 32-bit words. The words are regrouped by byte: a stream is
//	         four planes, lowest bytes first, each a uvarint length and then a
//	         zstd frame of that length, or the plane itself where the length is
//	         that of the plane.
//
// The high bytes of token ids and the signs and exponents of log-probabilities
// hardly vary, so their planes nearly vanish; nothing is rounded.
const (
	tokBlockWords = 1 << 16 // words of one stream after which a block is full
	maxTokens     = 1 << 24 // words of one stream in a block
)

var errTokens = errors.New("its stored token data is damaged; rebuild the database from the run's log")

// tokenData is the token data of one completion.
type tokenData struct {
	ids  []int32
	logp []float32
	ent  []float32
}

func (d *tokenData) empty() bool { return len(d.ids)+len(d.logp)+len(d.ent) == 0 }

// tokPacker gathers the token data of one samples record into blocks.
type tokPacker struct {
	enc     *zstd.Encoder
	blocks  [][]byte
	counts  []byte
	n       int
	streams [3][]uint32
}

// add returns the block, counted from 0 in this packer, and the place in it.
func (p *tokPacker) add(d tokenData) (block, pos int) {
	p.counts = binary.AppendUvarint(p.counts, uint64(len(d.ids)))
	p.counts = binary.AppendUvarint(p.counts, uint64(len(d.logp)))
	p.counts = binary.AppendUvarint(p.counts, uint64(len(d.ent)))
	for _, v := range d.ids {
		p.streams[0] = append(p.streams[0], uint32(v))
	}
	for _, v := range d.logp {
		p.streams[1] = append(p.streams[1], math.Float32bits(v))
	}
	for _, v := range d.ent {
		p.streams[2] = append(p.streams[2], math.Float32bits(v))
	}
	block, pos = len(p.blocks), p.n
	p.n++
	if max(len(p.streams[0]), len(p.streams[1]), len(p.streams[2])) >= tokBlockWords {
		p.flush()
	}
	return block, pos
}

func (p *tokPacker) flush() {
	if p.n == 0 {
		return
	}
	b := binary.AppendUvarint(nil, uint64(p.n))
	b = append(b, p.counts...)
	var plane []byte
	for s := range p.streams {
		words := p.streams[s]
		for shift := 0; shift < 32; shift += 8 {
			plane = plane[:0]
			for _, w := range words {
				plane = append(plane, byte(w>>shift))
			}
			z := plane
			if len(plane) >= 256 { // frames of less do not say how much they hold
				if c := p.enc.EncodeAll(plane, nil); len(c) < len(plane) {
					z = c
				}
			}
			b = binary.AppendUvarint(b, uint64(len(z)))
			b = append(b, z...)
		}
		p.streams[s] = words[:0]
	}
	p.blocks = append(p.blocks, b)
	p.counts, p.n = p.counts[:0], 0
}

// unpackTokens reads all completions of a block.
func unpackTokens(dec *zstd.Decoder, b []byte) ([]tokenData, error) {
	next := func() int {
		v, used := binary.Uvarint(b)
		if used <= 0 || v > maxTokens+1<<10 {
			b = nil
			return -1
		}
		b = b[used:]
		return int(v)
	}
	n := next()
	if n < 0 || n > len(b) { // every completion takes a byte at least
		return nil, errTokens
	}
	out := make([]tokenData, n)
	counts := make([][3]int, n)
	var total [3]int
	for i := range counts {
		for s := range total {
			if counts[i][s] = next(); counts[i][s] < 0 {
				return nil, errTokens
			}
			if total[s] += counts[i][s]; total[s] > maxTokens {
				return nil, errTokens
			}
		}
	}
	for s, words := range total {
		var planes [4][]byte
		for k := range planes {
			size := next()
			if size < 0 || size > len(b) {
				return nil, errTokens
			}
			if size == words {
				planes[k] = b[:size]
			} else {
				// A frame that says it is longer than it should be is not opened.
				var h zstd.Header
				if err := h.Decode(b[:size]); err != nil || !h.HasFCS || h.FrameContentSize != uint64(words) {
					return nil, errTokens
				}
				var err error
				if planes[k], err = dec.DecodeAll(b[:size], make([]byte, 0, words)); err != nil {
					return nil, fmt.Errorf("%w: %w", errTokens, err)
				}
			}
			b = b[size:]
			if len(planes[k]) != words {
				return nil, errTokens
			}
		}
		at := 0
		word := func() uint32 {
			w := uint32(planes[0][at]) | uint32(planes[1][at])<<8 | uint32(planes[2][at])<<16 | uint32(planes[3][at])<<24
			at++
			return w
		}
		for i := range out {
			switch s {
			case 0:
				out[i].ids = fill(counts[i][s], func() int32 { return int32(word()) })
			case 1:
				out[i].logp = fill(counts[i][s], func() float32 { return math.Float32frombits(word()) })
			case 2:
				out[i].ent = fill(counts[i][s], func() float32 { return math.Float32frombits(word()) })
			}
		}
	}
	if len(b) > 0 {
		return nil, errTokens
	}
	return out, nil
}

func fill[T any](n int, next func() T) []T {
	if n == 0 {
		return nil
	}
	out := make([]T, n)
	for i := range out {
		out[i] = next()
	}
	return out
}

// bytesSum is the checksum of stored bytes, signed because that takes fewer
// bytes in a row.
func bytesSum(b []byte) int64 {
	return int64(int32(crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli))))
}
