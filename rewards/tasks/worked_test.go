package tasks

import (
	"math/big"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gradus/rewards"
)

func eachKind(t *testing.T, test func(t *testing.T, k kind)) {
	t.Helper()
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			test(t, k)
		})
	}
}

// oracle solves a question in another way than the task does; "" where the
// checker is compared with a search instead.
func oracle(t *testing.T, k kind, q string) string {
	t.Helper()
	integer := func(s string) *big.Int {
		n, ok := new(big.Int).SetString(s, 10)
		if !ok {
			t.Fatalf("%q is no integer of %q", s, q)
		}
		return n
	}
	two := func(separator string) (*big.Int, *big.Int) {
		a, b, _ := strings.Cut(q, separator)
		return integer(a), integer(b)
	}
	switch k.name {
	case "addition":
		a, b := two("+")
		return a.Add(a, b).String()
	case "multiplication":
		a, b := two("*")
		return a.Mul(a, b).String()
	case "mod_arith":
		body, mod, _ := strings.Cut(q[1:], ")%")
		sum := new(big.Int)
		for _, term := range strings.Split(body, "+") {
			product := big.NewInt(1)
			for _, f := range strings.Split(term, "*") {
				product.Mul(product, integer(f))
			}
			sum.Add(sum, product)
		}
		return sum.Mod(sum, integer(mod)).String()
	case "gcd":
		a, b := two(",")
		return new(big.Int).GCD(nil, nil, a, b).String()
	case "linear":
		left, right, _ := strings.Cut(q, "=")
		a, b, _ := strings.Cut(left, "x")
		x := new(big.Int).Sub(integer(right), integer(b))
		return x.Quo(x, integer(a)).String()
	case "base":
		n, base := two(">")
		return n.Text(int(base.Int64()))
	case "sort":
		f := strings.Fields(q)
		slices.SortFunc(f, func(a, b string) int { return integer(a).Cmp(integer(b)) })
		return strings.Join(f, " ")
	case "reverse":
		b := []byte(q)
		slices.Reverse(b)
		return string(b)
	case "caesar":
		w, by, _ := strings.Cut(q, "+")
		return strings.Map(func(r rune) rune { return rune(lowercase[(int(r-'a')+int(integer(by).Int64()))%26]) }, w)
	case "letter_count":
		w, letter, _ := strings.Cut(q, ":")
		return strconv.Itoa(strings.Count(w, letter))
	case "parity":
		return strconv.Itoa(strings.Count(q, "1") % 2)
	case "brackets":
		return bracketOracle(q)
	}
	return ""
}

// bracketOracle removes matched pairs until none is left: the first closing
// bracket that remains is the error, unless an open one of another kind stands
// before it, which makes no difference to its place.
func bracketOracle(q string) string {
	type symbol struct {
		c  byte
		at int
	}
	var left []symbol
	for i := range len(q) {
		left = append(left, symbol{q[i], i + 1})
	}
	for removed := true; removed; {
		removed = false
		for i := 0; i+1 < len(left); i++ {
			if pair := string([]byte{left[i].c, left[i+1].c}); pair == "()" || pair == "[]" || pair == "{}" {
				left = slices.Delete(left, i, i+2)
				removed = true
				break
			}
		}
	}
	for _, s := range left {
		if strings.IndexByte(")]}", s.c) >= 0 {
			return strconv.Itoa(s.at)
		}
	}
	if len(left) > 0 {
		return strconv.Itoa(len(q) + 1)
	}
	return "0"
}

// TestKindsAreRight: golds agree with an oracle, are judged right, lie within
// the alphabet, and no question is on both sides.
func TestKindsAreRight(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		train, held := newWorked(k, Train), newWorked(k, HeldOut)
		for level := 1; level <= len(k.levels); level++ {
			seen := map[string]bool{}
			for i := range 400 {
				p := mustProblem(t, train, 7, i, level)
				seen[k.canonical(p.Question)] = true
				if want := oracle(t, k, p.Question); want != "" && p.Gold != want {
					t.Fatalf("%s: %s gives %s, want %s", p.ID, p.Question, p.Gold, want)
				}
				if v := train.Check(p, " "+p.Gold+"\n"); !v.Correct || !v.Valid {
					t.Fatalf("%s: gold %q of %q is judged %+v", p.ID, p.Gold, p.Question, v)
				}
				if v, err := Check(p, p.Gold); err != nil || !v.Correct {
					t.Fatalf("%s: Check says %+v, %v", p.ID, v, err)
				}
				if rest := strings.Trim(p.Question+p.Gold, train.Spec().Alphabet); rest != "" {
					t.Fatalf("%s: %q outside the alphabet", p.ID, rest)
				}
			}
			for i := range 60 {
				if p := mustProblem(t, held, 7, i, level); seen[k.canonical(p.Question)] {
					t.Fatalf("%q, or the same said otherwise, is on both sides", p.Question)
				}
			}
		}
	})
}

