package reasoninggym

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"unicode"

	"gradus/rewards/rules/pytext"
)

// cube is a Rubik's cube as the package magiccube (0.3.0) turns it: for each
// small cube, by z, y and x, the colours that it shows along the three axes.
type cube struct {
	side   int
	pieces [][3]byte // side³, the inner ones are not looked at
	before [][3]byte // room for a turn
}

const (
	maxSide = 32         // of the cubes that are turned
	maxTurn = 50_000_000 // small cubes looked at for an answer
)

func newCube(side int) *cube {
	c := &cube{side: side, pieces: make([][3]byte, side*side*side), before: make([][3]byte, side*side*side)}
	for i := range c.pieces {
		for axis, at := range [3]int{i / (side * side), i / side % side, i % side} {
			switch at {
			case 0:
				c.pieces[i][axis] = "RWB"[axis]
			case side - 1:
				c.pieces[i][axis] = "OYG"[axis]
			}
		}
	}
	return c
}

// done says whether each side has one colour.
func (c *cube) done() bool {
	for axis := range 3 {
		for _, layer := range [2]int{0, c.side - 1} {
			var color byte
			for i := range c.pieces {
				if c.place(i)[axis] != layer {
					continue
				}
				if color == 0 {
					color = c.pieces[i][axis]
				}
				if c.pieces[i][axis] != color {
					return false
				}
			}
		}
	}
	return true
}

// place is where the i-th piece is along each axis.
func (c *cube) place(i int) [3]int {
	return [3]int{i / (c.side * c.side), i / c.side % c.side, i % c.side}
}

// turn turns the layers from first to last (exclusive) around an axis, as
// numpy's rot90 does.
func (c *cube) turn(axis, first, last int, reversed bool) {
	a, b := (axis+1)%3, (axis+2)%3
	if a > b {
		a, b = b, a
	}
	copy(c.before, c.pieces)
	for i := range c.pieces {
		p := c.place(i)
		if p[axis] < first || p[axis] >= last {
			continue
		}
		from := p
		if reversed {
			from[a], from[b] = c.side-1-p[b], p[a]
		} else {
			from[a], from[b] = p[b], c.side-1-p[a]
		}
		piece := c.before[(from[0]*c.side+from[1])*c.side+from[2]]
		piece[a], piece[b] = piece[b], piece[a]
		c.pieces[i] = piece
	}
}

// cubeMove is CubeMove's pattern.
var cubeMove = pytext.Expression(`^([0-9]*)(?:([LRDUBF])(w?)|([XYZMES]))('?)([0-9]?)$`)

// play makes a move so many times; ok is false for one that the cube refuses.
func (c *cube) play(move string, times int) (ok bool) {
	m := cubeMove().FindStringSubmatch(move)
	if m == nil {
		return false
	}
	name := m[2] + m[4]
	axis := map[byte]int{'L': 0, 'R': 0, 'M': 0, 'X': 0, 'D': 1, 'U': 1, 'E': 1, 'Y': 1, 'B': 2, 'F': 2, 'S': 2, 'Z': 2}[name[0]]
	first, last := 0, c.side
	if m[2] != "" {
		layer := 1 + len(m[3])
		if m[1] != "" {
			var err error
			if layer, err = strconv.Atoi(m[1]); err != nil {
				return false
			}
		}
		if layer < 1 || layer > c.side {
			return false
		}
		near := 1 // layers of the turn
		if m[3] != "" {
			near = layer
		}
		if strings.Contains("RUF", name) {
			first, last = c.side-layer, c.side-layer+near
		} else {
			first, last = layer-near, layer
		}
	} else if strings.Contains("MES", name) {
		if c.side%2 == 0 {
			return false
		}
		first, last = c.side/2, c.side/2+1
	}
	clockwise := strings.Contains("RDFESXZ", name) // rot90 by -1
	if m[6] != "" {
		times *= int(m[6][0] - '0')
	}
	for range times % 4 {
		c.turn(axis, first, last, clockwise == (m[5] == ""))
	}
	return true
}

// rubiksCube is RubiksCubeDataset.score_answer: moves that solve the cube; 0.01
// for any others, because magiccube has no faces to count the right stickers
// of, and so the published partial score fails.
func rubiksCube(answer string, found bool, e entry) (float64, error) {
	var side int
	var scramble string
	for name, into := range inOrder[any]("cube_size", &side, "scramble_moves", &scramble) {
		if err := e.meta(name, into); err != nil {
			return 0, err
		}
	}
	if !found {
		return 0, nil
	}
	if side < 2 || side > maxSide {
		return 0, rowError("the row's cube_size is " + strconv.Itoa(side) + "; from 2 to 32 are turned")
	}
	c := newCube(side)
	for move := range strings.SplitSeq(scramble, " ") {
		if move != "" && !c.play(move, 1) {
			return 0, rowError("the row's scramble_moves hold " + strconv.Quote(move) + ", which is no move of its cube")
		}
	}
	const worst = 0.01
	moves := pytext.Words(answer)
	if len(moves) > maxTurn/(4*len(c.pieces)) {
		return 0, fmt.Errorf("the answer is %d moves of a cube of side %d, more than are turned", len(moves), side)
	}
	for _, word := range moves {
		base, times, ok := repeated(word)
		if !ok {
			return worst, nil
		}
		if base != "" && times > 0 && !c.play(base, times) {
			return worst, nil
		}
	}
	return max(worst, truth(c.done())), nil
}

// repeated is a move and how often it is made: R2 is R twice. Where digits do
// not stand at the end alone the published function leaves the move out. ok is
// false where a list of the moves would not fit into memory.
func repeated(word string) (base string, times int, ok bool) {
	at := strings.IndexFunc(word, unicode.IsDigit)
	if at < 0 {
		return word, 1, true
	}
	digits := word[at:]
	if strings.ContainsFunc(digits, func(r rune) bool { return !unicode.IsDigit(r) }) {
		return "", 0, true
	}
	n, whole := pytext.Int(digits)
	if !whole || n.BitLen() > 30 {
		return "", 0, false
	}
	if n.Sign() > 0 { // four turns are none, but the move must be one
		n.Mod(n, big.NewInt(4)).Add(n, big.NewInt(4))
	}
	return word[:at], int(n.Int64()), true
}
