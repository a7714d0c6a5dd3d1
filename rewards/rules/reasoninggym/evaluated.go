package reasoninggym

import (
	"slices"
	"strings"

	"gradus/rewards/rules/pytext"
	"gradus/rewards/rules/pyvalue"
)

// These data sets hand an answer that is not the oracle's to Python's eval, in
// a method where the oracle's answer has a name. Here only literals are read.

// binaryMatrix is BinaryMatrixDataset.score_answer: a Python matrix pays 0.1.
func binaryMatrix(answer string, found bool, e entry) (float64, error) {
	if found && answer == e.answer {
		return 1, nil
	}
	text, ok := boardText(answer, anyText)
	return half(ok && text == e.answer, 0.1), nil
}

// spiralMatrix is SpiralMatrixDataset.score_answer: a Python list pays 0.1.
func spiralMatrix(answer string, _ bool, e entry) (float64, error) {
	oracle := pytext.Strip(e.answer)
	switch answer {
	case "":
		return 0, nil
	case oracle:
		return 1, nil
	}
	v, err := pyvalue.Literal(answer)
	text, ok := rowText(v, anyText)
	return half(err == nil && ok && text == oracle, 0.1), nil
}

// stringInsertion is StringInsertionDataset.score_answer: texts in a Python
// list, or in quotes, pay 0.1.
func stringInsertion(answer string, found bool, e entry) (float64, error) {
	if found && answer == e.answer {
		return 1, nil
	}
	v, err := pyvalue.Literal(answer)
	letters, ok := texts(v, onlyText)
	return half(found && err == nil && ok && strings.Join(letters, "") == e.answer, 0.1), nil
}

// nQueens is NQueensDataset.score_answer: any of the row's solutions, or half
// for one as a Python matrix.
func nQueens(answer string, found bool, e entry) (float64, error) {
	var valid []string
	if err := e.meta("valid_answers", &valid); err != nil {
		return 0, err
	}
	if found && slices.Contains(valid, answer) {
		return 1, nil
	}
	text, ok := boardText(answer, onlyText)
	return half(found && ok && slices.Contains(valid, text), 0.5), nil
}

// half is a part of the full score, or 0.
func half(right bool, worth float64) float64 {
	if right {
		return worth
	}
	return 0
}

// anyText is str(v); onlyText is what join takes.
func anyText(v any) (string, bool) { return pyvalue.Str(v) }

func onlyText(v any) (string, bool) {
	s, ok := v.(string)
	return s, ok
}

// boardText is a Python matrix as lines of cells with blanks between.
func boardText(answer string, text func(any) (string, bool)) (string, bool) {
	v, err := pyvalue.Literal(answer)
	if err != nil {
		return "", false
	}
	rows, ok := pyvalue.Items(v)
	lines := make([]string, len(rows))
	for i, row := range rows {
		if lines[i], ok = rowText(row, text); !ok {
			return "", false
		}
	}
	return strings.Join(lines, "\n"), ok
}

func rowText(v any, text func(any) (string, bool)) (string, bool) {
	cells, ok := texts(v, text)
	return strings.Join(cells, " "), ok
}

// texts are the texts of what a loop over v yields.
func texts(v any, text func(any) (string, bool)) ([]string, bool) {
	items, ok := pyvalue.Items(v)
	if !ok {
		return nil, false
	}
	out := make([]string, len(items))
	for i, item := range items {
		if out[i], ok = text(item); !ok {
			return nil, false
		}
	}
	return out, true
}
