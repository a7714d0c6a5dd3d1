// Package compare puts two evaluations side by side: the same prompts, the
// same random numbers, two checkpoints. It pairs answers by prompt and says
// how large the difference is and how sure that is. It reads databases and
// never loads a model; package evaluate makes evaluations that are missing.
package compare

import (
	"context"
	"errors"
	"fmt"
	"sort"

	"gradus/runner/recipe"
	"gradus/runner/stats"
	"gradus/store"
)

// Side is the evaluation of one checkpoint.
type Side struct {
	RunID string // run whose database holds the answers
	Eval  store.EvalRow
	Items []store.EvalItem            // prompt by prompt, sample by sample
	Parts map[int64][]store.PartScore // by sample
	// Rewards are those of the recipe that the answers were scored with.
	Rewards []recipe.Reward
}

// Load reads an evaluation from the database of a run.
func Load(ctx context.Context, db *store.DB, evalID int64) (Side, error) {
	head, err := db.Header(ctx)
	if err != nil {
		return Side{}, err
	}
	evals, err := db.Evals(ctx)
	if err != nil {
		return Side{}, err
	}
	rec, err := recipe.FromJSON(head.Config)
	if err != nil {
		return Side{}, fmt.Errorf("run %s: %w", head.ID, err)
	}
	s := Side{RunID: head.ID, Parts: map[int64][]store.PartScore{}, Rewards: rec.Rewards}
	for _, e := range evals {
		if e.ID == evalID {
			s.Eval = e
		}
	}
	if s.Eval.ID == 0 {
		return Side{}, fmt.Errorf("evaluation %d of run %s: %w", evalID, head.ID, store.ErrNotFound)
	}
	if s.Items, err = db.EvalItems(ctx, evalID); err != nil {
		return Side{}, err
	}
	return s, s.loadParts(ctx, db)
}

// loadParts reads the reward parts of the answers, page by page.
func (s *Side) loadParts(ctx context.Context, db *store.DB) error {
	if len(s.Items) == 0 {
		return nil
	}
	wanted := make(map[int64]bool, len(s.Items))
	first := s.Items[0].SampleID
	for _, it := range s.Items {
		wanted[it.SampleID] = true
		first = min(first, it.SampleID)
	}
	q := store.SampleQuery{Phase: "eval", Ckpt: s.Eval.Ckpt, After: first - 1, Limit: store.MaxPage}
	for len(s.Parts) < len(wanted) {
		page, err := db.Samples(ctx, q)
		if err != nil {
			return err
		}
		for _, row := range page {
			if wanted[row.ID] {
				s.Parts[row.ID] = row.Parts
			}
		}
		if len(page) < q.Limit {
			break
		}
		q.After = page[len(page)-1].ID
	}
	return nil
}

// Summary is one side in numbers.
type Summary struct {
	Ckpt       string  `json:"ckpt"`
	RunID      string  `json:"run"` // whose database holds the answers
	EvalID     int64   `json:"eval"`
	Accuracy   float64 `json:"accuracy"`
	CILow      float64 `json:"ci_low"`
	CIHigh     float64 `json:"ci_high"`
	FormatOK   float64 `json:"format_ok"`
	Reward     float64 `json:"reward"`      // mean
	MeanTokens float64 `json:"mean_tokens"` // of an answer
	Cut        float64 `json:"cut"`         // share that hit the length limit
}

// Pair is the two answers to one prompt with the same random numbers.
type Pair struct {
	PromptHash string         `json:"prompt_hash"`
	Task       string         `json:"task"`
	Ref        string         `json:"ref"`
	Index      int            `json:"index"` // which of the samples of the prompt
	A          store.EvalItem `json:"a"`
	B          store.EvalItem `json:"b"`
}

// Gained says that A was wrong and B right.
func (p Pair) Gained() bool { return !right(p.A) && right(p.B) }

// Lost says that A was right and B wrong.
func (p Pair) Lost() bool { return right(p.A) && !right(p.B) }

// right is the checker's verdict; an answer that it could not judge is not
// right.
func right(it store.EvalItem) bool { return it.Correct != nil && *it.Correct }

// Result is a comparison. Every difference is B - A: above 0, B has more.
type Result struct {
	A         Summary          `json:"a"`
	B         Summary          `json:"b"`
	Suite     string           `json:"suite"`
	SuiteHash string           `json:"suite_hash"` // "" when the two were not asked the same
	Prompts   int              `json:"prompts"`    // paired
	Samples   int              `json:"samples"`    // a prompt
	OnlyA     int              `json:"only_a"`     // prompts that B was not asked, left out
	OnlyB     int              `json:"only_b"`
	Accuracy  stats.Difference `json:"accuracy"` // with the exact sign test, McNemar's for one sample a prompt
	Format    float64          `json:"format"`
	Tokens    stats.Difference `json:"tokens"`
	// Reward is absent when the two were scored by other rewards or weights;
	// RewardNote then says so.
	Reward     *stats.Difference           `json:"reward,omitempty"`
	RewardNote string                      `json:"reward_note,omitempty"`
	Parts      map[string]stats.Difference `json:"reward_parts,omitempty"` // of scores, by reward; absent ones were not scored on both sides
	Pairs      []Pair                      `json:"-"`
	Gained     []Flip                      `json:"gained"` // A wrong, B right
	Lost       []Flip                      `json:"lost"`   // A right, B wrong
	Unjudged   int                         `json:"unjudged"`
}

// Flip is a pair whose verdict changed, with the texts once Texts has read
// them.
type Flip struct {
	Pair
	Prompt string `json:"prompt"`
	Gold   string `json:"gold"`
	TextA  string `json:"text_a"`
	TextB  string `json:"text_b"`
}

