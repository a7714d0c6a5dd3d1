//go:build cuda && linux

package cux

import (
	"errors"
	"os"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"gorgonia.org/cu"

	"gradus/kernels/cuda/fake"
)

// The tests run against the driver's stand-in, or with GRADUS_TEST_GPU=1
// against the machine's own driver.
func TestMain(m *testing.M) {
	os.Exit(fake.Main(m, "..", func(d *fake.Driver) { standIn = d }))
}

var standIn *fake.Driver // nil with a real driver, or without a compiler

// start makes a context and a stream current on this test's thread.
func start(t *testing.T, c fake.Config) (cu.CUContext, cu.Stream) {
	t.Helper()
	if standIn == nil && !fake.OnGPU() {
		t.Skip("needs the driver's stand-in, or a GPU")
	}
	if standIn != nil {
		standIn.Reset(c)
		t.Cleanup(func() {
			for _, p := range standIn.Problems(true) {
				t.Error(p)
			}
		})
	}
	runtime.LockOSThread()
	t.Cleanup(runtime.UnlockOSThread)
	d, err := cu.GetDevice(0)
	if err != nil {
		t.Fatal(err)
	}
	ctx, err := d.RetainPrimaryCtx()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.ReleasePrimaryCtx(); err != nil {
			t.Error(err)
		}
	})
	if err := cu.SetCurrentContext(ctx); err != nil {
		t.Fatal(err)
	}
	s, err := cu.MakeStream(cu.NonBlocking)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Destroy(); err != nil {
			t.Error(err)
		}
	})
	return ctx, s
}

func hopper() fake.Config {
	c := fake.Default()
	c.Capability = 90
	return c
}

// add is a kernel in PTX, small enough to read: *p.at += p.n, for one thread.
const add = `.version 8.0
.target sm_80
.address_size 64
.visible .entry add(
	.param .align 8 .b8 add_param_0[16]
)
.maxntid 32
{
	.reg .pred %p<2>;
	.reg .b32 %r<5>;
	.reg .b64 %rd<3>;
	ld.param.u64 %rd1, [add_param_0];
	ld.param.u32 %r1, [add_param_0+8];
	mov.u32 %r2, %tid.x;
	setp.ne.u32 %p1, %r2, 0;
	@%p1 bra done;
	cvta.to.global.u64 %rd2, %rd1;
	atom.global.add.u32 %r3, [%rd2], %r1;
done:
	ret;
}
`

type addParams struct {
	at uint64
	n  uint32
	_  uint32
}

func (p addParams) bytes() []byte { return unsafe.Slice((*byte)(unsafe.Pointer(&p)), unsafe.Sizeof(p)) }

// adder is a counter on the GPU and the kernel that adds to it.
type adder struct {
	t      *testing.T
	ctx    cu.CUContext
	stream cu.Stream
	f      cu.Function
	memory cu.DevicePtr
	host   unsafe.Pointer // pinned: two words, sent and fetched
}

func newAdder(t *testing.T, c fake.Config) *adder {
	t.Helper()
	a := &adder{t: t}
	a.ctx, a.stream = start(t, c)
	m, err := LoadPTX("add.sm_80.ptx", add)
	if err != nil {
		t.Fatal(err)
	}
	if a.f, err = m.Function("add"); err != nil {
		t.Fatal(err)
	}
	if a.memory, err = cu.MemAlloc(256); err != nil {
		t.Fatal(err)
	}
	if a.host, err = AllocPinned(8); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(FreePinned(a.host), cu.MemFree(a.memory), m.Unload()); err != nil {
			t.Error(err)
		}
	})
	return a
}

func (a *adder) words() []uint32 { return unsafe.Slice((*uint32)(a.host), 2) }

func (a *adder) launch(n uint32) Launch {
	return Launch{Name: "add", F: a.f, Grid: [3]int{1, 1, 1}, Block: [3]int{32, 1, 1}, Params: addParams{at: uint64(a.memory), n: n}.bytes()}
}

