package reasoninggym

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"gradus/rewards/rules/pytext"
	"gradus/rewards/rules/pyvalue"
)

// boxnet is BoxnetDataset.score_answer: the share of the boxes that a list of
// plans brings to their targets, 0.05 at least for JSON. An object that is no
// list of plans, or a box moved off the field, makes the published function
// fail.
func boxnet(answer string, found bool, e entry) (float64, error) {
	var field map[string][]string
	if err := e.meta("initial_state", &field); err != nil {
		return 0, err
	}
	before := boxes(field)
	if before == 0 {
		return 0, rowError("the row's initial_state holds no box, at which the published function divides by zero")
	}
	if !found {
		return 0, nil
	}
	v, err := pyvalue.JSON(answer)
	if err != nil {
		return 0, nil
	}
	plans, ok := pyvalue.Items(v)
	if !ok {
		return 0, fmt.Errorf("the answer is no list, at which the published function fails")
	}
	for _, p := range plans {
		plan, ok := p.(*pyvalue.Dict)
		if !ok {
			return 0, fmt.Errorf("the answer holds what is no object of moves, at which the published function fails")
		}
		moves, err := readPlan(plan)
		for i := 0; err == nil && i < len(moves); i++ {
			err = moves[i].make(field)
		}
		if err != nil {
			return 0, err
		}
	}
	return max(0.05, float64(before-boxes(field))/float64(before)), nil
}

func boxes(field map[string][]string) (n int) {
	for _, items := range field {
		for _, item := range items {
			if strings.HasPrefix(item, "box_") {
				n++
			}
		}
	}
	return n
}

// boxMove moves an item from a place to a target, or to another place.
type boxMove struct {
	from   []float64
	item   string
	target string
	to     []float64 // where the target is a square
	square bool
}

var coordinate = pytext.Expression(`\p{Nd}+\.?\p{Nd}*`)

func coordinates(s string) []float64 {
	out := []float64{}
	for _, digits := range coordinate().FindAllString(s, -1) {
		f, _ := pytext.Float(digits)
		out = append(out, f)
	}
	return out
}

// readPlan reads the moves of a step: the last of several from one place, at
// the place of the first.
func readPlan(plan *pyvalue.Dict) (moves []boxMove, err error) {
	at := map[string]int{}
	for _, key := range plan.Keys {
		v, _ := plan.Get(key)
		text, ok := v.(string)
		if !ok {
			return nil, fmt.Errorf("the move of %.40q is no text, at which the published function fails", key)
		}
		m := boxMove{from: coordinates(key)}
		if m.item, m.target, ok = cutMove(text); !ok {
			continue
		}
		if m.square = strings.Contains(m.target, "square"); m.square {
			m.to = coordinates(m.target)
		}
		place := fmt.Sprint(m.from)
		i, seen := at[place]
		if !seen {
			i = len(moves)
			at[place] = i
			moves = append(moves, m)
		}
		moves[i] = m
	}
	return moves, nil
}

// cutMove is re.match(r"move\((.*?),\s(.*?)\)", s).
func cutMove(s string) (item, target string, ok bool) {
	s, ok = strings.CutPrefix(s, "move(")
	stop := -1 // the next ) or line end behind begin
	for i := 0; ok && i < len(s) && s[i] != '\n'; i++ {
		if s[i] != ',' {
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i+1:])
		if !pytext.Space(r) {
			continue
		}
		begin := i + 1 + size
		if stop < begin {
			if stop = strings.IndexAny(s[begin:], ")\n"); stop < 0 {
				return "", "", false
			}
			stop += begin
		}
		if s[stop] == ')' {
			return s[:i], s[begin:stop], true
		}
	}
	return "", "", false
}

// make makes the move, if the item is there.
func (m boxMove) make(field map[string][]string) error {
	if len(m.from) < 2 {
		return fmt.Errorf("an agent has no two coordinates, at which the published function fails")
	}
	from := pytext.Repr(m.from[0]) + "_" + pytext.Repr(m.from[1])
	items := field[from]
	i := slices.Index(items, m.item)
	if i < 0 {
		return nil
	}
	if !m.square {
		color, ok := strings.CutPrefix(m.item, "box_")
		if ok && m.target == "target_"+color {
			if k := slices.Index(items, m.target); k >= 0 {
				items = slices.Delete(slices.Clone(items), max(i, k), max(i, k)+1)
				field[from] = slices.Delete(items, min(i, k), min(i, k)+1)
			}
		}
		return nil
	}
	off := func(k int) float64 { return math.Abs(m.from[k] - m.to[k]) }
	if len(m.to) == 0 || len(m.to) == 1 && off(0) <= 1 && off(0) == math.Trunc(off(0)) {
		return fmt.Errorf("a square has no two coordinates, at which the published function fails")
	}
	if len(m.to) == 1 || !(off(0) == 0 && off(1) == 1 || off(0) == 1 && off(1) == 0) {
		return nil
	}
	to := pytext.Repr(m.to[0]) + "_" + pytext.Repr(m.to[1])
	if _, ok := field[to]; !ok {
		return fmt.Errorf("a box is moved off the field, at which the published function fails")
	}
	field[from] = slices.Delete(slices.Clone(items), i, i+1)
	field[to] = append(slices.Clone(field[to]), m.item)
	return nil
}
