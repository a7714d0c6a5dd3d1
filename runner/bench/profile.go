package bench

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"gradus/kernels"
	"gradus/kernels/cpu"
	"gradus/model"
)

// ProfileRow is what the ops of one kind and shape in one program cost a step,
// as `gradus bench step --profile --json` and `gradus bench decode --profile
// --json` print it.
type ProfileRow struct {
	Step    string  `json:"step"`    // the figure that the profile explains, as grpo.1m.128x128
	Program string  `json:"program"` // the pass of the model: prefill, decode, train forward, ...
	Op      string  `json:"op"`
	Shape   string  `json:"shape"` // sizes of a product, outputs x inputs
	Runs    int64   `json:"runs"`
	Seconds float64 `json:"seconds"`
	Share   float64 `json:"share"` // of the step
	GFLOPS  float64 `json:"gflops"`
	OfFMA   float64 `json:"of_fma"` // GFLOPS over the ceiling of multiply-adds
	GBps    float64 `json:"gbps"`   // least traffic over time: an op whose operands stay in a cache exceeds what memory delivers
	OfRead  float64 `json:"of_read"`
}

// outside names what a step spends outside of the device's ops: Go, copies in
// and out, and the caller.
const outside = "(outside the ops)"

// ProfileGRPOStep runs one GRPO step of shape s unprofiled, to warm up, and
// one profiled, and returns its rows, the most expensive first. The device
// must time its ops (kernels.Profiler).
func ProfileGRPOStep(ctx context.Context, dev kernels.Device, s Shape, c cpu.Ceiling, now func() time.Time) ([]ProfileRow, error) {
	return profileWork(dev, s.GRPOFigure(), c, now, func() (work, error) {
		m, err := newModel(dev, s, grpoLimits)
		step := uint64(0)
		return work{m, func() error {
			step++
			return grpoStep(ctx, m, step)
		}}, err
	})
}

// ProfileDecode is ProfileGRPOStep of what Decode times.
func ProfileDecode(ctx context.Context, dev kernels.Device, s Shape, c cpu.Ceiling, now func() time.Time) ([]ProfileRow, error) {
	return profileWork(dev, s.DecodeFigure(), c, now, func() (work, error) { return newDecoding(ctx, dev, s) })
}

func profileWork(dev kernels.Device, name string, c cpu.Ceiling, now func() time.Time, prepare func() (work, error)) ([]ProfileRow, error) {
	p, ok := dev.(kernels.Profiler)
	if !ok {
		return nil, fmt.Errorf("profile of %s: device %s cannot time its ops", name, dev.Name())
	}
	w, err := prepare()
	if err != nil {
		return nil, fmt.Errorf("profile of %s: %w", name, err)
	}
	defer w.m.Close()
	if err := w.run(); err != nil {
		return nil, fmt.Errorf("profile of %s: %w", name, err)
	}
	p.StartProfile()
	start := now()
	err = w.run()
	wall := now().Sub(start).Seconds()
	times := p.StopProfile()
	if err != nil {
		return nil, fmt.Errorf("profile of %s: %w", name, err)
	}
	return profileRows(name, times, wall, c), nil
}

// grpoLimits are the capacities that the GRPO step is measured with.
var grpoLimits = model.Limits{
	TrainRows: 1024, TrainSeqs: 64, PromptSlots: grpoPrompts, PromptLen: grpoPrompt, Slots: grpoPrompts * grpoGroup, NewLen: grpoNew,
}

// profileRows adds up ops of one program, kind and shape.
func profileRows(step string, times []kernels.OpTime, wall float64, c cpu.Ceiling) []ProfileRow {
	type key struct {
		program string
		kind    kernels.Kind
		shape   string
	}
	var rows []ProfileRow
	var work []kernels.Work
	at := map[key]int{}
	rest := wall
	for _, t := range times {
		k := key{t.Program, t.Op.Kind(), opShape(t.Op)}
		i, ok := at[k]
		if !ok {
			i = len(rows)
			at[k] = i
			rows = append(rows, ProfileRow{Step: step, Program: k.program, Op: string(k.kind), Shape: k.shape})
			work = append(work, kernels.Work{})
		}
		rows[i].Runs += t.Runs
		rows[i].Seconds += t.Seconds
		work[i].Flops += t.Work.Flops
		work[i].Bytes += t.Work.Bytes
		rest -= t.Seconds
	}
	rows = append(rows, ProfileRow{Step: step, Program: outside, Seconds: max(rest, 0)})
	work = append(work, kernels.Work{})
	for i := range rows {
		r := &rows[i]
		r.Share = ratio(r.Seconds, wall)
		r.GFLOPS, r.GBps = ratio(float64(work[i].Flops), r.Seconds*1e9), ratio(float64(work[i].Bytes), r.Seconds*1e9)
		r.OfFMA, r.OfRead = ratio(r.GFLOPS, c.FMA), ratio(r.GBps, c.Read)
	}
	slices.SortStableFunc(rows, func(a, b ProfileRow) int { return cmp.Compare(b.Seconds, a.Seconds) })
	return rows
}

func ratio(a, b float64) float64 {
	if b <= 0 {
		return 0
	}
	return a / b
}

// opShape is the fixed size of a matrix product, whose speed depends on it.
func opShape(op kernels.Op) string {
	switch o := op.(type) {
	case kernels.Linear:
		return fmt.Sprintf("%dx%d", o.O, o.K)
	case kernels.LinearDX:
		return fmt.Sprintf("%dx%d", o.O, o.K)
	case kernels.LinearDW:
		return fmt.Sprintf("%dx%d", o.O, o.K)
	}
	return ""
}
