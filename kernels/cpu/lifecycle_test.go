package cpu

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"gradus/kernels"
)

// osThreads counts the threads of this process.
func osThreads(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Skipf("no list of threads: %v", err)
	}
	return len(list)
}

// Closing joins the workers: after many devices no thread is left but those
// that the Go runtime has made for itself.
func TestCloseJoinsThreads(t *testing.T) {
	before := osThreads(t)
	for range 40 {
		d, err := Open(Options{Threads: 9})
		if err != nil {
			t.Fatal(err)
		}
		if now := osThreads(t); now < before+8 {
			t.Fatalf("%d threads with 8 workers, %d before", now, before)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		if err := d.Close(); err != nil {
			t.Errorf("second Close: %v", err)
		}
	}
	// A thread that was joined may be on the list for a moment more.
	after := osThreads(t)
	for tries := 0; after > before+8 && tries < 3000; tries++ {
		time.Sleep(10 * time.Millisecond)
		after = osThreads(t)
	}
	if after > before+8 { // 320 were started
		t.Errorf("%d threads after 40 devices of 8 workers, %d before", after, before)
	}
}

// doubler is a program on d that writes 2x for rows of c numbers: x W with
// W = 2I through Pack and Linear.
type doubler struct {
	d    kernels.Device
	x, y kernels.Buffer
	exec kernels.Exec
	c    int
}

func newDoubler(d kernels.Device, rows, c int) (*doubler, error) {
	p := kernels.NewProgram("double", kernels.Args{Rows: rows})
	var failed error
	alloc := func(name string, n int) (kernels.Buffer, kernels.Ref) {
		b, err := d.Alloc(kernels.F32, int64(n))
		if err != nil {
			failed = err
			return nil, 0
		}
		return b, p.BindAll(name, b)
	}
	bx, x := alloc("x", rows*c)
	by, y := alloc("y", rows*c)
	bw, w := alloc("w", c*c)
	_, pack := alloc("pack", int(kernels.PackLen(c, c)))
	if failed != nil {
		return nil, failed
	}
	identity := make([]float32, c*c)
	for i := range c {
		identity[i*c+i] = 2
	}
	if err := d.WriteF32(bw, 0, identity); err != nil {
		return nil, err
	}
	p.Add(kernels.Pack{Dst: pack, W: w, O: c, K: c}, kernels.Linear{Y: y, X: x, W: w, Pack: pack, N: kernels.DimRows, O: c, K: c})
	e, err := d.Compile(p)
	return &doubler{d, bx, by, e, c}, err
}

func (p *doubler) run(rows int, first float32) error {
	x := make([]float32, rows*p.c)
	for i := range x {
		x[i] = first + float32(i)
	}
	if err := p.d.WriteF32(p.x, 0, x); err != nil {
		return err
	}
	if err := p.exec.Run(&kernels.Args{Rows: rows}); err != nil {
		return err
	}
	y := make([]float32, len(x))
	if err := p.d.ReadF32(y, p.y, 0); err != nil {
		return err
	}
	for i := range y {
		if y[i] != 2*x[i] {
			return fmt.Errorf("y[%d] = %g, want %g", i, y[i], 2*x[i])
		}
	}
	return nil
}

// Several devices run at once, each with its own threads, while the garbage
// collector moves what it may: results stay right and nothing hangs.
func TestConcurrentDevices(t *testing.T) {
	stop := make(chan struct{})
	var gc, wg sync.WaitGroup
	gc.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				runtime.GC()
			}
		}
	})
	for worker := range 4 {
		wg.Go(func() {
			d, err := Open(Options{Threads: 1 + worker%3})
			if err != nil {
				t.Error(err)
				return
			}
			defer d.Close()
			p, err := newDoubler(d, 200, 48)
			if err != nil {
				t.Error(err)
				return
			}
			for i := range 60 {
				if err := p.run(1+(i*37)%200, float32(worker*1000+i)); err != nil {
					t.Errorf("device %d, run %d: %v", worker, i, err)
					return
				}
			}
		})
	}
	wg.Wait()
	close(stop)
	gc.Wait()
}

