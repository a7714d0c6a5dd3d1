package store

import "github.com/klauspost/compress/zstd"

// packedSamples are the texts and token data of one samples record in the form
// in which they are stored.
type packedSamples struct {
	texts [][]byte // zstd frames, see textPacker
	toks  [][]byte // see tokPacker
	rows  []packedRow
}

// packedRow says where the text and the token data of one completion are.
type packedRow struct {
	plain    any // the text itself, or nil when it is in a block
	block    int // index into texts
	off      int // of the text in the decompressed block
	bytes    int
	crc      int64
	raw      bool // the text is not valid UTF-8
	tokens   int
	tokBlock int // index into toks; -1 for none
	tokPos   int
	logprob  any // means over its tokens, or nil
	entropy  any
}

// packSamples is a function of the record alone: a log folded again gives the
// same blocks.
func packSamples(enc *zstd.Encoder, s *Samples) packedSamples {
	texts, toks := textPacker{enc: enc}, tokPacker{enc: enc}
	rows := make([]packedRow, len(s.Rows))
	for i := range s.Rows {
		r := &s.Rows[i]
		p := &rows[i]
		text := r.text()
		*p = packedRow{bytes: len(text), crc: textSum(text), raw: len(r.RawText) > 0, tokens: tokens(r), tokBlock: -1}
		var long bool
		if p.block, p.off, long = texts.add(text); !long {
			p.plain = sqlText(text)
		}
		if d := (tokenData{r.TokenIDs, r.LogProbs, r.Entropies}); !d.empty() {
			p.tokBlock, p.tokPos = toks.add(d)
			p.setMeans(&d)
		}
	}
	texts.flush()
	toks.flush()
	return packedSamples{texts.blocks, toks.blocks, rows}
}
