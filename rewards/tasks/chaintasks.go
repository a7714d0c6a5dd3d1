package tasks

// newDigitWalk makes digit_walk: a chain of additions and subtractions whose
// running totals never leave 0..9, as "4+3-5+2".
//
// It is the task to watch a small model learn by reinforcement, and this is
// why. A model of 0.3 to 1 million parameters that reads characters has two
// things to learn for a careful trace: to copy the next term from the
// question, and the table "total, term -> total". The table is small (90
// lines), and close totals go with close terms, so that a rough idea of it is
// already worth something and the loss falls steadily. A table modulo m has no
// such slope: nothing is learned for hundreds of steps and then all at once,
// in some seeds after the time is over (see mod_chain). Without the steps the
// answer hangs on all terms at once and stays at the guess rate, 1 in 10. So
// after a short cold start on traces of mixed quality the careful style is
// nearly always right, the sloppy style and the terse style rarely, and the
// model uses each as often as it saw it: pass@1 lies between 0.2 and 0.5,
// pass@8 near 1. A rule reward then has a difference to work on in every
// group.
func newDigitWalk(split Split) *chain {
	c := newChain("digit_walk", "1.0.0",
		"add and subtract from left to right, never leaving the digits 0 to 9", split,
		[]chainLevel{
			{terms: 3, sentence: "three numbers, totals 0 to 9", guess: 0.1},
			{terms: 4, sentence: "four numbers, totals 0 to 9", guess: 0.1},
			{terms: 5, sentence: "five numbers, totals 0 to 9", guess: 0.1},
			{terms: 6, sentence: "six numbers, totals 0 to 9", guess: 0.1},
			{terms: 8, sentence: "eight numbers, totals 0 to 9", guess: 0.1},
			{terms: 12, sentence: "twelve numbers, totals 0 to 9", guess: 0.1},
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
