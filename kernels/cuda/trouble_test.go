//go:build cuda && linux

package cuda

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"gradus/kernels"
	"gradus/kernels/cuda/cux"
	"gradus/kernels/cuda/fake"
	"gradus/kernels/cuda/ptx"
	"gradus/kernels/optest"
)

// copying is a program that copies rows of c numbers and sums their squares.
type copying struct {
	x, y, sum kernels.Buffer
	exec      kernels.Exec
}

func newCopying(d kernels.Device, rows, c int) (p *copying, err error) {
	p = &copying{}
	prog := kernels.NewProgram("copying", kernels.Args{Rows: rows})
	for _, b := range []struct {
		name string
		buf  *kernels.Buffer
		n    int
	}{{"x", &p.x, rows * c}, {"y", &p.y, rows * c}, {"sum", &p.sum, 1}} {
		if *b.buf, err = d.Alloc(kernels.F32, int64(b.n)); err != nil {
			return p, err
		}
		prog.BindAll(b.name, *b.buf)
	}
	prog.Add(kernels.Copy{Y: 2, X: 1, N: kernels.DimRows, C: c}, kernels.SumSq{Out: 3, X: 2, Len: int64(rows * c)})
	p.exec, err = d.Compile(prog)
	return p, err
}

func (p *copying) free() error {
	var errs []error
	if p.exec != nil {
		errs = append(errs, p.exec.Free())
	}
	for _, b := range []kernels.Buffer{p.x, p.y, p.sum} {
		if b != nil {
			errs = append(errs, b.Free())
		}
	}
	return errors.Join(errs...)
}

// scenario uses a device once, as a run does.
func scenario() (err error) {
	d, err := Open(Options{Staging: 4096})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	p, err := newCopying(d, 3, 5)
	if p != nil {
		defer func() { err = errors.Join(err, p.free()) }()
	}
	if err != nil {
		return err
	}
	if err := d.WriteF32(p.x, 0, make([]float32, 15)); err != nil {
		return err
	}
	for rows := range 4 {
		if err := p.exec.Run(&kernels.Args{Rows: rows}); err != nil {
			return err
		}
	}
	return d.ReadF32(make([]float32, 15), p.y, 0)
}

// Each call of the driver fails once, in three ways. Whatever it is: the error
// names the call and the code, or the device does without; nothing is used
// wrongly, and nothing is left behind but what the failed call should have
// freed.
func TestEveryCallFails(t *testing.T) {
	f := pretend(t, fake.Default())
	if err := scenario(); err != nil { // loads the driver, which happens once
		t.Fatal(err)
	}
	f.Reset(fake.Default())
	if err := scenario(); err != nil {
		t.Fatal(err)
	}
	calls, every := f.Stats().Calls, 1
	if testing.Short() {
		every = 7
	}
	if calls < 50 {
		t.Fatalf("the scenario makes %d calls", calls)
	}
	for _, c := range []struct {
		code int
		name string
		lost bool
	}{{1, "CUDA_ERROR_INVALID_VALUE", false}, {2, "CUDA_ERROR_OUT_OF_MEMORY", false}, {700, "CUDA_ERROR_ILLEGAL_ADDRESS", true}} {
		without := 0
		for i := 1; i <= calls; i += every {
			f.Reset(fake.Default())
			f.Fail("*", i, c.code)
			err := scenario()
			call := f.Injected()
			frees := call == "cuCtxSetCurrent" || strings.Contains(call, "Free") || strings.Contains(call, "Destroy") || strings.Contains(call, "Unload") || strings.Contains(call, "Release")
			for _, p := range f.Problems(!frees && !c.lost) {
				t.Errorf("call %d, %s, returns %d: %s", i, call, c.code, p)
			}
			switch {
			case call == "":
				t.Errorf("call %d did not come", i)
			case err == nil:
				without++
			case !strings.Contains(err.Error(), c.name) || !c.lost && !strings.Contains(err.Error(), call):
				t.Errorf("call %d, %s, returns %d: the error does not say so: %v", i, call, c.code, err)
			case strings.Contains(err.Error(), "\n"):
				t.Errorf("call %d, %s, returns %d: more than one line: %v", i, call, c.code, err)
			}
		}
		// Graphs and the word of a kernel's parameters are what it can do without.
		if without > calls/3 {
			t.Errorf("code %d: %d of %d failures went unnoticed", c.code, without, calls)
		}
	}
	f.Reset(fake.Default())
}

