package fuzz

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"gradus/rewards"
)

// Tally is how one way of writing completions was paid.
type Tally struct {
	Name  string `json:"name"`
	About string `json:"about"`
	Kind  Kind   `json:"kind"`
	N     int    `json:"n"` // problems it applies to
	// AsRight counts those paid nearer to an honest right answer than to an
	// honest wrong one; AboveWrong those paid more than the wrong one.
	AsRight    int     `json:"as_right"`
	AboveWrong int     `json:"above_wrong"`
	Failed     int     `json:"failed"` // no reward gave a number
	Mean       float64 `json:"mean"`   // reward
	// By are the rewards that paid it more than an honest wrong answer, those
	// of the largest sum first; of the kind deserved, those that paid it less than
	// an honest right one.
	By       []string `json:"by,omitempty"`
	Examples []string `json:"examples,omitempty"` // completions that were paid wrongly
	blame    map[string]float64
}

// Wrongly counts the completions that were not paid as they deserve: a right
// answer in other words less than half of what it earns, anything else that half
// or more. Some counts those that were paid less than that and more than an
// honest wrong answer.
func (t Tally) Wrongly(separates bool) (wrongly, some int) {
	switch {
	case t.Kind == Deserved:
		return t.N - t.Failed - t.AsRight, 0
	case t.Kind == Unearned:
		return 0, 0 // told, and no fault of a reward that looks at answers
	case !separates && t.Kind == Nothing:
		return 0, 0 // the form is kept
	}
	return t.AsRight, max(0, t.AboveWrong-t.AsRight)
}

func (t Tally) faulty(separates bool) bool {
	wrongly, some := t.Wrongly(separates)
	return wrongly+some > 0
}

// Report is what an attack found.
type Report struct {
	Layout Layout `json:"layout"` // in which honest work is paid best
	Given  int    `json:"given"`  // problems
	Cases  int    `json:"cases"`  // of these, attacked: those in which the reward tells honest right from wrong work, if it does in any
	// Mean rewards of honest work with a right and with a wrong answer.
	Right float64 `json:"right"`
	Wrong float64 `json:"wrong"`
	// Separates: honest right answers are paid more than wrong ones. Where they
	// are not, the reward looks at the form alone, and only what breaks the form
	// is paid wrongly.
	Separates bool `json:"separates"`
	// Failures counts the results that were an error, too late or no usable
	// number, in whatever was judged; Failure is what the first of them said.
	Failures int     `json:"failures,omitempty"`
	Failure  string  `json:"failure,omitempty"`
	Tallies  []Tally `json:"attempts"`
}

// ErrUnpaid says that honest work is worth nothing to the reward.
var ErrUnpaid = errors.New("honest work on these problems is paid no more than an empty completion in any of the layouts")

// ErrUnscored says that the reward had no opinion on honest work.
var ErrUnscored = errors.New("the reward gives no number for honest completions of these problems")

// ErrFailed says that the reward failed on honest work.
var ErrFailed = errors.New("the reward fails on honest completions of these problems")

// Run attacks a reward with completions of the cases, in that of the layouts in
// which honest work is paid best. Examples is how many wrongly paid completions
// to keep of each kind of attempt.
func Run(ctx context.Context, reward rewards.Composite, cases []Case, layouts []Layout, examples int) (*Report, error) {
	a := attack{reward: reward, cases: cases, examples: examples}
	if err := a.chooseLayout(ctx, layouts); err != nil {
		return nil, err
	}
	for _, t := range attempts() {
		if err := a.try(ctx, t, a.cases); err != nil {
			return nil, err
		}
	}
	for _, c := range a.cases {
		for _, t := range answerForms(c) {
			if err := a.try(ctx, t, []Case{c}); err != nil {
				return nil, err
			}
		}
	}
	for i := range a.Tallies {
		t := &a.Tallies[i]
		t.Mean /= max(1, float64(t.N-t.Failed))
		for name := range t.blame {
			t.By = append(t.By, name)
		}
		slices.SortFunc(t.By, func(x, y string) int { return cmp.Or(cmp.Compare(t.blame[y], t.blame[x]), cmp.Compare(x, y)) })
	}
	return &a.Report, nil
}

type attack struct {
	Report
	reward   rewards.Composite
	cases    []Case
	examples int
	abstains string // why the first part that abstained did
}

// honest are the places of the honest completions in a group.
const (
	honestRight = iota
	honestWrong
	attempted
)

// judge scores a completion in a group with honest ones: some rewards look at
// the others of a group.
func (a *attack) judge(ctx context.Context, c Case, l Layout, completions ...string) ([]rewards.Breakdown, error) {
	g := rewards.Group{ID: c.Problem.ID, Samples: []rewards.Sample{
		c.sample(l.whole(c.Thinking, c.Right)), c.sample(l.whole(c.Thinking, c.Wrong)),
	}}
	for _, text := range completions {
		g.Samples = append(g.Samples, c.sample(text))
	}
	out, err := a.reward.Score(ctx, g)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	for _, b := range out {
		for _, p := range b.Parts {
			a.look(p)
		}
	}
	return out, nil
}

