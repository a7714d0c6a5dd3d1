//go:build cuda

package cux

// #include "launch.h"
import "C"

import (
	"fmt"
	"unsafe"

	"gorgonia.org/cu"
)

// Launch is one launch of a kernel that takes one parameter block.
type Launch struct {
	Name   string // for errors
	F      cu.Function
	Grid   [3]int
	Block  [3]int
	Shared int    // bytes of dynamic shared memory
	Params []byte // copied

	// Cluster is the number of blocks of a cluster along x, at most 1 for none
	// (compute capability 9.0). Overlap lets the kernel start while the one
	// before it ends; it must then wait by itself for what it reads.
	Cluster int
	Overlap bool

	// Call, if it is not nil, is a C function that puts work of a library on the
	// stream instead: int(void *context, void *stream, const void *hostArgs), 0 or
	// a status that Failed words. A step with calls is not captured: they may
	// depend on the arguments of a run.
	Call, Context unsafe.Pointer
	Failed        func(status int) error
}

func (l Launch) String() string {
	return fmt.Sprintf("%s, grid %dx%dx%d, block %dx%dx%d, %d bytes of shared memory, %d of parameters",
		l.Name, l.Grid[0], l.Grid[1], l.Grid[2], l.Block[0], l.Block[1], l.Block[2], l.Shared, len(l.Params))
}

// Step is a list of launches between the transfer of their arguments to the
// GPU and of one word back, run in one crossing.
type Step struct {
	launches []Launch
	c        *C.cux_step // in C memory, with the launches and parameter blocks behind it
	graph    GraphExec
}

// StepMemory says where a step's arguments and its word lie. Host memory is
// pinned.
type StepMemory struct {
	HostArgs  unsafe.Pointer
	Args      cu.DevicePtr
	ArgsBytes int64
	HostWord  unsafe.Pointer
	Word      cu.DevicePtr
	WordBytes int64
}

const paramAlign = 16

// NewStep puts the launches in C memory. Nothing is allocated afterwards.
func NewStep(ctx cu.CUContext, s cu.Stream, m StepMemory, launches []Launch) (*Step, error) {
	size := func(n uintptr) uintptr { return (n + paramAlign - 1) / paramAlign * paramAlign }
	head, list := size(unsafe.Sizeof(C.cux_step{})), size(uintptr(len(launches))*unsafe.Sizeof(C.cux_launch{}))
	total := head + list
	for _, l := range launches {
		total += size(uintptr(len(l.Params)))
	}
	raw := C.calloc(1, C.size_t(total))
	if raw == nil {
		return nil, fmt.Errorf("cux: no memory for %d launches, %d bytes", len(launches), total)
	}
	c := (*C.cux_step)(raw)
	first := (*C.cux_launch)(unsafe.Add(raw, head))
	*c = C.cux_step{
		ctx: context(ctx), stream: stream(s), list: first, n: C.int(len(launches)),
		host_args: m.HostArgs, args: C.CUdeviceptr(m.Args), args_bytes: C.size_t(m.ArgsBytes),
		host_word: m.HostWord, word: C.CUdeviceptr(m.Word), word_bytes: C.size_t(m.WordBytes),
	}
	at := unsafe.Add(raw, head+list)
	for i, l := range launches {
		p := unsafe.Slice(first, len(launches))[i:]
		p[0] = C.cux_launch{f: function(l.F), shared: C.unsigned(l.Shared), cluster: C.unsigned(l.Cluster), params: at,
			call: C.cux_call(l.Call), context: l.Context}
		for d := range 3 {
			p[0].grid[d], p[0].block[d] = C.unsigned(l.Grid[d]), C.unsigned(l.Block[d])
		}
		if l.Overlap {
			p[0].overlap = 1
		}
		copy(unsafe.Slice((*byte)(at), len(l.Params)), l.Params)
		at = unsafe.Add(at, size(uintptr(len(l.Params))))
	}
	return &Step{launches: append([]Launch(nil), launches...), c: c}, nil
}

