package tasks

func newModChain(split Split) *chain {
	return newChain("mod_chain", "1.0.0",
		"add and subtract digits from left to right, taking every result mod m", split,
		[]chainLevel{
			{3, 0, 4, "+", 5, "three numbers below 5 added, mod 5", 0.2},
			{4, 0, 4, "+", 5, "four numbers below 5 added, mod 5", 0.2},
			{4, 0, 4, "+-", 5, "four numbers below 5 added and subtracted, mod 5", 0.2},
			{4, 0, 9, "+-", 10, "four digits added and subtracted, mod 10", 0.1},
			{6, 0, 9, "+-", 10, "six digits added and subtracted, mod 10", 0.1},
			{8, 0, 9, "+-", 10, "eight digits added and subtracted, mod 10", 0.1},
		})
}

// newChainSum makes chain_sum: a chain of additions and subtractions of whole
// numbers, as "7+5-3+9", worked by running totals that are never negative.
func newChainSum(split Split) *chain {
	return newChain("chain_sum", "1.0.0",
		"add and subtract whole numbers from left to right", split,
		[]chainLevel{
			{3, 0, 9, "+-", 0, "three one-digit numbers added and subtracted", 0.068},
			{4, 0, 9, "+-", 0, "four one-digit numbers added and subtracted", 0.063},
			{5, 0, 9, "+-", 0, "five one-digit numbers added and subtracted", 0.056},
			{3, 10, 99, "+-", 0, "three two-digit numbers added and subtracted", 0.007},
			{4, 10, 99, "+-", 0, "four two-digit numbers added and subtracted", 0.006},
			{5, 100, 999, "+-", 0, "five three-digit numbers added and subtracted", 0.001},
		})
}