// Workers that have gone to sleep between runs wake up again.
func TestParkedWorkers(t *testing.T) {
	d, err := Open(Options{Threads: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	p, err := newDoubler(d, 256, 64)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		time.Sleep(time.Duration(i) * time.Millisecond)
		if err := p.run(256, float32(i)); err != nil {
			t.Fatal(err)
		}
	}
}

// More threads than cores, and many short phases: an upper bound on the time
// shows that waiting threads give the core away.
func TestOversubscribed(t *testing.T) {
	d, err := Open(Options{Threads: 4 * runtime.NumCPU()})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	p, err := newDoubler(d, 512, 64)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	for i := range 50 {
		if err := p.run(512, float32(i)); err != nil {
			t.Fatal(err)
		}
	}
	if s := time.Since(start); s > time.Minute { // a second beside ten busy processes
		t.Errorf("50 runs of 0.1 ms took %v", s)
	}
}

func TestAfterClose(t *testing.T) {
	d, err := Open(Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	p, err := newDoubler(d, 4, 4)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if err := p.exec.Run(&kernels.Args{Rows: 1}); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("Run after Close: %v", err)
	}
	if _, err := d.Alloc(kernels.F32, 1); err == nil {
		t.Error("Alloc after Close succeeded")
	}
	if err := d.ReadF32(make([]float32, 1), p.x, 0); err == nil {
		t.Error("ReadF32 after Close succeeded")
	}
	if err := p.x.Free(); err != nil {
		t.Errorf("Free after Close: %v", err)
	}
	if err := p.exec.Free(); err != nil {
		t.Errorf("Exec.Free after Close: %v", err)
	}
}

func TestFreed(t *testing.T) {
	d, err := Open(Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	p, err := newDoubler(d, 4, 4)
	if err != nil {
		t.Fatal(err)
	}
	p.x.Free()
	if err := p.exec.Run(&kernels.Args{Rows: 1}); err == nil || !strings.Contains(err.Error(), `"x" was freed`) {
		t.Errorf("Run with a freed buffer: %v", err)
	}
	if err := d.WriteF32(p.x, 0, []float32{1}); err == nil {
		t.Error("WriteF32 to a freed buffer succeeded")
	}
	p.exec.Free()
	if err := p.exec.Run(&kernels.Args{Rows: 1}); err == nil || !strings.Contains(err.Error(), "freed") {
		t.Errorf("Run of a freed program: %v", err)
	}
}

// Buffers start on a cache line and hold zeros.
func TestAlloc(t *testing.T) {
	d, err := Open(Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for _, n := range []int64{0, 1, 17, 1 << 12, 3 << 20} {
		b, err := d.Alloc(kernels.F32, n)
		if err != nil {
			t.Fatal(err)
		}
		if at := uintptr(b.(*buffer).data); at%64 != 0 {
			t.Errorf("buffer of %d at %#x", n, at)
		}
		x := make([]float32, n)
		if err := d.ReadF32(x, b, 0); err != nil {
			t.Fatal(err)
		}
		for i, v := range x {
			if v != 0 {
				t.Fatalf("element %d of %d is %g", i, n, v)
			}
		}
		if err := d.ReadF32(make([]float32, 1), b, n); err == nil {
			t.Errorf("read behind a buffer of %d succeeded", n)
		}
		if err := d.ReadI32(make([]int32, 0), b, 0); err == nil {
			t.Error("ReadI32 of an f32 buffer succeeded")
		}
	}
	for _, n := range []int64{-1, 1 << 62} {
		if _, err := d.Alloc(kernels.F32, n); err == nil {
			t.Errorf("alloc of %d succeeded", n)
		}
	}
	if _, err := d.Alloc(0, 1); err == nil {
		t.Error("alloc of no dtype succeeded")
	}
}
