package reasoninggym

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"gradus/rewards/rules/pytext"
	"gradus/rewards/rules/pyvalue"
)

// knightSwap is KnightSwapDataset.score_answer: "No" for a puzzle without a
// solution, else moves that change the knights' places, by the share of the
// oracle's number; 0.05 for moves that may be made.
func knightSwap(answer string, found bool, e entry) (float64, error) {
	var possible bool
	if err := e.meta("is_possible", &possible); err != nil {
		return 0, err
	}
	switch no := pytext.Lower(answer) == "no"; {
	case !found || answer == "":
		return 0, nil
	case !possible || no:
		return truth(!possible && no), nil
	}
	var board map[string][]string
	var start map[string]*string
	var turn string
	var solution []json.RawMessage
	for name, into := range inOrder[any]("board", &board, "pieces", &start, "start_turn", &turn, "solution", &solution) {
		if err := e.meta(name, into); err != nil {
			return 0, err
		}
	}
	v, err := pyvalue.JSON(answer)
	list, ok := v.([]any)
	moves, ok2 := texts(list, onlyText)
	if err != nil || !ok || !ok2 {
		return 0, nil
	}
	pieces := maps.Clone(start)
	for _, move := range moves {
		parts := strings.Split(move, ",")
		if len(parts) != 3 || parts[0] != turn {
			return 0, nil
		}
		from, to := parts[1], parts[2]
		if p := pieces[from]; p == nil || *p != turn || !slices.Contains(board[from], to) || pieces[to] != nil {
			return 0, nil
		}
		pieces[to], pieces[from] = pieces[from], nil
		turn = map[string]string{"w": "B", "B": "w"}[turn]
	}
	if !maps.Equal(places(pieces, "w"), places(start, "B")) || !maps.Equal(places(pieces, "B"), places(start, "w")) {
		return 0.05, nil
	}
	if len(moves) <= len(solution) {
		return 1, nil
	}
	return float64(len(solution)) / float64(len(moves)), nil
}

// places are where the knights of a colour stand.
func places(pieces map[string]*string, color string) map[string]bool {
	out := map[string]bool{}
	for at, p := range pieces {
		if p != nil && *p == color {
			out[at] = true
		}
	}
	return out
}