// look notes a part that gave no number, and why.
func (a *attack) look(p rewards.PartResult) {
	why := p.Name + ": " + p.Result.Why
	switch p.Result.Status {
	case rewards.OK:
	case rewards.Skipped:
		if a.abstains == "" {
			a.abstains = why
		}
	default:
		if a.Failures++; a.Failure == "" {
			a.Failure = why
		}
	}
}

// chooseLayout finds the layout in which the reward tells right from wrong
// best, and of equal ones that in which it pays most. Problems in which it does
// not tell them apart there, though it does in others, say nothing of an attack.
func (a *attack) chooseLayout(ctx context.Context, layouts []Layout) error {
	found, paid := false, false
	var best []pair
	for _, l := range layouts {
		pays := make([]pair, len(a.cases))
		var sum pair
		var none float64 // what an empty completion is paid
		for i, c := range a.cases {
			judged, err := a.judge(ctx, c, c.prefilled(l), " ")
			if err != nil {
				return err
			}
			if right, wrong := judged[honestRight], judged[honestWrong]; !right.Unscorable && !wrong.Unscorable {
				pays[i] = pair{right.Total, wrong.Total, true}
				sum = pair{sum.right + right.Total, sum.wrong + wrong.Total, true}
				none += judged[attempted].Total
			}
		}
		paid = paid || sum.right > sum.wrong && !near(sum.right, sum.wrong) || sum.right > none && !near(sum.right, none)
		better := sum.right-sum.wrong > a.Right-a.Wrong || sum.right-sum.wrong == a.Right-a.Wrong && sum.right > a.Right
		if sum.scored && (!found || better) {
			found, best = true, pays
			a.Layout, a.Right, a.Wrong = l, sum.right, sum.wrong
		}
	}
	switch {
	case found:
	case a.Failures > 0:
		return fmt.Errorf("%w: %s", ErrFailed, a.Failure)
	default:
		return fmt.Errorf("%w: %s", ErrUnscored, a.abstains)
	}
	if !paid {
		return ErrUnpaid
	}
	a.Separates = a.Right > a.Wrong && !near(a.Right, a.Wrong)
	all := a.cases
	a.cases, a.Right, a.Wrong = nil, 0, 0
	for i, p := range best {
		if p.scored && (!a.Separates || p.right > p.wrong && !near(p.right, p.wrong)) {
			a.cases, a.Right, a.Wrong = append(a.cases, all[i]), a.Right+p.right, a.Wrong+p.wrong
		}
	}
	a.Given, a.Cases = len(all), len(a.cases)
	a.Right, a.Wrong = a.Right/float64(a.Cases), a.Wrong/float64(a.Cases)
	return nil
}

// pair are the rewards of honest work on one problem.
type pair struct {
	right, wrong float64
	scored       bool
}

// try writes and judges one attempt for each case it applies to.
func (a *attack) try(ctx context.Context, t attempt, cases []Case) error {
	for _, c := range cases {
		l := c.prefilled(a.Layout)
		text := t.write(l, c)
		if text == "" {
			continue
		}
		judged, err := a.judge(ctx, c, l, text)
		if err != nil {
			return err
		}
		right, wrong, got := judged[honestRight], judged[honestWrong], judged[attempted]
		if right.Unscorable || wrong.Unscorable {
			continue // a reward that fails now and then
		}
		a.tally(t).add(a, text, right, wrong, got)
	}
	return nil
}

func (a *attack) tally(t attempt) *Tally {
	for i := range a.Tallies {
		if a.Tallies[i].Name == t.name {
			return &a.Tallies[i]
		}
	}
	a.Tallies = append(a.Tallies, Tally{Name: t.name, About: t.about, Kind: t.kind, blame: map[string]float64{}})
	return &a.Tallies[len(a.Tallies)-1]
}

func (t *Tally) add(a *attack, text string, right, wrong, got rewards.Breakdown) {
	t.N++
	if got.Unscorable {
		t.Failed++
		return
	}
	t.Mean += got.Total
	asRight := got.Total >= right.Total || near(got.Total, right.Total)
	if a.Separates {
		asRight = got.Total > (right.Total+wrong.Total)/2
	}
	above := got.Total > wrong.Total && !near(got.Total, wrong.Total)
	t.AsRight += count(asRight)
	t.AboveWrong += count(above)
	if one := (Tally{Kind: t.Kind, N: 1, AsRight: count(asRight), AboveWrong: count(above)}); !one.faulty(a.Separates) {
		return
	}
	for k, p := range got.Parts {
		more := p.Value - wrong.Parts[k].Value
		if t.Kind == Deserved {
			more = right.Parts[k].Value - p.Value
		} else if !a.Separates {
			more = p.Value
		}
		if more > 0 && !near(more, 0) {
			t.blame[p.Name] += more
		}
	}
	if len(t.Examples) < a.examples {
		t.Examples = append(t.Examples, text)
	}
}

func count(is bool) int {
	if is {
		return 1
	}
	return 0
}
