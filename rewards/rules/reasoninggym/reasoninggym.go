// Package reasoninggym holds reward functions of reasoning-gym
// (open-thought/reasoning-gym, arXiv 2505.24760): the score_answer of its data
// sets, and the format rewards of its training examples, as published.
package reasoninggym

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"gradus/rewards"
	"gradus/rewards/rules/pytext"
	"gradus/rewards/rules/rule"
)

// scorer is a score_answer. found is false where the completion has no answer
// tags (None). An error is one of the row, or what makes the published
// function raise an exception.
type scorer func(answer string, found bool, e entry) (float64, error)

// generator is a data set of reasoning-gym, or several with one score_answer.
type generator struct {
	names []string // as reasoning-gym registers them; the rule is called after the first
	about string
	score scorer
}

// withoutAnswer are the data sets whose score_answer does not ask for the
// row's answer, which may be null.
func withoutAnswer() []string {
	return []string{"countdown", "puzzle24", "palindrome_generation", "word_sorting", "propositional_logic", "number_format", "group_anagrams", "palindrome_partitioning", "graph_color", "jugs",
		"arc_agi", "kakurasu", "survo", "word_ladder", "cryptarithm", "n_queens", "rush_hour", "tower_of_hanoi", "knight_swap", "sokoban", "rubiks_cube", "boxnet", "fraction_simplification",
		"bitwise_arithmetic", "complex_arithmetic", "polynomial_equations", "game_of_life_halting", "ab", "simple_integration"}
}

// judge scores the text of the last answer tags, as all examples do
// (utils.extract_answer).
func (g generator) judge() rule.Judge {
	needed := !slices.Contains(withoutAnswer(), g.names[0])
	return func(s rewards.Sample) rewards.Result {
		e, err := readEntry(s)
		if err == nil && needed && e.null() {
			err = rowError("the row's answer is null, at which the published function fails")
		}
		if err != nil {
			return rewards.Result{Status: rewards.Skipped, Reason: "reasoninggym.no_entry", Why: err.Error()}
		}
		from, to, found := pytext.LastAnswer(s.Completion)
		return g.result(s.Completion, from, to, found, e)
	}
}

