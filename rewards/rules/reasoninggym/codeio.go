package reasoninggym

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"

	"gradus/rewards/rules/pytext"
	"gradus/rewards/rules/pyvalue"
)

// codeIO is CodeIODataset.score_answer: the answer's text, or a JSON object by
// how near its tree is to the oracle's and how much text stands around it.
func codeIO(answer string, _ bool, e entry) (float64, error) {
	oracle := pytext.Strip(e.answer)
	open, end := strings.Index(answer, "{"), strings.LastIndex(answer, "}")
	switch {
	case answer == "":
		return 0, nil
	case answer == oracle:
		return 1, nil
	case open < 0 || end < 0:
		return 0, nil
	}
	text, around := "", characters(answer[:open])+characters(answer[end+1:])
	if open < end {
		text = answer[open : end+1]
	}
	size := float64(characters(oracle))
	if around == 0 && size == 0 {
		return 0, errZero
	}
	most := max(size/(size+float64(0.5*float64(around))), 0.2)
	got, err := pyvalue.JSON(text)
	var want any
	if err == nil {
		want, err = pyvalue.JSON(oracle)
	}
	switch {
	case errors.Is(err, pyvalue.ErrJSON):
		return share(oracle, answer), nil
	case err != nil:
		return 0, fmt.Errorf("the answer's JSON is %w, at which the published function fails", err)
	case pyvalue.Equal(got, want):
		return most, nil
	}
	distance, ok := treeDistance(treeOf(got), treeOf(want))
	if !ok {
		return 0, errors.New("the answer's JSON and the oracle's are too large to be compared")
	}
	length := max(characters(pyvalue.Dumps(got)), characters(pyvalue.Dumps(want)))
	alike := max(0, 1-distance/float64(0.2*float64(length)))
	return max(alike*most, 0.01), nil
}

// tree is a labelled tree with its nodes in postorder, as zss has it.
type tree struct {
	labels   [][]rune
	leftmost []int // leaf below each node
	keyroots []int
}

// treeOf is _json_to_tree: objects by their sorted keys, lists by their
// places, and what holds no others with its key.
func treeOf(v any) *tree {
	t := &tree{}
	t.add(v, "root")
	last := map[int]int{}
	for i, l := range t.leftmost {
		last[l] = i
	}
	for _, i := range last {
		t.keyroots = append(t.keyroots, i)
	}
	slices.Sort(t.keyroots)
	return t
}

func (t *tree) add(v any, label string) (leftmost int) {
	leftmost = len(t.labels)
	child := func(i int, v any, label string) {
		if l := t.add(v, label); i == 0 {
			leftmost = l
		}
	}
	switch v := v.(type) {
	case *pyvalue.Dict:
		for i, key := range slices.Sorted(slices.Values(v.Keys)) {
			x, _ := v.Get(key)
			child(i, x, key)
		}
	case []any:
		for i, x := range v {
			child(i, x, fmt.Sprintf("item_%d", i))
		}
	default:
		text, _ := pyvalue.Str(v)
		label += ":" + text
	}
	t.labels = append(t.labels, []rune(label))
	t.leftmost = append(t.leftmost, leftmost)
	return leftmost
}

// maxCompared bounds the work of a comparison, in steps of some nanoseconds.
const maxCompared = 20_000_000

