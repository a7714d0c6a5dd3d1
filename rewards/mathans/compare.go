package mathans

import (
	"fmt"
	"strings"

	"gradus/rewards/mathans/ast"
	"gradus/rewards/mathans/equal"
	"gradus/rewards/mathans/parse"
)

// maxAnswer bounds the bytes of an answer that is compared at all.
const maxAnswer = 4096

// Compare decides whether the claim pred equals gold, with the rules of policy
// r1. Both are answers and nothing else. It depends on nothing but its
// arguments, and its time and memory are bounded.
//
// Values are compared exactly. A percent is a number of its own kind: gold 28%
// accepts 28% and the bare 28; gold 28 or 0.28 never accepts 28%. A currency
// sign is dropped; a unit is dropped unless both have one and they conflict.
func Compare(gold, pred string) Verdict {
	return PolicyR1.Compare(gold, pred, Adjust{})
}

// Compare decides whether the claim pred equals gold, with the rules of p.
func (p Policy) Compare(gold, pred string, a Adjust) Verdict {
	switch {
	case strings.TrimSpace(gold) == "":
		return Verdict{Status: GoldUnparsed, Why: "the gold answer is empty"}
	case len(gold) > maxAnswer:
		return Verdict{Status: GoldUnparsed, Why: fmt.Sprintf("the gold answer has %d bytes; at most %d are read", len(gold), maxAnswer)}
	case strings.TrimSpace(pred) == "":
		return Verdict{Status: NoAnswer, Why: "the answer is empty"}
	case len(pred) > maxAnswer:
		return Verdict{Status: Budget, Why: fmt.Sprintf("the answer has %d bytes; at most %d are read", len(pred), maxAnswer)}
	}
	read := readAnswer(gold)
	if pred == gold {
		return p.judge(read, read, a) // expressions are never changed: two may be one
	}
	return p.judge(read, readAnswer(pred), a)
}

// judge compares two readings.
func (p Policy) judge(gold, pred reading, a Adjust) Verdict {
	v := Verdict{Gold: gold.show()}
	if v.Pred = v.Gold; pred.expr == nil || pred.expr != gold.expr {
		v.Pred = pred.show()
	}
	if pred.span.Len() > 0 {
		span := pred.span
		v.Claim = &span
	}
	if gold.text == "" && gold.expr == nil {
		v.Status = GoldUnparsed
		v.Why = "the gold answer cannot be read: " + reason(gold.err)
		return v
	}
	if pred.text == "" && pred.expr == nil {
		v.Status = NoAnswer
		v.Why = "no answer: " + reason(pred.err)
		return v
	}
	if gold.expr == nil || pred.expr == nil {
		return p.unread(v, gold, pred)
	}
	if gold.choice != "" && pred.choice != "" && gold.choice != pred.choice {
		return v.decide(equal.Outcome{Rung: "choice", Basis: equal.Heuristic})
	}
	out, err := equal.Compare(gold.expr, pred.expr, p.options(a))
	if err == nil && !out.Equal && (pred.chose(gold) || gold.chose(pred)) {
		return v.decide(equal.Outcome{Equal: true, Rung: "choice", Basis: equal.Heuristic})
	}
	if err != nil {
		if sameText(gold.text, pred.text) {
			return v.decide(equal.Outcome{Equal: true, Rung: "identical", Basis: equal.Exact})
		}
		v.Status, v.Why = Budget, fmt.Sprintf("claimed %s; gold %s; comparing them takes more work than is allowed", v.Pred, v.Gold)
		return v
	}
	if out.Equal && p.unitsMatter() && parse.UnitsConflict(gold.unit, pred.unit) {
		v.Status, v.Rung, v.Basis, v.Certainty = Different, "unit", Heuristic, Heuristic.Certainty()
		v.Why = fmt.Sprintf("claimed %s %s; gold %s %s; the units differ", v.Pred, pred.unit, v.Gold, gold.unit)
		return v
	}
	if !out.Equal && sameText(gold.text, pred.text) {
		out = equal.Outcome{Equal: true, Rung: "identical", Basis: equal.Exact}
	}
	if !out.Equal && numeric(gold.expr) && pred.expr.Kind == ast.Text {
		v.Status, v.Rung, v.Basis, v.Certainty = PredUnparsed, out.Rung, Heuristic, Heuristic.Certainty()
		v.Why = fmt.Sprintf("claimed %q, which is no number; gold %s", v.Pred, v.Gold)
		return v
	}
	return v.decide(out)
}