func (a *adder) step(launches ...Launch) *Step {
	a.t.Helper()
	p, err := NewStep(a.ctx, a.stream, StepMemory{
		HostArgs: a.host, Args: a.memory, ArgsBytes: 4, HostWord: unsafe.Add(a.host, 4), Word: a.memory, WordBytes: 4,
	}, launches)
	if err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(func() {
		if err := p.Free(); err != nil {
			a.t.Error(err)
		}
	})
	return p
}

// run sends n, runs the step and returns the word. The stand-in moves memory
// and computes nothing, so there the word is n.
func (a *adder) run(p *Step, n uint32, add uint32) {
	a.t.Helper()
	a.words()[0], a.words()[1] = n, 0
	if err := p.Run(1); err != nil {
		a.t.Fatal(err)
	}
	want := n + add
	if standIn != nil {
		want = n
	}
	if got := a.words()[1]; got != want {
		a.t.Errorf("%d sent, %d came back, want %d", n, got, want)
	}
}

// A step gives the same launch by launch and as a graph, with new arguments
// each time.
func TestStep(t *testing.T) {
	a := newAdder(t, fake.Default())
	p := a.step(a.launch(1), a.launch(10), a.launch(100))
	a.run(p, 5, 111)
	if err := p.Capture(); err != nil {
		t.Fatal(err)
	}
	if !p.Graph() || p.Launches() != 3 {
		t.Errorf("graph %t of %d launches", p.Graph(), p.Launches())
	}
	for n := range uint32(4) {
		a.run(p, n, 111)
	}
}

// Clusters and overlapping launches go through cuLaunchKernelEx.
func TestLaunchEx(t *testing.T) {
	a := newAdder(t, hopper())
	if d, err := cu.CurrentDevice(); err == nil && standIn == nil {
		if major, _, err := d.ComputeCapability(); err != nil || major < 9 {
			t.Skip("clusters need compute capability 9.0")
		}
	}
	wide := a.launch(1)
	wide.Grid[0], wide.Cluster, wide.Overlap = 4, 2, true
	a.run(a.step(wide), 7, 4)
}

func TestLaunchErrors(t *testing.T) {
	if standIn == nil {
		t.Skip("provokes the stand-in")
	}
	a := newAdder(t, fake.Default())
	p := a.step(a.launch(1), a.launch(2))
	for call, want := range map[string]string{
		"cuLaunchKernel":      "cuLaunchKernel(add, grid 1x1x1, block 32x1x1, 0 bytes of shared memory, 16 of parameters): CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES (701): too many resources requested for launch",
		"cuMemcpyHtoDAsync":   "cuMemcpyHtoDAsync(arguments, 4 bytes): CUDA_ERROR_LAUNCH_OUT",
		"cuMemcpyDtoHAsync":   "cuMemcpyDtoHAsync(result, 4 bytes): CUDA_ERROR_LAUNCH_OUT",
		"cuStreamSynchronize": "cuStreamSynchronize(after 2 kernels): CUDA_ERROR_LAUNCH_OUT",
		"cuCtxSetCurrent":     "cuCtxSetCurrent(): CUDA_ERROR_LAUNCH_OUT",
	} {
		standIn.Fail(call, 1, 701)
		if err := p.Run(1); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v\nwant %s", err, want)
		}
	}
	if err := p.Run(1); err != nil {
		t.Errorf("after all that: %v", err)
	}
}

