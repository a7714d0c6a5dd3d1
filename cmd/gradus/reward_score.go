package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"gradus/rewards"
	"gradus/rewards/call"
	"gradus/rewards/rules"
)

func (a *app) rewardScoreCommand() *cobra.Command {
	var name, in, out string
	cmd := &cobra.Command{
		Use:   "score --reward NAME --in FILE.jsonl",
		Short: "Score completions with a reward function",
		Long: "Each row is one call of the function, in the shape in which TRL makes it:\n" +
			"  {\"completions\":[…],\"kwargs\":{\"solution\":[…],\"completion_ids\":[[…]]},\"params\":{…}}\n" +
			"A completion is a text or a list of messages. The row that answers it holds\n" +
			"  {\"scores\":[1, null],\"results\":[{\"status\",\"score\",\"reason\",\"why\",…}]}\n" +
			"and the row's other fields. null means that the function has no opinion.",
		Example: "  gradus reward score --reward openr1.format --in rows.jsonl\n" +
			"  echo '{\"completions\":[\"<think>a</think>b\"]}' | gradus reward score --reward trl.think_format --in -",
		Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if name == "" || in == "" {
				return usage(fmt.Errorf("reward score needs --reward NAME and --in FILE.jsonl ('-' reads the standard input); 'gradus reward list' shows the names"))
			}
			rule, err := rules.Find(name)
			if err != nil {
				return usage(err)
			}
			made := map[string]rewards.Reward{} // by parameters: files repeat theirs
			defer func() {
				for _, r := range made {
					if c, ok := r.(io.Closer); ok {
						c.Close()
					}
				}
			}()
			return a.eachRow(cmd.Context(), in, out, func(row []byte) ([]byte, error) {
				c, err := call.Parse(row)
				if err == nil {
					err = errors.Join(c.Want(rule.Wants), c.Take(rule.Arguments))
				}
				if err != nil {
					return nil, err
				}
				key, err := json.Marshal(c.Params)
				if err != nil {
					return nil, err
				}
				r, ok := made[string(key)]
				if !ok {
					if r, err = rules.New(name, c.Params); err != nil {
						return nil, err
					}
					made[string(key)] = r
				}
				judged, err := rewards.Composite{Parts: []rewards.Part{{Weight: 1, Reward: r}}, Now: a.now}.Score(cmd.Context(), c.Group)
				if err != nil {
					return nil, err
				}
				results := make([]rewards.Result, len(judged))
				for i, b := range judged {
					results[i] = b.Parts[0].Result
				}
				return c.Answer(results)
			})
		},
	}
	cmd.Flags().StringVar(&name, "reward", "", "name of the reward function")
	cmd.Flags().StringVar(&in, "in", "", "JSONL file of calls; '-' reads the standard input")
	cmd.Flags().StringVar(&out, "out", "", "write the rows to this file instead of the standard output")
	return cmd
}