// A kernel that fails as it runs ends the device, and says in which program.
func TestKernelFails(t *testing.T) {
	for _, c := range []struct {
		code     int
		hardware bool
	}{{700, false}, {719, true}, {214, true}, {999, true}} {
		f := pretend(t, fake.Default())
		d, err := Open(Options{})
		if err != nil {
			t.Fatal(err)
		}
		p, err := newCopying(d, 3, 5)
		if err != nil {
			t.Fatal(err)
		}
		f.Fail("kernel:gk_copy_rows", 2, c.code)
		if err := p.exec.Run(&kernels.Args{Rows: 3}); err != nil {
			t.Fatal(err)
		}
		err = p.exec.Run(&kernels.Args{Rows: 3})
		var lost *LostError
		if !errors.As(err, &lost) || lost.Hardware != c.hardware || lost.TryAgain() != c.hardware ||
			!strings.Contains(err.Error(), "program copying: cuStreamSynchronize") || strings.Contains(err.Error(), "\n") {
			t.Fatalf("code %d: %v", c.code, err)
		}
		for what, again := range map[string]error{
			"run": p.exec.Run(&kernels.Args{Rows: 3}), "write": d.WriteF32(p.x, 0, make([]float32, 1)), "read": d.ReadF32(make([]float32, 1), p.x, 0),
		} {
			if !errors.As(again, &lost) {
				t.Errorf("%s afterwards: %v", what, again)
			}
		}
		if _, err := d.Alloc(kernels.F32, 1); !errors.As(err, &lost) {
			t.Errorf("alloc afterwards: %v", err)
		}
		if err := errors.Join(p.free(), d.Close()); err != nil {
			t.Errorf("the end of a lost device: %v", err)
		}
		if problems := f.Problems(false); problems != nil {
			t.Error(problems)
		}
		f.Reset(fake.Default()) // what was not freed went with the context
	}
}

func TestOpenRefuses(t *testing.T) {
	with := func(change func(*fake.Config)) fake.Config {
		c := fake.Default()
		change(&c)
		return c
	}
	modules, err := ptx.Modules(80)
	if err != nil {
		t.Fatal(err)
	}
	altered := func(old, new string) []ptx.Module {
		m := append([]ptx.Module(nil), modules...)
		for i := range m {
			m[i].Text = []byte(strings.ReplaceAll(string(m[i].Text), old, new))
		}
		return m
	}
	for name, c := range map[string]struct {
		config  fake.Config
		options Options
		want    []string
	}{
		"old GPU":       {with(func(c *fake.Config) { c.Capability = 75 }), Options{}, []string{"GPU 0 (Fake GPU 0): compute capability 7.5; gradus needs 8.0 (Ampere) or newer"}},
		"old driver":    {with(func(c *fake.Config) { c.Version = 11040 }), Options{}, []string{"runs CUDA 11.4", "PTX 8.0", "need a driver for CUDA 12.0 or newer"}},
		"no GPU":        {with(func(c *fake.Config) { c.Devices = 0 }), Options{}, []string{"there is no GPU 0", "shows 0", "CUDA_VISIBLE_DEVICES"}},
		"no second GPU": {fake.Default(), Options{Index: 1}, []string{"there is no GPU 1"}},
		"negative":      {fake.Default(), Options{Index: -1}, []string{"there is no GPU -1"}},
		"newer PTX":     {fake.Default(), Options{Modules: altered(".version 8.0", ".version 9.0")}, []string{"cuModuleLoadDataEx(advance.sm_80.ptx", "CUDA_ERROR_UNSUPPORTED_PTX_VERSION (222)"}},
		"broken PTX":    {fake.Default(), Options{Modules: altered(".version 8.0", "")}, []string{"CUDA_ERROR_INVALID_PTX (218)", "compiler log: ptxas fatal : Missing .version"}},
		"a kernel less": {fake.Default(), Options{Modules: altered(".entry gk_adamw_step(", ".entry gk_adamw(")}, []string{"kernel gk_adamw_step is in none of", "not of this build"}},
		"other layout":  {fake.Default(), Options{Modules: altered("gk_embed_fwd_param_0[56]", "gk_embed_fwd_param_0[48]")}, []string{"kernel gk_embed_fwd takes 48 bytes of parameters, the host passes 56"}},
	} {
		t.Run(name, func(t *testing.T) {
			pretend(t, c.config)
			d, err := Open(c.options)
			if err == nil {
				d.Close()
				t.Fatal("it opens")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v\nwant in it %q", err, want)
				}
			}
		})
	}
}

