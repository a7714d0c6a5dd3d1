package store

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// A samples record is most of a log and all of its reading, so it has a form
// of its own instead of JSON. Integers are varints (zigzag), floats 8 bytes,
// everything little endian; a string is a uvarint length and its bytes, a word
// is a uvarint: 0 and a string the first time, then its number from 1.
//
//	'S', version (1)
//	attempt, ts_us
//	uvarint length of the head, head:
//	  stage, step, phase, ckpt
//	  uvarint number of prompts, each: hash, task word, ref, text, gold, tokens, data
//	  uvarint number of rows, each:
//	    prompt, group, index, stream u64, policy version, tokens, finish word
//	    reward f64, advantage f64, flags byte, claim
//	    uvarint bytes of the text, crc32c u32, and where it is: the text itself
//	      (flag rowPlain), or uvarint block and uvarint offset
//	    uvarint block and uvarint place of the token data (flag rowTokens)
//	    uvarint number of rewards, each: name, version, status, reason, why words,
//	      score, weight, value f64, microseconds, facts,
//	      uvarint number of spans, each: from, to, label word
//	uvarint number of text blocks, each a string: see textPacker
//	uvarint number of token blocks, each a string: see tokPacker
//
// Texts and token data are compressed as the database keeps them, so that a
// fold need not do it again. Logs of older versions hold samples as JSON like
// every other record; they are read for ever.
const (
	samplesMark    = 'S'
	samplesVersion = 1
)

const (
	rowUnscorable = 1 << iota
	rowRaw        // the text is not valid UTF-8
	rowPlain      // the text is in the row
	rowTokens
	rowJudged // the checker gave a verdict:
	rowRight  // and it was right
)

// checkSamplesBody refuses what a log cannot carry.
func checkSamplesBody(s *Samples) error {
	for i := range s.Prompts {
		if p := &s.Prompts[i]; len(p.Data) > 0 && !json.Valid(p.Data) {
			return fmt.Errorf("the data of prompt %d is no JSON", i)
		}
	}
	for i := range s.Rows {
		r := &s.Rows[i]
		if !finite(r.Reward) || !finite(r.Advantage) {
			return fmt.Errorf("row %d has reward %v and advantage %v; numbers must be finite", i, r.Reward, r.Advantage)
		}
		if max(len(r.TokenIDs), len(r.LogProbs), len(r.Entropies)) > maxTokens {
			return fmt.Errorf("row %d has token data of more than %d tokens", i, maxTokens)
		}
		for j := range r.Rewards {
			p := &r.Rewards[j]
			if !finite(p.Score) || !finite(p.Weight) || !finite(p.Value) {
				return fmt.Errorf("reward %s of row %d has score %v, weight %v and value %v; numbers must be finite", p.Name, i, p.Score, p.Weight, p.Value)
			}
			if len(p.Facts) > 0 && !json.Valid(p.Facts) {
				return fmt.Errorf("the facts of reward %s of row %d are no JSON", p.Name, i)
			}
		}
	}
	return checkSamples(s)
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// samplesWriter builds the head.
type samplesWriter struct {
	b     []byte
	words map[string]uint64
}

func (w *samplesWriter) int(v int)  { w.b = binary.AppendVarint(w.b, int64(v)) }
func (w *samplesWriter) uint(v int) { w.b = binary.AppendUvarint(w.b, uint64(v)) }
func (w *samplesWriter) float(v float64) {
	w.b = binary.LittleEndian.AppendUint64(w.b, math.Float64bits(v))
}
func (w *samplesWriter) string(s string) { w.uint(len(s)); w.b = append(w.b, s...) }
func (w *samplesWriter) text(s string)   { w.string(strings.ToValidUTF8(s, "\uFFFD")) }
func (w *samplesWriter) bytes(b []byte)  { w.uint(len(b)); w.b = append(w.b, b...) }

func (w *samplesWriter) word(s string) {
	if n, ok := w.words[s]; ok {
		w.b = binary.AppendUvarint(w.b, n)
		return
	}
	w.words[s] = uint64(len(w.words) + 1)
	w.b = append(w.b, 0)
	w.text(s)
}

// appendSamples writes a samples record.
func appendSamples(b []byte, enc *zstd.Encoder, attempt int, timeUS int64, s *Samples) []byte {
	packed := packSamples(enc, s)
	w := &samplesWriter{words: map[string]uint64{}}
	w.text(s.Stage)
	w.int(s.Step)
	w.text(s.Phase)
	w.text(s.Ckpt)
	w.uint(len(s.Prompts))
	for i := range s.Prompts {
		p := &s.Prompts[i]
		w.text(p.Hash)
		w.word(p.Task)
		w.text(p.Ref)
		w.text(p.Text)
		w.text(p.Gold)
		w.int(p.Tokens)
		w.bytes(p.Data)
	}
	w.uint(len(s.Rows))
	for i := range s.Rows {
		w.row(&s.Rows[i], &packed.rows[i])
	}
	b = append(b, samplesMark, samplesVersion)
	b = binary.AppendVarint(b, int64(attempt))
	b = binary.AppendVarint(b, timeUS)
	b = binary.AppendUvarint(b, uint64(len(w.b)))
	b = append(b, w.b...)
	for _, blocks := range [][][]byte{packed.texts, packed.toks} {
		b = binary.AppendUvarint(b, uint64(len(blocks)))
		for _, z := range blocks {
			b = binary.AppendUvarint(b, uint64(len(z)))
			b = append(b, z...)
		}
	}
	return b
}

func (w *samplesWriter) row(r *Sample, p *packedRow) {
	flags := 0
	for _, f := range []struct {
		on   bool
		flag int
	}{
		{r.Unscorable, rowUnscorable}, {p.raw, rowRaw}, {p.plain != nil, rowPlain}, {p.tokBlock >= 0, rowTokens},
		{r.Correct != nil, rowJudged}, {r.Correct != nil && *r.Correct, rowRight},
	} {
		if f.on {
			flags |= f.flag
		}
	}
	w.int(r.Prompt)
	w.int(r.Group)
	w.int(r.Index)
	w.b = binary.LittleEndian.AppendUint64(w.b, r.Stream)
	w.int(r.PolicyVersion)
	w.int(p.tokens)
	w.word(r.Finish)
	w.float(r.Reward)
	w.float(r.Advantage)
	w.b = append(w.b, byte(flags))
	w.text(r.Claim)
	w.uint(p.bytes)
	w.b = binary.LittleEndian.AppendUint32(w.b, uint32(p.crc))
	if p.plain != nil {
		w.b = append(w.b, r.text()...)
	} else {
		w.uint(p.block)
		w.uint(p.off)
	}
	if p.tokBlock >= 0 {
		w.uint(p.tokBlock)
		w.uint(p.tokPos)
	}
	w.uint(len(r.Rewards))
	for i := range r.Rewards {
		w.reward(&r.Rewards[i])
	}
}

func (w *samplesWriter) reward(p *RewardPart) {
	w.word(p.Name)
	w.word(p.Version)
	w.word(p.Status)
	w.word(p.Reason)
	w.word(p.Why)
	w.float(p.Score)
	w.float(p.Weight)
	w.float(p.Value)
	w.b = binary.AppendVarint(w.b, p.Micros)
	w.bytes(p.Facts)
	w.uint(len(p.Spans))
	for _, s := range p.Spans {
		w.int(s.From)
		w.int(s.To)
		w.word(s.Label)
	}
}
