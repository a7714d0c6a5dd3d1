package reasoninggym

import (
	"gradus/rewards/rules/pytext"
	symbolic "gradus/rewards/rules/sympy"
)

// integration is score_answer of SimpleIntegrationDataset and
// IntermediateIntegrationDataset: sympy simplifies the difference of the
// answer's derivative and the integrand to 0. Any constant will do, or none.
func integration(answer string, _ bool, e entry) (float64, error) {
	var x, integrand string
	for name, into := range inOrder("variable", &x, "integrand", &integrand) {
		if err := e.meta(name, into); err != nil {
			return 0, err
		}
	}
	want, err := symbolic.ParseExpr(integrand)
	if err != nil {
		return 0, nil // the published function takes any exception for a wrong answer
	}
	got, err := symbolic.ParseExpr(comments().ReplaceAllString(answer, ""))
	if err != nil {
		return 0, nil
	}
	derivative, err := symbolic.NewMaker().Derivative(got, x)
	if err != nil {
		return 0, nil
	}
	zero, err := symbolic.Same(derivative, want)
	return truth(err == nil && zero), nil
}

// comments are Python's, where no text is in quotes.
var comments = pytext.Expression(`#[^\n]*`)
