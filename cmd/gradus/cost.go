package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"gradus/store"
	"gradus/tui/text"
)

func (a *app) costCommand() *cobra.Command {
	var asJSON bool
	var price store.Price
	cmd := &cobra.Command{
		Use:   "cost RUN|FILE",
		Short: "Say what a run has used: device time, tokens, energy, money",
		Long: "By attempt and stage: the time for which the run held its device, without pauses and without the time between\n" +
			"attempts; CPU time; tokens in and out; energy where the machine tells. With a price by the hour, from the\n" +
			"recipe's cost.price_per_hour or --price-per-hour, also money: of the run, of a step, of 1000 right answers.",
		Example: "  gradus cost demo\n  gradus cost demo --price-per-hour 2.49\n  gradus cost demo --json",
		Args:    exactArgs("RUN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if price.PerHour < 0 || price.Currency != "" && price.PerHour == 0 {
				return usage(fmt.Errorf("--price-per-hour is %v; give what an hour costs", price.PerHour))
			}
			if price.PerHour > 0 && price.Currency == "" {
				price.Currency = "USD"
			}
			ctx := cmd.Context()
			ref, db, err := a.openRecord(ctx, args[0])
			if err != nil {
				return err
			}
			defer db.Close()
			l, err := db.Ledger(ctx, price)
			if err != nil {
				return err
			}
			if asJSON {
				return a.printJSON(struct {
					Run string `json:"run"`
					store.Ledger
				}{ref.RunID, l})
			}
			a.printLedger(l)
			return nil
		},
	}
	f := cmd.Flags()
	f.Float64Var(&price.PerHour, "price-per-hour", 0, "what the device costs an hour, instead of the recipe's")
	f.StringVar(&price.Currency, "currency", "", "of --price-per-hour; default USD")
	f.BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

func (a *app) printLedger(l store.Ledger) {
	a.printf("%-8s %-7s %10s %10s %10s %7s %9s %10s %10s %9s\n", "ATTEMPT", "STAGE", "DEVICE s", "IN STEPS", "CPU s", "STEPS", "ANSWERS", "TOKENS IN", "OUT", "CORRECT")
	line := func(attempt, stage string, u store.Use) {
		a.printf("%-8s %-7s %10.1f %10.1f %10.1f %7d %9d %10s %10s %9d", attempt, text.Line(stage), u.DeviceS, u.StepS+u.EvalS, u.CPUS, u.Steps, u.Completions,
			thousands(u.TokensIn), thousands(u.TokensOut), u.Correct)
		if u.BusyS != nil {
			a.printf("  %.1f s busy", *u.BusyS)
		}
		if u.EnergyJ != nil {
			a.printf("  %.0f J", *u.EnergyJ)
		}
		if u.Price != nil {
			a.printf("  %.4f %s", *u.Price, text.Line(l.Currency))
		}
		a.printf("\n")
	}
	for _, u := range l.Uses {
		line(fmt.Sprint(u.Attempt), u.Stage, u)
	}
	line("all", "", l.Total)
	if l.Of > 0 {
		a.printf("answers and tokens are those of %s in the file, of the run's %d: an older gradus shared it without its ledger\n", text.Count(l.Counted, "trace"), l.Of)
	}
	a.printf("not counted: %.1f s paused, %.1f s between attempts\n", l.Paused, l.Gaps)
	for _, unit := range []struct {
		name string
		store.Unit
	}{{"a step", l.Per}, {"1000 right answers", l.PerCorrect}} {
		if unit.DeviceS == nil {
			continue
		}
		a.printf("%s: %.3f s, %.0f tokens", unit.name, *unit.DeviceS, *unit.Tokens)
		if unit.EnergyJ != nil {
			a.printf(", %.1f J", *unit.EnergyJ)
		}
		if unit.Price != nil {
			a.printf(", %.6f %s", *unit.Price, text.Line(l.Currency))
		}
		a.printf("\n")
	}
	for _, c := range l.Recorded {
		a.printf("recorded by %s: attempt %d, %s %s %g %s", text.Line(c.Source), c.Attempt, text.Line(c.Stage), text.Line(c.Kind), c.Quantity, text.Line(c.Unit))
		if c.Price != nil {
			a.printf(", %.4f %s", *c.Price, text.Line(c.Currency))
		}
		a.printf("\n")
	}
}
