package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

const (
	flagUnscorable = 1
	flagRawText    = 2
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
	first := f.sample + 1
	err = f.exec(putBatch, int64(it.seq), it.rec.Attempt, b.Stage, b.Phase, b.Step, b.Ckpt, it.rec.TimeUS, first, first+int64(len(b.Rows))-1)
	if err != nil {
		return err
	}
	for i := range b.Rows {
		f.sample++
		if err := f.oneSample(f.sample, int64(it.seq), prompts[b.Rows[i].Prompt], &b.Rows[i], &it.packed[i]); err != nil {
			return err
		}
	}
	return nil
}

func (f *folder) oneSample(id, batch, prompt int64, s *Sample, p *packedSample) error {
	flags := 0
	if s.Unscorable {
		flags |= flagUnscorable
	}
	if len(s.RawText) > 0 {
		flags |= flagRawText
	}
	var correct any
	if s.Correct != nil {
		correct = *s.Correct
	}
	err := f.exec(putSample, id, batch, prompt, s.Group, s.Index, int64(s.Stream), s.PolicyVersion, tokens(s), s.Finish,
		s.Reward, s.Advantage, flags, correct, textOrNil(s.Claim))
	if err != nil {
		return err
	}
	if err := f.exec(putBody, id, p.plain, p.z, p.crc); err != nil {
		return err
	}
	if p.ids != nil || p.logp != nil || p.ent != nil {
		if err := f.exec(putTok, id, p.ids, p.logp, p.ent); err != nil {
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
}

func (f *folder) oneReward(sample int64, ord int, r *RewardPart) error {
	part, err := f.partID(r.Name, r.Version)
	if err != nil {
		return err
	}
	v := verdict{part, r.Status, r.Weight, r.Reason, r.Why}
	id, ok := f.verdicts[v]
	var why any
	if !ok && len(f.verdicts) >= maxVerdicts {
		// Sentences that quote the completion are nearly all different; beyond
		// a number of them they stay with their row.
		v.why, why = "", r.Why
		id, ok = f.verdicts[v]
	}
	if !ok {
		if err := f.stmts[putVerdict].QueryRow(v.part, v.status, v.weight, v.reason, v.why).Scan(&id); err != nil {
			return err
		}
		f.verdicts[v] = id
	}
	return f.exec(putReward, sample, ord, id, r.Score, r.Value, why, packSpans(r.Spans), rawOrNil(r.Facts), r.Micros)
}

// packSpans writes spans as JSON [[from, to, label], ...].
func packSpans(spans []Span) any {
	if len(spans) == 0 {
		return nil
	}
	b := []byte{'['}
	for i, s := range spans {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(append(b, '['), int64(s.From), 10)
		b = strconv.AppendInt(append(b, ','), int64(s.To), 10)
		label, err := json.Marshal(s.Label)
		if err != nil { // a string always encodes
			label = []byte(`""`)
		}
		b = append(append(append(b, ','), label...), ']')
	}
	return string(append(b, ']'))
}

func unpackSpans(b []byte) ([]Span, error) {
	if b == nil {
		return nil, nil
	}
	var raw [][3]any
	if err := json.Unmarshal(b, &raw); err != nil {
		return nil, fmt.Errorf("read the spans of a reward part: %w", err)
	}
	out := make([]Span, len(raw))
	for i, r := range raw {
		from, ok1 := r[0].(float64)
		to, ok2 := r[1].(float64)
		label, ok3 := r[2].(string)
		if !ok1 || !ok2 || !ok3 {
			return nil, fmt.Errorf("read the spans of a reward part: %s", b)
		}
		out[i] = Span{int(from), int(to), label}
	}
	return out, nil
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
				err = f.stmts[putPrompt].QueryRow(p.Hash, p.Task, p.Ref, sqlText(p.Gold), p.Tokens, plain, z, rawOrNil(p.Data)).Scan(&id)
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