// Capture records the step as a graph, which Run replays from then on. The
// context must be current on the calling, locked OS thread. After an error the
// step still runs, launch by launch: the recording has a stream of its own, so
// a capture that breaks off spoils no other.
func (p *Step) Capture() error {
	s, err := cu.MakeStream(cu.NonBlocking)
	if err != nil {
		return Wrap(err, "cuStreamCreate(for a capture)")
	}
	defer s.Destroy()
	if err := BeginCapture(s); err != nil {
		return err
	}
	own := p.c.stream
	p.c.stream = stream(s)
	put := p.Put()
	p.c.stream = own
	g, err := EndCapture(s)
	if put != nil {
		err = put // the end of a broken capture fails too, and says less
	}
	if g.g != nil {
		defer g.Destroy()
	}
	if err != nil {
		return err
	}
	e, err := g.Instantiate()
	if err != nil {
		return err
	}
	if err := check(C.cuGraphUpload(e.g, own), "cuGraphUpload()"); err != nil {
		e.Destroy()
		return err
	}
	p.graph, p.c.graph = e, e.g
	return nil
}

// Graph tells whether Run replays a graph.
func (p *Step) Graph() bool { return p.graph.g != nil }

// Launches is the number of kernels of a step.
func (p *Step) Launches() int { return len(p.launches) }

// Run runs the step as many times, one after the other, and waits for the end of
// the last. It may be called on any OS thread. Each run begins with what host
// memory holds then, so a word that comes back into the arguments stays.
func (p *Step) Run(times int) error {
	var doing, failed C.int
	code := C.cux_step_run(p.c, C.int(times), &doing, &failed)
	if code == C.CUDA_SUCCESS {
		return nil
	}
	return p.check(code, doing, failed)
}

func (p *Step) check(code C.CUresult, doing, failed C.int) error {
	if code == C.CUDA_SUCCESS {
		return nil
	}
	if doing == C.CUX_LAUNCH && code > C.CUX_CALL_FAILED && p.launches[failed].Failed != nil {
		return p.launches[failed].Failed(int(code - C.CUX_CALL_FAILED))
	}
	call := "?"
	switch doing {
	case C.CUX_SET_CONTEXT:
		call = "cuCtxSetCurrent()"
	case C.CUX_SEND_ARGS:
		call = fmt.Sprintf("cuMemcpyHtoDAsync(arguments, %d bytes)", p.c.args_bytes)
	case C.CUX_LAUNCH:
		l := p.launches[failed]
		call = fmt.Sprintf("cuLaunchKernel(%s)", l)
		if l.Cluster > 1 || l.Overlap {
			call = fmt.Sprintf("cuLaunchKernelEx(%s, clusters of %d)", l, l.Cluster)
		}
	case C.CUX_FETCH_WORD:
		call = fmt.Sprintf("cuMemcpyDtoHAsync(result, %d bytes)", p.c.word_bytes)
	case C.CUX_GRAPH:
		call = fmt.Sprintf("cuGraphLaunch(%d kernels)", len(p.launches))
	case C.CUX_MARK:
		call = "cuEventRecord()"
	case C.CUX_WAIT:
		call = fmt.Sprintf("cuStreamSynchronize(after %d kernels)", len(p.launches))
	}
	return newError(Result(code), call)
}

// Free frees the graph and the list.
func (p *Step) Free() error {
	if p.c == nil {
		return nil
	}
	var err error
	if p.Graph() {
		err = p.graph.Destroy()
	}
	C.free(unsafe.Pointer(p.c))
	p.c, p.graph = nil, GraphExec{}
	return err
}

// Put puts the step on its stream, launch by launch, and does not wait.
func (p *Step) Put() error {
	var doing, failed C.int
	return p.check(C.cux_step_put(p.c, &doing, &failed), doing, failed)
}

// RunMarked runs the step launch by launch and waits for its end. It records
// marks[i] before launch starts[i] (they ascend from 0), and the last mark, of
// which there is one more, behind all. The context must be current.
func (p *Step) RunMarked(starts []int, marks []cu.Event) error {
	if len(marks) != len(starts)+1 {
		return fmt.Errorf("cux: %d marks for %d parts of a step: want one more", len(marks), len(starts))
	}
	at, m := make([]C.int, len(starts)+1), make([]C.CUevent, len(marks))
	for i, s := range starts {
		at[i] = C.int(s)
	}
	for i, e := range marks {
		m[i] = event(e)
	}
	var doing, failed C.int
	code := C.cux_step_marked(p.c, &at[0], C.int(len(starts)), &m[0], &doing, &failed)
	return p.check(code, doing, failed)
}