func TestBusy(t *testing.T) {
	f := pretend(t, fake.Default())
	f.Fail("cuDevicePrimaryCtxRetain", 1, int(cux.DeviceUnavailable))
	_, err := Open(Options{})
	var busy *BusyError
	if !errors.As(err, &busy) || !busy.TryAgain() || !strings.Contains(err.Error(), "GPU 0 (Fake GPU 0) is busy or not available") {
		t.Error(err)
	}
}

// One graph serves all sizes of a run: it is captured once.
func TestGraphsAreReplayed(t *testing.T) {
	f := pretend(t, fake.Default())
	d := open(t, Options{})
	p, err := newCopying(d, 3, 5)
	if err != nil {
		t.Fatal(err)
	}
	defer p.free()
	if graph, err := p.exec.(*exec).Graph(); !graph {
		t.Fatal(err)
	}
	before := f.Stats()
	for rows := range 4 {
		if err := p.exec.Run(&kernels.Args{Rows: rows}); err != nil {
			t.Fatal(err)
		}
	}
	after := f.Stats()
	if n := after.GraphLaunches - before.GraphLaunches; n != 4 {
		t.Errorf("%d graphs for 4 runs", n)
	}
	if n := after.Launches - before.Launches; n != 4*3 {
		t.Errorf("%d kernels for 4 runs of 3", n)
	}
	if n := after.Calls - before.Calls; n != 4*3 { // set the context, launch, wait
		t.Errorf("%d calls for 4 runs", n)
	}
	if after.Bytes != before.Bytes || after.Live != before.Live {
		t.Errorf("runs allocate: %+v, before %+v", after, before)
	}
}

// A driver that cannot capture runs the same launches one by one.
func TestWithoutGraphs(t *testing.T) {
	for name, call := range map[string]string{
		"begin": "cuStreamBeginCapture", "end": "cuStreamEndCapture", "instantiate": "cuGraphInstantiate", "upload": "cuGraphUpload", "launch": "cuLaunchKernel",
	} {
		t.Run(name, func(t *testing.T) {
			f := pretend(t, fake.Default())
			d := open(t, Options{})
			f.Fail(call, 1, 801)
			p, err := newCopying(d, 3, 5)
			if err != nil {
				t.Fatal(err)
			}
			defer p.free()
			graph, why := p.exec.(*exec).Graph()
			if graph || why == nil || !strings.Contains(why.Error(), call) {
				t.Errorf("graph %t, because %v", graph, why)
			}
			before := f.Stats()
			if err := p.exec.Run(&kernels.Args{Rows: 3}); err != nil {
				t.Fatal(err)
			}
			if after := f.Stats(); after.Launches-before.Launches != 3 || after.GraphLaunches != 0 {
				t.Errorf("%+v, before %+v", after, before)
			}
		})
	}
}

// A driver before CUDA 12.4 does not tell the size of parameters.
func TestWithoutParamInfo(t *testing.T) {
	c := fake.Default()
	c.NoParamInfo, c.Version = true, 12000
	pretend(t, c)
	open(t, Options{})
}

func TestExamine(t *testing.T) {
	c := fake.Default()
	c.Devices, c.Capability = 2, 90
	pretend(t, c)
	r := Examine()
	if r.Off != nil || r.Version != 12040 || len(r.GPUs) != 2 || fmt.Sprint(r.GPUs[1]) != "GPU 1 (Fake GPU 1)" ||
		r.GPUs[1].Capability != 90 || r.GPUs[1].Memory != 1<<30 || r.GPUs[1].Processors != 3 || r.GPUs[1].Refused != "" {
		t.Errorf("%+v", r)
	}
	c.Devices = 0
	pretend(t, c)
	if r := Examine(); r.Off == nil || !strings.Contains(r.Off.Error(), "no GPU") {
		t.Errorf("%+v", r)
	}
	c.Devices, c.Capability = 1, 70
	pretend(t, c)
	if r := Examine(); r.Off != nil || !strings.Contains(r.GPUs[0].Refused, "7.0") {
		t.Errorf("%+v", r)
	}
}