func generators() []generator {
	return []generator{
		{[]string{"chain_sum", "products"}, "equal as decimal numbers without commas, else as default", chainSum},
		{[]string{"decimal_chain_sum"}, "1 for an equal decimal number", decimalChainSum},
		{[]string{"countdown"}, "sympy's value near the target: 1; other values 0.05, no value 0.01", countdown},
		{[]string{"puzzle24"}, "sympy's value of four numbers from 1 to 10, cut to a whole number, is 24: 1, else 0.01", puzzle24},
		{[]string{"number_sorting"}, "a sorted JSON list whose numbers are within 1 of the right ones", numberSorting},
		{[]string{"spell_backward"}, "share of the right letters in place, case aside", spellBackward},
		{[]string{"word_sorting"}, "share of the words in place, 0.2 at least for the right words", wordSorting},
		{[]string{"sentence_reordering"}, "share of the words in place, case aside; 0.05 for another number of words", sentenceReordering},
		{[]string{"letter_jumble"}, "share of the words in place, case aside", letterJumble},
		{[]string{"palindrome_generation"}, "a palindrome of the letters: 1; another 0.05, none 0.02", palindrome},
		{[]string{"shortest_path"}, "a shortest way through the grid: 1; a longer one 0.5", shortestPath},
		{[]string{"mini_sudoku", "sudoku"}, "the solved board, or 0.9 of the share of right cells; less for more text", sudoku},
		{[]string{"futoshiki"}, "as mini_sudoku", futoshiki},
		{[]string{"knights_knaves"}, "everyone's role: 1; 0.3 and 0.7 of the share for some of them", knightsKnaves},
		{[]string{"propositional_logic"}, "a conclusion that follows: 1, a tautology or a bare letter 0.25, another formula 0.05", propositionalLogic},
		{[]string{"prime_factorization"}, "the prime factors: 1; others of the same product 0.5, any numbers 0.01", primeFactorization},
		{[]string{"number_format"}, "within 0.01 of the number", numberFormat},
		{[]string{"rectangle_count"}, "the number: 1; 0.8 of what is left for up to 4 beside it", rectangleCount},
		{[]string{"circuit_logic"}, "the answer's text; white space around it costs its share", circuitLogic},
		{[]string{"ab", "self_reference"}, "the answer's text exactly", exactText},
		{[]string{"dice", "zebra_puzzles"}, "the answer's text, case and line ends aside", foldedText},
		{[]string{"family_relationships"}, "the answer's text, case aside", lowerText},
		{[]string{"needle_haystack"}, "the answer's text, case and blanks aside", needle},
		{[]string{"path_star"}, "the answer's words exactly", pathStar},
		{[]string{"complex_arithmetic"}, "e to the power of minus the distance", complexArithmetic},
		{[]string{"polynomial_equations"}, "e to the power of ten times minus the distance of each solution, a half less for each too many or missing", polynomialEquations},
		{[]string{"binary_matrix"}, "the answer's text exactly; 0.1 for it as a Python matrix", binaryMatrix},
		{[]string{"spiral_matrix"}, "the answer's text; 0.1 for it as a Python list", spiralMatrix},
		{[]string{"string_insertion"}, "the answer's text exactly; 0.1 for it in Python's quotes, or as a list of letters", stringInsertion},
		{[]string{"n_queens"}, "any of the row's boards; a half for one as a Python matrix", nQueens},
		{[]string{"game_of_life"}, "the share of right cells of a JSON matrix", gameOfLife},
		{[]string{"game_of_life_halting"}, "1 for any text", gameOfLifeHalting},
		{[]string{"group_anagrams"}, "the groups in any order; 0.01 for other JSON lists", groupAnagrams},
		{[]string{"palindrome_partitioning"}, "the partitions in any order", palindromePartitioning},
		{[]string{"graph_color"}, "a colour for each vertex, another for its neighbours; 0.01 for other JSON", graphColor},
		{[]string{"jugs"}, "moves that fill a jug to the target; 0.01 for others", jugs},
		{[]string{"arc_agi", "rearc"}, "the board; 0.05 for any other digits", arc},
		{[]string{"kakurasu"}, "zeros and ones with the row's sums", kakurasu},
		{[]string{"survo"}, "the board's numbers, words between them aside", survo},
		{[]string{"manipulate_matrix"}, "the matrix, blanks aside; its share of a longer text", manipulateMatrix},
		{[]string{"pool_matrix"}, "the matrix within a hundredth; 0.1 for any of its shape", poolMatrix},
		{[]string{"word_ladder"}, "words that change a letter at a time; each that is not in its list halves the score", wordLadder},
		{[]string{"cryptarithm"}, "digits that solve the sum; 0.01 for others", cryptarithm},
		{[]string{"color_cube_rotation"}, "the answer's text, case aside; 0.01 for any other", colorCube},
		{[]string{"figlet_font"}, "the word, case and blanks aside; 0.1 for each letter in place", figletFont},
		{[]string{"emoji_mystery"}, "the share of the right characters in a text of the same length, 0.01 for others", emojiMystery},
		{[]string{"tsumego"}, "the point; its share of a longer text, 0.05 for another point, 0.01 for any text", tsumego},
		{[]string{"quantum_lock"}, "presses that reach the target; a half for more or fewer than the answer's", quantumLock},
		{[]string{"rush_hour"}, "moves that bring the car out; 0.01 for any others", rushHour},
		{[]string{"tower_of_hanoi"}, "the fewest moves, by their share for more; 0.05 for moves that end elsewhere", towerOfHanoi},
		{[]string{"knight_swap"}, "moves that change the knights' places, by their share of the fewest; 0.05 for other moves", knightSwap},
		{[]string{"sokoban"}, "moves that bring every box onto a goal", sokoban},
		{[]string{"rubiks_cube"}, "moves that solve the cube; 0.01 for any others", rubiksCube},
		{[]string{"boxnet"}, "the share of boxes brought to their targets, 0.05 at least for JSON", boxnet},
		{[]string{"calendar_arithmetic"}, "the day, 0.1 for another; a count by how near it is, without a limit where the right one is negative", calendarArithmetic},
		{[]string{"time_intervals"}, "what is left of a day, or of 100, after the difference", timeIntervals},
		{[]string{"fraction_simplification"}, "the fraction; 0.1 for the old numerator or denominator, 0.05 for other fractions, 0.01 for anything and nothing", fractionSimplification},
		{[]string{"coin_flip"}, "within a ten thousandth, else the share of the first digits", coinFlip},
		{[]string{"gsm_symbolic"}, "the first number of the answer, which is never negative behind a blank; 0.01 for another", gsmSymbolic},
		{[]string{"power_function"}, "equal in three digits; 0.01 for any other answer", powerFunction},
		{[]string{"decimal_arithmetic"}, "at most a thousandth off", decimalArithmetic},
		{[]string{"bitwise_arithmetic"}, "the problem's value in any base", bitwiseArithmetic},
		{[]string{"advanced_geometry"}, "an angle to two places, an orthocentre to three, a radius exactly; 0.5, 0.05 and 0.01 for others", advancedGeometry},
		{[]string{"polynomial_multiplication"}, "the polynomial multiplied out, in any order", polynomialMultiplication},
		{[]string{"simple_integration", "intermediate_integration"}, "an antiderivative, with any constant or none", integration},
		{[]string{"codeio"}, "the answer's text, or a JSON object by how near its tree is", codeIO},
		{append([]string{"default"}, byDefault()...), "1 for the answer's text; the share of its length in a text around it", byText},
	}
}

