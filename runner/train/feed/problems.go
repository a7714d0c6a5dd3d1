package feed

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"gradus/model"
	"gradus/rewards"
	"gradus/rewards/prompt"
	"gradus/rewards/tasks"
	"gradus/rewards/text"
	"gradus/runner/evaluate/suite"
	"gradus/runner/recipe"
)

// Source gives the training problems of one stage by position.
type Source struct {
	Task  tasks.Task
	Level int
	key   uint64
}

// NewSource makes the source of stage number stage in a run with the given
// seed. Stages do not share problems by number, so a second stage does not
// start with what the first has just seen.
func NewSource(task tasks.Task, level int, seed uint64, stage int) *Source {
	return &Source{Task: task, Level: suite.Level(task.Spec(), level), key: Key(seed, "problems", uint64(stage))}
}

// Problem is the problem at a position, counted from 0. A task with a fixed
// number of problems goes through them in a new order on each pass.
func (s *Source) Problem(position int64) (rewards.Problem, error) {
	p, err := s.Task.Problem(s.key, int(position), s.Level)
	if err != nil {
		return rewards.Problem{}, fmt.Errorf("problem %d of task %s at level %d: %w", position, s.Task.Spec().Name, s.Level, err)
	}
	return p, nil
}

// Prompt is a problem as tokens.
type Prompt struct {
	suite.Item
	Tokens  []int32
	Unknown bool // the tokenizer does not know some of its bytes
}

// Encoder turns problems into tokens.
type Encoder struct {
	Tok      *model.Tokenizer
	Template string
}

// Encode renders and encodes a problem. The template may hold special tokens;
// the question is foreign text and never yields one.
func (e Encoder) Encode(p rewards.Problem) (Prompt, error) {
	it, err := suite.Render(e.Template, p)
	if err != nil {
		return Prompt{}, err
	}
	ids, err := e.tokens(it)
	if err != nil {
		return Prompt{}, err
	}
	if len(ids) == 0 {
		return Prompt{}, fmt.Errorf("the prompt of problem %s is no token for the model's tokenizer, and a model cannot answer nothing; choose another task.template or tokenizer", p.ID)
	}
	return Prompt{Item: it, Tokens: ids, Unknown: e.Tok.Decode(ids) != it.Text}, nil
}

// mark stands for the question while a template is cut in two. It cannot be
// part of a template.
const mark = "\x00question\x00"

func (e Encoder) tokens(it suite.Item) ([]int32, error) {
	frame, err := prompt.Render(e.Template, mark)
	if err != nil {
		return nil, err
	}
	before, after, ok := strings.Cut(frame, mark)
	if !ok || before+it.Problem.Question+after != it.Text {
		// The template changes the question: then all of it is plain text.
		return e.Tok.EncodeText(it.Text), nil
	}
	ids := e.Tok.EncodeWithSpecials(before)
	ids = append(ids, e.Tok.EncodeText(it.Problem.Question)...)
	return append(ids, e.Tok.EncodeWithSpecials(after)...), nil
}

// Traces gives the cold-start traces of an sft stage by position.
type Traces struct {
	Source *Source
	Mix    tasks.Mix
	// Template is the prompt's. Where it ends in <think>, so the traces begin
	// behind it.
	Template string
	// Size is the number of distinct traces; 0 never repeats one.
	Size  int
	order *Order
}

// NewTraces gives the traces of an sft stage with the settings opt, for prompts
// of that template.
func NewTraces(opt *recipe.SFT, src *Source, template string) *Traces {
	return &Traces{
		Source: src, Size: opt.DatasetSize, Template: template,
		Mix: tasks.Mix{Careful: opt.Style.Careful, Terse: opt.Style.Terse, WrongStep: opt.Style.WrongStep, Backtrack: opt.Style.Backtrack},
	}
}

// Trace returns the problem at a position and a completion for it. Problem and
// trace depend on the trace's number only, so a trace that comes again is the
// same to the byte.
func (t *Traces) Trace(position int64) (rewards.Problem, string, error) {
	number := position
	if t.Size > 0 {
		if t.order == nil {
			t.order = NewOrder(Key(t.Source.key, "trace order"), t.Size)
		}
		number = int64(t.order.At(position))
	}
	p, err := t.Source.Problem(number)
	if err != nil {
		return rewards.Problem{}, "", err
	}
	rng := rand.New(rand.NewPCG(Key(t.Source.key, "trace", uint64(number)), 0))
	trace := t.Source.Task.Trace(p, t.Mix.Draw(rng), rng)
	if trace == "" {
		return rewards.Problem{}, "", fmt.Errorf("task %s has no cold-start trace for problem %s; remove the sft stage or choose a task with traces", t.Source.Task.Spec().Name, p.ID)
	}
	it, err := suite.Render(t.Template, p)
	if err != nil {
		return rewards.Problem{}, "", err
	}
	if text.After(it.Text).Prefilled {
		trace = strings.TrimPrefix(trace, text.ThinkOpen)
	}
	return p, trace, nil
}
