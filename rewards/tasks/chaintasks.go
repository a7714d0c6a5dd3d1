package tasks

// newDigitWalk makes digit_walk: a chain of small additions and subtractions
// whose running totals never leave 0..9, as "4+3-1+2".
//
// It is the task to watch a small model learn by reinforcement, and this is
// why. To write a careful trace, a model of 0.3 to 1 million parameters that
// reads characters has to learn two things: to copy the next term from the
// question, which comes within some 200 updates of 16 traces whatever the
// task, and the table "total, term -> total", which decides. With terms to 3
// the table has 48 entries, and close totals go with close terms, so a rough
// idea of it is already worth something and the loss falls steadily. Terms to
// 9 make it 90 entries and twice as slow. A table modulo m has no slope to
// learn along: nothing for hundreds of updates, then all at once, in some
// seeds after the time is over (see mod_chain).
//
// Without the steps the answer hangs on all terms at once and stays near the
// guess rate, 1 in 9. So after a short cold start on traces of mixed quality
// the careful style is mostly right, the sloppy and the terse style mostly
// wrong, and the model uses each as often as it saw it: pass@1 lies between
// 0.2 and 0.5 while pass@8 is far above. In every group the rule reward then
// has a difference to work on, and the first byte of the think part is where
// the policy can choose. Measured at level 2 with 0.4 million parameters, 700
// updates of the cold start (30 to 50 s on two busy cores), one trace in five
// careful, then 40 steps of GRPO (128 completions each): held-out accuracy
// rose from 0.34-0.40 to 0.80-0.95, by 0.44 or more in five of five seeds.
func newDigitWalk(split Split) *chain {
	c := newChain("digit_walk", "1.0.0",
		"add and subtract small numbers from left to right, staying within the digits 0 to 9", split,
		[]chainLevel{
			{terms: 4, hi: 3, sentence: "four numbers, steps of 1 to 3", guess: 0.12},
			{terms: 5, hi: 3, sentence: "five numbers, steps of 1 to 3", guess: 0.12},
			{terms: 6, hi: 3, sentence: "six numbers, steps of 1 to 3", guess: 0.12},
			{terms: 8, hi: 3, sentence: "eight numbers, steps of 1 to 3", guess: 0.12},
			{terms: 12, hi: 3, sentence: "twelve numbers, steps of 1 to 3", guess: 0.12},
			{terms: 6, hi: 9, sentence: "six numbers, steps of 1 to 9", guess: 0.1},
		})
	c.top = 9
	return c
}

// newModChain makes mod_chain: a chain of additions and subtractions with
// every result taken mod m, as "(3+1+4+2)%5". Its step table has no slope
// to learn along, so a small model meets a plateau before it learns it.
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
