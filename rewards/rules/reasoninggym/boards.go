package reasoninggym

import (
	"math"
	"math/big"
	"slices"
	"strings"

	"gradus/rewards/rules/pytext"
)

// Answers that are boards, a line for each row.

// arc is score_answer of ArcAgiDataset and ReArcDataset with the board format
// of their defaults: 0.05 for any digits.
func arc(answer string, found bool, e entry) (float64, error) {
	var want [][]int
	if err := e.meta("output", &want); err != nil {
		return 0, err
	}
	if !found {
		return 0, nil
	}
	var lines []string
	for line := range strings.SplitSeq(answer, "\n") {
		if line = pytext.Strip(line); !strings.HasPrefix(line, "Shape: ") {
			lines = append(lines, line)
		}
	}
	var board [][]int
	for row := range strings.SplitSeq(pytext.Strip(strings.Join(lines, "\n")), "\n") {
		cells := []int{}
		for cell := range strings.SplitSeq(pytext.Strip(row), " ") {
			switch cell = pytext.Strip(cell); {
			case cell == "":
			case len(cell) == 1 && cell[0] >= '0' && cell[0] <= '9':
				cells = append(cells, int(cell[0]-'0'))
			default:
				return 0, nil
			}
		}
		board = append(board, cells)
	}
	if slices.EqualFunc(board, want, slices.Equal) {
		return 1, nil
	}
	return 0.05, nil
}

// kakurasu is KakurasuDataset.score_answer: the zeros and ones of each line,
// whatever stands between them, have the row's sums.
func kakurasu(answer string, found bool, e entry) (float64, error) {
	var rows, cols []int
	var height, width int
	for name, into := range inOrder[any]("row_sums", &rows, "col_sums", &cols, "n_rows", &height, "n_cols", &width) {
		if err := e.meta(name, into); err != nil {
			return 0, err
		}
	}
	lines := strings.Split(answer, "\n")
	if !found || len(lines) != height || len(rows) != height || len(cols) != width {
		return 0, nil
	}
	sums := make([]int, width)
	for i, line := range lines {
		j, sum := 0, 0
		for _, c := range line {
			if c != '0' && c != '1' {
				continue
			}
			if j++; j > width {
				return 0, nil
			}
			if c == '1' {
				sum += j
				sums[j-1] += i + 1
			}
		}
		if j != width || sum != rows[i] {
			return 0, nil
		}
	}
	return truth(slices.Equal(sums, cols)), nil
}

// survo is SurvoDataset.score_answer: the whole numbers of each line, words
// and empty lines aside.
func survo(answer string, found bool, e entry) (float64, error) {
	var want [][]*big.Int
	var size int
	for name, into := range inOrder[any]("solution", &want, "board_size", &size) {
		if err := e.meta(name, into); err != nil {
			return 0, err
		}
	}
	if len(want) < size || slices.ContainsFunc(want[:max(0, size)], func(row []*big.Int) bool { return len(row) < size || slices.Contains(row, nil) }) {
		return 0, rowError("the row's solution is smaller than its board_size")
	}
	if !found {
		return 0, nil
	}
	right, rows := true, 0
	for line := range strings.SplitSeq(answer, "\n") {
		n := 0
		for _, word := range pytext.Words(line) {
			v, ok := pytext.Int(word)
			if !ok {
				continue
			}
			if rows >= size || n >= size {
				return 0, nil
			}
			right = right && want[rows][n].Cmp(v) == 0
			n++
		}
		if n != 0 && n != size {
			return 0, nil
		}
		if n > 0 {
			rows++
		}
	}
	return truth(right && rows == size), nil
}

// manipulateMatrix is ManipulateMatrixDataset.score_answer: blanks aside, and
// by its share where more stands around it.
func manipulateMatrix(answer string, _ bool, e entry) (float64, error) {
	oracle := pytext.Strip(e.answer)
	if answer == "" {
		return 0, nil
	}
	var lines []string
	for line := range strings.SplitSeq(answer, "\n") {
		lines = append(lines, strings.Join(pytext.Words(line), " "))
	}
	joined := pytext.Strip(strings.Join(lines, "\n"))
	if answer == oracle || joined == oracle {
		return 1, nil
	}
	return share(oracle, joined), nil
}

// poolMatrix is PoolMatrixDataset.score_answer: within a hundredth in single
// precision; 0.1 for other numbers of the same shape. numpy drops sides of
// length 1, so a row is a column.
func poolMatrix(answer string, found bool, e entry) (float64, error) {
	want, shape, ok := loadtxt(e.answer)
	got, shape2, ok2 := loadtxt(answer)
	if !found || !ok || !ok2 || !slices.Equal(shape, shape2) {
		return 0, nil
	}
	for i := range want {
		if !isClose(want[i], got[i]) {
			return 0.1, nil
		}
	}
	return 1, nil
}

// isClose is numpy.isclose(a, b, rtol=1e-2) of numbers in single precision.
func isClose(a, b float32) bool {
	if a == b {
		return true
	}
	size := float32(math.Abs(float64(b)))
	if math.IsInf(float64(size), 0) {
		return false
	}
	allowed := float32(float32(0.01) * size)
	return float32(math.Abs(float64(a-b))) <= float32(1e-8)+allowed
}

// loadtxt is numpy.loadtxt(s.splitlines(), dtype=float32): numbers with white
// space between them, as many in every line; what stands behind # is nothing.
// The shape is without sides of length 1.
func loadtxt(s string) (numbers []float32, shape []int, ok bool) {
	rows, cols := 0, 0
	for _, line := range pytext.Lines(s) {
		line, _, _ = strings.Cut(line, "#")
		words := pytext.Words(line)
		if len(words) == 0 {
			continue
		}
		if rows > 0 && len(words) != cols {
			return nil, nil, false
		}
		rows, cols = rows+1, len(words)
		for _, word := range words {
			if strings.ContainsFunc(word, func(r rune) bool { return r > '~' || r == '_' }) {
				return nil, nil, false
			}
			f, ok := pytext.Float(word)
			if !ok {
				return nil, nil, false
			}
			numbers = append(numbers, float32(f))
		}
	}
	for _, side := range []int{rows, cols} {
		if side != 1 {
			shape = append(shape, side)
		}
	}
	return numbers, shape, true
}
