package tasks

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// sudokuKind is a 4×4 sudoku with the digits 1 to 4, empty cells as dots, row
// by row: it is worked by the next cell with one candidate, "r1c2=3".
func sudokuKind() kind {
	return kind{
		name: "sudoku4", version: "1.0.0", summary: "solve a 4×4 sudoku",
		alphabet: "1234.rc=",
		levels:   []kindLevel{{"three empty cells", 0.28}, {"five empty cells", 0.036}, {"seven empty cells", 0.012}, {"nine empty cells", 0.012}},
		draw: func(level int, rng *rand.Rand) string {
			return drawSudoku([]int{3, 5, 7, 9}[level-1], rng)
		},
		work: fillSudoku,
		check: func(q, claim string) (correct, valid bool) {
			claim = strings.ReplaceAll(claim, " ", "")
			if len(claim) != 16 || strings.Trim(claim, "1234") != "" {
				return false, false
			}
			var g grid
			for i := range 16 {
				if q[i] != '.' && q[i] != claim[i] {
					return false, true
				}
				if !g.allows(i, int(claim[i]-'0')) {
					return false, true
				}
				g[i] = int(claim[i] - '0')
			}
			return true, true
		},
		miss: func(_, gold string, rng *rand.Rand) string {
			b := []byte(gold)
			b[rng.IntN(16)] = '1' + byte(rng.IntN(4))
			return string(b)
		},
	}
}

// grid holds the digits of the cells, 0 for an empty one.
type grid [16]int

// allows says whether cell i may hold d beside what is there.
func (g *grid) allows(i, d int) bool {
	for j, v := range g {
		same := i/4 == j/4 || i%4 == j%4 || i/8 == j/8 && i%4/2 == j%4/2
		if j != i && v == d && same {
			return false
		}
	}
	return true
}

// single returns the first empty cell with one candidate.
func (g *grid) single() (cell, digit int, ok bool) {
	for i, v := range g {
		if v != 0 {
			continue
		}
		count, last := 0, 0
		for d := 1; d <= 4; d++ {
			if g.allows(i, d) {
				count, last = count+1, d
			}
		}
		if count == 1 {
			return i, last, true
		}
	}
	return 0, 0, false
}

func parseSudoku(q string) (g grid, ok bool) {
	if len(q) != 16 || strings.Trim(q, "1234.") != "" {
		return grid{}, false
	}
	for i := range 16 {
		if q[i] == '.' {
			continue
		}
		if !g.allows(i, int(q[i]-'0')) {
			return grid{}, false
		}
		g[i] = int(q[i] - '0')
	}
	return g, true
}

// fillSudoku solves by single candidates. When an error leaves none, the
// first empty cell takes its lowest candidate, or 1.
func fillSudoku(q string, slip slip) (steps []string, answer string, ok bool) {
	g, ok := parseSudoku(q)
	if !ok {
		return nil, "", false
	}
	clean, slipped := true, false
	for {
		cell, digit, single := g.single()
		if !single {
			cell = -1
			for i, v := range g {
				if v == 0 {
					cell = i
					break
				}
			}
			if cell < 0 {
				break
			}
			clean = false
			digit = 1
			for d := 4; d >= 1; d-- {
				if g.allows(cell, d) {
					digit = d
				}
			}
		}
		g[cell] = slip(digit-1, 3) + 1
		slipped = slipped || g[cell] != digit
		steps = append(steps, fmt.Sprintf("r%dc%d=%d", cell/4+1, cell%4+1, g[cell]))
	}
	var b []byte
	for _, v := range g {
		b = append(b, '0'+byte(v))
	}
	// A puzzle that single candidates do not solve is none of ours; after an
	// error that is the error's doing.
	return steps, string(b), len(steps) > 0 && (clean || slipped)
}

func drawSudoku(empty int, rng *rand.Rand) string {
	for {
		var g grid
		// Rows and bands of a fixed solution, relabelled and exchanged.
		base := [16]int{0, 1, 2, 3, 2, 3, 0, 1, 1, 0, 3, 2, 3, 2, 1, 0}
		label := rng.Perm(4)
		swap := [4]int{0, 1, 2, 3}
		column := [4]int{0, 1, 2, 3}
		for _, order := range []*[4]int{&swap, &column} {
			if rng.IntN(2) == 0 {
				order[0], order[1] = order[1], order[0]
			}
			if rng.IntN(2) == 0 {
				order[2], order[3] = order[3], order[2]
			}
			if rng.IntN(2) == 0 {
				order[0], order[1], order[2], order[3] = order[2], order[3], order[0], order[1]
			}
		}
		for i := range 16 {
			g[i] = label[base[swap[i/4]*4+column[i%4]]] + 1
		}
		b := make([]byte, 16)
		for i, v := range g {
			b[i] = '0' + byte(v)
		}
		for _, i := range rng.Perm(16)[:empty] {
			b[i] = '.'
		}
		if _, _, ok := fillSudoku(string(b), exactly); ok {
			return string(b)
		}
	}
}