// byDefault are the data sets that have no score_answer of their own.
func byDefault() []string {
	return []string{"simple_equations", "base_conversion", "binary_alternation", "caesar_cipher", "count_primes", "isomorphic_strings", "letter_counting", "number_filtering",
		"ransom_note", "rotate_matrix", "rotten_oranges", "string_manipulation", "string_splitting", "string_synthesis", "word_sequence_reversal", "arc_1d", "basic_arithmetic",
		"count_bits", "gcd", "lcm", "leg_counting", "bf", "modulo_grid", "number_sequence", "mahjong_puzzle", "maze", "simple_geometry", "course_schedule", "largest_island", "aiw", "syllogism", "acre", "list_functions"}
}

// Rules are the entries of the catalogue.
func Rules() []rule.Rule {
	out := []rule.Rule{
		{Name: "reasoninggym.accuracy", Aliases: []string{"reasoninggym.score_answer"}, About: "reasoning-gym's score_answer of the data set that the row's metadata names", Fixed: "gradus.accuracy", Make: newAccuracy},
		{Name: "reasoninggym.cascade", Aliases: []string{"reasoninggym.score_answer_cascade"}, About: "reasoning-gym's score_answer_cascade: the data set's score, else text without LaTeX, numbers within a hundredth and Math-Verify's rules", Fixed: "gradus.accuracy", Make: newCascade},
		{Name: "reasoninggym.tag_count", Aliases: []string{"reasoninggym.count_tags"}, About: "the format reward of reasoning-gym's TRL example: a quarter for each tag that is there", Fixed: "gradus.tag_count", Make: rule.Plain("reasoninggym.tag_count", countTags)},
		{Name: "reasoninggym.format", Aliases: []string{"reasoninggym.compute_format_reward"}, About: "the format reward of reasoning-gym's training with verl: one think part, one answer part", Fixed: "gradus.format", Make: newFormat, Defaults: FormatParams{}},
		{Name: "reasoninggym.unsloth_format", About: "the format reward of reasoning-gym's unsloth example: a <think> part, a line end, an <answer> part", Fixed: "gradus.format", Make: rule.Plain("reasoninggym.unsloth_format", unslothForm)},
		{Name: "reasoninggym.cosine", Aliases: []string{"reasoninggym.cosine_scaled_reward"}, About: "a secondary reward of its training with verl: a cosine of the length in characters, by whether the answer is right", Fixed: "gradus.cosine", Make: newCosine, Defaults: CosineParams{}},
		{Name: "reasoninggym.length", Aliases: []string{"reasoninggym.length_reward"}, About: "a secondary reward of its training with verl: length for what the answer's score leaves", Make: newLengthReward, Defaults: LengthParams{}},
		{Name: "reasoninggym.reward", Aliases: []string{"reasoninggym._score_output"}, About: "what its trainer with verl pays: the answer's score and the secondary rewards that the configuration names", Make: newReward, Defaults: RewardParams{}},
	}
	for _, g := range generators() {
		name := "reasoninggym." + g.names[0]
		r := rule.Rule{Name: name, About: "reasoning-gym's score_answer of " + g.names[0] + ": " + g.about, Fixed: "gradus.accuracy", Make: g.maker(name)}
		for _, n := range g.names[1:] {
			r.Aliases = append(r.Aliases, "reasoninggym."+n)
		}
		if g.names[0] == "default" {
			r.About = "reasoning-gym's score_answer of most data sets: " + g.about
		}
		out = append(out, r)
	}
	return out
}

