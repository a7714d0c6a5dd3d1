package mathans

import (
	"fmt"
	"strings"

	"gradus/rewards/mathans/equal"
	"gradus/rewards/mathans/extract"
	"gradus/rewards/mathans/latex2sympy"
)

// Policy names a way to find the claim and to compare it.
type Policy string

// The policies.
const (
	// PolicyR1: the claim stands after the thinking, in the answer part or in
	// a box, and there is only one. Values are compared exactly.
	PolicyR1 Policy = "r1"
	// PolicyGSM8K: "#### 42", else a box, else "the answer is 42", else the
	// last number. Values are compared exactly.
	PolicyGSM8K Policy = "gsm8k"
	// PolicyMathVerify finds and compares as Math-Verify 0.9 does, both in the
	// gold answer and in the claim.
	PolicyMathVerify Policy = "mathverify"
	// PolicyLenient takes any form an answer may stand in, and accepts what
	// differs in notation only.
	PolicyLenient Policy = "lenient"
)

// Policies lists them all.
func Policies() []Policy {
	return []Policy{PolicyR1, PolicyGSM8K, PolicyMathVerify, PolicyLenient}
}

// ParsePolicy finds a policy by name.
func ParsePolicy(name string) (Policy, error) {
	var names []string
	for _, p := range Policies() {
		if string(p) == name {
			return p, nil
		}
		names = append(names, string(p))
	}
	return "", fmt.Errorf("there is no policy %q; want %s", name, strings.Join(names, ", "))
}

// Adjust changes a policy for one comparison, as the parameters of
// Math-Verify's verify do. The zero value changes nothing.
type Adjust struct {
	Decimals       *int     // decimals to which numbers written with a point are rounded
	Lax            bool     // compare up to the names of variables (strict=False)
	RelationForSet bool     // accept an inequality for an interval (allow_set_relation_comp)
	Targets        []string // what mathverify looks for: "latex", "expr"; none is both
	// The next three are how open-r1 and TRL set Math-Verify's parse. They
	// change policy mathverify only.
	GoldTargets []string // Targets for the gold answer, where they differ
	Anchored    bool     // of the claim: no formula without a box or the word "answer" (try_extract_without_anchor=False)
	FirstMatch  bool     // only the first claim counts, readable or not (extraction_mode="first_match")
	GoldAny     bool     // but of the gold answer the first that can be read (extraction_mode="any_match")
	// Literal, where it is set, reads what Math-Verify reads and nothing else, by
	// its normal form and its grammar, and compares as it does where it is wrong,
	// too.
	Literal *Literal
	// The next five change Literal only.
	BoxesFirst bool // boxes go before what stands before "I hope it is correct" (boxed_match_priority=0)
	NoMending  bool // of the claim: malformed LaTeX as \frac12 is refused (malformed_operators=False, nits=False)
	Chains     bool // of the claim: a chain of equations is what follows its last sign (equations=True)
	KeepBoxes  bool // of the claim: an environment's boxes stay in it, as a part of the formula (boxed=True, which is no mode)
	NoFallback bool // the same text is not the same answer (fallback_mode="no_fallback")
}

// options are the notations that count as the same under a policy.
func (p Policy) options(a Adjust) equal.Options {
	o := equal.Options{Rename: a.Lax, RelationForSet: a.RelationForSet, NamesOnly: a.Literal != nil}
	switch p {
	case PolicyMathVerify:
		o.FloatDigits, o.Fold, o.WholePercent = 6, true, true
	case PolicyLenient:
		o.FloatDigits, o.Fold, o.PercentAsNumber, o.RelationForSet, o.VectorForTuple = 6, true, true, true, true
	default:
		o.PercentAsNumber, o.PercentApart = true, true
	}
	if a.Decimals != nil {
		if o.FloatDigits = *a.Decimals; o.FloatDigits == 0 {
			o.FloatDigits = equal.ToWhole
		}
	}
	return o
}

// search is how policy mathverify reads one of the two texts.
type search struct {
	targets   extract.Targets
	firstOnly bool
	bare      bool
	literal   *Literal
	mend      latex2sympy.Mend
	boxes     latex2sympy.Boxes // which boxes of an environment are its formula, for literal
}

func (a Adjust) goldSearch() search {
	names := a.GoldTargets
	if len(names) == 0 {
		names = a.Targets
	}
	s := a.search(targets(names), latex2sympy.Mend{Operators: true, Nits: true})
	s.firstOnly = a.FirstMatch && !a.GoldAny
	return s
}

func (a Adjust) predSearch() search {
	t := targets(a.Targets)
	t.Anchored = a.Anchored
	s := a.search(t, latex2sympy.Mend{Operators: !a.NoMending, Nits: !a.NoMending, Chains: a.Chains})
	if a.KeepBoxes {
		s.boxes = latex2sympy.NoBoxes
	}
	return s
}

func (a Adjust) search(t extract.Targets, mend latex2sympy.Mend) search {
	t.Literal, t.LateBoxes = a.Literal != nil, a.Literal != nil && !a.BoxesFirst
	return search{t, a.FirstMatch, a.Literal == nil && !a.Anchored, a.Literal, mend, latex2sympy.AllBoxes}
}

func targets(names []string) extract.Targets {
	if len(names) == 0 {
		return extract.Targets{Latex: true, Expr: true}
	}
	var t extract.Targets
	for _, name := range names {
		t.Latex = t.Latex || name == "latex"
		t.Expr = t.Expr || name == "expr"
	}
	return t
}

// unitsMatter says whether 5 cm differs from 5 m under a policy.
func (p Policy) unitsMatter() bool { return p != PolicyMathVerify && p != PolicyLenient }
