package reasoninggym

import (
	"errors"
	"slices"
	"strings"

	"gradus/rewards/rules/pytext"
)

// shortestPath is ShortestPathDataset.score_answer: the moves lead from * to #
// without an X. Any way as long as the answer pays 1, one of another length,
// shorter too, a half.
func shortestPath(answer string, _ bool, e entry) (float64, error) {
	var grid [][]string
	if err := e.meta("matrix", &grid); err != nil {
		return 0, err
	}
	if answer == "" {
		return 0, nil
	}
	if answer == pytext.Strip(e.answer) {
		return 1, nil
	}
	moves := pytext.Words(answer)
	leads, err := leadsThrough(grid, moves)
	switch {
	case err != nil || !leads:
		return 0, err
	case len(moves) == len(pytext.Words(e.answer)):
		return 1, nil
	}
	return 0.5, nil
}

func leadsThrough(grid [][]string, moves []string) (bool, error) {
	find := func(mark string) (row, col int) {
		for r, line := range grid {
			if c := slices.Index(line, mark); c >= 0 {
				return r, c
			}
		}
		return -1, -1
	}
	r, c := find("*")
	endR, endC := find("#")
	if r < 0 || endR < 0 {
		return false, rowError("the row's matrix has no * or no #, at which the published function fails")
	}
	for _, move := range moves {
		switch move {
		case "right":
			c++
		case "down":
			r++
		case "left":
			c--
		case "up":
			r--
		default:
			return false, nil
		}
		if r < 0 || r >= len(grid) || c < 0 || c >= len(grid[r]) || grid[r][c] == "X" {
			return false, nil
		}
	}
	return r == endR && c == endC, nil
}

// sudoku is score_answer of MiniSudokuDataset and SudokuDataset.
func sudoku(answer string, found bool, e entry) (float64, error) {
	if answer == "" {
		return 0, nil
	}
	return futoshiki(answer, found, e)
}

// futoshiki is FutoshikiDataset.score_answer: the board line by line, else the
// digits of the lines that have as many as the board is wide.
func futoshiki(answer string, found bool, e entry) (float64, error) {
	var board [][]int
	if err := e.meta("solution", &board); err != nil {
		return 0, err
	}
	if !found {
		return 0, nil
	}
	if len(board) == 0 || len(board[0]) == 0 {
		return 0, errors.New("the row's solution is empty")
	}
	width := len(board[0])
	reward := 1.0
	lines := strings.Split(answer, "\n")
	if !slices.EqualFunc(lines, strings.Split(e.answer, "\n"), func(a, b string) bool {
		return strings.TrimRightFunc(a, pytext.Space) == strings.TrimRightFunc(b, pytext.Space)
	}) {
		right, row := 0, 0
		for _, line := range lines {
			if row >= len(board) {
				break
			}
			digits := digitsOf(line, width)
			if digits == nil {
				continue
			}
			for i := range min(width, len(board[row])) {
				if board[row][i] == digits[i] {
					right++
				}
			}
			row++
		}
		reward = float64(right) / float64(width*width)
		reward *= 0.9
	}
	if got, want := characters(answer), characters(e.answer); got > want {
		reward *= float64(want) / float64(got)
	}
	return reward, nil
}

// digitsOf are the digits 1 to 9 of a line; nil unless there are that many.
func digitsOf(line string, n int) []int {
	out := make([]int, 0, n)
	for i := 0; i < len(line); i++ {
		if line[i] >= '1' && line[i] <= '9' {
			if len(out) == n {
				return nil
			}
			out = append(out, int(line[i]-'0'))
		}
	}
	if len(out) != n {
		return nil
	}
	return out
}

// knightsKnaves is KnightsKnavesDataset.score_answer: names and the roles that
// follow them, as sets. Words that are neither count as names.
func knightsKnaves(answer string, _ bool, e entry) (float64, error) {
	if answer == "" {
		return 0, nil
	}
	want, got := assignments(e.answer), assignments(answer)
	matching := 0
	for pair := range want {
		if got[pair] {
			matching++
		}
	}
	switch {
	case len(want) != len(got) || matching == 0 && len(want) > 0:
		return 0, nil
	case matching == len(want):
		return 1, nil
	}
	return 0.3 + float64(0.7*float64(matching)/float64(len(want))), nil
}

func assignments(s string) map[[2]string]bool {
	s = strings.NewReplacer(".", " ", ",", " ", ")", " ", "(", " ").Replace(trimmedLower(s))
	out := map[[2]string]bool{}
	name := ""
	for _, word := range pytext.Words(strings.ReplaceAll(s, " and ", " ")) {
		switch word {
		case "is", "a", "an":
		case "knight", "knave", "pioneer", "laggard", "saint", "sinner", "hero", "villain", "angel", "devil", "altruist", "egoist", "sage", "fool":
			if name != "" {
				out[[2]string{name, word}] = true
				name = ""
			}
		default:
			name = word
		}
	}
	return out
}
