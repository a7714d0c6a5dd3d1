package reasoninggym

import (
	"math/big"
	"slices"

	"gradus/rewards/rules/pytext"
)

// car is a piece of a Rush Hour board of 6 × 6 cells.
type car struct {
	at, size int
	stride   int // 1 along a row, 6 along a column
}

const rushSide = 6

var rushMove = pytext.Expression(`([A-Z])([+-])(\p{Nd}+)`)

// rushHour is RushHourDataset.score_answer: moves that bring the car A to its
// exit, 0.01 for any others. Moves that a car cannot make are left out, and a
// car goes as far as it can.
func rushHour(answer string, _ bool, e entry) (float64, error) {
	var config string
	if err := e.meta("board_config", &config); err != nil {
		return 0, err
	}
	cars, ok := readRush(config)
	if answer == "" || !ok {
		return 0, nil
	}
	moves := rushMove().FindAllStringSubmatch(answer, -1)
	for _, m := range moves {
		if _, ok := pytext.Int(m[3]); !ok {
			return 0, nil
		}
	}
	for _, m := range moves {
		i := int(m[1][0] - 'A')
		if i > len(cars) {
			continue
		}
		if i == len(cars) {
			return 0, nil // Python's index is out of range
		}
		steps, _ := pytext.Int(m[3])
		drive(cars, i, m[2] == "+", steps)
	}
	if len(cars) > 0 && cars[0].at == 2*rushSide+rushSide-2 {
		return 1, nil
	}
	return 0.01, nil
}

// readRush reads a board: the cars by their letters, and then the walls.
func readRush(config string) (cars []car, ok bool) {
	cells := []rune(config)
	if len(cells) != rushSide*rushSide {
		return nil, false
	}
	places := map[rune][]int{}
	var labels []rune
	for i, c := range cells {
		if c == 'o' || c == 'x' {
			continue
		}
		if places[c] == nil {
			labels = append(labels, c)
		}
		places[c] = append(places[c], i)
	}
	slices.Sort(labels)
	for _, label := range labels {
		p := places[label]
		if len(p) < 2 || len(p) > 3 {
			return nil, false
		}
		stride := p[1] - p[0]
		if stride != 1 && stride != rushSide || len(p) == 3 && p[2]-p[1] != stride {
			return nil, false
		}
		cars = append(cars, car{p[0], len(p), stride})
	}
	for i, c := range cells {
		if c == 'x' {
			cars = append(cars, car{i, 1, 1})
		}
	}
	return cars, true
}

// drive moves a car until it has made its steps or stands against something.
func drive(cars []car, i int, forward bool, steps *big.Int) {
	c := &cars[i]
	if c.size == 1 {
		return
	}
	for n := big.NewInt(1); n.Cmp(steps) <= 0; n.Add(n, big.NewInt(1)) {
		next := c.at - c.stride
		if forward {
			next = c.at + c.size*c.stride
		}
		// A car that fills several columns (or rows) of a column (or row) stops at
		// the side of the board that any of its cells touches.
		if c.touches(forward) || slices.ContainsFunc(cars, func(o car) bool { return o.covers(next) }) {
			return
		}
		if forward {
			c.at += c.stride
		} else {
			c.at -= c.stride
		}
	}
}

// touches says whether a cell of the car is at the side it would leave by.
func (c car) touches(forward bool) bool {
	for k := range c.size {
		p := c.at + k*c.stride
		line := p % rushSide // the column
		if c.stride != 1 {
			line = p / rushSide
		}
		if forward && line == rushSide-1 || !forward && line == 0 {
			return true
		}
	}
	return false
}

func (c car) covers(p int) bool {
	for k := range c.size {
		if c.at+k*c.stride == p {
			return true
		}
	}
	return false
}
