package store

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/klauspost/compress/zstd"
)

var errSamples = errors.New("its form is damaged")

// samplesReader takes a samples record apart. After a mistake every method
// gives zero values, and err says that there was one.
type samplesReader struct {
	b     []byte
	text  string // the head once more, so that strings are parts of it
	at    int
	words []string
	err   error
}

func (r *samplesReader) fail() {
	r.err, r.at = errSamples, len(r.b)
}

func (r *samplesReader) uint() int {
	v, n := binary.Uvarint(r.b[r.at:])
	if n <= 0 || v > math.MaxInt32 {
		r.fail()
		return 0
	}
	r.at += n
	return int(v)
}

func (r *samplesReader) int64() int64 {
	v, n := binary.Varint(r.b[r.at:])
	if n <= 0 {
		r.fail()
		return 0
	}
	r.at += n
	return v
}

func (r *samplesReader) int() int { return int(r.int64()) }

func (r *samplesReader) take(n int) int {
	if n < 0 || n > len(r.b)-r.at {
		r.fail()
		return -1
	}
	r.at += n
	return r.at - n
}

func (r *samplesReader) uint64() uint64 {
	if at := r.take(8); at >= 0 {
		return binary.LittleEndian.Uint64(r.b[at:])
	}
	return 0
}

func (r *samplesReader) float() float64 { return math.Float64frombits(r.uint64()) }

func (r *samplesReader) uint32() uint32 {
	if at := r.take(4); at >= 0 {
		return binary.LittleEndian.Uint32(r.b[at:])
	}
	return 0
}

func (r *samplesReader) byte() byte {
	if at := r.take(1); at >= 0 {
		return r.b[at]
	}
	return 0
}

func (r *samplesReader) bytes() []byte {
	n := r.uint()
	if at := r.take(n); at >= 0 && n > 0 {
		return r.b[at : at+n : at+n]
	}
	return nil
}

func (r *samplesReader) cut(n int) string {
	if at := r.take(n); at >= 0 {
		return r.text[at : at+n]
	}
	return ""
}

func (r *samplesReader) string() string { return r.cut(r.uint()) }

func (r *samplesReader) word() string {
	n := r.uint()
	switch {
	case n > len(r.words):
		r.fail()
	case n > 0:
		return r.words[n-1]
	case r.err == nil:
		s := r.string()
		r.words = append(r.words, s)
		return s
	}
	return ""
}

// count is a number of things that take at least size bytes each, so that a
// damaged one cannot ask for more memory than the record has.
func (r *samplesReader) count(size int) int {
	n := r.uint()
	if n > (len(r.b)-r.at)/size {
		r.fail()
		return 0
	}
	return n
}

// samplesFrame is a samples record before its head is read.
type samplesFrame struct {
	attempt     int
	timeUS      int64
	head        []byte
	texts, toks [][]byte
}

func isSamples(b []byte) bool { return len(b) >= 2 && b[0] == samplesMark }

// cutSamples takes the blocks from the head. All are parts of b.
func cutSamples(b []byte) (f samplesFrame, err error) {
	if !isSamples(b) {
		return f, errSamples
	}
	if b[1] != samplesVersion {
		return f, fmt.Errorf("it has samples version %d and this gradus reads version %d; use a newer gradus", b[1], samplesVersion)
	}
	r := samplesReader{b: b, at: 2}
	f.attempt, f.timeUS = r.int(), r.int64()
	f.head = r.bytes()
	for _, blocks := range []*[][]byte{&f.texts, &f.toks} {
		*blocks = make([][]byte, r.count(1))
		for i := range *blocks {
			(*blocks)[i] = r.bytes()
		}
	}
	if r.err == nil && r.at != len(b) {
		r.fail()
	}
	return f, r.err
}

// readHead reads prompts and rows. The texts of rows are empty where they are
// in a block.
func (f *samplesFrame) readHead() (*Samples, packedSamples, error) {
	r := samplesReader{b: f.head, text: string(f.head)}
	s := &Samples{Stage: r.string(), Step: r.int(), Phase: r.string(), Ckpt: r.string()}
	s.Prompts = make([]Prompt, r.count(7))
	for i := range s.Prompts {
		s.Prompts[i] = Prompt{Hash: r.string(), Task: r.word(), Ref: r.string(), Text: r.string(), Gold: r.string(), Tokens: r.int(), Data: r.bytes()}
	}
	n := r.count(32) // the least that a row without text and rewards takes is 39
	s.Rows = make([]Sample, n)
	packed := packedSamples{texts: f.texts, toks: f.toks, rows: make([]packedRow, n)}
	for i := range s.Rows {
		r.row(&s.Rows[i], &packed.rows[i])
		p := &packed.rows[i]
		if p.plain == nil && p.block >= len(f.texts) || p.tokBlock >= len(f.toks) {
			return nil, packed, errSamples
		}
	}
	if r.err == nil && r.at != len(f.head) {
		r.fail()
	}
	if r.err == nil {
		r.err = checkSamplesBody(s)
	}
	return s, packed, r.err
}

