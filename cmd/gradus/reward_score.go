package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gradus/rewards"
	"gradus/rewards/call"
	"gradus/rewards/custom"
	"gradus/rewards/rules"
	"gradus/runner/recipe"
)

func (a *app) rewardScoreCommand() *cobra.Command {
	var name, setup, in, out string
	cmd := &cobra.Command{
		Use:   "score --reward NAME --in FILE.jsonl",
		Short: "Score completions with a reward function or a published setup",
		Long: "Each row is one call of the function, in the shape in which TRL makes it:\n" +
			"  {\"completions\":[…],\"kwargs\":{\"solution\":[…],\"completion_ids\":[[…]]},\"params\":{…}}\n" +
			"A completion is a text or a list of messages. The row that answers it holds\n" +
			"  {\"scores\":[1, null],\"results\":[{\"status\",\"score\",\"reason\",\"why\",…}]}\n" +
			"and the row's other fields. null means that the function has no opinion.\n" +
			"With --setup, the scores are the weighted sums, and the answer holds \"parts\", one for each function with\n" +
			"its name, weight, scores and results; \"params\" then hold one object for each function, by its name.",
		Example: "  gradus reward score --reward openr1.format --in rows.jsonl\n" +
			"  gradus reward score --setup open-r1 --in rows.jsonl\n" +
			"  echo '{\"completions\":[\"<think>a</think>b\"]}' | gradus reward score --reward trl.think_format --in -",
		Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if (name == "") == (setup == "") || in == "" {
				return usage(fmt.Errorf("reward score needs --reward NAME or --setup NAME, and --in FILE.jsonl ('-' reads the standard input); 'gradus reward list' and 'gradus reward setup' show the names"))
			}
			s := scorer{now: a.now, made: map[string]rewards.Reward{}}
			defer s.close()
			if err := s.take(name, setup); err != nil {
				return usage(err)
			}
			return a.eachRow(cmd.Context(), in, out, func(row []byte) ([]byte, error) { return s.answer(cmd.Context(), row) })
		},
	}
	cmd.Flags().StringVar(&name, "reward", "", "name of the reward function")
	cmd.Flags().StringVar(&setup, "setup", "", "name of a published setup, instead of one function")
	cmd.Flags().StringVar(&in, "in", "", "JSONL file of calls; '-' reads the standard input")
	cmd.Flags().StringVar(&out, "out", "", "write the rows to this file instead of the standard output")
	return cmd
}

// scorer answers calls of a reward function, or of all functions of a setup.
type scorer struct {
	now   func() time.Time
	parts []scored
	sums  bool                      // a setup: the scores are sums
	made  map[string]rewards.Reward // by part and parameters: files repeat theirs
}

// scored is a reward function and its place in the sum.
type scored struct {
	recipe.Reward
	rule rules.Rule
	gate rewards.Gate // nil: always
}

func (s *scorer) take(name, setup string) error {
	list := []recipe.Reward{{Name: name, Weight: 1}}
	if s.sums = setup != ""; s.sums {
		var err error
		if list, err = recipe.SetupRewards(setup); err != nil {
			return err
		}
	}
	for _, r := range list {
		part := scored{Reward: r}
		var err error
		if part.rule, err = rules.Find(r.Name); err != nil {
			return err
		}
		if r.Gate != "" {
			if part.gate, err = custom.Compile(r.Gate); err != nil {
				return err
			}
		}
		s.parts = append(s.parts, part)
	}
	return nil
}

func (s *scorer) close() {
	for _, r := range s.made {
		if c, ok := r.(io.Closer); ok {
			c.Close()
		}
	}
}

func (s *scorer) answer(ctx context.Context, row []byte) ([]byte, error) {
	c, err := call.Parse(row)
	if err != nil {
		return nil, err
	}
	var sum rewards.Composite
	sum.Now = s.now
	for _, p := range s.parts {
		r, err := s.make(c, p)
		if err != nil {
			return nil, err
		}
		sum.Parts = append(sum.Parts, rewards.Part{Name: p.PartName(), Weight: p.Weight, Reward: r, Gate: p.gate})
	}
	if s.sums {
		if err := s.paramsAreOfParts(c.Params); err != nil {
			return nil, err
		}
	}
	judged, err := sum.Score(ctx, c.Group)
	if err != nil {
		return nil, err
	}
	if s.sums {
		return c.AnswerSums(judged)
	}
	results := make([]rewards.Result, len(judged))
	for i, b := range judged {
		results[i] = b.Parts[0].Result
	}
	return c.Answer(results)
}

// make returns the function of a part with the parameters of the call.
func (s *scorer) make(c call.Call, p scored) (rewards.Reward, error) {
	if s.sums {
		own := maps.Clone(p.Params)
		given, ok := c.Params[p.PartName()]
		if table, isTable := given.(map[string]any); isTable {
			if own == nil {
				own = map[string]any{}
			}
			maps.Copy(own, table)
		} else if ok {
			return nil, fmt.Errorf("params.%s is no object; give the parameters of that function", p.PartName())
		}
		c.Params = own
	}
	if err := errors.Join(c.Want(p.rule.Wants), c.Take(p.rule.Arguments)); err != nil {
		return nil, err
	}
	key, err := json.Marshal(c.Params)
	if err != nil {
		return nil, err
	}
	id := p.PartName() + " " + string(key)
	r, ok := s.made[id]
	if !ok {
		if r, err = p.rule.Make(c.Params); err != nil {
			return nil, err
		}
		s.made[id] = r
	}
	return r, nil
}

// paramsAreOfParts refuses parameters of functions that the setup has not.
func (s *scorer) paramsAreOfParts(params map[string]any) error {
	var names []string
	for _, p := range s.parts {
		names = append(names, p.PartName())
	}
	for name := range params {
		if !slices.Contains(names, name) {
			return fmt.Errorf("params.%s is of none of the setup's functions; they are %s", name, strings.Join(names, ", "))
		}
	}
	return nil
}
