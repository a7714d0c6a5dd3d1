package tasks

import (
	"math/rand/v2"
	"strconv"
	"strings"
)

// booleanKind finds values of a, b, c … (1 is true) that make all clauses
// true: "(a|!b)(b|c)" is worked row by row of the truth table until one
// fits, "000=0;001=1". Every assignment that fits is right.
func booleanKind() kind {
	return kind{
		name: "boolean", version: "1.2.0", summary: "find values that make a formula true",
		alphabet: "abcdef()|!01=",
		same:     func(q string) string { return anyOrder(strings.Trim(q, "()"), ")(", "|") },
		levels: []kindLevel{{"three variables, three clauses", 0.64}, {"three variables, four clauses", 0.51}, {"three variables, six clauses", 0.34},
			{"four variables, eight clauses", 0.23}, {"five variables, twelve clauses", 0.11}},
		draw: func(level int, rng *rand.Rand) string {
			return drawFormula([]int{3, 3, 3, 4, 5}[level-1], []int{3, 4, 6, 8, 12}[level-1], rng)
		},
		work: truthTable,
		check: func(q, claim string) (correct, valid bool) {
			f, ok := parseFormula(q)
			claim = strings.ReplaceAll(claim, " ", "")
			if !ok || len(claim) != f.variables || strings.Trim(claim, "01") != "" {
				return false, false
			}
			row, err := strconv.ParseUint(claim, 2, 16)
			return err == nil && f.holds(int(row)), err == nil
		},
		miss: func(_, gold string, rng *rand.Rand) string {
			b := make([]byte, len(gold))
			for i := range b {
				b[i] = '0' + byte(rng.IntN(2))
			}
			return string(b)
		},
	}
}

type literal struct {
	variable int
	negated  bool
}

type formula struct {
	clauses   [][]literal
	variables int // a, b, … up to the last one named
}

func parseFormula(q string) (f formula, ok bool) {
	if len(q) > 400 || !strings.HasPrefix(q, "(") || !strings.HasSuffix(q, ")") {
		return formula{}, false
	}
	for _, clause := range strings.Split(q[1:len(q)-1], ")(") {
		var list []literal
		for _, name := range strings.Split(clause, "|") {
			l := literal{}
			if name, l.negated = strings.CutPrefix(name, "!"); len(name) != 1 || name[0] < 'a' || name[0] > 'f' {
				return formula{}, false
			}
			l.variable = int(name[0] - 'a')
			f.variables = max(f.variables, l.variable+1)
			list = append(list, l)
		}
		f.clauses = append(f.clauses, list)
	}
	return f, true
}

// holds evaluates a row of the truth table; a is the highest bit.
func (f formula) holds(row int) bool {
	for _, clause := range f.clauses {
		fits := false
		for _, l := range clause {
			fits = fits || row>>(f.variables-1-l.variable)&1 == 1 != l.negated
		}
		if !fits {
			return false
		}
	}
	return true
}

func truthTable(q string, slip slip) (steps []string, answer string, ok bool) {
	f, ok := parseFormula(q)
	if !ok {
		return nil, "", false
	}
	solvable := false
	for row := range 1 << f.variables {
		value := 0
		if f.holds(row) {
			value, solvable = 1, true
		}
		value = slip(value, 1)
		bits := strconv.FormatInt(int64(row), 2)
		bits = strings.Repeat("0", f.variables-len(bits)) + bits
		steps = append(steps, bits+"="+strconv.Itoa(value))
		if value == 1 {
			return steps, bits, true
		}
	}
	// An error may pass over the only row that fits.
	return steps, strings.Repeat("1", f.variables), solvable
}

func drawFormula(variables, clauses int, rng *rand.Rand) string {
	for {
		var b strings.Builder
		for range clauses {
			b.WriteByte('(')
			for i, v := range rng.Perm(variables)[:2+rng.IntN(min(2, variables-1))] {
				if i > 0 {
					b.WriteByte('|')
				}
				if rng.IntN(2) == 0 {
					b.WriteByte('!')
				}
				b.WriteByte(lowercase[v])
			}
			b.WriteByte(')')
		}
		f, ok := parseFormula(b.String())
		if !ok || f.variables != variables {
			continue
		}
		if _, _, ok := truthTable(b.String(), exactly); ok && !f.holds(0) {
			return b.String()
		}
	}
}
