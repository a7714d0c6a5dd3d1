//go:build cuda

package cuda

// #include "table.h"
import "C"

import (
	"errors"
	"fmt"
	"unsafe"

	"gorgonia.org/cu"

	"gradus/kernels"
	"gradus/kernels/cuda/cux"
)

// exec is a compiled program.
type exec struct {
	dev      *Device
	check    kernels.Program // name, ops and largest run
	buffers  []named
	step     *cux.Step // nil once freed
	starts   []int     // by op: its first launch
	host     *C.gk_block
	memory   cu.DevicePtr // gk_block
	bytes    int64
	scratch  *scratch // nil for none
	products []multiplication
	// NoGraph says why the program runs launch by launch, nil if it does not.
	noGraph error
}

// named is a buffer of the program, by Ref-1.
type named struct {
	name string
	buf  *buffer
	off  int64
}

// blockBytes is the size of gk_block, rounded up as the driver does.
const blockBytes = 256

// Compile turns p into a captured graph.
func (d *Device) Compile(p *kernels.Program) (kernels.Exec, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	e := &exec{dev: d, check: kernels.Program{Name: p.Name, Max: p.Max, Ops: append([]kernels.Op(nil), p.Ops...)}}
	pl := plan{dev: d, max: &p.Max, warpgroups: d.warpgroups.on, at: make([]cu.DevicePtr, len(p.Bufs))}
	for i := 1; i < len(p.Bufs); i++ {
		b, ok := p.Bufs[i].Buf.(*buffer)
		if !ok || b.dev != d {
			return nil, fmt.Errorf("cuda: program %s: buffer %q is a %T of another device", p.Name, p.Bufs[i].Name, p.Bufs[i].Buf)
		}
		if b.freed {
			return nil, fmt.Errorf("cuda: program %s: buffer %q was freed", p.Name, p.Bufs[i].Name)
		}
		pl.at[i] = b.data + cu.DevicePtr(p.Bufs[i].Off*sizeOf(b.dtype))
		e.buffers = append(e.buffers, named{p.Bufs[i].Name, b, p.Bufs[i].Off})
	}
	err := d.do(func() error { return e.build(&pl) })
	if err != nil {
		err = fmt.Errorf("cuda: program %s: %w", p.Name, err)
		if d.lost == nil {
			err = errors.Join(err, d.do(e.release))
		}
		return nil, err
	}
	d.execs[e] = struct{}{}
	return e, nil
}

// build plans the launches twice: the first time tells how much scratch memory
// they want, the second time they know where it is.
func (e *exec) build(pl *plan) error {
	d := e.dev
	if err := pl.addAll(e.check.Ops); err != nil {
		return err
	}
	e.bytes = blockBytes
	var err error
	if e.memory, err = d.reserve(e.bytes, "arguments of a program"); err != nil {
		e.bytes = 0
		return err
	}
	if pl.scratchBytes > 0 {
		if e.scratch, err = d.takeScratch(pl.scratchBytes); err != nil {
			return err
		}
		pl.scratch = e.scratch.at
	}
	host, err := cux.AllocPinned(int64(unsafe.Sizeof(C.gk_block{})))
	if err != nil {
		return err
	}
	e.host = (*C.gk_block)(host)
	pl.run = e.memory
	pl.fault = e.memory + cu.DevicePtr(unsafe.Offsetof(C.gk_block{}.fault))
	pl.items = nil
	if err := pl.addAll(e.check.Ops); err != nil {
		return err
	}
	e.starts = pl.starts(len(e.check.Ops))
	launches := make([]cux.Launch, len(pl.items))
	for i, it := range pl.items {
		if it.library != nil {
			var m multiplication
			if m, launches[i], err = d.blas.plan(it.library); err == nil {
				e.products = append(e.products, m)
			}
		} else {
			launches[i], err = d.launch(it)
		}
		if err != nil {
			return fmt.Errorf("op %d %s: %w", it.op, e.check.Ops[it.op].Kind(), err)
		}
	}
	e.step, err = cux.NewStep(d.ctx, d.stream, cux.StepMemory{
		HostArgs: unsafe.Pointer(e.host), Args: e.memory, ArgsBytes: int64(unsafe.Sizeof(C.gk_block{})),
		HostWord: unsafe.Pointer(&e.host.fault), Word: pl.fault, WordBytes: int64(unsafe.Sizeof(C.gk_u64(0))),
	}, launches)
	if err != nil {
		return err
	}
	if len(e.products) > 0 {
		e.noGraph = fmt.Errorf("%d products by cuBLASLt, which takes the rows of each run from the host", len(e.products))
		return nil
	}
	if d.options.NoGraphs {
		e.noGraph = errors.New("graphs are switched off")
		return nil
	}
	// Without a graph the program is slower and no less right.
	if e.noGraph = e.step.Capture(); e.noGraph != nil {
		var ce *cux.Error
		if errors.As(e.noGraph, &ce) && ce.Lost() {
			return e.noGraph
		}
	}
	return nil
}

// starts tells for each of n ops its first launch, or the next op's if it has
// none.
func (p *plan) starts(n int) []int {
	starts := make([]int, n)
	at := 0
	for op := range starts {
		for at < len(p.items) && p.items[at].op < op {
			at++
		}
		starts[op] = at
	}
	return starts
}