// The clocks of the stand-in are those of an H100 SXM, whose data sheet says 67
// TFLOP/s in f32 and 3.35 TB/s.
func TestPeak(t *testing.T) {
	c := fake.Default()
	c.Capability, c.Processors = 90, 132
	pretend(t, c)
	gflops, gbps, err := open(t, Options{}).Peak()
	if err != nil || math.Abs(gflops-66_908) > 10 || math.Abs(gbps-3352) > 1 {
		t.Errorf("%.0f GFLOP/s, %.0f GB/s, %v", gflops, gbps, err)
	}
}

// The data sheets say, for products of bf16 without sparsity: A100 312 TFLOP/s at
// 1.41 GHz, H100 SXM 989 at 1.83 GHz, RTX 4090 165 at 2.52 GHz.
func TestMatrixPeak(t *testing.T) {
	for _, c := range []struct {
		capability, processors int
		ghz, want              float64
	}{{80, 108, 1.41, 312}, {90, 132, 1.83, 989}, {89, 128, 2.52, 165}} {
		if got := 2 * float64(c.processors*matrixLanes(c.capability)) * c.ghz / 1e3; math.Abs(got/c.want-1) > 0.01 {
			t.Errorf("%d processors of %d: %.0f TFLOP/s, want %.0f", c.processors, c.capability, got, c.want)
		}
	}
	f := fake.Default()
	f.Capability, f.Processors = 90, 132
	pretend(t, f)
	if got, err := open(t, Options{}).MatrixPeak(); err != nil || math.Abs(got/1_070_530-1) > 0.001 {
		t.Errorf("%.0f GFLOP/s at the stand-in's 1.98 GHz, %v", got, err)
	}
}

// A profile names every op with its runs and its work, and costs nothing when
// it has ended.
func TestProfile(t *testing.T) {
	f := pretend(t, fake.Default())
	d := open(t, Options{})
	p, err := newCopying(d, 3, 5)
	if err != nil {
		t.Fatal(err)
	}
	defer p.free()
	if d.StopProfile() != nil {
		t.Error("times without a profile")
	}
	d.StartProfile()
	for rows := range 3 {
		if err := p.exec.Run(&kernels.Args{Rows: rows}); err != nil {
			t.Fatal(err)
		}
	}
	times := d.StopProfile()
	if len(times) != 2 {
		t.Fatalf("%d times for a program of 2 ops", len(times))
	}
	copies := kernels.Copy{Y: 2, X: 1, N: kernels.DimRows, C: 5}
	want := copies.Work(&kernels.Args{Rows: 1}).Bytes + copies.Work(&kernels.Args{Rows: 2}).Bytes
	// The stand-in says one millisecond between any two events.
	if x := times[0]; x.Program != "copying" || x.Index != 0 || x.Op != kernels.Op(copies) || x.Runs != 3 || math.Abs(x.Seconds-0.003) > 1e-9 || x.Work.Bytes != want {
		t.Errorf("%+v, want %d bytes", x, want)
	}
	before := f.Stats()
	if err := p.exec.Run(&kernels.Args{Rows: 1}); err != nil {
		t.Fatal(err)
	}
	if after := f.Stats(); after.GraphLaunches != before.GraphLaunches+1 || after.Live != before.Live {
		t.Errorf("%+v after a profile, %+v before", after, before)
	}
}

// A GPU that is lost while it is checked ends the check with errors.
func TestCheckOfLostGPU(t *testing.T) {
	f := pretend(t, fake.Default())
	d, err := Open(Options{Staging: 4096})
	if err != nil {
		t.Fatal(err)
	}
	f.Fail("cuMemAlloc", 3, 700)
	_, err = optest.Check([]kernels.Device{d}, optest.Cases(1)[:4])
	var lost *LostError
	if !errors.As(err, &lost) {
		t.Errorf("%v", err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	f.Reset(fake.Default()) // what was not freed went with the context
}
