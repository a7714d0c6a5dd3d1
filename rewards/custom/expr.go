package custom

import (
	"context"
	"errors"
	"fmt"

	"gradus/rewards"
)

// ExprParams are the parameters of the reward "expr".
type ExprParams struct {
	Expr  string     `json:"expr"`  // as 0.9*gradus.accuracy + 0.1*gradus.format
	Range [2]float64 `json:"range"` // scores outside are invalid; any finite number
}

// DefaultExpr returns the defaults.
func DefaultExpr() ExprParams { return ExprParams{Range: anyScore()} }

// Expr is a reward that is an expression over the completion and the parts
// listed before it.
type Expr struct {
	spec    rewards.Spec
	formula *Formula
}

// NewExpr makes the reward "expr".
func NewExpr(p ExprParams) (*Expr, error) {
	if p.Expr == "" {
		return nil, errors.New("reward expr: give expr, an expression, as 0.9*gradus.accuracy + 0.1*gradus.format")
	}
	if err := checkRange("expr", p.Range); err != nil {
		return nil, err
	}
	f, err := Compile(p.Expr)
	if err != nil {
		return nil, fmt.Errorf("reward expr: %w", err)
	}
	return &Expr{formula: f, spec: rewards.Spec{Name: "expr", Version: "1.0.0", Params: asJSON(p), CodeHash: hash([]byte(p.Expr)), Range: p.Range, Deterministic: true}}, nil
}

// Spec describes the expression.
func (e *Expr) Spec() rewards.Spec { return e.spec }

// Parts returns the names of the parts that must be listed before it.
func (e *Expr) Parts() []string { return e.formula.Parts() }

// Score evaluates the expression for every completion. One that reads a part
// without a score is skipped.
func (e *Expr) Score(_ context.Context, g rewards.Group) ([]rewards.Result, error) {
	out := make([]rewards.Result, len(g.Samples))
	for i, s := range g.Samples {
		value, absent, err := e.formula.Value(s)
		switch {
		case err != nil:
			out[i] = rewards.Result{Status: rewards.Error, Reason: reasonError, Why: err.Error()}
		case absent != "":
			out[i] = rewards.Result{Status: rewards.Skipped, Reason: reasonSkipped, Why: fmt.Sprintf("%s, which the expression reads, gave no score", absent)}
		default:
			out[i] = rewards.Result{Score: value, Reason: reasonScored, Why: fmt.Sprintf("%s = %g", cut(e.formula.source, 120), value)}
		}
	}
	return out, nil
}
