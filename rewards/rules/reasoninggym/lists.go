package reasoninggym

import (
	"errors"
	"math/big"
	"slices"
	"strings"

	"gradus/rewards/rules/pytext"
	"gradus/rewards/rules/pyvalue"
)

// Answers written as JSON.

// errKey is where the published function raises an exception over a JSON
// object in place of a list.
var errKey = errors.New("the answer holds an object where a list belongs, at which the published function fails")

// gameOfLife is GameOfLifeDataset.score_answer: the share of right cells.
// More rows and cells cost nothing.
func gameOfLife(answer string, found bool, e entry) (float64, error) {
	got, err := pyvalue.JSON(answer)
	want, err2 := pyvalue.JSON(e.answer)
	if !found || err != nil || err2 != nil {
		return 0, nil
	}
	rows, ok := want.([]any)
	if !ok {
		return 0, rowError("the row's answer is no list, at which the published function fails")
	}
	cells, right := 0, 0
	flat := len(rows) == 0
	for i, row := range rows {
		expected, list := row.([]any)
		flat = flat || i == 0 && !list
		if flat {
			expected = []any{row}
		}
		line, has, err := element(got, i)
		if errors.Is(err, pyvalue.ErrType) && flat {
			err = errKey
		}
		if errors.Is(err, errKey) {
			return 0, err
		}
		for j, cell := range expected {
			cells++
			at := line
			if !flat && has {
				var there bool
				at, there, err = element(line, j)
				if errors.Is(err, errKey) {
					return 0, err
				}
				if !there {
					continue
				}
			}
			if has && pyvalue.Equal(at, cell) {
				right++
			}
		}
	}
	if cells == 0 {
		return 0, nil
	}
	return float64(right) / float64(cells), nil
}

// element is v[i]; has is false where it is out of range, or where no number
// may stand in the brackets.
func element(v any, i int) (x any, has bool, err error) {
	switch v := v.(type) {
	case []any:
		if i < len(v) {
			return v[i], true, nil
		}
		return nil, false, nil
	case string:
		for _, r := range v {
			if i--; i < 0 {
				return string(r), true, nil
			}
		}
		return nil, false, nil
	case *pyvalue.Dict:
		return nil, false, errKey
	}
	return nil, false, pyvalue.ErrType
}

// gameOfLifeHalting is GameOfLifeHaltingDataset.score_answer, which asks both
// texts for their truth: any text that is not empty is right.
func gameOfLifeHalting(answer string, found bool, e entry) (float64, error) {
	return truth(found && (answer != "") == e.truth()), nil
}

// groupAnagrams is GroupAnagramsDataset.score_answer: the groups in any order;
// 0.01 for other lists that Python can sort.
func groupAnagrams(answer string, _ bool, e entry) (float64, error) {
	got, oracle, ok, err := withSolution(answer, e)
	if !ok {
		return 0, err
	}
	a, ok := sortedGroups(got)
	b, ok2 := sortedGroups(oracle)
	switch {
	case !ok || !ok2:
		return 0, nil
	case pyvalue.Dumps(a) == pyvalue.Dumps(b):
		return 1, nil
	}
	return 0.01, nil
}

// withSolution is an answer in JSON and the row's solution; ok is false where
// the answer is no JSON.
func withSolution(answer string, e entry) (got, oracle any, ok bool, err error) {
	if oracle, err = e.value("solution"); err != nil {
		return nil, nil, false, err
	}
	got, err = pyvalue.JSON(answer)
	return got, oracle, err == nil, nil
}

// sortedGroups sorts each list in a list, and then these by their first
// elements; ok is false where Python cannot compare.
func sortedGroups(v any) (groups []any, ok bool) {
	lists, ok := pyvalue.Items(v)
	groups = make([]any, len(lists))
	for i, list := range lists {
		items, iterable := pyvalue.Items(list)
		items = slices.Clone(items)
		if !iterable || pyvalue.Sort(items, pyvalue.Less) != nil {
			return nil, false
		}
		groups[i] = items
	}
	first := func(group any) any {
		if items := group.([]any); len(items) > 0 {
			return items[0]
		}
		return ""
	}
	err := pyvalue.Sort(groups, func(a, b any) (bool, error) { return pyvalue.Less(first(a), first(b)) })
	return groups, ok && err == nil
}

// palindromePartitioning is PalindromePartitioningDataset.score_answer: all
// partitions, in any order and however often.
func palindromePartitioning(answer string, _ bool, e entry) (float64, error) {
	got, oracle, ok, err := withSolution(answer, e)
	if !ok {
		return 0, err
	}
	a, ok := partitions(got)
	b, ok2 := partitions(oracle)
	if !ok || !ok2 || len(a) != len(b) {
		return 0, nil
	}
	for part := range a {
		if !b[part] {
			return 0, nil
		}
	}
	return 1, nil
}

// partitions is a set of lists of texts, as keys; ok is false where there is
// anything else in it.
func partitions(v any) (set map[string]bool, ok bool) {
	lists, ok := pyvalue.Items(v)
	set = map[string]bool{}
	for _, list := range lists {
		parts, texts := texts(list, onlyText)
		if !texts {
			return nil, false
		}
		key := make([]any, len(parts))
		for i, p := range parts {
			key[i] = p
		}
		set[pyvalue.Dumps(key)] = true
	}
	return set, ok
}

