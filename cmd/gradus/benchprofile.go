package main

import (
	"context"
	"fmt"

	"gradus/runner/bench"
)

// benchProfile prints where the time of a GRPO step of each model goes, or with
// the kind "decode" that of sampling.
func (a *app) benchProfile(ctx context.Context, kind, device string, threads int, asJSON bool) error {
	dev, label, err := a.benchDevice(device, threads)
	if err != nil {
		return usage(err)
	}
	defer dev.Close()
	profile := bench.ProfileGRPOStep
	if kind == "decode" {
		profile = bench.ProfileDecode
	}
	for _, s := range bench.Shapes() {
		c, err := a.ceilings(dev)
		if err != nil {
			return err
		}
		rows, err := profile(ctx, dev, s, c, a.now)
		if err != nil {
			return err
		}
		if asJSON {
			for _, r := range rows {
				if err := a.printJSON(r); err != nil {
					return err
				}
			}
			continue
		}
		wall := 0.0
		for _, r := range rows {
			wall += r.Seconds
		}
		a.printf("%s: %.3f s on %s; ceilings %s\n", rows[0].Step, wall, label, ceilingWords(c))
		a.printf("%-40s %7s %9s %6s %10s %5s %9s %5s\n", "OP", "RUNS", "MS", "SHARE", "GFLOP/S", "OF", "GB/S", "OF")
		for _, r := range rows {
			a.printf("%-40s %7d %9.2f %5.1f%% %10.4g %4.0f%% %9.4g %4.0f%%\n", fmt.Sprintf("%s %s %s", r.Program, r.Op, r.Shape), r.Runs,
				1e3*r.Seconds, 100*r.Share, r.GFLOPS, 100*r.OfFMA, r.GBps, 100*r.OfRead)
		}
		a.printf("\n")
	}
	return ctx.Err()
}