// treeDistance is zss.simple_distance (Zhang and Shasha, 1989) with the cost of
// a label's change as codeio has it.
func treeDistance(a, b *tree) (distance float64, ok bool) {
	n, m := len(a.labels), len(b.labels)
	work := 0
	spend := func(steps int) bool {
		work += steps
		return steps >= 0 && work <= maxCompared
	}
	if !spend(n * m) {
		return 0, false
	}
	changes := make([]float64, n*m) // NaN: not known yet
	for i := range changes {
		changes[i] = math.NaN()
	}
	between := make([]float64, n*m)
	for _, i := range a.keyroots {
		for _, j := range b.keyroots {
			rows, cols := i-a.leftmost[i]+2, j-b.leftmost[j]+2
			if !spend(4 * rows * cols) {
				return 0, false
			}
			fromA, fromB := a.leftmost[i]-1, b.leftmost[j]-1
			forest := make([][]float64, rows)
			for x := range forest {
				forest[x] = make([]float64, cols)
				if x > 0 {
					forest[x][0] = forest[x-1][0] + float64(len(a.labels[x+fromA]))
				}
			}
			for y := 1; y < cols; y++ {
				forest[0][y] = forest[0][y-1] + float64(len(b.labels[y+fromB]))
			}
			for x := 1; x < rows; x++ {
				for y := 1; y < cols; y++ {
					u, v := x+fromA, y+fromB
					least := min(forest[x-1][y]+float64(len(a.labels[u])), forest[x][y-1]+float64(len(b.labels[v])))
					if a.leftmost[i] != a.leftmost[u] || b.leftmost[j] != b.leftmost[v] {
						forest[x][y] = min(least, forest[a.leftmost[u]-1-fromA][b.leftmost[v]-1-fromB]+between[u*m+v])
						continue
					}
					change := &changes[u*m+v]
					if math.IsNaN(*change) {
						if !spend(len(a.labels[u]) * len(b.labels[v])) {
							return 0, false
						}
						*change = labelDistance(string(a.labels[u]), string(b.labels[v]))
					}
					forest[x][y] = least
					if c := forest[x-1][y-1] + *change; c < least { // which NaN is not
						forest[x][y] = c
					}
					between[u*m+v] = forest[x][y]
				}
			}
		}
	}
	return between[n*m-1], true
}

// labelDistance is the cost of one label for another: the edits of their keys
// and values, or for two numbers how far they are apart.
func labelDistance(a, b string) float64 {
	key1, value1, ok := strings.Cut(a, ":")
	key2, value2, ok2 := strings.Cut(b, ":")
	if !ok || !ok2 {
		return float64(edits([]rune(a), []rune(b)))
	}
	cost := float64(edits([]rune(value1), []rune(value2)))
	if value1 != value2 {
		if numeric(strings.ReplaceAll(value1, ".", "")) && numeric(strings.ReplaceAll(value2, ".", "")) {
			x, ok := pytext.Float(value1)
			y, ok2 := pytext.Float(value2)
			if ok && ok2 {
				cost = float64(max(characters(value1), characters(value2))) * math.Abs((x-y)/max(min(x, y), 10e-5))
			}
		} else if numeric(value1) || numeric(value2) {
			cost += float64(max(characters(a), characters(b)))
		}
	}
	return float64(edits([]rune(key1), []rune(key2))) + cost
}

// numeric is str.isnumeric: digits, fractions and numerals of any script.
func numeric(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsNumber(r) && !strings.ContainsRune(hanNumerals, r) })
}

// hanNumerals are the ideographs that stand for numbers (Unicode's
// kPrimaryNumeric and its like).
const hanNumerals = "㐅㒃㠪㭍一七万三九二五亖亿什仟仨伍佰億兆兩八六十千卄卅卌叁参參叄四壱壹幺廾廿弌弍弎弐拾捌柒漆玖百肆萬貮貳贰阡陆陌陸零參拾兩零六陸什𠀁𠁤𠃢𠄡𠤪𠦃𠦌𠦜𠫪𠫽𠬙𢎐𢦘𣬛𦉭廾"

// edits is the Levenshtein distance.
func edits(a, b []rune) int {
	if slices.Equal(a, b) {
		return 0
	}
	before, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range before {
		before[j] = j
	}
	for i, x := range a {
		row[0] = i + 1
		for j, y := range b {
			row[j+1] = before[j]
			if x != y {
				row[j+1] = 1 + min(before[j], before[j+1], row[j])
			}
		}
		before, row = row, before
	}
	return before[len(b)]
}
