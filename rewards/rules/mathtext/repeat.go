package mathtext

import (
	"cmp"
	"slices"
)

// Repeats says whether a text of n characters repeats itself too much to be
// parsed (Open-Reasoner-Zero's and Dr. GRPO's repeatness above 0.2): whether the
// longest common prefixes of neighbours among the sorted suffixes add up to more
// than a fifth of n(n+1)/2.
func Repeats(s string) bool {
	text := []rune(s)
	n := len(text)
	if n <= 1 {
		return false
	}
	rank := make([]int, n)
	for i, r := range text {
		rank[i] = int(r)
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	// Sorted by the first 2k characters, from the ranks by the first k.
	for k := 1; ; k *= 2 {
		second := func(i int) int {
			if i+k < n {
				return rank[i+k]
			}
			return -1
		}
		slices.SortFunc(order, func(a, b int) int {
			return cmp.Or(cmp.Compare(rank[a], rank[b]), cmp.Compare(second(a), second(b)))
		})
		next := make([]int, n)
		for i := 1; i < n; i++ {
			a, b := order[i-1], order[i]
			next[b] = next[a]
			if rank[a] != rank[b] || second(a) != second(b) {
				next[b]++
			}
		}
		rank = next
		if rank[order[n-1]] == n-1 {
			break
		}
	}
	total, length := 0, 0
	for i := range n {
		if rank[i] == n-1 {
			length = 0
			continue
		}
		j := order[rank[i]+1]
		for i+length < n && j+length < n && text[i+length] == text[j+length] {
			length++
		}
		total += length
		length = max(0, length-1)
	}
	return float64(total)*2/(float64(n)*float64(n+1)) > 0.2
}
