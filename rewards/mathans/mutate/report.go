package mutate

import "slices"

// Tally counts the verdicts on the mutations of one rule.
type Tally struct {
	Rule     string  `json:"rule"`
	Equal    bool    `json:"equal"` // what is right
	Rows     int     `json:"rows"`
	Wrong    int     `json:"wrong"`
	Rate     float64 `json:"rate"`
	Examples []Row   `json:"examples,omitempty"` // a few wrong verdicts
}

// Row is one mutated answer beside its gold answer.
type Row struct {
	Gold  string `json:"gold"`
	Pred  string `json:"pred"`
	Rule  string `json:"rule"`
	Equal bool   `json:"expected"`
}

// Report sums up a verifier's verdicts.
type Report struct {
	Golds          int     `json:"golds"`
	Same           int     `json:"same"` // rows that mean the same
	FalseNegatives int     `json:"false_negatives"`
	FNRate         float64 `json:"fn_rate"`
	Changed        int     `json:"changed"` // rows that do not
	FalsePositives int     `json:"false_positives"`
	FPRate         float64 `json:"fp_rate"`
	Rules          []Tally `json:"rules"`
}

// Rows makes the rows of a set of gold answers, each pred boxed as a model
// would write it, unless its rule is about answers without a box.
func Rows(golds []string) []Row {
	var rows []Row
	for _, g := range golds {
		rows = append(rows, Row{g, `\boxed{` + g + `}`, "itself", true})
		for _, m := range Of(g) {
			if !m.Plain {
				m.Pred = `\boxed{` + m.Pred + `}`
			}
			rows = append(rows, Row{g, m.Pred, m.Name, m.Equal})
		}
	}
	return rows
}

// Run judges rows and counts.
func Run(golds []string, examples int, judge func(gold, pred string) bool) Report {
	r := Report{Golds: len(golds)}
	byRule := map[string]*Tally{}
	for _, row := range Rows(golds) {
		key := row.Rule
		if !row.Equal {
			key += "!"
		}
		t := byRule[key]
		if t == nil {
			t = &Tally{Rule: row.Rule, Equal: row.Equal}
			byRule[key] = t
		}
		wrong := judge(row.Gold, row.Pred) != row.Equal
		t.Rows++
		switch {
		case row.Equal:
			r.Same++
		default:
			r.Changed++
		}
		if !wrong {
			continue
		}
		t.Wrong++
		if row.Equal {
			r.FalseNegatives++
		} else {
			r.FalsePositives++
		}
		if len(t.Examples) < examples {
			t.Examples = append(t.Examples, row)
		}
	}
	for _, t := range byRule {
		t.Rate = share(t.Wrong, t.Rows)
		r.Rules = append(r.Rules, *t)
	}
	slices.SortFunc(r.Rules, func(a, b Tally) int {
		if a.Equal != b.Equal {
			if a.Equal {
				return -1
			}
			return 1
		}
		if a.Rule < b.Rule {
			return -1
		}
		return 1
	})
	r.FNRate, r.FPRate = share(r.FalseNegatives, r.Same), share(r.FalsePositives, r.Changed)
	return r
}

func share(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}