// unread decides where at least one side is no formula: by the text.
func (p Policy) unread(v Verdict, gold, pred reading) Verdict {
	if sameText(gold.text, pred.text) {
		return v.decide(equal.Outcome{Equal: true, Rung: "identical", Basis: equal.Exact})
	}
	switch {
	case gold.expr == nil && gold.large:
		v.Status, v.Why = GoldUnparsed, "the gold answer cannot be read: "+reason(gold.err)
	case pred.expr == nil && pred.large:
		v.Status, v.Why = Budget, fmt.Sprintf("the claim is not judged: %s", reason(pred.err))
	case gold.expr != nil:
		v.Status, v.Why = PredUnparsed, fmt.Sprintf("the claim %q cannot be read: %s; gold %s", v.Pred, reason(pred.err), v.Gold)
	case pred.expr != nil && gold.text != "" && plainWords(gold.text) == "":
		v.Status, v.Why = GoldUnparsed, "the gold answer cannot be read: "+reason(gold.err)
	default:
		return v.decide(equal.Outcome{Rung: "text", Basis: equal.Heuristic})
	}
	return v
}

func (v Verdict) decide(out equal.Outcome) Verdict {
	v.Status, v.Equal, v.Rung, v.Basis = Different, out.Equal, out.Rung, basis(out.Basis)
	v.Certainty = v.Basis.Certainty()
	relation := "different"
	if out.Equal {
		v.Status, relation = Equal, "equal"
	}
	v.Why = fmt.Sprintf("claimed %s; gold %s; %s %s", v.Pred, v.Gold, relation, rungPhrase(out))
	return v
}

// rungPhrase says how a decision was reached.
func rungPhrase(out equal.Outcome) string {
	switch out.Rung {
	case "identical":
		return "as written"
	case "rational":
		return "as rationals"
	case "radical":
		return "as sums of roots"
	case "rounded":
		return "after rounding"
	case "interval":
		return "as real numbers, by intervals"
	case "field_identity":
		return "as expressions, at random points of a finite field"
	case "numeric_identity":
		return "as expressions, at random points"
	case "relation", "relation_as_set":
		return "as relations"
	case "set", "tuple", "matrix":
		return "element by element (" + out.Rung + ")"
	case "percent_as_number":
		return "taken as the same percentage"
	case "percent":
		return "since a percentage is not the plain number"
	case "text":
		return "as words"
	case "choice":
		return "by the letter of the choice"
	case "undefined":
		return "since a value is undefined"
	}
	return "(" + strings.ReplaceAll(out.Rung, "_", " ") + ")"
}

// chose says whether r is a choice with what it says, and other its letter.
func (r reading) chose(other reading) bool {
	return r.choice != "" && (other.expr.Kind == ast.Text || other.expr.Kind == ast.Sym) && strings.Trim(other.expr.Name, " ().:") == r.choice
}

func (r reading) show() string {
	if r.expr != nil {
		return shorten(r.expr.String())
	}
	return shorten(r.text)
}

func reason(err error) string {
	if err == nil {
		return "nothing is left of it"
	}
	return err.Error()
}

func sameText(a, b string) bool {
	a, b = strings.Join(strings.Fields(a), " "), strings.Join(strings.Fields(b), " ")
	return a != "" && a == b
}

// numeric says whether n is one number.
func numeric(n *ast.Node) bool {
	for n.Kind == ast.Neg || n.Kind == ast.Percent || n.Kind == ast.Degree {
		n = n.Args[0]
	}
	return n.Kind == ast.Num || n.Kind == ast.BaseN || n.Kind == ast.Div && n.Constant()
}

// shorten cuts a text for a sentence.
func shorten(s string) string {
	const limit = 120
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}
