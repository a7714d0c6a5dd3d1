package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"gradus/store"
	"gradus/tui/text"
)

func (a *app) tracesCommand() *cobra.Command {
	var q store.SampleQuery
	var asJSON, oldest, suspects, changed, count bool
	var layer int
	var correct string
	var minStep, maxStep int
	var minReward, maxReward float64
	var id int64
	cmd := &cobra.Command{
		Use:   "traces RUN|FILE [QUERY...]",
		Short: "Print stored traces of a run, newest first",
		Long: "FILE is a run that was handed over. QUERY narrows the list. Terms side by side must all hold; OR joins alternatives, parentheses group, a minus sign or\n" +
			"NOT excludes. A term is a word or \"quoted phrase\" of the completion, or a field with a value, a range or a comparison.\n" +
			"Put the query between single quotes, so that the shell leaves it alone; before one that begins with a minus sign\n" +
			"write --. Other filters below are short for terms.\n\n" + fieldHelp(),
		Example: "  gradus traces demo --limit 5\n" +
			"  gradus traces demo 'step:700.. reward<.2 finish:length \"double check\"'\n" +
			"  gradus traces demo 'correct:no (wait OR \"let me check\") -tag:seen' --count\n" +
			"  gradus traces demo --id 812\n" +
			"  gradus traces demo --suspects --limit 10\n" +
			"  gradus traces demo --layer 1 --changed\n" +
			"  gradus traces demo --json --limit 5",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return exactArgs("RUN")(cmd, args)
			}
			return nil
		},
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
			switch {
			case flags.Changed("layer") && layer < 1:
				return usage(fmt.Errorf("--layer is %d; layers count from 1", layer))
			case changed && layer == 0:
				return usage(errors.New("--changed compares with a layer; name it with --layer N"))
			case suspects && layer > 0:
				return usage(errors.New("--suspects looks at what the run recorded; leave out --layer"))
			case count && (suspects || layer > 0):
				return usage(errors.New("--count counts the traces that fit the query; leave out --suspects, --layer and --changed"))
			case flags.Changed("id") && (suspects || changed || count):
				return usage(errors.New("--id prints that trace whole; leave out --suspects, --changed and --count"))
			}
			q.Newest = !oldest
			return a.traces(cmd, args[0], strings.Join(args[1:], " "), q, id, traceView{asJSON, suspects, changed, count, layer})
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
	f.IntVar(&layer, "layer", 0, "beside each trace, what this layer of 'gradus rescore' says")
	f.BoolVar(&changed, "changed", false, "only traces on which the layer and the run differ")
	f.BoolVar(&count, "count", false, "print how many traces fit, and none of them")
	f.BoolVar(&asJSON, "json", false, "print one JSON object a line, with reward parts and prompt")
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage(fmt.Errorf("%s: %w; '%s --help' shows its flags; before a query that begins with a minus sign write --", cmd.CommandPath(), err, cmd.CommandPath()))
	})
	return cmd
}

// traceView is how traces are shown.
type traceView struct {
	asJSON, suspects, changed, count bool
	layer                            int // 0: none
}

func (a *app) traces(cmd *cobra.Command, runRef, terms string, q store.SampleQuery, id int64, v traceView) error {
	if cmd.Flags().Changed("id") && id < 1 {
		return usage(fmt.Errorf("--id is %d; traces are numbered from 1", id))
	}
	ctx := cmd.Context()
	ref, db, err := a.openRecord(ctx, runRef)
	if err != nil {
		return err
	}
	defer db.Close()
	if ref.Step >= 0 {
		q.MinStep, q.MaxStep = &ref.Step, &ref.Step
	}
	if id != 0 {
		d, err := db.Sample(ctx, id)
		if err != nil {
			return err
		}
		if v.layer > 0 {
			return a.layerTrace(ctx, db, d, v.layer, v.asJSON)
		}
		if v.asJSON {
			return a.printJSON(writtenTrace{d, ref.RunID})
		}
		a.printTrace(d)
		return nil
	}
	if q.Where, err = parseQuery(ctx, db, terms); err != nil {
		return err
	}
	switch {
	case v.count:
		return a.countTraces(ctx, db, q, v.asJSON)
	case v.suspects:
		return a.suspects(ctx, db, q, v.asJSON)
	case v.layer > 0:
		return a.layerTraces(ctx, db, q, v.layer, v.changed, v.asJSON)
	}
	rows, err := db.Samples(ctx, q)
	if errors.Is(err, store.ErrSearch) {
		return usage(err)
	}
	if err != nil {
		return err
	}
	for _, row := range rows {
		if !v.asJSON {
			a.printf("%s\n", traceLine(row))
			continue
		}
		d, err := db.Sample(ctx, row.ID)
		if err != nil {
			return err
		}
		if err := a.printJSON(writtenTrace{d, ref.RunID}); err != nil {
			return err
		}
	}
	if len(rows) == 0 && !v.asJSON {
		a.printf("no stored trace fits\n")
	}
	return nil
}

