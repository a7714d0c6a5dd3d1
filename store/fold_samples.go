package store

import (
	"database/sql"
	"errors"
	"maps"
	"slices"
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
	return nil
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
	part, err := f.partID(r.Name, r.Version)
	if err != nil {
		return err
	}
	spans, labels := packSpans(r.Spans)
	v := verdict{part, r.Status, r.Weight, r.Reason, r.Why, labels}
	id, ok := f.verdicts[v]
	var why any
	if !ok && len(f.verdicts) >= maxVerdicts {
		// Sentences that quote the completion are nearly all different; beyond
		// a number of them they stay with their row.
		v.why, why = "", r.Why
		if id, ok = f.verdicts[v]; !ok && labels != "" {
			v.labels, spans = "", spansWithLabels(r.Spans)
			id, ok = f.verdicts[v]
		}
	}
	if !ok {
		if err := f.stmts[putVerdict].QueryRow(v.part, v.status, v.weight, v.reason, v.why, textOrNil(v.labels)).Scan(&id); err != nil {
			return err
		}
		f.verdicts[v] = id
	}
	return f.exec(putReward, sample, ord, id, r.Score, r.Value, why, spans, rawOrNil(r.Facts), r.Micros)
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