func TestKindsAreFunctionsOfTheirNames(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		a, b := newWorked(k, Train), newWorked(k, Train)
		mustProblem(t, b, 9, 9, 1)
		if p, q := mustProblem(t, a, 3, 5, 2), mustProblem(t, b, 3, 5, 2); p.Question != q.Question || p.ID != q.ID {
			t.Errorf("%+v and %+v", p, q)
		}
		if p, q := mustProblem(t, a, 1, 0, 2), mustProblem(t, a, 2, 0, 2); p.Question == q.Question {
			t.Errorf("seeds 1 and 2 both start with %q", p.Question)
		}
		for _, key := range [][2]int{{-1, 1}, {0, 0}, {0, len(k.levels) + 1}} {
			if _, err := a.Problem(1, key[0], key[1]); err == nil {
				t.Errorf("index %d level %d gives no error", key[0], key[1])
			}
		}
	})
}

// TestKindsTraces: a careful trace is right, a sloppy one has an error and a
// wrong answer, one that goes back ends right, a guess is right one time in
// eight.
func TestKindsTraces(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		task := newWorked(k, Train)
		rng := rand.New(rand.NewPCG(1, 2))
		for level := 1; level <= len(k.levels); level++ {
			const n = 300
			terseRight, longest := 0, 0
			for i := range n {
				p := mustProblem(t, task, 11, i, level)
				right, _, _ := k.work(p.Question, exactly)
				for _, style := range []Style{Careful, Terse, WrongStep, Backtrack} {
					trace := task.Trace(p, style, rng)
					correct := task.Check(p, claim(t, trace)).Correct
					think, _, _ := strings.Cut(strings.TrimPrefix(trace, "<think>"), "</think>")
					longest = max(longest, len(trace))
					fail := func(why string) { t.Fatalf("%s %q %s: %s: %s", p.ID, p.Question, style, why, trace) }
					if rest := strings.Trim(trace, task.Spec().Alphabet); rest != "" {
						fail("bytes outside the alphabet: " + rest)
					}
					switch style {
					case Careful:
						if !correct || think != strings.Join(right, ";") {
							fail("must hold the right steps and answer")
						}
					case WrongStep:
						if correct || think[0] != '~' || think[1:] == strings.Join(right, ";") {
							fail("must start with ~ and go wrong")
						}
					case Backtrack:
						if !correct || think[0] != '!' || strings.Count(think, "!") != 2 {
							fail("must start with !, take one step back and end right")
						}
						var kept []string
						for _, step := range strings.Split(think[1:], ";") {
							wrong, mended, back := strings.Cut(step, "!")
							if back {
								if wrong == mended {
									fail("takes back a right step")
								}
								step = mended
							}
							kept = append(kept, step)
						}
						if !slices.Equal(kept, right) {
							fail("without the step taken back it must be the careful trace")
						}
					case Terse:
						if think != "?" {
							fail("has steps")
						}
						if correct {
							terseRight++
						}
					}
				}
			}
			if terseRight < n*5/100 || terseRight > n*22/100 {
				t.Errorf("level %d: %d of %d guesses are right", level, terseRight, n)
			}
			if level == 1 && longest > 120 {
				t.Errorf("level 1: a trace of %d bytes", longest)
			}
		}
	})
}

// drawAnswer draws an answer from what an answer to the question must be made
// of: the numbers in some order, some node between the ends, the digits that
// are missing in some order. "" for tasks whose questions do not say it.
func drawAnswer(task, question string, rng *rand.Rand) string {
	switch task {
	case "sort":
		list := strings.Fields(question)
		rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		return strings.Join(list, " ")
	case "path":
		edges, ends, _ := strings.Cut(question, ":")
		var nodes []byte
		for i := range len(edges) {
			if c := edges[i]; c != ' ' && c != ends[0] && c != ends[2] && !slices.Contains(nodes, c) {
				nodes = append(nodes, c)
			}
		}
		return string([]byte{ends[0], nodes[rng.IntN(len(nodes))], ends[2]})
	case "sudoku4":
		var missing []byte
		for d := byte('1'); d <= '4'; d++ {
			for range 4 - strings.Count(question, string(d)) {
				missing = append(missing, d)
			}
		}
		rng.Shuffle(len(missing), func(i, j int) { missing[i], missing[j] = missing[j], missing[i] })
		b := []byte(question)
		for i := range b {
			if b[i] == '.' {
				b[i], missing = missing[0], missing[1:]
			}
		}
		return string(b)
	}
	return ""
}

