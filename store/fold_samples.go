package store

import (
	"database/sql"
	"errors"
	"maps"
	"slices"
	"strings"
)

const (
	flagUnscorable = 1
	flagRawText    = 2
	flagRemoved    = 4
	maxPromptCache = 100_000
	maxVerdicts    = 4096
)

// samples writes the completions of one record with their prompts, reward
// parts and token data. Their ids go on from the last one.
func (f *folder) samples(it item, b *Samples) error {
	prompts, err := f.promptIDs(b.Prompts)
	if err != nil {
		return err
	}
	if len(b.Rows) == 0 {
		return nil
	}
	if b.Phase == "eval" {
		f.count("eval_samples", len(b.Rows))
	}
	first := f.sample + 1
	err = f.exec(putBatch, int64(it.seq), it.rec.Attempt, b.Stage, b.Phase, b.Step, b.Ckpt, it.rec.TimeUS, first, first+int64(len(b.Rows))-1)
	if err != nil {
		return err
	}
	ids := make([]int64, len(b.Rows))
	for i := range b.Rows {
		ids[i] = prompts[b.Rows[i].Prompt]
	}
	return f.rows(int64(it.seq), b, it.packed, ids)
}

// rows writes the completions of a batch; prompts are the ids of their prompts.
func (f *folder) rows(batch int64, b *Samples, packed packedSamples, prompts []int64) error {
	textBase, tokBase := f.block+1, f.tokBlock+1
	for _, z := range packed.texts {
		f.block++
		if err := f.exec(putBlock, f.block, z); err != nil {
			return err
		}
	}
	for _, z := range packed.toks {
		f.tokBlock++
		if err := f.exec(putTokBlock, f.tokBlock, z, bytesSum(z)); err != nil {
			return err
		}
	}
	for i := range b.Rows {
		f.sample++
		if err := f.oneSample(f.sample, batch, prompts[i], &b.Rows[i], &packed.rows[i], textBase, tokBase); err != nil {
			return err
		}
	}
	return f.flush()
}

func (f *folder) oneSample(id, batch, prompt int64, s *Sample, p *packedRow, textBase, tokBase int64) error {
	flags := 0
	if s.Unscorable {
		flags |= flagUnscorable
	}
	if p.raw {
		flags |= flagRawText
	}
	var correct, block, off any
	if s.Correct != nil {
		correct = *s.Correct
	}
	if p.plain == nil {
		block, off = textBase+int64(p.block), p.off
	}
	err := f.exec(putSample, id, batch, prompt, s.Group, s.Index, int64(s.Stream), s.PolicyVersion, p.tokens, s.Finish,
		s.Reward, s.Advantage, flags, correct, textOrNil(s.Claim), p.bytes, p.crc, block, off, p.logprob, p.entropy)
	if err != nil {
		return err
	}
	if p.plain != nil {
		if err := f.exec(putText, id, p.plain); err != nil {
			return err
		}
	}
	if p.tokBlock >= 0 {
		if err := f.exec(putTok, id, tokBase+int64(p.tokBlock), p.tokPos); err != nil {
			return err
		}
	}
	for ord := range s.Rewards {
		if err := f.oneReward(id, ord, &s.Rewards[ord]); err != nil {
			return err
		}
	}
	return nil
}

// verdict is what many completions have in common of a reward part.
type verdict struct {
	part        int64
	status      string
	weight      float64
	reason, why string
	labels      string // of the spans, as JSON; empty for none
}

func (f *folder) oneReward(sample int64, ord int, r *RewardPart) error {
	if id, ok := f.recent.find(r); ok {
		return f.putReward(sample, ord, id, r, nil, f.places(r.Spans))
	}
	part, err := f.partID(r.Name, r.Version)
	if err != nil {
		return err
	}
	places, labels := f.places(r.Spans), spanLabels(r.Spans)
	v := verdict{part, r.Status, r.Weight, r.Reason, r.Why, labels}
	id, ok := f.verdicts[v]
	var why any
	if !ok && len(f.verdicts) >= maxVerdicts {
		// Sentences that quote the completion are nearly all different; beyond
		// a number of them they stay with their row.
		v.why, why = "", r.Why
		if id, ok = f.verdicts[v]; !ok && labels != "" {
			v.labels, places = "", spansWithLabels(r.Spans)
			id, ok = f.verdicts[v]
		}
	}
	if !ok {
		if err := f.stmts[putVerdict].QueryRow(v.part, v.status, v.weight, v.reason, v.why, textOrNil(v.labels)).Scan(&id); err != nil {
			return err
		}
		f.verdicts[v] = id
	}
	if why == nil {
		f.recent.keep(r, id)
	}
	return f.putReward(sample, ord, id, r, why, places)
}

