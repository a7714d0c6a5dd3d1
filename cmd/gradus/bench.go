package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"gradus/kernels"
	"gradus/kernels/cpu"
	"gradus/runner/bench"
)

// benchKinds are what 'gradus bench' measures, in order.
var benchKinds = []string{"kernels", "step", "decode", "scaling", "memory"}

func (a *app) benchCommand() *cobra.Command {
	var asJSON, profile bool
	var repeats, threads int
	var only []string
	var device string
	cmd := &cobra.Command{
		Use:   "bench [KIND...]",
		Short: "Measure this machine beside its own ceilings",
		Long: "KIND is kernels, step, decode, scaling or memory; without one, all of them; or gpu, with --device cuda: models of the\n" +
			"shapes of Qwen2.5-0.5B and 1.5B in bfloat16 beside what the GPU's clocks allow. Each figure is the median of several\n" +
			"repeats, with the ceiling that was measured in the same run and the share of it reached.",
		Example: "  gradus bench\n  gradus bench step --json\n  gradus bench step --profile\n  gradus bench decode --profile\n  gradus bench scaling\n  gradus bench step --only grpo.5m.128x128\n  GRADUS_CPU=generic gradus bench kernels",
		RunE: func(cmd *cobra.Command, args []string) error {
			kinds := args
			if len(kinds) == 0 {
				kinds = benchKinds
			}
			for _, k := range kinds {
				if k == "gpu" && device == "cuda" {
					continue
				}
				if !strings.Contains(" "+strings.Join(benchKinds, " ")+" ", " "+k+" ") {
					return usage(fmt.Errorf("bench %q: want %s", k, strings.Join(benchKinds, ", ")))
				}
			}
			if repeats < 1 {
				return usage(fmt.Errorf("--repeats is %d; want at least 1", repeats))
			}
			if profile {
				if len(args) != 1 || (args[0] != "step" && args[0] != "decode") {
					return usage(errors.New("--profile shows where the time goes; use 'gradus bench step --profile' or 'gradus bench decode --profile'"))
				}
				if len(only) > 0 {
					return usage(errors.New("--only chooses figures, and --profile shows none"))
				}
				return a.benchProfile(cmd.Context(), args[0], device, threads, asJSON)
			}
			return a.bench(cmd.Context(), kinds, only, repeats, device, threads, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a figure")
	cmd.Flags().IntVar(&repeats, "repeats", 5, "times each figure is measured")
	cmd.Flags().StringVar(&device, "device", "cpu", "what to measure: cpu, or cuda for the first GPU (ceilings are then those of its clocks)")
	cmd.Flags().IntVar(&threads, "threads", 0, "worker threads; 0 takes GRADUS_THREADS, or what the process may use")
	cmd.Flags().StringSliceVar(&only, "only", nil, "measure these figures alone, such as train.5m.2048tok")
	cmd.Flags().BoolVar(&profile, "profile", false, "with step or decode: show the share of each op in a GRPO step, or in sampling, instead")
	cmd.AddCommand(a.benchDemoCommand(), a.benchVerifyCommand(), a.benchStoreCommand())
	return cmd
}

func (a *app) bench(ctx context.Context, kinds, only []string, repeats int, device string, threads int, asJSON bool) error {
	dev, label, err := a.benchDevice(device, threads)
	if err != nil {
		return usage(err)
	}
	defer dev.Close()
	kinds, err = scalingKinds(kinds, dev)
	if err != nil {
		return usage(err)
	}
	jobs, err := chooseJobs(a.benchJobs(ctx, kinds, dev, repeats), only)
	if err != nil {
		return usage(err)
	}
	ceiling, err := a.ceilings(dev)
	if err != nil {
		return err
	}
	if !asJSON {
		a.printf("%s: ceilings %s\n", label, ceilingWords(ceiling))
		a.printf("%-34s %12s %-8s %-12s %s\n", "FIGURE", "MEDIAN", "UNIT", "OF CEILING", "MIN..MAX")
	}
	for _, job := range jobs {
		// The clock of a shared machine drifts: the ceiling is taken anew just
		// before each figure.
		if c, err := a.ceilings(dev); err == nil {
			ceiling = c
		}
		figures, err := job.run(ceiling)
		if err != nil {
			return err
		}
		for _, f := range figures {
			if len(only) > 0 && !slices.Contains(only, f.Name) {
				continue
			}
			if err := a.printFigure(f, asJSON); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// ceilingWords names what a machine allows.
func ceilingWords(c cpu.Ceiling) string {
	words := fmt.Sprintf("%.0f GFLOP/s multiply-add, ", c.FMA)
	if c.Tile > 0 {
		words += fmt.Sprintf("%.0f GFLOP/s bf16 tiles, ", c.Tile)
	}
	return words + fmt.Sprintf("%.1f GB/s read", c.Read)
}

// benchJob measures one or several figures.
type benchJob struct {
	figures []string // their names
	run     func(cpu.Ceiling) ([]bench.Figure, error)
}

// chooseJobs returns the jobs that yield one of the named figures, all without
// names.
func chooseJobs(jobs []benchJob, only []string) ([]benchJob, error) {
	if len(only) == 0 {
		return jobs, nil
	}
	var chosen []benchJob
	var all []string
	for _, j := range jobs {
		all = append(all, j.figures...)
		if slices.ContainsFunc(j.figures, func(name string) bool { return slices.Contains(only, name) }) {
			chosen = append(chosen, j)
		}
	}
	for _, name := range only {
		if !slices.Contains(all, name) {
			return nil, fmt.Errorf("--only %q: no such figure here; there are %s", name, strings.Join(all, ", "))
		}
	}
	return chosen, nil
}

func (a *app) benchJobs(ctx context.Context, kinds []string, dev kernels.Device, repeats int) []benchJob {
	var jobs []benchJob
	// Products of bf16 factors beside those in f32, where the CPU has tiles.
	tiles := threadsOf(dev) > 0 && kernels.Computes(dev, kernels.BF16)
	one := func(name string, measure func(fma float64) (bench.Figure, error)) {
		jobs = append(jobs, benchJob{[]string{name}, func(c cpu.Ceiling) ([]bench.Figure, error) {
			f, err := measure(c.FMA)
			return []bench.Figure{f}, err
		}})
	}
	for _, kind := range kinds {
		switch kind {
		case "kernels":
			for _, s := range bench.LinearShapes() {
				jobs = append(jobs, benchJob{s.Figures(), func(c cpu.Ceiling) ([]bench.Figure, error) {
					return bench.Linear(dev, s, repeats, c.FMA, a.now)
				}})
				if tiles {
					s = s.InBF16()
					jobs = append(jobs, benchJob{s.Figures(), func(c cpu.Ceiling) ([]bench.Figure, error) {
						return bench.Linear(dev, s, repeats, c.Tile, a.now)
					}})
				}
			}
		case "step":
			for _, s := range bench.Shapes() {
				one(s.TrainFigure(), func(fma float64) (bench.Figure, error) {
					return bench.TrainStep(ctx, dev, s, repeats, fma, a.now)
				})
				one(s.GRPOFigure(), func(fma float64) (bench.Figure, error) {
					return bench.GRPOStep(ctx, dev, s, repeats, fma, a.now)
				})
				if !tiles {
					continue
				}
				half := s.InBF16()
				jobs = append(jobs, benchJob{[]string{half.TrainFigure()}, func(c cpu.Ceiling) ([]bench.Figure, error) {
					f, err := bench.TrainStep(ctx, dev, half, repeats, c.Tile, a.now)
					return []bench.Figure{f}, err
				}}, benchJob{[]string{half.GRPOFigure()}, func(c cpu.Ceiling) ([]bench.Figure, error) {
					f, err := bench.GRPOStep(ctx, dev, half, repeats, c.Tile, a.now)
					return []bench.Figure{f}, err
				}})
			}
			small := bench.Shapes()[0]
			for _, length := range bench.Lengths() {
				one(small.LengthFigure(length), func(fma float64) (bench.Figure, error) {
					return bench.TrainLength(ctx, dev, small, length, repeats, fma, a.now)
				})
			}
		case "decode":
			for _, s := range bench.Shapes() {
				one(s.DecodeFigure(), func(fma float64) (bench.Figure, error) {
					return bench.Decode(ctx, dev, s, repeats, fma, a.now)
				})
			}
			for _, n := range []int{8, 64, 128} {
				five := bench.Shapes()[1]
				jobs = append(jobs, benchJob{five.RaggedFigures(n), func(c cpu.Ceiling) ([]bench.Figure, error) {
					return bench.Ragged(ctx, dev, five, n, repeats, c.FMA, a.now)
				}})
			}
		case "gpu":
			for _, s := range bench.GPUShapes() {
				jobs = append(jobs, benchJob{s.Figures(), func(c cpu.Ceiling) ([]bench.Figure, error) { return a.benchGPU(ctx, dev, s, repeats, c) }})
			}
		case "scaling":
			jobs = append(jobs, a.scalingJobs(ctx, dev, repeats)...)
		case "memory":
			jobs = append(jobs, benchJob{memoryFigures(), func(cpu.Ceiling) ([]bench.Figure, error) { return a.benchMemory(ctx) }})
		}
	}
	return jobs
}

// benchGPU measures a model of real size beside the peaks of the GPU's clocks.
func (a *app) benchGPU(ctx context.Context, dev kernels.Device, s bench.GPUShape, repeats int, c cpu.Ceiling) ([]bench.Figure, error) {
	p := bench.Peaks{Matrix: c.FMA, Read: c.Read}
	if g, ok := dev.(interface{ MatrixPeak() (float64, error) }); ok {
		var err error
		if p.Matrix, err = g.MatrixPeak(); err != nil {
			return nil, err
		}
	}
	return bench.GPU(ctx, dev, s, kernels.BF16, p, repeats, a.now)
}

func (a *app) printFigure(f bench.Figure, asJSON bool) error {
	if asJSON {
		return a.printJSON(f)
	}
	share := "-"
	if f.Share > 0 {
		share = fmt.Sprintf("%.0f %%", 100*f.Share)
	}
	a.printf("%-34s %12.4g %-8s %-12s %.4g..%.4g\n", f.Name, f.Value, f.Unit, share, f.Min, f.Max)
	return nil
}