// TestKindsGuessRates measures the declared guess rates: the most frequent gold
// as the answer to everything, or, where several answers are right, the best of
// the frequent ones, or an answer drawn from what the question gives. Choosing
// it on the same problems makes it look a little better than it is.
func TestKindsGuessRates(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		task := newWorked(k, Train)
		for level := 1; level <= len(k.levels); level++ {
			const n = 1500
			problems := make([]rewards.Problem, n)
			count := map[string]int{}
			for i := range problems {
				problems[i] = mustProblem(t, task, 321, i, level)
				count[problems[i].Gold]++
			}
			golds := make([]string, 0, len(count))
			for g := range count {
				golds = append(golds, g)
			}
			slices.SortFunc(golds, func(a, b string) int { return count[b] - count[a] })
			best := 0.0
			several := map[string]int{"boolean": 32, "path": 4}[k.name]
			if several == 0 {
				best = float64(count[golds[0]]) / n
			}
			for _, guess := range golds[:min(several, len(golds))] {
				right := 0
				for _, p := range problems {
					if ok, _ := k.check(p.Question, guess); ok {
						right++
					}
				}
				best = max(best, float64(right)/n)
			}
			drawn, rng := 0, rand.New(rand.NewPCG(7, uint64(level)))
			for _, p := range problems {
				if a := drawAnswer(k.name, p.Question, rng); a != "" && k.verdict(p, a).Correct {
					drawn++
				}
			}
			best = max(best, float64(drawn)/n)
			t.Logf("level %d: %.3f", level, best)
			if want := task.Spec().GuessRate(level); best < 0.9*want-0.006 || best > 1.1*want+0.012 || want == 0 {
				t.Errorf("level %d: guess rate %.3f, declared %.3f", level, best, want)
			}
		}
	})
}

// TestKindsCheckers: every right answer is right, whatever its form.
func TestKindsCheckers(t *testing.T) {
	for _, c := range []struct {
		task, question, claim string
		correct, valid        bool
	}{
		{"addition", "9+4", "013", true, true}, {"addition", "9+4", "12", false, true}, {"addition", "9+4", "thirteen", false, false},
		{"base", "13>2", "01101", true, true}, {"base", "255>16", "FF", true, true}, {"base", "13>2", "1101b!", false, false},
		{"sort", "5 3 9", "[3, 5, 9]", true, true}, {"sort", "5 3 9", "3 5", false, true}, {"sort", "5 3 9", "3 five 9", false, false},
		{"path", "ab bd ac cd:a>d", "abd", true, true}, {"path", "ab bd ac cd:a>d", "a->c->d", true, true}, {"path", "ab bd ac cd:a>d", "abcd", false, true},
		{"path", "ab bd ac cd:a>d", "ad", false, true}, {"path", "ab cd:a>d", "-", true, true}, {"path", "ab bd:a>d", "-", false, true}, {"path", "ab bd:a>d", "42", false, false},
		{"boolean", "(a|b)(!a|!b)", "01", true, true}, {"boolean", "(a|b)(!a|!b)", "1 0", true, true}, {"boolean", "(a|b)(!a|!b)", "11", false, true}, {"boolean", "(a|b)", "1", false, false},
		{"sudoku4", "12343412214343..", "1234341221434321", true, true}, {"sudoku4", "12343412214343..", "1234341221434312", false, true}, {"sudoku4", "12343412214343..", "12", false, false},
		{"brackets", "([)]", "3", true, true}, {"brackets", "(()", "4", true, true}, {"brackets", "()[]", "0", true, true}, {"brackets", ")", "1", true, true},
		{"letter_count", "strawberry:r", "3", true, true}, {"parity", "1011", "1", true, true}, {"gcd", "84,36", "12", true, true}, {"linear", "3x+4=19", "5", true, true},
		{"mod_arith", "(7*8+5)%11", "6", true, true}, {"caesar", "xyz+3", "abc", true, true}, {"reverse", "abc", "cba", true, true}, {"multiplication", "34*26", "884", true, true},
	} {
		v, err := Check(rewards.Problem{Task: c.task, Question: c.question}, c.claim)
		if err != nil || v.Correct != c.correct || v.Valid != c.valid || v.Skip {
			t.Errorf("%s %q claim %q: %+v, %v, want correct %v, valid %v", c.task, c.question, c.claim, v, err, c.correct, c.valid)
		}
	}
	if v, err := Check(rewards.Problem{Task: "gcd", Question: "84;36"}, "12"); err != nil || !v.Skip {
		t.Errorf("a question that is none: %+v, %v", v, err)
	}
}

