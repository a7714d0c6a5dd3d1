package fuzz

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"

	"gradus/rewards"
	"gradus/rewards/mathans/mutate"
	"gradus/rewards/prompt"
	"gradus/rewards/tasks"
	"gradus/rewards/text"
)

// ErrNoCases says that no problem has a right and a wrong answer to attack with.
var ErrNoCases = errors.New("no problem has both an answer that its task's checker takes and one that it does not")

// Problems makes cases of the first n problems of a task at a level, in a
// template's prompts.
func Problems(t tasks.Task, template string, seed uint64, level, n int) ([]Case, error) {
	var problems []rewards.Problem
	var thinking []string
	for i := range n {
		p, err := t.Problem(seed, i, level)
		if err != nil {
			if i > 0 { // a data set has an end
				break
			}
			return nil, err
		}
		trace := t.Trace(p, tasks.Careful, rand.New(rand.NewPCG(seed, uint64(i))))
		body := ""
		if g := text.Segment(trace, text.R1()); len(g.Think) > 0 {
			body = strings.TrimSpace(g.Think[0].Body.In(trace))
		}
		problems, thinking = append(problems, p), append(thinking, body)
	}
	return cases(problems, thinking, template)
}

// Golds makes cases of gold answers without a question worth the name.
func Golds(golds []string, template string) ([]Case, error) {
	var problems []rewards.Problem
	for i, gold := range golds {
		problems = append(problems, rewards.Problem{Task: "jsonl", ID: fmt.Sprintf("fuzz/%d", i), Question: "What is the value?", Gold: gold})
	}
	return cases(problems, make([]string, len(problems)), template)
}

func cases(problems []rewards.Problem, thinking []string, template string) ([]Case, error) {
	var out []Case
	for i, p := range problems {
		if v, err := tasks.Check(p, p.Gold); err != nil || !v.Correct {
			continue
		}
		wrong := wrongAnswer(problems, i)
		if wrong == "" {
			continue
		}
		rendered, err := prompt.Render(template, p.Question)
		if err != nil {
			return nil, err
		}
		c := Case{Problem: p, Prompt: rendered, Thinking: thinking[i], Right: p.Gold, Wrong: wrong}
		if c.Thinking == "" {
			c.Thinking = "First we write down what is given. Then we work it out step by step, and check it. That gives " + p.Gold + "."
		}
		out = append(out, c)
	}
	if len(out) == 0 {
		return nil, ErrNoCases
	}
	return out, nil
}

// wrongAnswer is the gold answer of another problem that this one's checker
// does not take, or a near miss.
func wrongAnswer(problems []rewards.Problem, i int) string {
	p := problems[i]
	refused := func(claim string) bool {
		v, err := tasks.Check(p, claim)
		return err == nil && !v.Correct && !v.Skip && claim != ""
	}
	for k := 1; k < min(len(problems), 20); k++ {
		if other := problems[(i+k)%len(problems)].Gold; other == "0" || other == "1" {
			continue // they vanish in a sum or a product
		} else if refused(other) && !strings.Contains(other, p.Gold) && !strings.Contains(p.Gold, other) {
			return other
		}
	}
	for _, m := range mutate.Of(p.Gold) {
		if !m.Equal && refused(m.Pred) {
			return m.Pred
		}
	}
	return ""
}

// answerForms are the right answer in other words, and near misses of it, where
// the problem's answer is one of mathematics.
func answerForms(c Case) []attempt {
	if c.Problem.Task != "jsonl" {
		return nil
	}
	var out []attempt
	for _, m := range mutate.Of(c.Right) {
		kind, about := Deserved, "the right answer in another form"
		if !m.Equal {
			kind, about = Nothing, "a near miss"
		}
		if v, err := tasks.Check(c.Problem, m.Pred); err != nil || v.Skip || v.Correct != m.Equal {
			continue // the verifier itself is at odds: 'reward fuzz --policy' tells of that
		}
		out = append(out, attempt{"answer." + m.Name, about, kind, func(l Layout, c Case) string {
			if m.Plain && strings.HasSuffix(l.AnswerOpen, `\boxed{`) {
				return ""
			}
			return l.whole(c.Thinking, m.Pred)
		}})
	}
	return out
}

// accepted says whether the task's own checker takes an answer.
func accepted(c Case, answer string) bool {
	v, err := tasks.Check(c.Problem, answer)
	return err == nil && v.Correct
}