// writtenTrace is a trace with the run that wrote it: whoever trains on the
// line has its teacher recorded, with policy_version (see 'gradus lineage').
type writtenTrace struct {
	store.SampleDetail
	Run string `json:"run"`
}

// traceLine is one trace in a list: where it is from, what it was paid, text.
func traceLine(r store.SampleRow) string {
	parts := ""
	for _, p := range r.Parts {
		parts += partWord(p.Name, p.Status, p.Score)
	}
	return fmt.Sprintf("%6d step %-4d #%d/%d  reward %s  adv %+.2f %s  %d tok %s  %s",
		r.ID, r.Step, r.Group, r.Index, rewardWord(r.Reward, r.Unscorable), r.Advantage, text.Line(parts+saidOf(r.Notes)), r.Tokens, r.Finish, text.Line(r.Text))
}

// rewardWord is the reward of a trace, none where no function gave a score.
func rewardWord(reward float64, unscorable bool) string {
	if unscorable {
		return "none"
	}
	return fmt.Sprintf("%.3f", reward)
}

// partWord is a reward in a line: its score, or its status where it has none.
func partWord(name, status string, score float64) string {
	if status == "ok" {
		return fmt.Sprintf(" %s %.2g", name, score)
	}
	return fmt.Sprintf(" %s %s", name, status)
}

func (a *app) printTrace(d store.SampleDetail) {
	a.printf("trace %d  step %d  group %d sample %d  reward %s  advantage %+.3f  %s, %s\n",
		d.ID, d.Step, d.Group, d.Index, rewardWord(d.Reward, d.Unscorable), d.Advantage, text.Count(d.Tokens, "token"), text.Line(d.Finish))
	a.printf("\nPROMPT  (gold %s)\n%s\n", text.Line(d.Prompt.Gold), text.Clean(d.Prompt.Text))
	a.printf("\nCOMPLETION\n%s\n\nREWARDS\n", text.Clean(d.Text))
	a.printParts(d.Rewards, d.Text)
	if len(d.Notes) > 0 {
		a.printf("\nREADERS\n")
	}
	for _, n := range d.Notes {
		a.printf("%s\n", noteLine(n, d.Text))
	}
}

// printParts prints what rewards said of a completion, with the bytes that
// decided.
func (a *app) printParts(parts []store.RewardPart, completion string) {
	if len(parts) == 0 {
		a.printf("no reward was computed\n")
	}
	for _, p := range parts {
		if p.Status == "ok" {
			a.printf("%-18s %6.3f x %.2f = %6.3f  ok: %s\n", text.Line(p.Name), p.Score, p.Weight, p.Value, text.Line(p.Why))
		} else {
			a.printf("%-18s   none x %.2f           %s: %s\n", text.Line(p.Name), p.Weight, text.Line(p.Status), text.Line(p.Why))
		}
		for _, s := range p.Spans {
			if s.From >= 0 && s.From <= s.To && s.To <= len(completion) {
				a.printf("%20s bytes %d..%d %s: %s\n", "", s.From, s.To, text.Line(s.Label), text.Line(completion[s.From:s.To]))
			}
		}
	}
}
