package optest

import (
	"errors"
	"fmt"
	"sort"
	"time"

	"gradus/kernels"
)

// Speed is what a device reached on one case.
type Speed struct {
	Device string
	Case   Case
	Runs   int
	Median time.Duration // of one run of the op, and so Best and Worst
	Best   time.Duration
	Worst  time.Duration
	Work   kernels.Work
}

// GFLOPS is the op's floating-point work over its median time, in 1e9 a
// second.
func (s Speed) GFLOPS() float64 { return rate(s.Work.Flops, s.Median) }

// GBps is the op's least traffic over its median time, in 1e9 bytes a second.
func (s Speed) GBps() float64 { return rate(s.Work.Bytes, s.Median) }

func rate(n int64, d time.Duration) float64 {
	if d <= 0 {
		return 0
	}
	return float64(n) / float64(d.Nanoseconds())
}

func (s Speed) String() string {
	return fmt.Sprintf("%s: %s %s: %.1f GFLOP/s, %.1f GB/s, %v (%v to %v, %d runs)",
		s.Device, s.Case.Op, s.Case.Shape, s.GFLOPS(), s.GBps(), s.Median, s.Best, s.Worst, s.Runs)
}

// Perf times the last op of each case on each device for about least of clock
// time a case. Short ops are repeated inside one program, so that crossing
// into the device is not what is timed.
func Perf(devs []kernels.Device, cases []Case, clock func() time.Time, least time.Duration) ([]Speed, error) {
	var speeds []Speed
	var failed failures
	for _, c := range cases {
		for _, dev := range devs {
			s, err := perfOne(dev, c, clock, least)
			if errors.Is(err, errOtherDevice) {
				continue
			}
			if err != nil {
				failed.add("%s: %s: %w", dev.Name(), c, err)
				continue
			}
			speeds = append(speeds, s)
		}
	}
	return speeds, failed.err()
}

// errOtherDevice tells that a case needs what the device has not.
var errOtherDevice = errors.New("no products of this dtype")

func perfOne(dev kernels.Device, c Case, clock func() time.Time, least time.Duration) (_ Speed, err error) {
	s, ops, err := c.make()
	if err != nil {
		return Speed{}, err
	}
	if !computes(dev, ops) {
		return Speed{}, errOtherDevice
	}
	last := ops[len(ops)-1]
	e, err := prepare(dev, s, ops, aligned) // runs the preparing ops and warms up
	if err != nil {
		return Speed{}, err
	}
	defer func() { err = errors.Join(err, e.free()) }()
	if err := e.exec.Run(&s.args); err != nil {
		return Speed{}, err
	}
	speed := Speed{Device: dev.Name(), Case: c, Work: last.Work(&s.args)}
	repeat := 1
	timed, err := e.repeated(last, repeat)
	if err != nil {
		return Speed{}, err
	}
	defer func() { err = errors.Join(err, timed.Free()) }()
	var each []time.Duration
	for spent := time.Duration(0); spent < least || len(each) < 3; {
		start := clock()
		if err := timed.Run(&s.args); err != nil {
			return Speed{}, err
		}
		d := clock().Sub(start)
		if d < 200*time.Microsecond && repeat < 1<<12 { // too short to time
			if err := timed.Free(); err != nil {
				return Speed{}, err
			}
			repeat *= 4
			if timed, err = e.repeated(last, repeat); err != nil {
				return Speed{}, err
			}
			continue
		}
		spent += d
		each = append(each, d/time.Duration(repeat))
		if len(each) >= 1<<16 {
			break
		}
	}
	sort.Slice(each, func(i, j int) bool { return each[i] < each[j] })
	speed.Runs = len(each) * repeat
	speed.Best, speed.Median, speed.Worst = each[0], each[len(each)/2], each[len(each)-1]
	return speed, nil
}

// repeated compiles n copies of op over the memory of e.
func (e *execution) repeated(op kernels.Op, n int) (kernels.Exec, error) {
	p := kernels.NewProgram("perf", e.s.max)
	for i, b := range e.bufs {
		p.Bind(e.s.list[i].name, b, int64(e.front(i)), int64(e.s.list[i].len()))
	}
	for range n {
		p.Add(op)
	}
	return e.dev.Compile(p)
}
