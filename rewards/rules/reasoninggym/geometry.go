package reasoninggym

import (
	"math"
	"math/big"
	"strings"

	"gradus/rewards/rules/pytext"
)

// advancedGeometry is AdvancedGeometryDataset.score_answer: angles and radii
// to two places, an orthocentre to three. A radius that the answer's text is
// not pays 0.01 where the exact one is a root, which Python's float refuses.
func advancedGeometry(answer string, found bool, e entry) (float64, error) {
	var task string
	if err := e.meta("task_type", &task); err != nil || !found {
		return 0, err
	}
	const worst, wrong = 0.01, 0.05
	switch task {
	case "angle_measure":
		got, ok := pytext.Float(strings.ReplaceAll(answer, "°", ""))
		want, ok2 := pytext.Float(strings.ReplaceAll(e.answer, "°", ""))
		if !ok || !ok2 {
			return worst, nil
		}
		return max(wrong, truth(rounded(got, 2) == rounded(want, 2))), nil
	case "orthocenter":
		var ortho []string
		if err := e.meta("ortho", &ortho); err != nil {
			return 0, err
		}
		parts := strings.Split(answer, ",")
		if len(parts) < 2 || len(ortho) != 2 {
			return worst, nil
		}
		for i, bracket := range []string{"(", ")"} {
			got, ok := pytext.Float(strings.ReplaceAll(parts[i], bracket, ""))
			want, ok2 := ratio(ortho[i])
			if !ok || !ok2 || rounded(got, 3) != rounded(want, 3) {
				return worst, nil
			}
		}
		return 1, nil
	case "incircle_radius":
		var exact string
		if err := e.meta("incircle_radius_exact", &exact); err != nil {
			return 0, err
		}
		if answer == e.answer {
			return 1, nil
		}
		got, ok := pytext.Float(answer)
		want, ok2 := pytext.Float(exact)
		switch {
		case !ok || !ok2:
			return worst, nil
		case rounded(got, 2) == rounded(want, 2):
			return 0.5, nil
		}
		return wrong, nil
	}
	return worst, nil
}

// rounded is numpy.round(v, places).
func rounded(v float64, places int) float64 {
	scale := math.Pow10(places)
	return math.RoundToEven(v*scale) / scale
}

// ratio is the value of 3/4, or of a number.
func ratio(s string) (float64, bool) {
	if !strings.Contains(s, "/") {
		return pytext.Float(s)
	}
	parts := strings.Split(s, "/")
	a, ok := pytext.Int(parts[0])
	b, ok2 := pytext.Int(parts[1])
	if !ok || !ok2 || b.Sign() == 0 {
		return 0, false
	}
	f, err := quotient(a, new(big.Int).Set(b))
	return f, err == nil
}