// ErrDifferentPrompts says that the two sides were not asked the same.
var ErrDifferentPrompts = errors.New("the two were not asked the same prompts")

// Options of Sides.
type Options struct {
	// Common pairs the prompts that both sides were asked, where otherwise
	// different prompts are refused. The result says how many were left out.
	Common bool
}

// Sides compares two evaluations.
func Sides(a, b Side, opt Options) (Result, error) {
	r := Result{A: a.summary(), B: b.summary(), Samples: min(a.Eval.K, b.Eval.K)}
	r.Suite = a.Eval.Suite
	pa, pb := a.byPrompt(), b.byPrompt()
	for h := range pa {
		if _, ok := pb[h]; !ok {
			r.OnlyA++
		}
	}
	for h := range pb {
		if _, ok := pa[h]; !ok {
			r.OnlyB++
		}
	}
	common := len(pa) - r.OnlyA
	same := a.Eval.SuiteHash == b.Eval.SuiteHash
	switch {
	case common == 0:
		return r, fmt.Errorf("%w: %s has %d prompts (%s), %s has %d (%s), and none is in both; evaluate both on one suite", ErrDifferentPrompts, a.Eval.Ckpt, len(pa), a.Eval.Suite, b.Eval.Ckpt, len(pb), b.Eval.Suite)
	case r.OnlyA+r.OnlyB > 0 && !opt.Common:
		return r, fmt.Errorf("%w: %d prompts are in both, %d only in %s and %d only in %s; evaluate both on one suite, or ask for the common prompts", ErrDifferentPrompts, common, r.OnlyA, a.Eval.Ckpt, r.OnlyB, b.Eval.Ckpt)
	case !same && !opt.Common:
		return r, fmt.Errorf("%w: the prompts are equal, but the sampling is not (suites %s and %s): temperature, length limit, seed or number of samples differ; evaluate both on one suite", ErrDifferentPrompts, short(a.Eval.SuiteHash), short(b.Eval.SuiteHash))
	case same:
		r.SuiteHash = a.Eval.SuiteHash
	}
	if err := r.pair(pa, pb); err != nil {
		return r, err
	}
	return r, r.measure(a, b)
}

func short(hash string) string {
	if len(hash) > 12 {
		return hash[:12]
	}
	return hash
}

// byPrompt groups answers, each group in order of sample.
func (s Side) byPrompt() map[string][]store.EvalItem {
	m := map[string][]store.EvalItem{}
	for _, it := range s.Items {
		m[it.PromptHash] = append(m[it.PromptHash], it)
	}
	for _, list := range m {
		sort.SliceStable(list, func(i, j int) bool { return list[i].Index < list[j].Index })
	}
	return m
}

func (s Side) summary() Summary {
	m := Summary{
		Ckpt: s.Eval.Ckpt, RunID: s.RunID, EvalID: s.Eval.ID, Accuracy: s.Eval.Accuracy,
		CILow: s.Eval.CILow, CIHigh: s.Eval.CIHigh, FormatOK: s.Eval.FormatOK,
	}
	for _, it := range s.Items {
		m.Reward += it.Reward
		m.MeanTokens += float64(it.Tokens)
		if it.Finish == "length" {
			m.Cut++
		}
	}
	if n := float64(len(s.Items)); n > 0 {
		m.Reward, m.MeanTokens, m.Cut = m.Reward/n, m.MeanTokens/n, m.Cut/n
	}
	return m
}

// pair lists the pairs in the order in which A was asked.
func (r *Result) pair(pa, pb map[string][]store.EvalItem) error {
	var hashes []string
	for h := range pa {
		if _, ok := pb[h]; ok {
			hashes = append(hashes, h)
		}
	}
	// Sample ids follow the order of the suite.
	sort.Slice(hashes, func(i, j int) bool { return pa[hashes[i]][0].SampleID < pa[hashes[j]][0].SampleID })
	r.Prompts = len(hashes)
	for _, h := range hashes {
		x, y := pa[h], pb[h]
		for k := range min(len(x), len(y)) {
			if x[k].Index != y[k].Index {
				return fmt.Errorf("prompt %s: sample %d of one side meets sample %d of the other; an evaluation is incomplete", h, x[k].Index, y[k].Index)
			}
			p := Pair{PromptHash: h, Task: x[k].Task, Ref: x[k].Ref, Index: x[k].Index, A: x[k], B: y[k]}
			r.Pairs = append(r.Pairs, p)
			switch {
			case p.Gained():
				r.Gained = append(r.Gained, Flip{Pair: p})
			case p.Lost():
				r.Lost = append(r.Lost, Flip{Pair: p})
			}
			if p.A.Correct == nil || p.B.Correct == nil {
				r.Unjudged++
			}
		}
	}
	return nil
}

// Texts reads prompts and answers of the flips, at most limit of each kind; 0
// reads all.
func (r *Result) Texts(ctx context.Context, a, b *store.DB, limit int) error {
	for _, list := range [][]Flip{r.Gained, r.Lost} {
		for i := range list {
			if limit > 0 && i == limit {
				break
			}
			x, err := a.Sample(ctx, list[i].A.SampleID)
			if err != nil {
				return err
			}
			y, err := b.Sample(ctx, list[i].B.SampleID)
			if err != nil {
				return err
			}
			list[i].Prompt, list[i].Gold = x.Prompt.Text, x.Prompt.Gold
			list[i].TextA, list[i].TextB = x.Text, y.Text
		}
	}
	return nil
}
