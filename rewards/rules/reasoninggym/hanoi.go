package reasoninggym

import (
	"slices"

	"gradus/rewards/rules/pytext"
)

// hanoiMove is how TowerOfHanoiDataset reads a move.
var hanoiMove = pytext.Expression(`Move disk (\p{Nd}+) from Peg (\p{Nd}+) to Peg (\p{Nd}+)`)

// towerOfHanoi is TowerOfHanoiDataset.score_answer: 1 for the fewest moves,
// their share for more, 0.05 for moves that end elsewhere, 0 for one that may
// not be made.
func towerOfHanoi(answer string, _ bool, e entry) (float64, error) {
	var disks, count, start, target int
	for name, into := range inOrder("num_disks", &disks, "num_pegs", &count, "start_peg", &start, "target_peg", &target) {
		if err := e.meta(name, into); err != nil {
			return 0, err
		}
	}
	if answer == "" {
		return 0, nil
	}
	if start < 1 || start > count || target < 1 || target > count || disks > maxDisks || count > maxDisks {
		return 0, rowError("the row's pegs are not among num_pegs, or there are more than 10000 disks or pegs")
	}
	pegs := make([][]int, count+1)
	for disk := disks; disk > 0; disk-- {
		pegs[start] = append(pegs[start], disk)
	}
	moves := 0
	for _, line := range pytext.Lines(answer) {
		if line = pytext.Strip(line); line == "" {
			continue
		}
		moves++
		m := hanoiMove().FindStringSubmatch(line)
		words := pytext.Words(line)
		if m == nil || len(words) != 9 {
			return 0, nil
		}
		var n [3]int
		for i, word := range []string{m[1], words[5], words[8]} {
			v, ok := pytext.Int(word)
			if !ok || !v.IsInt64() || i > 0 && (v.Sign() <= 0 || v.Int64() > int64(count)) {
				return 0, nil
			}
			n[i] = int(v.Int64())
		}
		disk, from, to := n[0], n[1], n[2]
		if len(pegs[from]) == 0 || pegs[from][len(pegs[from])-1] != disk || len(pegs[to]) > 0 && pegs[to][len(pegs[to])-1] < disk {
			return 0, nil
		}
		pegs[from] = pegs[from][:len(pegs[from])-1]
		pegs[to] = append(pegs[to], disk)
	}
	if len(pegs[target]) != disks || !slices.IsSortedFunc(pegs[target], func(a, b int) int { return b - a }) {
		return 0.05, nil
	}
	best := moves
	if e.has("solution_length") {
		if err := e.meta("solution_length", &best); err != nil {
			return 0, err
		}
	}
	if moves <= best {
		return 1, nil
	}
	return float64(best) / float64(moves), nil
}

const maxDisks = 10_000
