// Package mathans decides whether a claimed answer equals a gold answer. It
// compares exactly, says how it decided, and refuses rather than guesses.
//
// It reads integers, decimals, fractions, percents and money exactly and
// compares everything else as normalised text. Work is bounded by the length
// of the input, which is bounded itself: there is nothing to time out.
package mathans

import "gradus/rewards/text"

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
	Budget       Status = "budget"        // the claim is too long to be read
)

// Certainty is how much a verdict may be trusted.
type Certainty string

// The certainties.
const (
	Exact     Certainty = "exact"     // decided by exact arithmetic or identity
	Heuristic Certainty = "heuristic" // decided by a rule that can be wrong
)

// Verdict is the outcome of a comparison and how it was reached.
type Verdict struct {
	Status    Status    `json:"status"`
	Rung      string    `json:"rung,omitempty"` // rule that decided: "identical", "rational", "percent_as_number", "text"
	Certainty Certainty `json:"certainty,omitempty"`
	Gold      string    `json:"gold,omitempty"` // as read, in canonical form
	Pred      string    `json:"pred,omitempty"`
	Why       string    `json:"why"`
}

// Claim is what an extraction policy found in a completion.
type Claim struct {
	Status Status      // Equal's place is empty here: "" when there is one claim, else NoAnswer or Ambiguous
	Text   string      // the claim, without white space at its ends
	Span   text.Span   // of Text in the completion
	Others []text.Span // further claims, for Ambiguous and for repeated ones
	Why    string      // when Status is not ""
}
