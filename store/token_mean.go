package store

import (
	"fmt"

	"github.com/klauspost/compress/zstd"
	"github.com/mattn/go-sqlite3"
)

// tokenMeans answers what a query asks of the token data of traces, which lies
// compressed in blocks of many: the mean log-probability and entropy of each.
// It belongs to one connection and is used by one goroutine at a time.
type tokenMeans struct {
	dec  *zstd.Decoder
	held map[int64][][2]any // by block, for each of its traces; the last few
}

// heldMeans bounds the blocks that are held. A block is some hundred traces, of
// which two numbers are kept.
const heldMeans = 64

// register makes the SQL function
//
//	token_mean(which, block, pos [, z])
//
// which is 1 for log-probabilities and 2 for entropies. Without z it is NULL
// where the block is not held; with it the block is unpacked and held. It is
// 'none' for a trace that has none.
func (m *tokenMeans) register(conn *sqlite3.SQLiteConn) error {
	return conn.RegisterFunc("token_mean", m.mean, true)
}

func (m *tokenMeans) mean(which, block, pos int64, z ...[]byte) (any, error) {
	if which != 1 && which != 2 {
		return nil, fmt.Errorf("token_mean: %d is neither 1 nor 2", which)
	}
	means, ok := m.held[block]
	if !ok {
		if len(z) == 0 {
			return nil, nil
		}
		var err error
		if means, err = m.unpack(z[0]); err != nil {
			return nil, err
		}
		if len(m.held) >= heldMeans {
			clear(m.held)
		}
		m.held[block] = means
	}
	if pos < 0 || pos >= int64(len(means)) {
		return nil, errTokens
	}
	return means[pos][which-1], nil
}

func (m *tokenMeans) unpack(z []byte) ([][2]any, error) {
	if m.dec == nil {
		dec, err := newDecoder()
		if err != nil {
			return nil, err
		}
		m.dec = dec
	}
	all, err := unpackTokens(m.dec, z)
	if err != nil {
		return nil, err
	}
	out := make([][2]any, len(all))
	for i, d := range all {
		out[i] = [2]any{meanOf(d.logp), meanOf(d.ent)}
	}
	return out, nil
}

// meanOf is the mean, or 'none' of nothing.
func meanOf(v []float32) any {
	if len(v) == 0 {
		return "none"
	}
	var sum float64
	for _, x := range v {
		sum += float64(x)
	}
	return sum / float64(len(v))
}