func (r *samplesReader) row(s *Sample, p *packedRow) {
	s.Prompt, s.Group, s.Index = r.int(), r.int(), r.int()
	s.Stream = r.uint64()
	s.PolicyVersion, s.Tokens = r.int(), r.int()
	s.Finish = r.word()
	s.Reward, s.Advantage = r.float(), r.float()
	flags := r.byte()
	s.Unscorable = flags&rowUnscorable != 0
	if flags&rowJudged != 0 {
		right := flags&rowRight != 0
		s.Correct = &right
	}
	s.Claim = r.string()
	*p = packedRow{bytes: r.uint(), crc: int64(int32(r.uint32())), raw: flags&rowRaw != 0, tokens: s.Tokens, tokBlock: -1}
	if flags&rowPlain != 0 {
		s.SetText(r.cut(p.bytes))
		p.plain = sqlText(s.text())
	} else {
		p.block, p.off = r.uint(), r.uint()
	}
	if flags&rowTokens != 0 {
		p.tokBlock, p.tokPos = r.uint(), r.uint()
	}
	s.Rewards = make([]RewardPart, r.count(30))
	for i := range s.Rewards {
		r.reward(&s.Rewards[i])
	}
}

func (r *samplesReader) reward(p *RewardPart) {
	p.Name, p.Version, p.Status, p.Reason, p.Why = r.word(), r.word(), r.word(), r.word(), r.word()
	p.Score, p.Weight, p.Value = r.float(), r.float(), r.float()
	p.Micros, p.Facts = r.int64(), r.bytes()
	if n := r.count(3); n > 0 {
		p.Spans = make([]Span, n)
		for i := range p.Spans {
			p.Spans[i] = Span{From: r.int(), To: r.int(), Label: r.word()}
		}
	}
}

// verify makes sure that every text and every token can be read: what is
// folded can be shown. With fill it puts them into the rows.
func (p *packedSamples) verify(dec *zstd.Decoder, s *Samples, fill bool) error {
	texts, err := decodeBlocks(dec, p.texts)
	if err != nil {
		return err
	}
	toks := make([][]tokenData, len(p.toks))
	for i, z := range p.toks {
		if toks[i], err = unpackTokens(dec, z); err != nil {
			return fmt.Errorf("token block %d: %w", i, err)
		}
	}
	for i := range p.rows {
		r := &p.rows[i]
		text := []byte(s.Rows[i].text())
		if r.plain == nil {
			block := texts[r.block]
			if r.off > len(block) || r.bytes > len(block)-r.off {
				return fmt.Errorf("the text of row %d goes beyond its block", i)
			}
			text = block[r.off : r.off+r.bytes]
		}
		if bytesSum(text) != r.crc {
			return fmt.Errorf("the text of row %d does not match its checksum", i)
		}
		if r.tokBlock >= 0 && r.tokPos >= len(toks[r.tokBlock]) {
			return fmt.Errorf("the token data of row %d goes beyond its block", i)
		}
		if r.tokBlock >= 0 {
			r.setMeans(&toks[r.tokBlock][r.tokPos])
		}
		if !fill {
			continue
		}
		s.Rows[i].SetText(string(text))
		if r.tokBlock >= 0 {
			d := toks[r.tokBlock][r.tokPos]
			s.Rows[i].TokenIDs, s.Rows[i].LogProbs, s.Rows[i].Entropies = d.ids, d.logp, d.ent
		}
	}
	return nil
}

func decodeBlocks(dec *zstd.Decoder, blocks [][]byte) ([][]byte, error) {
	out := make([][]byte, len(blocks))
	total := 0
	for i, z := range blocks {
		var err error
		if out[i], err = dec.DecodeAll(z, nil); err != nil {
			return nil, fmt.Errorf("text block %d: %w", i, err)
		}
		if total += len(out[i]); total > maxText {
			return nil, fmt.Errorf("its texts are more than %d bytes", maxText)
		}
	}
	return out, nil
}

// samplesRecord reads a whole samples record as other records are: with the
// body as JSON.
func samplesRecord(dec *zstd.Decoder, b []byte) (Record, error) {
	f, err := cutSamples(b)
	if err != nil {
		return Record{}, err
	}
	rec := Record{Kind: KindSamples, Attempt: f.attempt, TimeUS: f.timeUS}
	s, packed, err := f.readHead()
	if err == nil {
		err = packed.verify(dec, s, true)
	}
	if err == nil {
		rec.Body, err = json.Marshal(s)
	}
	return rec, err
}
