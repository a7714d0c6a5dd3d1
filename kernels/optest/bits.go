package optest

import (
	"errors"
	"fmt"
	"math"

	"gradus/kernels"
)

// threadCounts are the numbers of worker threads that Bits compares; five is
// more than most test machines have cores, so work is cut unevenly.
var threadCounts = [...]int{1, 2, 3, 5}

// Bits proves rule 1 of kernels.Op on a device: not one bit of an output
// depends on the number of threads, on how many rows a run has and where a
// row stands among them, on sequences beside one's own, or on whether a token
// is decoded or trained on.
//
// open makes a device that uses the given number of threads; Bits closes it.
func Bits(open func(threads int) (kernels.Device, error), cases []Case) error {
	return bits(open, cases, true)
}

// CaseBits is Bits without sequences and decoding: only the cases are compared,
// between numbers of threads, and parts of a batch with the whole.
func CaseBits(open func(threads int) (kernels.Device, error), cases []Case) error {
	return bits(open, cases, false)
}

func bits(open func(threads int) (kernels.Device, error), cases []Case, whole bool) (err error) {
	devs, err := openAll(open)
	defer func() {
		for _, d := range devs {
			err = errors.Join(err, d.Close())
		}
	}()
	if err != nil {
		return err
	}
	var failed failures
	caseBits(&failed, devs, cases)
	if !whole {
		return failed.err()
	}
	seed := uint64(1)
	if len(cases) > 0 {
		seed = cases[0].Seed
	}
	several := devs[2]
	for _, compute := range []kernels.DType{kernels.F32, kernels.BF16} {
		if kernels.Attends(several, compute) {
			sequenceBits(&failed, several, seed, compute)
			prefixBits(&failed, several, seed, compute)
			decodeBits(&failed, several, seed, compute)
		}
	}
	policyBits(&failed, several, seed)
	return failed.err()
}

// openAll opens a device for each of the thread counts, and returns those it
// has opened also with an error.
func openAll(open func(threads int) (kernels.Device, error)) ([]kernels.Device, error) {
	var devs []kernels.Device
	for _, threads := range threadCounts {
		d, err := open(threads)
		if err != nil {
			return devs, fmt.Errorf("open a device with %d threads: %w", threads, err)
		}
		devs = append(devs, threaded{d, threads})
	}
	return devs, nil
}

// caseBits compares the devices, which differ in their threads only, with
// each other on every case, and parts of a batch with the whole.
func caseBits(failed *failures, devs []kernels.Device, cases []Case) {
	single, parts := devs[0], devs[len(devs)/2]
	for i, c := range cases {
		s, ops, err := c.make()
		if err != nil {
			failed.add("%w", err)
			continue
		}
		if !computes(single, ops) {
			continue
		}
		want, err := execute(single, s, ops)
		if err != nil {
			failed.add("%s: %s: %w", single.Name(), c, err)
			continue
		}
		for _, dev := range devs {
			if err := sameAgain(dev, s, ops, want); err != nil {
				failed.add("%s: %s: %w", dev.Name(), c, err)
			}
		}
		if c.Dim != 0 {
			if err := sameInBatches(parts, c, s, ops, want, uint64(i)); err != nil {
				failed.add("%s: %s: %w", parts.Name(), c, err)
			}
		}
	}
}

// threaded adds the number of threads to a device's name.
type threaded struct {
	kernels.Device
	threads int
}

// Computes and Attends are those of the device inside.
func (t threaded) Computes(dt kernels.DType) bool { return kernels.Computes(t.Device, dt) }
func (t threaded) Attends(dt kernels.DType) bool  { return kernels.Attends(t.Device, dt) }

func (t threaded) Name() string { return fmt.Sprintf("%s with %d threads", t.Device.Name(), t.threads) }

// sameAgain runs the case twice on one compiled program and compares both
// results with want.
func sameAgain(dev kernels.Device, s *tensors, ops []kernels.Op, want []values) (err error) {
	e, err := prepare(dev, s, ops, shifted)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.free()) }()
	for run := range 2 {
		if err := e.load(); err != nil {
			return err
		}
		if err := e.exec.Run(&s.args); err != nil {
			return err
		}
		got, err := e.results()
		if err != nil {
			return err
		}
		for _, o := range outputs(s, ops) {
			t := s.at(o.Ref)
			if d := firstDifference(got[o.Ref-1], want[o.Ref-1], 0, s.active(t)); d != "" {
				return fmt.Errorf("run %d: %s: %s", run+1, o.Name, d)
			}
		}
	}
	return nil
}

// sameInBatches runs windows of the case's rows, in programs made for more
// rows and in programs made for just so many, and compares each output row
// with the same row of the whole run.
func sameInBatches(dev kernels.Device, c Case, s *tensors, ops []kernels.Op, want []values, seed uint64) error {
	r := &random{seed: seed, stream: 2}
	for i, w := range windows(c.Dim.Of(&s.args), r) {
		part := s.window(c.Dim, w.lo, w.n)
		if i%2 == 1 {
			part.tighten(c.Dim)
		}
		got, err := execute(dev, part, ops)
		if err != nil {
			return fmt.Errorf("rows %d..%d: %w", w.lo, w.lo+w.n-1, err)
		}
		for _, o := range outputs(s, ops) {
			t := s.at(o.Ref)
			if !t.perRow || t.dim != c.Dim {
				continue // a sum over rows
			}
			if d := firstDifference(got[o.Ref-1], want[o.Ref-1], w.lo*t.width, w.n*t.width); d != "" {
				return fmt.Errorf("rows %d..%d of %d alone: %s: %s", w.lo, w.lo+w.n-1, c.Dim.Of(&s.args), o.Name, d)
			}
		}
	}
	return nil
}

type window struct{ lo, n int }

// windows returns parts of n rows: no row, sizes around the register blocks of
// any kernel and around the whole, each at a random place, and single rows.
func windows(n int, r *random) []window {
	const singles = 6
	var out []window
	for size := 0; size <= n; size++ {
		switch {
		case size <= 9, size == 12, size == 13, size == 16, size == 17, size == n/2, size >= n-1:
			out = append(out, window{r.below(n - size + 1), size})
		}
	}
	for i := range min(n, singles) {
		lo := i
		if n > singles {
			lo = r.below(n)
		}
		out = append(out, window{lo, 1})
	}
	return out
}

// tighten removes the room for more rows of d than the run has.
func (s *tensors) tighten(d kernels.Dim) {
	switch d {
	case kernels.DimRows:
		s.max.Rows = s.args.Rows
	case kernels.DimSeqs:
		s.max.Seqs = s.args.Seqs
	case kernels.DimPicks:
		s.max.Picks = s.args.Picks
	}
	for i := range s.list {
		t := &s.list[i]
		if n := s.active(t); t.perRow && t.dim == d {
			if t.real != nil {
				t.real = t.real[:n]
			}
			if t.index != nil {
				t.index = t.index[:n]
			}
		}
	}
}

// firstDifference compares n elements of got with want[lo:] bit by bit and
// describes the first that differs, "" if none does.
func firstDifference(got, want values, lo, n int) string {
	for i := range n {
		if want.index != nil {
			if g, w := got.index[i], want.index[lo+i]; g != w {
				return fmt.Sprintf("element %d is %d, not %d", i, g, w)
			}
			continue
		}
		if g, w := got.real[i], want.real[lo+i]; math.Float64bits(g) != math.Float64bits(w) {
			return fmt.Sprintf("element %d is %.9g (%x), not %.9g (%x)", i, g, g, w, w)
		}
	}
	return ""
}
