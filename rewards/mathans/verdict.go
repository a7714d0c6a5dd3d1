// Package mathans decides whether a claimed answer equals a gold answer. It
// compares exactly where it can, says how it decided and what that is worth,
// and refuses rather than guesses.
//
// A Policy says where in a completion the claim stands and which notations
// count as the same. The formula is read by package parse and compared by
// package equal; neither runs a computer algebra system. Work is counted, not
// timed, so a verdict never depends on the machine, and no input can take more
// than a few ten milliseconds.
package mathans

import (
	"gradus/rewards/mathans/equal"
	"gradus/rewards/text"
)

// Status is the outcome of a comparison.
type Status string

// The statuses. Only Equal is worth a reward; GoldUnparsed says nothing about
// the claim, so it must become a skipped reward and never 0.
const (
	Equal        Status = "equal"
	Different    Status = "different"
	NoAnswer     Status = "no_answer"     // the completion claims nothing
	Ambiguous    Status = "ambiguous"     // it claims several different things
	GoldUnparsed Status = "gold_unparsed" // the gold answer cannot be read
	PredUnparsed Status = "pred_unparsed" // the claim is not of the gold's kind
	Budget       Status = "budget"        // the claim is too large to be judged
)

// Basis says what a verdict rests on.
type Basis string

// The bases, strongest first.
const (
	Exact     Basis = "exact"     // arithmetic without rounding, or the same text
	Identity  Basis = "identity"  // random points of the field of 2^61−1 elements
	Numeric   Basis = "numeric"   // intervals of reals that agree
	Heuristic Basis = "heuristic" // a rule about notation that can be wrong
)

// Certainty puts a basis on a scale from 0 to 1. 1 stands for decisions
// without rounding or chance, and only for those. The others order the bases:
// an identity test of degree d errs with a probability below (d/2^61)^8, which
// is far closer to 1 than shown; agreeing intervals and rules of notation have
// no such bound, and their marks are no measured probabilities.
func (b Basis) Certainty() float64 {
	switch b {
	case Exact:
		return 1
	case Identity:
		return 0.999999999
	case Numeric:
		return 0.999999
	case Heuristic:
		return 0.9
	}
	return 0
}

func basis(b equal.Basis) Basis {
	return [...]Basis{equal.Exact: Exact, equal.Identity: Identity, equal.Numeric: Numeric, equal.Heuristic: Heuristic}[b]
}

// Verdict is the outcome of a comparison and how it was reached.
type Verdict struct {
	Status    Status  `json:"status"`
	Equal     bool    `json:"equal"`
	Rung      string  `json:"rung,omitempty"` // method that decided: "rational", "field_identity", "set", …
	Basis     Basis   `json:"basis,omitempty"`
	Certainty float64 `json:"certainty,omitempty"` // of the basis, 0..1
	Gold      string  `json:"gold,omitempty"`      // as read
	Pred      string  `json:"pred,omitempty"`
	Why       string  `json:"why"`
	// Claim is where the claim stands in the text that was judged.
	Claim *text.Span `json:"-"`
}

// Claim is what an extraction policy found in a completion.
type Claim struct {
	Status Status      // Equal's place is empty here: "" when there is one claim, else NoAnswer or Ambiguous
	Text   string      // the claim, without white space at its ends
	Span   text.Span   // of Text in the completion
	Others []text.Span // further claims, for Ambiguous and for repeated ones
	Why    string      // when Status is not ""
}
