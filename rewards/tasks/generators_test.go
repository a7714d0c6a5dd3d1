package tasks

import (
	"math/big"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"gradus/rewards"
)

func generators(t *testing.T, split Split) []Task {
	t.Helper()
	var out []Task
	for _, name := range []string{"digit_walk", "mod_chain", "chain_sum", "countdown"} {
		task, err := New(name, Config{Split: split})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, task)
	}
	return out
}

func mustProblem(t testing.TB, task Task, seed uint64, index, level int) rewards.Problem {
	t.Helper()
	p, err := task.Problem(seed, index, level)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// claim takes the answer out of a trace by plain string search, so that the
// generators are not tested with the extractor of the rewards.
func claim(t testing.TB, trace string) string {
	t.Helper()
	_, rest, ok := strings.Cut(trace, "</think><answer>")
	body, after, closed := strings.Cut(rest, "</answer>")
	if !ok || !closed || after != "" || !strings.HasPrefix(trace, "<think>") {
		t.Fatalf("trace %q is not <think>…</think><answer>…</answer>", trace)
	}
	return body
}

// sumOracle evaluates a chain question by splitting it into signed numbers.
func sumOracle(t *testing.T, signed *regexp.Regexp, question string) string {
	t.Helper()
	body, mod := question, int64(0)
	if strings.HasPrefix(question, "(") {
		inner, m, ok := strings.Cut(question[1:], ")%")
		if !ok {
			t.Fatalf("question %q", question)
		}
		body = inner
		var err error
		if mod, err = strconv.ParseInt(m, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	total := new(big.Int)
	for _, term := range signed.FindAllString(body, -1) {
		n, ok := new(big.Int).SetString(term, 10)
		if !ok {
			t.Fatalf("term %q", term)
		}
		total.Add(total, n)
	}
	if mod > 0 {
		total.Mod(total, big.NewInt(mod)) // Euclidean: never negative
	}
	return total.String()
}

func TestProblemsAreRightAndDisjoint(t *testing.T) {
	signed := regexp.MustCompile(`[+-]?\d+`)
	train, held := generators(t, Train), generators(t, HeldOut)
	for k, task := range train {
		spec := task.Spec()
		for level := spec.MinLevel; level <= spec.MaxLevel; level++ {
			seen := map[string]bool{}
			check := func(task Task, index int) string {
				p := mustProblem(t, task, 7, index, level)
				if v := task.Check(p, p.Gold); !v.Correct || !v.Valid {
					t.Fatalf("%s: gold %q is judged %+v", p.ID, p.Gold, v)
				}
				if spec.Name != "countdown" {
					if want := sumOracle(t, signed, p.Question); p.Gold != want {
						t.Fatalf("%s: %s = %s, gold says %s", p.ID, p.Question, want, p.Gold)
					}
					return p.Question
				}
				d, err := ParseCountdown(p)
				if err != nil {
					t.Fatal(err)
				}
				return canonicalCountdown(d)
			}
			for i := range problemsPerLevel {
				seen[check(task, i)] = true
			}
			distinct := map[string]bool{}
			for i := range problemsPerLevel / 8 {
				q := check(held[k], i)
				distinct[q] = true
				if seen[q] {
					t.Fatalf("%s level %d: %q is on both sides", spec.Name, level, q)
				}
			}
			t.Logf("%s level %d: %d distinct of %d train, %d of %d held out", spec.Name, level,
				len(seen), problemsPerLevel, len(distinct), problemsPerLevel/8)
		}
	}
}

func TestProblemIsAFunctionOfItsName(t *testing.T) {
	for _, task := range generators(t, Train) {
		again, err := New(task.Spec().Name, Config{})
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range [][3]int{{1, 0, 1}, {1, 999, 2}, {1 << 40, 5, 3}} {
			a := mustProblem(t, task, uint64(key[0]), key[1], key[2])
			mustProblem(t, again, 3, 3, 1)
			b := mustProblem(t, again, uint64(key[0]), key[1], key[2])
			if a.ID != b.ID || a.Question != b.Question || a.Gold != b.Gold {
				t.Errorf("%v: %+v and %+v", key, a, b)
			}
		}
		a := mustProblem(t, task, 1, 0, 2)
		if b := mustProblem(t, task, 2, 0, 2); a.Question == b.Question {
			t.Errorf("%s: seeds 1 and 2 both start with %q", task.Spec().Name, a.Question)
		}
	}
}

func TestProblemRefusesBadArguments(t *testing.T) {
	for _, task := range generators(t, Train) {
		for _, key := range [][2]int{{-1, 1}, {0, 0}, {0, task.Spec().MaxLevel + 1}, {0, -3}} {
			if _, err := task.Problem(1, key[0], key[1]); err == nil {
				t.Errorf("%s: index %d level %d gives no error", task.Spec().Name, key[0], key[1])
			}
		}
	}
}

// wrongLines counts the lines "a op b = c" of a think part that are wrong,
// by big.Rat, modulo mod when it is not 0.
func wrongLines(t *testing.T, line *regexp.Regexp, think string, mod int64) (lines, wrong int) {
	t.Helper()
	for _, m := range line.FindAllStringSubmatch(think, -1) {
		rat := func(s string) *big.Rat {
			r, ok := new(big.Rat).SetString(s)
			if !ok {
				t.Fatalf("number %q", s)
			}
			return r
		}
		a, b, c := rat(m[1]), rat(m[3]), rat(m[4])
		switch m[2] {
		case "+":
			a.Add(a, b)
		case "-":
			a.Sub(a, b)
		case "*":
			a.Mul(a, b)
		case "/":
			a.Quo(a, b)
		}
		d := a.Sub(a, c)
		right := d.Sign() == 0
		if mod > 0 {
			right = new(big.Int).Mod(d.Num(), big.NewInt(mod)).Sign() == 0
		}
		lines++
		if !right {
			wrong++
		}
	}
	return lines, wrong
}

func TestTraces(t *testing.T) {
	line := regexp.MustCompile(`(\d+)([-+*/])(\d+)=(\d+)`)
	rng := rand.New(rand.NewPCG(1, 2))
	for _, task := range generators(t, Train) {
		spec := task.Spec()
		for level := spec.MinLevel; level <= spec.MaxLevel; level++ {
			terseRight := 0
			const n = 500
			for i := range n {
				p := mustProblem(t, task, 11, i, level)
				mod := int64(0)
				if _, m, ok := strings.Cut(p.Question, ")%"); ok {
					mod, _ = strconv.ParseInt(m, 10, 64)
				}
				for _, style := range []Style{Careful, Terse, WrongStep, Backtrack} {
					trace := task.Trace(p, style, rng)
					correct := task.Check(p, claim(t, trace)).Correct
					think, _, _ := strings.Cut(strings.TrimPrefix(trace, "<think>"), "</think>")
					lines, wrong := wrongLines(t, line, think, mod)
					fail := func(why string) { t.Fatalf("%s %s: %s: %s", p.ID, style, why, trace) }
					for k := 0; k < len(trace); k++ {
						if strings.IndexByte(spec.Alphabet, trace[k]) < 0 {
							fail("byte outside the alphabet")
						}
					}
					switch style {
					case Careful:
						if !correct || wrong != 0 || lines == 0 {
							fail("a careful trace must be right in every line")
						}
						if think[0] < '0' || think[0] > '9' {
							fail("a careful trace starts with a digit")
						}
					case WrongStep:
						if correct || wrong != 1 || think[0] != '~' {
							fail("must start with ~, have one wrong line and a wrong answer")
						}
					case Backtrack:
						if !correct || wrong != 1 || think[0] != '!' || strings.Count(think, "!") != 2 {
							fail("must start with !, have one wrong line taken back and a right answer")
						}
					case Terse:
						if lines != 0 || think != "?" {
							fail("a terse trace has no lines")
						}
						if correct {
							terseRight++
						}
					}
				}
				for k := 0; k < len(p.Question); k++ {
					if strings.IndexByte(spec.Alphabet, p.Question[k]) < 0 {
						t.Fatalf("question %q: byte outside the alphabet", p.Question)
					}
				}
			}
			// About one in eight, never none and never most.
			if terseRight < n*5/100 || terseRight > n*25/100 {
				t.Errorf("%s level %d: %d of %d terse traces are right", spec.Name, level, terseRight, n)
			}
		}
	}
}

// TestWrongStepIsConsistent checks that everything after the wrong step
// follows from it: each line starts with the result of the one before, and
// the answer is the last result.
func TestWrongStepIsConsistent(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	re := regexp.MustCompile(`^(\d+)([-+])(\d+)=(\d+)$`)
	for _, name := range []string{"digit_walk", "mod_chain", "chain_sum"} {
		task, err := New(name, Config{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 500 {
			p := mustProblem(t, task, 5, i, 1+i%6)
			trace := task.Trace(p, WrongStep, rng)
			think, _, _ := strings.Cut(strings.TrimPrefix(trace, "<think>~"), "</think>")
			last := ""
			for _, line := range strings.Split(think, ";") {
				m := re.FindStringSubmatch(line)
				if m == nil || last != "" && m[1] != last {
					t.Fatalf("%s: line %q after result %q: %s", p.ID, line, last, trace)
				}
				last = m[4]
			}
			if claim(t, trace) != last {
				t.Fatalf("%s: answer is not the last result: %s", p.ID, trace)
			}
		}
	}
}

// TestEasiestLevelIsShort holds the sizes a model of a million parameters
// can learn in seconds: question under 16 bytes, and under 40 tokens of trace
// when each tag is one token.
func TestEasiestLevelIsShort(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, task := range generators(t, Train) {
		worst := 0
		for i := range 1000 {
			p := mustProblem(t, task, 5, i, 1)
			if len(p.Question) > 16 {
				t.Errorf("%s: question %q has %d bytes", p.ID, p.Question, len(p.Question))
			}
			for _, style := range []Style{Careful, Terse, WrongStep, Backtrack} {
				trace := task.Trace(p, style, rng)
				worst = max(worst, len(trace)-len("<think></think><answer></answer>")+4)
			}
		}
		if worst > 40 {
			t.Errorf("%s level 1: longest trace has %d tokens", task.Spec().Name, worst)
		}
	}
}

func TestSplitIsBlindToTheAnswer(t *testing.T) {
	// With the low bits of a bare FNV-1a hash as the border, held-out answers
	// would be all of one parity. Two-sample chi-square of the golds of both
	// sides, 9 degrees of freedom: 27.9 is exceeded by chance once in 1000.
	for _, name := range []string{"digit_walk", "mod_chain"} {
		const n = 5000
		var count [2][10]int
		for _, split := range []Split{Train, HeldOut} {
			task, err := New(name, Config{Split: split})
			if err != nil {
				t.Fatal(err)
			}
			for i := range n {
				g, err := strconv.Atoi(mustProblem(t, task, 99, i, 5).Gold)
				if err != nil {
					t.Fatal(err)
				}
				count[split][g]++
			}
		}
		chi := 0.0
		for g := range 10 {
			a, b := float64(count[Train][g]), float64(count[HeldOut][g])
			chi += (a - b) * (a - b) / (a + b)
		}
		if chi > 27.9 {
			t.Errorf("%s: the golds of the sides differ: %v, chi-square %.1f", name, count, chi)
		}
	}
}

func TestMixDraws(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 9))
	m := Mix{Careful: 2, Terse: 1, WrongStep: 1, Backtrack: -5}
	var count [4]int
	for range 40_000 {
		count[m.Draw(rng)]++
	}
	for s, want := range []int{20_000, 10_000, 10_000, 0} {
		if d := count[s] - want; d < -500 || d > 500 {
			t.Errorf("%s drawn %d times, want about %d", Style(s), count[s], want)
		}
	}
	if s := (Mix{}).Draw(rng); s != Careful {
		t.Errorf("an empty mix draws %s", s)
	}
}