func (f *folder) putReward(sample int64, ord int, verdict int64, r *RewardPart, why, places any) error {
	return f.exec(putReward, sample, ord, verdict, r.Score, r.Value, why, places, rawOrNil(r.Facts), r.Micros)
}

// places are the places of spans; nil for none.
func (f *folder) places(spans []Span) any {
	if len(spans) == 0 {
		return nil
	}
	f.text = appendPlaces(f.text[:0], spans)
	return string(f.text)
}

// recentVerdicts are the last few verdicts that rewards gave. The completions
// of a record are judged alike, so nearly every verdict is among them, and is
// found by comparing a few words.
type recentVerdicts struct {
	held []recentVerdict
	next int // to be replaced
}

type recentVerdict struct {
	part RewardPart // its spans are labels alone
	id   int64
}

const maxRecent = 16

func (c *recentVerdicts) find(r *RewardPart) (id int64, ok bool) {
	for i := range c.held {
		h := &c.held[i].part
		if h.Weight != r.Weight || h.Name != r.Name || h.Reason != r.Reason || h.Why != r.Why || h.Status != r.Status || h.Version != r.Version || len(h.Spans) != len(r.Spans) {
			continue
		}
		same := true
		for k := range h.Spans {
			same = same && h.Spans[k].Label == r.Spans[k].Label
		}
		if same {
			return c.held[i].id, true
		}
	}
	return 0, false
}

// keep copies what it keeps, which may be parts of a whole record.
func (c *recentVerdicts) keep(r *RewardPart, id int64) {
	v := recentVerdict{id: id, part: RewardPart{Name: strings.Clone(r.Name), Version: strings.Clone(r.Version), Status: strings.Clone(r.Status),
		Weight: r.Weight, Reason: strings.Clone(r.Reason), Why: strings.Clone(r.Why), Spans: make([]Span, len(r.Spans))}}
	for i, s := range r.Spans {
		v.part.Spans[i].Label = strings.Clone(s.Label)
	}
	if len(c.held) < maxRecent {
		c.held = append(c.held, v)
		return
	}
	c.held[c.next] = v
	c.next = (c.next + 1) % maxRecent
}

// tokens is the length of a completion in tokens, also where they are not kept.
func tokens(s *Sample) int { return max(s.Tokens, len(s.TokenIDs), len(s.LogProbs)) }

// promptIDs finds or stores each prompt.
func (f *folder) promptIDs(ps []Prompt) ([]int64, error) {
	if len(f.prompts) > maxPromptCache {
		clear(f.prompts)
	}
	ids := make([]int64, len(ps))
	for i := range ps {
		p := &ps[i]
		id, ok := f.prompts[p.Hash]
		if !ok {
			err := f.stmts[findPrompt].QueryRow(p.Hash).Scan(&id)
			if errors.Is(err, sql.ErrNoRows) {
				plain, z := packText(f.enc, p.Text)
				err = f.stmts[putPrompt].QueryRow(p.Hash, p.Task, p.Ref, sqlText(p.Gold), p.Tokens, plain, z, textSum(p.Text), rawOrNil(p.Data)).Scan(&id)
			}
			if err != nil {
				return nil, err
			}
			f.prompts[p.Hash] = id
		}
		ids[i] = id
	}
	return ids, nil
}

func (f *folder) partID(name, version string) (int64, error) {
	key := [2]string{name, version}
	id, ok := f.parts[key]
	if !ok {
		if err := f.stmts[putPart].QueryRow(name, version).Scan(&id); err != nil {
			return 0, err
		}
		f.parts[key] = id
	}
	return id, nil
}

func textOrNil(s string) any {
	if s == "" {
		return nil
	}
	return sqlText(s)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