// maker is the maker of a reward function of that name.
func (g generator) maker(name string) func(map[string]any) (rewards.Reward, error) {
	return func(params map[string]any) (rewards.Reward, error) {
		if err := rule.Decode(name, params, &struct{}{}); err != nil {
			return nil, err
		}
		return rule.PerSample(spec(name, g.names[0]), g.judge()), nil
	}
}

// spec has a range that spell_backward's sums of parts fit into: nine ninths
// are 1.0000000000000002. Only calendar_arithmetic pays more.
func spec(name, of string) rewards.Spec {
	s := rule.Binary(name)
	s.Range[1] += 1e-9
	if of == "calendar_arithmetic" || of == "" {
		s.Range[1] = math.MaxFloat64
	}
	return s
}

// result is the score of the part of a completion that is its answer.
func (g generator) result(completion string, from, to int, found bool, e entry) rewards.Result {
	answer := completion[from:to]
	v, err := g.score(answer, found, e)
	var row rowError
	if errors.As(err, &row) {
		return rewards.Result{Status: rewards.Skipped, Reason: "reasoninggym.no_entry", Why: err.Error()}
	}
	if err != nil {
		return rewards.Result{Status: rewards.Error, Reason: "reasoninggym.failed", Why: err.Error()}
	}
	r := rewards.Result{Score: v, Reason: "reasoninggym.partly", Claim: answer, Why: fmt.Sprintf("the answer is worth %.3g", v)}
	switch {
	case !found:
		r.Reason, r.Why = "reasoninggym.no_answer", "there is no <answer>…</answer>"
		return r
	case v >= 1:
		r.Reason, r.Why = "reasoninggym.right", "the answer is right"
	case v == 0:
		r.Reason, r.Why = "reasoninggym.wrong", "the answer is worth nothing"
	}
	r.Spans = []rewards.Span{{From: from, To: to, Label: "claim"}}
	return r
}

// newAccuracy scores by the data set that the metadata names, as a composite
// data set does.
func newAccuracy(params map[string]any) (rewards.Reward, error) {
	const name = "reasoninggym.accuracy"
	if err := rule.Decode(name, params, &struct{}{}); err != nil {
		return nil, err
	}
	return rule.PerSample(spec(name, ""), byDataset()), nil
}

// byDataset judges by the data set that the metadata names.
func byDataset() rule.Judge {
	return byDatasetWith(func(g generator) generator { return g })
}

// byDatasetWith judges by what is made of the data set that the metadata names.
func byDatasetWith(of func(generator) generator) rule.Judge {
	judges := map[string]rule.Judge{}
	for _, g := range generators() {
		for _, n := range g.names {
			judges[n] = of(g).judge()
		}
	}
	return func(s rewards.Sample) rewards.Result {
		e, err := readEntry(s)
		var source string
		if err == nil {
			err = e.meta("source_dataset", &source)
		}
		if err != nil {
			return rewards.Result{Status: rewards.Skipped, Reason: "reasoninggym.no_entry", Why: err.Error()}
		}
		of, known := judges[source]
		if !known {
			return rewards.Result{Status: rewards.Skipped, Reason: "reasoninggym.unknown", Why: fmt.Sprintf("reasoning-gym has no data set %q that is built in here", source)}
		}
		return of(s)
	}
}