func TestGraph(t *testing.T) {
	a := newAdder(t, fake.Default())
	capture := func(launches ...Launch) Graph {
		t.Helper()
		p := a.step(launches...)
		if err := BeginCapture(a.stream); err != nil {
			t.Fatal(err)
		}
		if on, err := Capturing(a.stream); err != nil || !on {
			t.Fatalf("capturing is %t, %v", on, err)
		}
		if err := p.Put(); err != nil {
			t.Fatal(err)
		}
		g, err := EndCapture(a.stream)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := g.Destroy(); err != nil {
				t.Error(err)
			}
		})
		return g
	}
	one, other, longer := capture(a.launch(1)), capture(a.launch(50)), capture(a.launch(1), a.launch(1))
	if n, err := one.Nodes(); err != nil || n != 3 {
		t.Errorf("%d nodes, %v", n, err)
	}
	e, err := one.Instantiate()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Destroy(); err != nil {
			t.Error(err)
		}
	})
	if err := e.Update(other); err != nil {
		t.Error(err)
	}
	if err := e.Update(longer); err == nil {
		t.Error("a graph of another form fits")
	}
	if err := e.Launch(a.stream); err != nil {
		t.Error(err)
	}
	if err := a.stream.Synchronize(); err != nil {
		t.Error(err)
	}
}

func TestPool(t *testing.T) {
	_, s := start(t, fake.Default())
	d, err := cu.CurrentDevice()
	if err != nil {
		d = 0
	}
	p, err := NewPool(d, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Keep(1 << 20); err != nil {
		t.Error(err)
	}
	m, err := p.Alloc(1000, s)
	if err != nil {
		t.Fatal(err)
	}
	if used, err := p.Used(); err != nil || used < 1000 {
		t.Errorf("%d bytes used, %v", used, err)
	}
	if err := errors.Join(FreeAsync(m, s), s.Synchronize(), p.Trim(0), p.Destroy()); err != nil {
		t.Error(err)
	}
}

func TestFunctions(t *testing.T) {
	a := newAdder(t, fake.Default())
	if n, err := ParamSize(a.f, 0); !Is(err, NotSupported) && (err != nil || n != 16) {
		t.Errorf("%d bytes of parameters, %v", n, err)
	}
	limit, err := SharedLimit(0)
	if err != nil || limit < 64<<10 {
		t.Fatalf("%d bytes of shared memory, %v", limit, err)
	}
	if err := SetDynamicShared(a.f, 64<<10); err != nil {
		t.Error(err)
	}
	if err := SetDynamicShared(a.f, limit+1024); err == nil || !strings.Contains(err.Error(), "cuFuncSetAttribute(dynamic shared memory, ") {
		t.Errorf("more than there is: %v", err)
	}
	if n, err := BlocksPerProcessor(a.f, 32, 0); err != nil || n < 1 {
		t.Errorf("%d blocks, %v", n, err)
	}
	if _, err := LoadPTX("broken", ".target sm_80\n"); !Is(err, InvalidPTX) || !strings.Contains(err.Error(), "cuModuleLoadDataEx(broken, 14 bytes of PTX)") || !strings.Contains(err.Error(), "compiler log: ") {
		t.Errorf("broken PTX: %v", err)
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		code           Result
		lost, hardware bool
	}{{2, false, false}, {46, false, true}, {700, true, false}, {719, true, true}, {214, true, true}, {999, true, true}, {801, false, false}, {716, true, false}} {
		e := &Error{Code: c.code}
		if e.Lost() != c.lost || e.Hardware() != c.hardware {
			t.Errorf("%d: lost %t, hardware %t", c.code, e.Lost(), e.Hardware())
		}
	}
	if Wrap(nil, "cuX()") != nil {
		t.Error("no error is wrapped to one")
	}
	cause := errors.New("cause")
	if err := Wrap(cause, "cuX(%d)", 3); !errors.Is(err, cause) || err.Error() != "cuX(3): cause" {
		t.Error(err)
	}
	start(t, fake.Default())
	_, err := cu.GetDevice(99)
	if err = Wrap(err, "cuDeviceGet(%d)", 99); !Is(err, 101) || !strings.Contains(err.Error(), "cuDeviceGet(99): CUDA_ERROR_INVALID_DEVICE (101): invalid device ordinal") {
		t.Error(err)
	}
}