// graphColor is GraphColorDataset.score_answer: a colour for each vertex, none
// of them that of a neighbour; 0.01 for other JSON objects. A list of colours
// in which the numbers of all vertices occur is read as one too.
func graphColor(answer string, found bool, e entry) (float64, error) {
	var puzzle struct{ Vertices, Edges, ColorOptions []any }
	v, err := e.value("puzzle")
	if err != nil {
		return 0, err
	}
	for name, into := range inOrder("vertices", &puzzle.Vertices, "edges", &puzzle.Edges, "color_options", &puzzle.ColorOptions) {
		var list any
		if d, ok := v.(*pyvalue.Dict); ok {
			list, _ = d.Get(name)
		}
		ok := false
		if *into, ok = list.([]any); !ok {
			return 0, rowError("the row's puzzle has no list " + name)
		}
	}
	coloring, err := pyvalue.JSON(answer)
	if !found || err != nil {
		return 0, nil
	}
	const parsed = 0.01
	colors := make([]any, len(puzzle.Vertices))
	for i, vertex := range puzzle.Vertices {
		color, ok, err := colorOf(coloring, vertex)
		if err != nil {
			return 0, nil
		}
		if !ok {
			return parsed, nil
		}
		colors[i] = color
	}
	for _, color := range colors {
		if !pyvalue.Hashable(color) {
			return 0, nil
		}
		if !slices.ContainsFunc(puzzle.ColorOptions, func(c any) bool { return pyvalue.Equal(c, color) }) {
			return parsed, nil
		}
	}
	for _, edge := range puzzle.Edges {
		ends, ok := edge.([]any)
		if !ok || len(ends) != 2 {
			return 0, rowError("the row's puzzle: an edge is not two vertices")
		}
		a, ok, err := colorOf(coloring, ends[0])
		b, ok2, err2 := colorOf(coloring, ends[1])
		switch {
		case err != nil || err2 != nil:
			return 0, nil
		case !ok || !ok2 || pyvalue.Equal(a, b):
			return parsed, nil
		}
	}
	return 1, nil
}

// colorOf is the colour of a vertex; ok is false where it has none, and err is
// where the published function raises an exception that pays 0.
func colorOf(coloring, vertex any) (color any, ok bool, err error) {
	if d, is := coloring.(*pyvalue.Dict); is {
		key, text := vertex.(string)
		if !text {
			key, _ = pyvalue.Str(vertex)
		}
		color, ok = d.Get(key)
		return color, ok, nil
	}
	list, is := coloring.([]any)
	if !is {
		return nil, false, pyvalue.ErrType
	}
	contains := func(v any) bool {
		return slices.ContainsFunc(list, func(x any) bool { return pyvalue.Equal(x, v) })
	}
	n, whole := vertex.(*big.Int)
	switch {
	case contains(vertex):
		if !whole || !n.IsInt64() || n.Int64() >= int64(len(list)) || n.Int64() < -int64(len(list)) {
			return nil, false, pyvalue.ErrType
		}
		return list[(n.Int64()+int64(len(list)))%int64(len(list))], true, nil
	case whole && contains(n.String()):
		return nil, false, pyvalue.ErrType
	}
	return nil, false, nil
}

// jugs is JugsDataset.score_answer: moves after which some jug holds the
// target; 0.01 for other moves that can be made.
func jugs(answer string, _ bool, e entry) (float64, error) {
	var puzzle struct {
		Capacities []int64 `json:"jug_capacities"`
		Target     int64   `json:"target"`
	}
	if err := e.meta("puzzle", &puzzle); err != nil {
		return 0, err
	}
	v, err := pyvalue.JSON(answer)
	moves, ok := texts(v, onlyText)
	if err != nil || !ok {
		return 0, nil
	}
	jug := func(name string) (int, bool) {
		r := []rune(name)
		if len(r) != 1 || r[0] < 'A' || int(r[0]-'A') >= len(puzzle.Capacities) {
			return 0, false
		}
		return int(r[0] - 'A'), true
	}
	state := make([]int64, len(puzzle.Capacities))
	for _, move := range moves {
		words := pytext.Words(move)
		if len(words) < 2 {
			return 0, nil
		}
		source, dest, arrow := strings.Cut(words[1], "->")
		if arrow != (words[0] == "pour") {
			return 0, nil
		}
		i, ok := jug(source)
		j, ok2 := jug(dest)
		if !ok || arrow && !ok2 {
			return 0, nil
		}
		switch words[0] {
		case "fill":
			state[i] = puzzle.Capacities[i]
		case "empty":
			state[i] = 0
		case "pour":
			amount := min(state[i], puzzle.Capacities[j]-state[j])
			state[i] -= amount
			state[j] += amount
		default:
			return 0, nil
		}
	}
	if slices.Contains(state, puzzle.Target) {
		return 1, nil
	}
	return 0.01, nil
}
