// Package reasoninggym holds reward functions of reasoning-gym
// (open-thought/reasoning-gym, arXiv 2505.24760): the score_answer of its data
// sets, and the format rewards of its training examples, as published.
package reasoninggym

import (
	"errors"
	"fmt"

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
		{append([]string{"default"}, byDefault()...), "1 for the answer's text; the share of its length in a text around it", byText},
	}
}

// byDefault are the data sets that have no score_answer of their own.
func byDefault() []string {
	return []string{"simple_equations", "base_conversion", "binary_alternation", "caesar_cipher", "count_primes", "isomorphic_strings", "letter_counting", "number_filtering",
		"ransom_note", "rotate_matrix", "rotten_oranges", "string_manipulation", "string_splitting", "string_synthesis", "word_sequence_reversal", "arc_1d", "basic_arithmetic",
		"count_bits", "gcd", "lcm", "leg_counting", "bf", "modulo_grid", "number_sequence", "mahjong_puzzle", "maze", "simple_geometry", "course_schedule", "largest_island", "aiw", "syllogism"}
}

// Rules are the entries of the catalogue.
func Rules() []rule.Rule {
	out := []rule.Rule{
		{Name: "reasoninggym.accuracy", Aliases: []string{"reasoninggym.score_answer"}, About: "reasoning-gym's score_answer of the data set that the row's metadata names", Fixed: "gradus.accuracy", Make: newAccuracy},
		{Name: "reasoninggym.tag_count", Aliases: []string{"reasoninggym.count_tags"}, About: "the format reward of reasoning-gym's TRL example: a quarter for each tag that is there", Fixed: "gradus.tag_count", Make: rule.Plain("reasoninggym.tag_count", countTags)},
		{Name: "reasoninggym.format", Aliases: []string{"reasoninggym.compute_format_reward"}, About: "the format reward of reasoning-gym's training with verl: one think part, one answer part", Fixed: "gradus.format", Make: newFormat, Defaults: FormatParams{}},
	}
	for _, g := range generators() {
		name := "reasoninggym." + g.names[0]
		r := rule.Rule{Name: name, About: "reasoning-gym's score_answer of " + g.names[0] + ": " + g.about, Fixed: "gradus.accuracy", Make: maker(name, g.score)}
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
func maker(name string, score scorer) func(map[string]any) (rewards.Reward, error) {
	return func(params map[string]any) (rewards.Reward, error) {
		if err := rule.Decode(name, params, &struct{}{}); err != nil {
			return nil, err
		}
		return rule.PerSample(spec(name), judge(score)), nil
	}
}

// spec has a range that spell_backward's sums of parts fit into: nine ninths
// are 1.0000000000000002.
func spec(name string) rewards.Spec {
	s := rule.Binary(name)
	s.Range[1] += 1e-9
	return s
}

// judge scores the text of the last answer tags, as all examples do
// (utils.extract_answer).
func judge(score scorer) rule.Judge {
	return func(s rewards.Sample) rewards.Result {
		e, err := readEntry(s)
		if err != nil {
			return rewards.Result{Status: rewards.Skipped, Reason: "reasoninggym.no_entry", Why: err.Error()}
		}
		from, to, found := pytext.LastAnswer(s.Completion)
		answer := s.Completion[from:to]
		v, err := score(answer, found, e)
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
}

// newAccuracy scores by the data set that the metadata names, as a composite
// data set does.
func newAccuracy(params map[string]any) (rewards.Reward, error) {
	const name = "reasoninggym.accuracy"
	if err := rule.Decode(name, params, &struct{}{}); err != nil {
		return nil, err
	}
	judges := map[string]rule.Judge{}
	for _, g := range generators() {
		for _, n := range g.names {
			judges[n] = judge(g.score)
		}
	}
	return rule.PerSample(spec(name), func(s rewards.Sample) rewards.Result {
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
			return rewards.Result{Status: rewards.Skipped, Reason: "reasoninggym.unknown", Why: fmt.Sprintf("the data set %q has a score_answer of its own that is not built in", source)}
		}
		return of(s)
	}), nil
}
