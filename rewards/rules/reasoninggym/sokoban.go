package reasoninggym

import (
	"strings"

	"gradus/rewards/rules/pytext"
)

// sokoban is SokobanDataset.score_answer: moves after which every box stands
// on a goal. Other characters than U, D, L and R are no moves.
func sokoban(answer string, found bool, e entry) (float64, error) {
	var text string
	if err := e.meta("gamestr", &text); err != nil {
		return 0, err
	}
	if !found {
		return 0, nil
	}
	w, ok := readWarehouse(text)
	for i := 0; ok && i < len(answer); i++ {
		ok = w.move(answer[i])
	}
	return truth(ok && w.solved()), nil
}

// thing is what stands on a cell.
type thing byte

const (
	nothing thing = iota
	wall
	box
	player
)

type warehouse struct {
	things [][]thing
	goals  [][]bool
	// The player's place, which may be left of the first column or above the
	// first row: Python counts negative places from the end.
	row, col int
	there    bool
}

// readWarehouse reads the text of a game; ok is false where the published
// function cannot.
func readWarehouse(text string) (w *warehouse, ok bool) {
	w = &warehouse{}
	for line := range strings.SplitSeq(pytext.Strip(strings.ReplaceAll(text, " ", "")), "\n") {
		things, goals := make([]thing, 0, len(line)), make([]bool, 0, len(line))
		for _, c := range line {
			kind, known := map[rune]thing{'+': wall, '@': box, '$': box, '*': player, '%': player, 'X': nothing, '-': nothing}[c]
			if !known {
				return nil, false
			}
			if kind == player {
				w.row, w.col, w.there = len(w.things), len(things), true
			}
			things, goals = append(things, kind), append(goals, strings.ContainsRune("$%X", c))
		}
		w.things, w.goals = append(w.things, things), append(w.goals, goals)
		if len(things) == 0 || len(things) != len(w.things[0]) {
			return nil, false
		}
	}
	return w, true
}

// at is a cell as numpy finds it; ok is false where it raises IndexError.
func (w *warehouse) at(row, col int) (cell *thing, r, c int, ok bool) {
	height, width := len(w.things), len(w.things[0])
	if row < -height || row >= height || col < -width || col >= width {
		return nil, 0, 0, false
	}
	r, c = (row+height)%height, (col+width)%width
	return &w.things[r][c], r, c, true
}

// move is Player.update; ok is false where Python raises an exception.
func (w *warehouse) move(key byte) (ok bool) {
	i := strings.IndexByte("RLUD", key)
	if i < 0 {
		return true
	}
	if !w.there {
		return false
	}
	down, right := [...]int{0, 0, -1, 1}[i], [...]int{1, -1, 0, 0}[i]
	target, r, c, ok := w.at(w.row+down, w.col+right)
	if !ok {
		return false
	}
	switch *target {
	case wall:
		return true
	case box:
		next, _, _, ok := w.at(r+down, c+right)
		if !ok {
			return false
		}
		if *next == wall || *next == box {
			return true
		}
		*next = box
	}
	here, _, _, _ := w.at(w.row, w.col)
	*here = nothing
	*target = player
	w.row, w.col = w.row+down, w.col+right
	return true
}

func (w *warehouse) solved() bool {
	for r, line := range w.things {
		for c, kind := range line {
			if kind == box && !w.goals[r][c] {
				return false
			}
		}
	}
	return true
}
