package tasks

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// sortKind sorts numbers by insertion: "5 3 9" is worked as "5;3 5;3 5 9".
func sortKind() kind {
	return kind{
		name: "sort", version: "1.1.0", summary: "sort different numbers by inserting one after another",
		alphabet: "0123456789 ", same: func(q string) string { return anyOrder(q, " ") },
		levels: []kindLevel{{"three digits", 0.167}, {"four digits", 0.042}, {"five digits", 0.008}, {"six numbers to 99", 0.001},
			{"eight numbers to 99", 0.001}},
		draw: func(level int, rng *rand.Rand) string {
			n, most := []int{3, 4, 5, 6, 8}[level-1], []int{9, 9, 9, 99, 99}[level-1]
			list := make([]string, n)
			for i, v := range rng.Perm(most + 1)[:n] {
				list[i] = strconv.Itoa(v)
			}
			return strings.Join(list, " ")
		},
		work: insertionSort,
		check: func(q, claim string) (correct, valid bool) {
			_, gold, _ := insertionSort(q, exactly)
			fields := strings.FieldsFunc(claim, func(r rune) bool { return strings.ContainsRune(" ,;[]()", r) })
			for _, f := range fields {
				if _, ok := number(f); !ok {
					return false, false
				}
			}
			return strings.Join(fields, " ") == gold, len(fields) > 0
		},
		miss: func(_, gold string, rng *rand.Rand) string {
			list := strings.Fields(gold)
			i, j := rng.IntN(len(list)), rng.IntN(len(list))
			list[i], list[j] = list[j], list[i]
			return strings.Join(list, " ")
		},
	}
}

func insertionSort(q string, slip slip) (steps []string, answer string, ok bool) {
	fields := strings.Split(q, " ")
	if len(fields) < 2 || len(fields) > 32 {
		return nil, "", false
	}
	var list []int
	for _, f := range fields {
		n, ok := number(f)
		if !ok {
			return nil, "", false
		}
		at := len(list)
		for i, v := range list {
			if v > n {
				at = i
				break
			}
		}
		list = slices.Insert(list, slip(at, len(list)), n)
		text := make([]string, len(list))
		for i, v := range list {
			text[i] = strconv.Itoa(v)
		}
		steps = append(steps, strings.Join(text, " "))
	}
	return steps, steps[len(steps)-1], true
}
