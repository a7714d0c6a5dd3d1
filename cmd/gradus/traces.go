package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"gradus/store"
	"gradus/tui/text"
)

func (a *app) tracesCommand() *cobra.Command {
	var q store.SampleQuery
	var asJSON, oldest, suspects bool
	var correct string
	var minStep, maxStep int
	var minReward, maxReward float64
	var id int64
	cmd := &cobra.Command{
		Use:   "traces RUN",
		Short: "Print stored traces of a run, newest first",
		Example: "  gradus traces demo --limit 5\n" +
			"  gradus traces demo --correct no --min-step 100 --text 'wait'\n" +
			"  gradus traces demo --id 812\n" +
			"  gradus traces demo --suspects --limit 10\n" +
			"  gradus traces demo --json --limit 5",
		Args: exactArgs("RUN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			flags := cmd.Flags()
			for name, set := range map[string]func(){
				"min-step":   func() { q.MinStep = &minStep },
				"max-step":   func() { q.MaxStep = &maxStep },
				"min-reward": func() { q.MinReward = &minReward },
				"max-reward": func() { q.MaxReward = &maxReward },
			} {
				if flags.Changed(name) {
					set()
				}
			}
			switch correct {
			case "":
			case "yes", "no":
				want := correct == "yes"
				q.Correct = &want
			default:
				return usage(fmt.Errorf("--correct is %q; want yes or no", correct))
			}
			for flag, allowed := range map[string][2]string{"phase": {"train", "eval"}, "finish": {"stop", "length"}} {
				if v := flags.Lookup(flag).Value.String(); v != "" && v != allowed[0] && v != allowed[1] {
					return usage(fmt.Errorf("--%s is %q; want %s or %s", flag, v, allowed[0], allowed[1]))
				}
			}
			if q.Limit < 1 || q.Limit > store.MaxPage {
				return usage(fmt.Errorf("--limit is %d; want 1 to %d", q.Limit, store.MaxPage))
			}
			q.Newest = !oldest
			return a.traces(cmd, args[0], q, id, asJSON, suspects)
		},
	}
	f := cmd.Flags()
	f.IntVar(&q.Limit, "limit", 20, "traces to print")
	f.Int64Var(&id, "id", 0, "print this trace whole")
	f.StringVar(&q.Phase, "phase", "", "train or eval")
	f.StringVar(&q.Finish, "finish", "", "stop or length")
	f.StringVar(&q.Text, "text", "", "words and \"quoted phrases\" that must occur")
	f.StringVar(&correct, "correct", "", "yes or no")
	f.IntVar(&minStep, "min-step", 0, "from this step on")
	f.IntVar(&maxStep, "max-step", 0, "up to this step")
	f.Float64Var(&minReward, "min-reward", 0, "at least this reward")
	f.Float64Var(&maxReward, "max-reward", 0, "at most this reward")
	f.BoolVar(&oldest, "oldest", false, "oldest first")
	f.BoolVar(&suspects, "suspects", false, "only traces that look like reward hacking, with what was noticed")
	f.BoolVar(&asJSON, "json", false, "print one JSON object a line, with reward parts and prompt")
	return cmd
}

func (a *app) traces(cmd *cobra.Command, runRef string, q store.SampleQuery, id int64, asJSON, suspects bool) error {
	ctx := cmd.Context()
	c, ref, err := a.openRun(ctx, runRef)
	if err != nil {
		return err
	}
	if ref.Step >= 0 {
		q.MinStep, q.MaxStep = &ref.Step, &ref.Step
	}
	db, err := c.OpenDB(ctx, ref.RunID)
	if err != nil {
		return err
	}
	defer db.Close()
	if id != 0 {
		d, err := db.Sample(ctx, id)
		if err != nil {
			return err
		}
		if asJSON {
			return a.printJSON(d)
		}
		a.printTrace(d)
		return nil
	}
	if suspects {
		return a.suspects(ctx, db, q, asJSON)
	}
	rows, err := db.Samples(ctx, q)
	if errors.Is(err, store.ErrSearch) {
		return usage(err)
	}
	if err != nil {
		return err
	}
	for _, row := range rows {
		if !asJSON {
			a.printf("%s\n", traceLine(row))
			continue
		}
		d, err := db.Sample(ctx, row.ID)
		if err != nil {
			return err
		}
		if err := a.printJSON(d); err != nil {
			return err
		}
	}
	if len(rows) == 0 && !asJSON {
		a.printf("no stored trace fits\n")
	}
	return nil
}

// traceLine is one trace in a list: where it is from, what it was paid, text.
func traceLine(r store.SampleRow) string {
	parts := ""
	for _, p := range r.Parts {
		if p.Status == "ok" {
			parts += fmt.Sprintf(" %s %.2g", p.Name, p.Score)
		} else {
			parts += fmt.Sprintf(" %s %s", p.Name, p.Status)
		}
	}
	return fmt.Sprintf("%6d step %-4d #%d/%d  reward %.3f  adv %+.2f %s  %d tok %s  %s",
		r.ID, r.Step, r.Group, r.Index, r.Reward, r.Advantage, text.Line(parts), r.Tokens, r.Finish, text.Line(r.Text))
}

func (a *app) printTrace(d store.SampleDetail) {
	a.printf("trace %d  step %d  group %d sample %d  reward %.3f  advantage %+.3f  %d tokens, %s\n",
		d.ID, d.Step, d.Group, d.Index, d.Reward, d.Advantage, d.Tokens, text.Line(d.Finish))
	a.printf("\nPROMPT  (gold %s)\n%s\n", text.Line(d.Prompt.Gold), text.Clean(d.Prompt.Text))
	a.printf("\nCOMPLETION\n%s\n\nREWARDS\n", text.Clean(d.Text))
	for _, p := range d.Rewards {
		a.printf("%-18s %6.3f x %.2f = %6.3f  %s: %s\n", text.Line(p.Name), p.Score, p.Weight, p.Value, p.Status, text.Line(p.Why))
		for _, s := range p.Spans {
			if s.From >= 0 && s.From <= s.To && s.To <= len(d.Text) {
				a.printf("%20s bytes %d..%d %s: %s\n", "", s.From, s.To, text.Line(s.Label), text.Line(d.Text[s.From:s.To]))
			}
		}
	}
}
