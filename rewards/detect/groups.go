package detect

import (
	"fmt"
	"math"

	"gradus/rewards/mathans"
)

// minTraces and minGroups are what is needed before anything is said of a
// sample of traces.
const (
	minTraces = 20
	minGroups = 5
)

// groups are the traces of each group, of those with at least two.
func groups(traces []Trace) [][]Trace {
	at := map[string]int{}
	var all [][]Trace
	for _, t := range traces {
		i, known := at[t.Group]
		if !known {
			i = len(all)
			at[t.Group] = i
			all = append(all, nil)
		}
		all[i] = append(all[i], t)
	}
	var out [][]Trace
	for _, g := range all {
		if len(g) > 1 {
			out = append(out, g)
		}
	}
	return out
}

// oneWrongAnswer is the share of groups that agree on an answer and are wrong,
// and the mean entropy of the answers in a group, in bits.
func oneWrongAnswer(traces []Trace) (share, entropy float64, n int) {
	for _, g := range groups(traces) {
		count, right := map[string]int{}, false
		for _, t := range g {
			count[t.Claim]++
			right = right || t.right()
		}
		for _, c := range count {
			p := float64(c) / float64(len(g))
			entropy -= p * math.Log2(p)
		}
		if len(count) == 1 && !right && g[0].Claim != "" {
			share++
		}
		n++
	}
	return share / float64(max(n, 1)), entropy / float64(max(n, 1)), n
}

func answersCollapse(r Run) (Signal, bool) {
	first, e1, n1 := oneWrongAnswer(r.First)
	last, e2, n2 := oneWrongAnswer(r.Last)
	return Signal{Value: last, Flag: last > 0.5 && last > first, Facts: map[string]any{"answer_entropy": []float64{e1, e2}},
		Why: fmt.Sprintf("in %.0f %% of the last groups all completions give one and the same wrong answer, in %.0f %% of the first", 100*last, 100*first)}, n1 >= minGroups && n2 >= minGroups
}

// rungDrift compares how many right answers were found right by intervals of
// reals or by a rule about notation, and not exactly.
func rungDrift(r Run) (Signal, bool) {
	weak := func(traces []Trace) (float64, int) {
		share, n := 0.0, 0
		for _, t := range traces {
			if !t.right() || t.Gold == "" || t.Claim == "" {
				continue
			}
			v := mathans.Compare(t.Gold, t.Claim)
			if !v.Equal {
				continue
			}
			if n++; v.Basis == mathans.Numeric || v.Basis == mathans.Heuristic {
				share++
			}
		}
		return share / float64(max(n, 1)), n
	}
	first, n1 := weak(r.First)
	last, n2 := weak(r.Last)
	return Signal{Value: last, Flag: last-first > 0.1,
		Why: fmt.Sprintf("%.0f %% of the last right answers were not found right exactly but by intervals or notation, %.0f %% of the first", 100*last, 100*first)}, n1 >= minTraces && n2 >= minTraces
}

// tugOfWar asks what the advantage is made of at the end: by which share of the
// variance within groups each part of the reward moves the total, and whether
// that part goes with being right. Flagged where a part that does not go with
// it moves more than half, or where two parts pull in opposite directions.
func tugOfWar(r Run) (Signal, bool) {
	var names []string
	if len(r.Last) > 0 {
		for _, p := range r.Last[0].Parts {
			names = append(names, p.Name)
		}
	}
	var columns [][]float64 // centred in their groups: the parts, the total, being right
	n, mixed := 0, 0
	for _, g := range groups(r.Last) {
		rows := make([][]float64, len(names)+2)
		right := 0
		for _, t := range g {
			if len(t.Parts) != len(names) || t.Correct == nil {
				return Signal{}, false
			}
			total := 0.0
			for k, p := range t.Parts {
				rows[k] = append(rows[k], p.Value)
				total += p.Value
			}
			rows[len(names)] = append(rows[len(names)], total)
			is := 0.0
			if t.right() {
				is = 1
				right++
			}
			rows[len(names)+1] = append(rows[len(names)+1], is)
		}
		if columns == nil {
			columns = make([][]float64, len(rows))
		}
		for k, row := range rows {
			columns[k] = append(columns[k], centred(row)...)
		}
		if n++; right > 0 && right < len(g) {
			mixed++
		}
	}
	if len(names) < 2 || mixed < minGroups {
		return Signal{}, false
	}
	total, right := columns[len(names)], columns[len(names)+1]
	all := product(total, total)
	if all < 1e-12 {
		return Signal{}, false
	}
	s := Signal{Facts: map[string]any{}}
	for k, name := range names {
		share := product(columns[k], total) / all
		with := correlation(columns[k], right)
		s.Facts[name] = map[string]float64{"share_of_advantage": share, "correlation_with_right": with}
		if share > 0.5 && with < 0.1 {
			s.Value, s.Flag = share, true
			s.Why = fmt.Sprintf("%.0f %% of what tells completions of a group apart is %s, which does not go with right answers (correlation %.2f)", 100*share, name, with)
			return s, true
		}
		s.Value = max(s.Value, share)
		for j := range k {
			if c := correlation(columns[k], columns[j]); c < -0.5 && product(columns[k], columns[k]) > 0.2*all && product(columns[j], columns[j]) > 0.2*all {
				s.Flag = true
				s.Why = fmt.Sprintf("%s and %s pull in opposite directions within groups (correlation %.2f)", names[j], name, c)
			}
		}
	}
	return s, true
}

func centred(row []float64) []float64 {
	mean := 0.0
	for _, v := range row {
		mean += v / float64(len(row))
	}
	out := make([]float64, len(row))
	for i, v := range row {
		out[i] = v - mean
	}
	return out
}

func product(a, b []float64) float64 {
	sum := 0.0
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

// correlation of centred columns; 0 where one does not vary.
func correlation(a, b []float64) float64 {
	if norm := math.Sqrt(product(a, a) * product(b, b)); norm > 1e-12 {
		return product(a, b) / norm
	}
	return 0
}
