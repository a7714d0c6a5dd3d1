package tasks

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"gradus/rewards"
	"gradus/rewards/mathans"
	"gradus/rewards/text"
)

// jsonl serves the rows of a JSONL file as problems. Their answers are
// compared by mathans.
type jsonl struct {
	spec Spec
	rows []row
	byID map[string]int
}

// newJSONL reads the rows of one side.
//
//   - Path alone: both sides come from it, by the hash of the question.
//   - EvalPath alone: HeldOut is all of it; Train is an error.
//   - both: Train is Path without the questions that also stand in EvalPath,
//     HeldOut is all of EvalPath.
func newJSONL(cfg Config) (*jsonl, error) {
	columns, err := cfg.Columns.of(cfg.Preset)
	if err != nil {
		return nil, err
	}
	if cfg.Path == "" && cfg.EvalPath == "" {
		return nil, errors.New("task jsonl: needs the path of a JSONL or Parquet file")
	}
	if cfg.Split == Train && cfg.Path == "" {
		return nil, fmt.Errorf("task jsonl: only held-out rows are given (%s); give a path for training rows too", cfg.EvalPath)
	}
	j := &jsonl{}
	path := cfg.Path
	if cfg.Split == HeldOut && cfg.EvalPath != "" {
		path = cfg.EvalPath
	}
	rows, err := readRows(path, columns)
	if err != nil {
		return nil, err
	}
	switch {
	case cfg.EvalPath == "":
		rows = slices.DeleteFunc(rows, func(r row) bool { return splitOf(canonicalText(r.question)) != cfg.Split })
	case cfg.Split == Train:
		eval, err := readRows(cfg.EvalPath, columns)
		if err != nil {
			return nil, err
		}
		held := make(map[string]bool, len(eval))
		for _, r := range eval {
			held[canonicalText(r.question)] = true
		}
		rows = slices.DeleteFunc(rows, func(r row) bool { return held[canonicalText(r.question)] })
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("task jsonl: %s has no %s rows; give more rows or a file of its own for each side", path, cfg.Split)
	}
	j.rows = rows
	j.byID = make(map[string]int, len(rows))
	var used [256]bool
	traces := false
	for i, r := range rows {
		j.byID["jsonl/"+r.id] = i
		traces = traces || r.solution != ""
		for _, s := range []string{r.question, r.answer, r.solution} {
			for k := 0; k < len(s); k++ {
				used[s[k]] = true
			}
		}
	}
	var letters []byte
	for b, yes := range used {
		if yes {
			letters = append(letters, byte(b))
		}
	}
	j.spec = Spec{Name: "jsonl", Version: "1.0.0", Summary: "problems from " + path, MinLevel: 1, MaxLevel: 1,
		Levels:   []Level{{Level: 1, Sentence: fmt.Sprintf("the %d %s rows of the file", len(rows), cfg.Split)}},
		Alphabet: alphabet(string(letters), string(rune(markTerse))), Traces: traces, Size: len(rows)}
	return j, nil
}

func (j *jsonl) Spec() Spec {
	s := j.spec
	s.Levels = slices.Clone(s.Levels)
	return s
}

// Problem returns row number index of an endless stream: each pass over the
// rows is a permutation of its own, keyed by seed and pass.
func (j *jsonl) Problem(seed uint64, index int, level int) (rewards.Problem, error) {
	if err := checkArgs(j.spec, index, level); err != nil {
		return rewards.Problem{}, err
	}
	n := uint64(len(j.rows))
	pass := uint64(index) / n
	r := j.rows[permute(uint64(index)%n, n, mix64(seed^mix64(pass+1)))]
	p := rewards.Problem{Task: "jsonl", ID: "jsonl/" + r.id, Question: r.question, Gold: r.answer}
	if r.data != "" {
		p.Data = json.RawMessage(r.data)
	}
	return p, nil
}

func (j *jsonl) Check(p rewards.Problem, claim string) Verdict { return checkMath(p, claim) }

func checkMath(p rewards.Problem, claim string) Verdict {
	m := mathans.Compare(p.Gold, claim)
	return Verdict{
		Correct: m.Status == mathans.Equal,
		Valid:   m.Status == mathans.Equal || m.Status == mathans.Different,
		Skip:    m.Status == mathans.GoldUnparsed,
		Reason:  string(m.Status),
		Why:     m.Why,
		Facts:   map[string]any{"gold": m.Gold, "claim": m.Pred, "rung": m.Rung, "certainty": m.Certainty},
	}
}

// Trace writes the row's solution as the think part. A row has one solution,
// right and whole, so there are only careful and terse traces, and a terse
// one is the bare answer.
func (j *jsonl) Trace(p rewards.Problem, style Style, _ *rand.Rand) string {
	i, ok := j.byID[p.ID]
	if !ok || p.Task != "jsonl" {
		return ""
	}
	r := j.rows[i]
	switch {
	case style == Terse:
		return completion(string(rune(markTerse)), r.answer)
	case style == Careful && r.solution != "":
		return solved(r.solution, r.answer)
	}
	return ""
}

// solved is the trace of a solution. One that has a think part of its own, as a
// model's completion, keeps it: whole where an answer part follows, else with
// what follows as the answer part if that claims the gold answer, or else with
// the gold answer.
func solved(solution, answer string) string {
	g := text.Segment(solution, text.R1())
	if len(g.Think) == 0 && strings.Contains(solution, text.ThinkClose) {
		solution = text.ThinkOpen + solution // opened by the prompt
		g = text.Segment(solution, text.R1())
	}
	if len(g.Think) == 0 {
		return completion(stripCalculator(solution), answer)
	}
	think := g.Think[0]
	if len(g.Answer) > 0 && g.Answer[len(g.Answer)-1].Open.From >= think.Close.To {
		return strings.TrimSpace(solution[think.Open.From:])
	}
	rest := text.TrimSpace(solution, text.Span{From: think.Close.To, To: len(solution)})
	whole := completion(think.Body.In(solution), rest.In(solution))
	if c := mathans.ExtractR1(whole); c.Status == "" && mathans.Compare(answer, c.Text).Status == mathans.Equal {
		return whole
	}
	return completion(think.Body.In(solution), answer)
}

// stripCalculator removes GSM8K's calculator marks, <<16-3-4=9>>.
func stripCalculator(s string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(s, "<<")
		if !found {
			break
		}
		_, after, closed := strings.Cut(rest, ">>")
		if !closed {
			break
		}
		b.WriteString(before)
		s = after
	}
	b.WriteString(s)
	return b.String()
}
