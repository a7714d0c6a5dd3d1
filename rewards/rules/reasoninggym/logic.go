package reasoninggym

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"gradus/rewards/rules/pytext"
)

// What propositional_logic is read and tried up to; the published function
// tries 2 to the number of letters and names whatever they are.
const (
	maxFormula = 2_000   // characters
	maxTrials  = 1 << 22 // of formulas' parts under assignments
	maxLevels  = 900     // Python's own recursion ends at about that
)

var (
	errFormula = errors.New("text that is no formula")
	errDeep    = errors.New("the answer nests too deep, at which the published function fails")
)

// formula is an operator with its operands, or a name.
type formula struct {
	op          rune // 0: a name
	name        string
	left, right *formula
}

// propositionalLogic is PropositionalLogicDataset.score_answer. Capital letters
// must be the row's; other texts are names too, so that words pay 0.05. Over
// the budgets an answer is worth 0.
func propositionalLogic(answer string, found bool, e entry) (float64, error) {
	var letters, premises []string
	if err := errors.Join(e.meta("variables", &letters), e.meta("premises", &premises)); err != nil {
		return 0, err
	}
	if !found {
		return 0, nil
	}
	for _, r := range answer {
		if r >= 'A' && r <= 'Z' && !slices.Contains(letters, string(r)) {
			return 0, nil
		}
	}
	if len(answer) > maxFormula {
		return 0, nil
	}
	var given []*formula
	for _, p := range premises {
		f, err := readFormula([]rune(p), 0)
		if err != nil {
			return 0, fmt.Errorf("the row's premise %.40q: %w", p, err)
		}
		given = append(given, f)
	}
	claim, err := readFormula([]rune(answer), 0)
	switch {
	case errors.Is(err, errDeep):
		return 0, err
	case err != nil:
		return 0, nil
	}
	follows, ok := entails(given, claim)
	switch {
	case !ok:
		return 0, nil
	case !follows:
		return 0.05, nil
	}
	trivial, _ := entails(nil, claim)
	if claim.op == 0 || trivial {
		return 0.25, nil
	}
	return 1, nil
}

// readFormula is parse_expr: the loosest operator outside of parentheses, the
// last of several, parts a text.
func readFormula(s []rune, level int) (*formula, error) {
	if level > maxLevels {
		return nil, errDeep
	}
	for {
		s = []rune(pytext.Strip(string(s)))
		if len(s) == 0 {
			return nil, errFormula
		}
		if !enclosed(s) {
			break
		}
		if level++; level > maxLevels {
			return nil, errDeep
		}
		s = s[1 : len(s)-1]
	}
	for _, op := range "↔→∨∧" {
		depth := 0
		for i := len(s) - 1; i >= 0; i-- {
			switch {
			case s[i] == ')':
				depth++
			case s[i] == '(':
				depth--
			case depth == 0 && s[i] == op:
				left, err := readFormula(s[:i], level+1)
				if err != nil {
					return nil, err
				}
				right, err := readFormula(s[i+1:], level+1)
				return &formula{op: op, left: left, right: right}, err
			}
		}
	}
	if s[0] == '¬' {
		f, err := readFormula(s[1:], level+1)
		return &formula{op: '¬', left: f}, err
	}
	return &formula{name: string(s)}, nil
}

// enclosed says whether one pair of parentheses is around all of it.
func enclosed(s []rune) bool {
	if s[0] != '(' || s[len(s)-1] != ')' {
		return false
	}
	depth := 0
	for _, r := range s[1:max(1, len(s)-1)] {
		switch r {
		case '(':
			depth++
		case ')':
			if depth--; depth < 0 {
				return false
			}
		}
	}
	return depth == 0
}

// entails says whether the claim is true wherever all premises are; ok is
// false where there are too many assignments to try.
func entails(premises []*formula, claim *formula) (follows, ok bool) {
	names := map[string]bool{}
	parts := 0
	var collect func(*formula)
	collect = func(f *formula) {
		if f == nil {
			return
		}
		if parts++; f.op == 0 {
			names[f.name] = false
		}
		collect(f.left)
		collect(f.right)
	}
	for _, f := range premises {
		collect(f)
	}
	collect(claim)
	if len(names) > 22 || parts<<len(names) > maxTrials {
		return false, false
	}
	sorted := slices.Sorted(maps.Keys(names))
	for i := range 1 << len(sorted) {
		for k, name := range sorted {
			names[name] = i>>k&1 == 1
		}
		if !slices.ContainsFunc(premises, func(f *formula) bool { return !f.holds(names) }) && !claim.holds(names) {
			return false, true
		}
	}
	return true, true
}

func (f *formula) holds(names map[string]bool) bool {
	switch f.op {
	case 0:
		return names[f.name]
	case '¬':
		return !f.left.holds(names)
	case '∧':
		return f.left.holds(names) && f.right.holds(names)
	case '∨':
		return f.left.holds(names) || f.right.holds(names)
	case '→':
		return !f.left.holds(names) || f.right.holds(names)
	}
	return f.left.holds(names) == f.right.holds(names)
}