func (p *plan) addAll(ops []kernels.Op) error {
	for i, op := range ops {
		if err := p.add(i, op); err != nil {
			return fmt.Errorf("op %d %s: %w", i, op.Kind(), err)
		}
	}
	return nil
}

// launch chooses the grid of an item: as many blocks as there is work, but not
// more than the GPU holds at a time, for blocks go on to the next item by
// themselves.
func (d *Device) launch(it item) (cux.Launch, error) {
	k := d.kernels[it.kernel]
	if k == nil {
		return cux.Launch{}, fmt.Errorf("kernel %s is not in abi.h", it.kernel)
	}
	if k.bytes != len(it.params) {
		return cux.Launch{}, fmt.Errorf("kernel %s takes %d bytes of parameters, not %d", it.kernel, k.bytes, len(it.params))
	}
	if err := d.allow(k, it.shared); err != nil {
		return cux.Launch{}, err
	}
	perProcessor, err := cux.BlocksPerProcessor(k.f, k.threads, it.shared)
	if err != nil {
		return cux.Launch{}, err
	}
	if perProcessor < 1 {
		return cux.Launch{}, fmt.Errorf("kernel %s, %d threads and %d bytes of shared memory: no block fits on a processor of %s", it.kernel, k.threads, it.shared, d.gpu)
	}
	grid := min(max(1, it.work), int64(perProcessor*max(1, d.gpu.Processors)))
	return cux.Launch{
		Name: it.kernel, F: k.f, Grid: [3]int{int(grid), 1, 1}, Block: [3]int{k.threads, 1, 1}, Shared: it.shared, Params: it.params,
	}, nil
}

// Run executes the program in one call of C: the arguments go to the GPU, the
// graph is replayed, and the word comes back in which kernels report an index
// out of range. The ops before such a one have taken effect, those after it
// have not.
func (e *exec) Run(a *kernels.Args) error { return e.Repeat(a, 1) }

// Repeat is Run as many times, and waits once. The word lies among the
// arguments, so the fault of a run is there in the next ones, and comes back.
func (e *exec) Repeat(a *kernels.Args, times int) error {
	if times < 1 {
		return fmt.Errorf("cuda: program %s: %d runs, want at least 1", e.check.Name, times)
	}
	if err := e.check.CheckArgs(a); err != nil {
		return err
	}
	d := e.dev
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.closed:
		return errClosed
	case d.lost != nil:
		return d.lost
	case e.step == nil:
		return fmt.Errorf("cuda: program %s was freed", e.check.Name)
	}
	for _, b := range e.buffers {
		if b.buf.freed {
			return fmt.Errorf("cuda: program %s: buffer %q was freed", e.check.Name, b.name)
		}
	}
	e.host.run = C.gk_run{
		rows: C.int(a.Rows), seqs: C.int(a.Seqs), picks: C.int(a.Picks), top_k: C.int(min(a.TopK, maxTopK)),
		temperature: C.float(a.Temperature), top_p: C.float(a.TopP), lr: C.float(a.LR),
		beta_corr1: C.float(a.BetaCorr1), beta_corr2: C.float(a.BetaCorr2), grad_scale: C.float(a.GradScale), seed: C.gk_u64(a.Seed),
	}
	e.host.fault = noFault
	run := func() error { return e.step.Run(times) }
	if d.profile != nil {
		run = func() error {
			for range times {
				if err := e.runTimed(a); err != nil {
					return err
				}
			}
			return nil
		}
	}
	if err := run(); err != nil {
		return d.reword(fmt.Errorf("cuda: program %s: %w", e.check.Name, err))
	}
	if word := uint64(e.host.fault); word != noFault {
		return e.faultError(word, a)
	}
	return nil
}

const (
	noFault = 1<<64 - 1
	maxTopK = 1<<31 - 1 // no vocabulary is larger
)

// Free gives back the program's memory. A second Free does nothing.
func (e *exec) Free() error {
	d := e.dev
	d.mu.Lock()
	defer d.mu.Unlock()
	if e.step == nil || d.closed {
		return nil
	}
	delete(d.execs, e)
	if d.lost != nil {
		return nil // the memory went with the context
	}
	return d.do(e.release)
}

func (e *exec) release() error {
	var errs []error
	if e.step != nil {
		errs = append(errs, e.step.Free())
	}
	if e.host != nil {
		errs = append(errs, cux.FreePinned(unsafe.Pointer(e.host)))
	}
	if e.bytes > 0 {
		errs = append(errs, cux.Wrap(cu.MemFree(e.memory), "cuMemFree(%#x)", uintptr(e.memory)))
		e.dev.own -= e.bytes
	}
	for _, m := range e.products {
		errs = append(errs, m.free())
	}
	e.products = nil
	if e.scratch != nil {
		errs = append(errs, e.dev.leaveScratch(e.scratch))
	}
	e.step, e.host, e.bytes, e.scratch, e.buffers = nil, nil, 0, nil, nil
	return errors.Join(errs...)
}

// Graph tells whether the program is replayed as a graph, and if not, why.
func (e *exec) Graph() (bool, error) { return e.noGraph == nil, e.noGraph }