func FuzzKinds(f *testing.F) {
	for _, s := range []string{"12+30", "34*26", "(7*8+5)%11", "84,36", "3x+4=19", "13>2", "5 3 9", "abc", "abc+3", "abca:a", "1011", "([)]", "ab bd:a>d", "12343412214343..", "(a|!b)(b|c)"} {
		f.Add(s, "1")
	}
	f.Fuzz(func(t *testing.T, question, claim string) {
		rng := rand.New(rand.NewPCG(1, 1))
		for _, k := range kinds() {
			p := rewards.Problem{Task: k.name, Question: question, Gold: claim}
			if v := k.verdict(p, claim); v.Why == "" || v.Reason == "" {
				t.Fatal("a verdict without a reason")
			}
			w := newWorked(k, Train)
			for style := Careful; style <= Backtrack; style++ {
				w.Trace(p, style, rng)
			}
		}
	})
}

// TestSaidOtherwise: 28+57 and 57+28 are one problem, 28+57 and 27+58 are two.
func TestSaidOtherwise(t *testing.T) {
	for _, c := range []struct {
		task, question, otherwise, another string
	}{
		{"addition", "28+57", "57+28", "27+58"},
		{"addition", "7+7", "7+7", "7+8"},
		{"multiplication", "9*12", "12*9", "9*21"},
		{"mod_arith", "(7*8+5)%11", "(8*7+5)%11", "(5*8+7)%11"},
		{"mod_arith", "(7*8+5*9)%11", "(9*5+7*8)%11", "(7*8+5*9)%13"},
		{"sort", "5 3 9", "9 5 3", "5 3 8"},
		{"path", "ab bd ac cd:a>d", "cd ac bd ab:d>a", "ab bd ac cd:a>c"},
		{"boolean", "(a|!b)(b|c)", "(c|b)(!b|a)", "(!a|b)(b|c)"},
		{"gcd", "84,36", "84,36", "84,35"},
	} {
		k, ok := findKind(c.task)
		if !ok {
			t.Fatalf("no task %s", c.task)
		}
		if k.canonical(c.question) != k.canonical(c.otherwise) || k.canonical(c.question) == k.canonical(c.another) {
			t.Errorf("%s: %q is held to be %q, %q %q, and %q %q", c.task, c.question, k.canonical(c.question),
				c.otherwise, k.canonical(c.otherwise), c.another, k.canonical(c.another))
		}
	}
}

// TestLinearGoesWrongOnce: after an error in the first step the second is right.
func TestLinearGoesWrongOnce(t *testing.T) {
	k := linearKind()
	task := newWorked(k, Train)
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range 2000 {
		p := mustProblem(t, task, 5, i, 1+i%len(k.levels))
		trace := task.Trace(p, WrongStep, rng)
		think, _, _ := strings.Cut(strings.TrimPrefix(trace, "<think>~"), "</think>")
		wrong := 0
		for _, step := range strings.Split(think, ";") {
			var a, b, c int64
			op := strings.IndexAny(step, "+-/")
			eq := strings.IndexByte(step, '=')
			for _, n := range []struct {
				to   *int64
				text string
			}{{&a, step[:op]}, {&b, step[op+1 : eq]}, {&c, step[eq+1:]}} {
				v, err := strconv.ParseInt(n.text, 10, 64)
				if err != nil {
					t.Fatalf("%q: %v", trace, err)
				}
				*n.to = v
			}
			if right := map[byte]bool{'+': a+b == c, '-': a-b == c, '/': a == b*c}[step[op]]; !right {
				wrong++
			}
		}
		if wrong != 1 {
			t.Fatalf("%s: %d wrong steps in %s", p.Question, wrong, trace)
		}
	}
}
