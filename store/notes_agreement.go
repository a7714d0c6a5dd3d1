package store

import (
	"context"
	"math"
	"sort"
	"strings"
)

// Agreement is how two readers judged what both judged.
type Agreement struct {
	Authors [2]string `json:"authors"`
	Labels  []string  `json:"labels"`
	// Counts[i][j] is how often the first said Labels[i] where the second said Labels[j].
	Counts [][]int `json:"counts"`
	N      int     `json:"n"`      // things that both judged
	Agreed int     `json:"agreed"` // with the same verdict
	// Kappa is Cohen's kappa: agreement beyond what the readers' own rates
	// would give by chance; 1 is full agreement, 0 that of chance. Nil where
	// chance alone would give full agreement, or nothing was judged by both.
	Kappa *float64 `json:"kappa,omitempty"`
	// StdError is the large-sample standard error of Kappa after Fleiss, Cohen
	// and Everitt (1969).
	StdError *float64 `json:"kappa_std_error,omitempty"`
}

// Agreements compares the standing verdicts on traces of every two readers, in
// the order of their names. Labels are compared without regard to case.
func (db *DB) Agreements(ctx context.Context) ([]Agreement, error) {
	rows, err := db.Notes(ctx, NoteQuery{Kind: NoteVerdict, TargetKind: "sample"})
	if err != nil {
		return nil, err
	}
	by := map[string]map[string]string{} // author, trace: verdict
	for _, r := range rows {
		if by[r.Author] == nil {
			by[r.Author] = map[string]string{}
		}
		by[r.Author][r.Target] = strings.ToLower(r.Text)
	}
	authors := sortedKeys(by)
	out := []Agreement{}
	for i, a := range authors {
		for _, b := range authors[i+1:] {
			out = append(out, agreement(a, b, by[a], by[b]))
		}
	}
	return out, nil
}

func agreement(a, b string, of, with map[string]string) Agreement {
	seen := map[string]bool{}
	for target, v := range of {
		if w, ok := with[target]; ok {
			seen[v], seen[w] = true, true
		}
	}
	out := Agreement{Authors: [2]string{a, b}, Labels: sortedKeys(seen)}
	at := map[string]int{}
	for i, l := range out.Labels {
		at[l] = i
		out.Counts = append(out.Counts, make([]int, len(out.Labels)))
	}
	for target, v := range of {
		if w, ok := with[target]; ok {
			out.Counts[at[v]][at[w]]++
		}
	}
	for i, row := range out.Counts {
		out.Agreed += row[i]
		for _, n := range row {
			out.N += n
		}
	}
	if k, se, ok := CohenKappa(out.Counts); ok {
		out.Kappa, out.StdError = &k, &se
	}
	return out
}

// CohenKappa is Cohen's kappa of a square table of counts, rows of one reader
// and columns of the other (Cohen 1960), with its large-sample standard error
// (Fleiss, Cohen, Everitt 1969, equation 13). ok is false for an empty table
// and one where both readers said one and the same label throughout, for which
// kappa is 0/0.
func CohenKappa(counts [][]int) (kappa, stdError float64, ok bool) {
	n := 0.0
	rows, cols := make([]float64, len(counts)), make([]float64, len(counts))
	for i, row := range counts {
		for j, c := range row {
			n += float64(c)
			rows[i] += float64(c)
			cols[j] += float64(c)
		}
	}
	if n == 0 {
		return 0, 0, false
	}
	observed, expected := 0.0, 0.0
	for i := range counts {
		rows[i] /= n
		cols[i] /= n
	}
	for i := range counts {
		observed += float64(counts[i][i]) / n
		expected += rows[i] * cols[i]
	}
	if 1-expected < 1e-12 {
		return 0, 0, false
	}
	kappa = (observed - expected) / (1 - expected)
	diagonal, off := 0.0, 0.0
	for i, row := range counts {
		for j, c := range row {
			p := float64(c) / n
			if i == j {
				d := 1 - (rows[i]+cols[i])*(1-kappa)
				diagonal += p * d * d
			} else {
				s := cols[i] + rows[j]
				off += p * s * s
			}
		}
	}
	off *= (1 - kappa) * (1 - kappa)
	last := kappa - expected*(1-kappa)
	variance := (diagonal + off - last*last) / (n * (1 - expected) * (1 - expected))
	return kappa, math.Sqrt(max(variance, 0)), true
}

// Judged counts the standing verdicts on traces, by author and label, in the
// order of both.
type Judged struct {
	Author string `json:"author"`
	Label  string `json:"label"`
	N      int    `json:"n"`
}

// Judgements counts the standing verdicts on traces.
func (db *DB) Judgements(ctx context.Context) ([]Judged, error) {
	rows, err := db.Notes(ctx, NoteQuery{Kind: NoteVerdict, TargetKind: "sample"})
	if err != nil {
		return nil, err
	}
	count := map[[2]string]int{}
	for _, r := range rows {
		count[[2]string{r.Author, strings.ToLower(r.Text)}]++
	}
	out := []Judged{}
	for k, n := range count {
		out = append(out, Judged{k[0], k[1], n})
	}
	sort.Slice(out, func(i, j int) bool {
		return out[i].Author < out[j].Author || out[i].Author == out[j].Author && out[i].Label < out[j].Label
	})
	return out, nil
}
