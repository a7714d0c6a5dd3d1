package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"gradus/kernels"
	"gradus/runner/client"
	"gradus/runner/plan"
	"gradus/runner/recipe"
	"gradus/runner/train/shape"
	"gradus/tui/text"
)

func (a *app) planCommand() *cobra.Command {
	var sets []string
	var asJSON, ceilings bool
	var mean int
	cmd := &cobra.Command{
		Use:   "plan RECIPE",
		Short: "Say what a run will take: memory, time, tokens and disk",
		Long: "RECIPE is what 'gradus run' takes. Memory is exact; a run that does not fit is refused with the same\n" +
			"arithmetic, and this command then exits 1. Time is measured on a model of the recipe's shape, for a few\n" +
			"seconds, or with --ceilings estimated from what the machine allows. Completions are taken to be as long as\n" +
			"allowed, so time, tokens and disk are upper bounds; --length gives another length.",
		Example: "  gradus plan countdown\n  gradus plan mine.toml --set grpo.num_generations=16 --length 60\n  gradus plan demo --json",
		Args:    exactArgs("RECIPE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if mean < 0 {
				return usage(fmt.Errorf("--length is %d; give the tokens of a completion, or 0 for the longest allowed", mean))
			}
			r, err := recipe.Load(args[0], sets...)
			if err != nil {
				return usage(err)
			}
			return a.plan(cmd.Context(), r, mean, ceilings, asJSON)
		},
	}
	cmd.Flags().StringArrayVar(&sets, "set", nil, "KEY=VALUE, as grpo.beta=0.04; may be repeated")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().BoolVar(&ceilings, "ceilings", false, "estimate time from this machine's ceilings instead of measuring a model")
	cmd.Flags().IntVar(&mean, "length", 0, "tokens that a completion has on average; 0 takes the longest allowed")
	return cmd
}

func (a *app) plan(ctx context.Context, r *recipe.Recipe, mean int, ceilings, asJSON bool) error {
	from := ""
	if r.Model.From != "" {
		c, err := a.open()
		if err != nil {
			return err
		}
		if from, err = planFrom(ctx, c, r); err != nil {
			return usage(err)
		}
	}
	s, err := shape.New(r, from)
	if err != nil {
		return err
	}
	dev, label, err := a.openDevice(r)
	if err != nil {
		return err
	}
	defer dev.Close()
	have, known := memoryOf(dev)
	var refused error
	if known {
		refused = s.Fits(r, have)
	}
	rates, err := a.planRates(ctx, dev, &s, ceilings || refused != nil)
	if err != nil {
		return err
	}
	p, err := plan.New(r, &s, rates, mean)
	if err != nil {
		return err
	}
	if r.Cost.PricePerHour > 0 {
		p.Price, p.Currency = p.Seconds/3600*r.Cost.PricePerHour, r.Cost.Currency
	}
	p.Device, p.FreeBytes, p.FreeWhy, p.Fits = label, have.Bytes, have.Why, refused == nil
	if asJSON {
		if err := a.printJSON(p); err != nil {
			return err
		}
		return refused
	}
	a.printPlan(p)
	return refused
}

// planFrom is the folder that model.from stands for.
func planFrom(ctx context.Context, c *client.Client, r *recipe.Recipe) (string, error) {
	ref, err := c.ResolveCheckpoint(ctx, r.Model.From)
	if err != nil {
		return "", fmt.Errorf("model.from: %w", err)
	}
	return ref.Path, nil
}

// planRates measures, or estimates where a model cannot be made.
func (a *app) planRates(ctx context.Context, dev kernels.Device, s *shape.Shape, ceilings bool) (plan.Rates, error) {
	if !ceilings {
		return plan.Measure(ctx, dev, s, a.now)
	}
	c, err := a.ceilings(dev)
	if err != nil {
		return plan.Rates{}, err
	}
	return plan.FromCeilings(s.Config, s.Limits, c.FMA, c.Read), nil
}

func (a *app) printPlan(p *plan.Plan) {
	a.printf("%s: a model of %s weights on %s\n\n", text.Line(p.Recipe), thousands(p.Params), p.Device)
	a.printf("MEMORY\n")
	for _, it := range p.Memory {
		where := ""
		if it.Host {
			where = "; of the machine, not of the GPU"
		}
		a.printf("  %-20s %10s  %s%s\n", it.Name, shape.Bytes(it.Bytes), it.How, where)
	}
	free := "free memory unknown"
	if p.FreeBytes > 0 {
		free = fmt.Sprintf("%s free (%s)", shape.Bytes(p.FreeBytes), p.FreeWhy)
	}
	a.printf("  %-20s %10s  %s\n\n", "at most", shape.Bytes(p.MemoryBytes), free)
	length := "as long as allowed"
	if p.Mean > 0 {
		length = fmt.Sprintf("of %s, or as long as allowed if that is less", text.Count(p.Mean, "token"))
	}
	a.printf("TIME, %s; completions %s\n", p.Rates.How, length)
	a.printf("  %-6s %8s %10s %10s %12s %12s  %s\n", "STAGE", "STEPS", "A STEP", "IN ALL", "TOKENS", "DISK", "OF A STEP")
	for _, st := range p.Stages {
		steps := "-"
		if st.Steps > 0 {
			steps = fmt.Sprint(st.Steps)
		}
		disk := st.RecordBytes + int64(st.Checkpoints)*p.CheckpointBytes
		a.printf("  %-6s %8s %10s %10s %12s %12s  %s\n", st.Kind, steps, plan.Duration(st.Step.Sum()), plan.Duration(st.Seconds),
			thousands(st.Tokens.Prompt+st.Tokens.Sampled+st.Tokens.Trained), shape.Bytes(disk), partsLine(st))
	}
	a.printf("  %-6s %8s %10s %10s %12s %12s  %s\n", "all", "", "", plan.Duration(p.Seconds),
		thousands(p.Tokens.Prompt+p.Tokens.Sampled+p.Tokens.Trained), shape.Bytes(p.DiskBytes),
		fmt.Sprintf("a checkpoint is %s", shape.Bytes(p.CheckpointBytes)))
	if p.Currency != "" {
		a.printf("\nCOST\n  %.2f %s at cost.price_per_hour of the recipe\n", p.Price, text.Line(p.Currency))
	}
}

// partsLine says where the time of a step goes.
func partsLine(st plan.Stage) string {
	line := ""
	for _, part := range []struct {
		name    string
		seconds float64
	}{
		{"prompts", st.Step.Prompts}, {"decoding", st.Step.Decoding}, {"reference", st.Step.Scoring},
		{"training", st.Step.Training}, {"update", st.Step.Update},
	} {
		if part.seconds == 0 {
			continue
		}
		if line != "" {
			line += ", "
		}
		line += part.name + " " + plan.Duration(part.seconds)
	}
	if st.Evals > 0 {
		line += fmt.Sprintf("; %s of %s", text.Count(st.Evals, "evaluation"), plan.Duration(st.Eval.Sum()))
	}
	return line
}

// thousands writes a count with a unit once it is long.
func thousands(n int64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.2fG", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.2fM", float64(n)/1e6)
	case n >= 10_000:
		return fmt.Sprintf("%.1fk", float64(n)/1e3)
	}
	return fmt.Sprint(n)
}
