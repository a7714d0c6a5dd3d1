package fuzz

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gradus/rewards"
	"gradus/rewards/mathans/mutate"
	"gradus/rewards/rules"
	"gradus/rewards/rules/rule"
	"gradus/rewards/tasks"
)

func composite(t *testing.T, names ...string) rewards.Composite {
	t.Helper()
	var c rewards.Composite
	for _, name := range names {
		r, err := rules.New(name, nil)
		if err != nil {
			t.Fatal(err)
		}
		c.Parts = append(c.Parts, rewards.Part{Name: name, Weight: 1, Reward: r})
	}
	return c
}

func golds(t *testing.T) []Case {
	t.Helper()
	c, err := Golds(mutate.Samples(), "r1-zero")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func problems(t *testing.T, name string, n int) []Case {
	t.Helper()
	task, err := tasks.New(name, tasks.Config{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := Problems(task, "r1-zero", 1, task.Spec().MaxLevel, n)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func run(t *testing.T, c rewards.Composite, cases []Case) *Report {
	t.Helper()
	r, err := Run(context.Background(), c, cases, Layouts(), 1)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// paid are the attempts that a report finds paid wrongly.
func paid(r *Report) (names []string) {
	for _, t := range r.Tallies {
		if t.faulty(r.Separates) {
			names = append(names, t.Name)
		}
	}
	return names
}

// TestKnownFlaws: the attacks find what is known of published rewards, and
// nothing in their repaired forms.
func TestKnownFlaws(t *testing.T) {
	tests := []struct {
		rewards []string
		cases   []Case
		layout  string
		paid    []string
	}{
		// open-r1#418: several blocks, text after a line end, nothing inside.
		{[]string{"openr1.format"}, golds(t)[:8], "tags on lines", []string{"answer_part_in_thinking", "after", "two_answers", "two_answers_turned", "flood_of_answers",
			"nested_answer", "second_turn", "empty_thinking", "form_only", "repeated_parts", "nested_thinking"}},
		{[]string{"gradus.format"}, golds(t)[:8], "tags", nil},
		// open-r1's tag count is blind to order and content.
		{[]string{"openr1.tag_count"}, golds(t)[:8], "tags on lines", []string{"after", "empty_thinking", "form_only", "text_around", "false_end"}},
		// It takes the last line of the completion: a line end after everything is an empty one.
		{[]string{"tinyzero.countdown"}, problems(t, "countdown", 8), "tags", []string{"two_answers", "second_turn", "line_end"}},
		// Only the last answer after the last thinking counts, so one more turn is one more try.
		{[]string{"gradus.accuracy"}, golds(t), "tags", []string{"second_turn"}},
		{[]string{"gradus.accuracy"}, problems(t, "chain_sum", 16), "tags", []string{"second_turn"}},
		{[]string{"gradus.accuracy"}, problems(t, "countdown", 16), "tags", []string{"second_turn"}},
	}
	for _, test := range tests {
		t.Run(strings.Join(test.rewards, "+"), func(t *testing.T) {
			r := run(t, composite(t, test.rewards...), test.cases)
			if got := paid(r); !slices.Equal(got, test.paid) {
				t.Errorf("paid wrongly:\n got %q\nwant %q", got, test.paid)
			}
			if r.Layout.Name != test.layout || r.Cases != len(test.cases) {
				t.Errorf("layout %q and %d of %d problems, want %q and all", r.Layout.Name, r.Cases, r.Given, test.layout)
			}
		})
	}
}

// judged is a composite of a function of the test.
func judged(name string, score func(s rewards.Sample) float64) rewards.Composite {
	spec := rewards.Spec{Name: name, Range: [2]float64{-10, 10}}
	return rewards.Composite{Parts: []rewards.Part{{Name: name, Weight: 1, Reward: rule.PerSample(spec, func(s rewards.Sample) rewards.Result {
		return rewards.Result{Score: score(s)}
	})}}}
}

// TestNaiveRewards: what one would write first is paid for what it should not.
func TestNaiveRewards(t *testing.T) {
	cases := problems(t, "chain_sum", 8)
	contains := judged("contains", func(s rewards.Sample) float64 {
		if strings.Contains(s.Completion, "<answer>") && strings.Contains(s.Completion[strings.Index(s.Completion, "<answer>"):], s.Problem.Gold) {
			return 1
		}
		return 0
	})
	r := run(t, contains, cases)
	for _, want := range []string{"wrong_or_right", "enumeration", "denied", "longer", "after", "two_answers", "flood_of_answers", "comment"} {
		if !slices.Contains(paid(r), want) {
			t.Errorf("%s is not found in a reward that looks for the answer anywhere: %q", want, paid(r))
		}
	}
	// A reward for length pays padding more than honest work.
	length := judged("length", func(s rewards.Sample) float64 {
		score := min(1, float64(len(s.Completion))/10_000)
		if strings.Contains(s.Completion, "<answer>"+s.Problem.Gold+"</answer>") {
			score += 5
		}
		return score
	})
	r = run(t, length, cases)
	for _, want := range []string{"padding", "loop"} {
		if !slices.Contains(paid(r), want) {
			t.Errorf("%s is not found in a reward for length: %q", want, paid(r))
		}
	}
	for _, x := range r.Tallies {
		if x.Name == "padding" && (x.AsRight != 0 || x.AboveWrong != x.N || !reflect.DeepEqual(x.By, []string{"length"}) || len(x.Examples) != 1) {
			t.Errorf("padding: %+v", x)
		}
	}
}

// TestEveryAttemptIsWritten: each attempt writes a completion for some problem,
// under a name of its own, and none of those that deserve nothing is an honest
// right one.
func TestEveryAttemptIsWritten(t *testing.T) {
	cases := slices.Concat(golds(t), problems(t, "chain_sum", 4))
	seen := map[string]bool{}
	for _, a := range attempts() {
		if seen[a.name] {
			t.Errorf("%s is there twice", a.name)
		}
		seen[a.name] = true
		written := 0
		for _, l := range Layouts() {
			for _, c := range cases {
				text := a.write(l, c)
				if text != "" {
					written++
				}
				if (a.kind == Nothing || a.kind == Formless) && text == l.whole(c.Thinking, c.Right) {
					t.Errorf("%s in layout %s is honest work: %q", a.name, l.Name, text)
				}
			}
		}
		if written == 0 {
			t.Errorf("%s is never written", a.name)
		}
	}
	if len(seen) < 55 {
		t.Errorf("%d attempts", len(seen))
	}
}

func TestPrefilledPrompt(t *testing.T) {
	cases, err := Golds(mutate.Samples()[:8], "User: {question}\nAssistant: <think>")
	if err != nil {
		t.Fatal(err)
	}
	r := run(t, composite(t, "gradus.accuracy", "gradus.format"), cases)
	if !r.Separates || r.Right != 2 || r.Wrong != 1 {
		t.Errorf("honest work is paid %v and %v", r.Right, r.Wrong)
	}
}

func TestRunRefuses(t *testing.T) {
	if _, err := Golds([]string{"", " "}, "short"); !errors.Is(err, ErrNoCases) {
		t.Errorf("golds of nothing: %v", err)
	}
	if _, err := Golds([]string{"1", "2"}, "no such template"); err == nil {
		t.Error("a template that is none is taken")
	}
	// The reward reads a column that these problems lack.
	if _, err := Run(context.Background(), composite(t, "gradus.code"), golds(t)[:2], Layouts(), 0); !errors.Is(err, ErrUnscored) {
		t.Errorf("a reward of programs: %v", err)
	}
	never := judged("never", func(rewards.Sample) float64 { return 0 })
	if _, err := Run(context.Background(), never, golds(t)[:2], Layouts(), 0); !errors.Is(err, ErrUnpaid) {
		t.Errorf("a reward that pays nothing: %v", err)
	}
	if _, err := Run(context.Background(), composite(t, "gradus.code"), golds(t)[:2], Layouts(), 0); err == nil || !strings.Contains(err.Error(), "gradus.code: ") {
		t.Errorf("a reward that abstains, without its reason: %v", err)
	}
	broken := rewards.Composite{Parts: []rewards.Part{{Weight: 1, Reward: failing{}}}}
	if _, err := Run(context.Background(), broken, golds(t)[:2], Layouts(), 0); !errors.Is(err, ErrFailed) || !strings.Contains(err.Error(), "a typo") {
		t.Errorf("a reward that fails: %v", err)
	}
	broken.Parts = append(broken.Parts, composite(t, "gradus.accuracy").Parts...)
	if report, err := Run(context.Background(), broken, golds(t)[:2], Layouts(), 0); err != nil || report.Failures == 0 || !strings.Contains(report.Failure, "a typo") {
		t.Errorf("a part that fails: %+v, %v", report, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Run(ctx, composite(t, "gradus.accuracy"), golds(t)[:2], Layouts(), 0); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

func TestParseLayout(t *testing.T) {
	l, err := ParseLayout("<think>{think}</think> <answer>{answer}</answer>")
	if err != nil || l.whole("a", "b") != "<think>a</think> <answer>b</answer>" || l.answer("b") != "<answer>b</answer>" {
		t.Errorf("%+v, %v", l, err)
	}
	if l, err := ParseLayout("{think}\n#### {answer}"); err != nil || l.whole("a", "b") != "a\n#### b" {
		t.Errorf("%+v, %v", l, err)
	}
	for _, bad := range []string{"", "{answer}{think}", "{think}", "{think}{answer}{answer}"} {
		if _, err := ParseLayout(bad); err == nil {
			t.Errorf("%q is taken for a layout", bad)
		}
	}
}

// failing is a reward with a fault.
type failing struct{}

func (failing) Spec() rewards.Spec { return rewards.Spec{Name: "failing"} }

func (failing) Score(context.Context, rewards.Group) ([]rewards.Result, error) {
	return nil, errors.New("a typo")
}
