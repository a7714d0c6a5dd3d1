package train

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"gradus/kernels"
	"gradus/kernels/cuda/libs"
	"gradus/runner/recipe"
	"gradus/store"
)

// hotDevice is a device with a GPU's sensors: 100 W all the time, and too hot
// from the second step on.
type hotDevice struct {
	kernels.Device
	mu      sync.Mutex
	begin   time.Time
	asked   int
	hot     bool
	failing bool
	refuses error
	closed  bool
}

func (d *hotDevice) Sample(now time.Time) (libs.Sample, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.asked++; d.failing && d.asked > 1 {
		return libs.Sample{}, errors.New("no answer")
	}
	x := libs.Sample{
		Time: now, Power: 100, Energy: 1000 + 100*now.Sub(d.begin).Seconds(), GPUBusy: 80,
		MemoryUsed: 3 << 30, Temperature: 71, SMClock: 1200,
	}
	if d.hot {
		x.Throttle = 1 << 6
	}
	return x, nil
}

func (d *hotDevice) Watch(now time.Time) (*libs.Sampler, func() error, error) {
	if d.refuses != nil {
		return nil, nil, d.refuses
	}
	d.begin = now
	s, err := libs.NewSampler(d, now)
	return s, func() error { d.closed = true; return s.Close() }, err
}

// The GPU's figures are series of the run, and what is wrong with it is told
// once.
func TestGPUWatch(t *testing.T) {
	for name, c := range map[string]struct {
		hot, failing bool
		refuses      error
		series       bool
		alert        string
	}{
		"well":      {series: true},
		"hot":       {hot: true, series: true, alert: "warn gpu.throttle The GPU is slowed down (thermal (hardware)) at 71 °C, 100 W and 1200 MHz."},
		"no answer": {failing: true, alert: "warn gpu.telemetry The GPU does not answer about its state: no answer."},
		"no NVML":   {refuses: errors.New("nvml: no library"), alert: "info gpu.telemetry No figures of the GPU's power, load and temperature: nvml: no library."},
	} {
		t.Run(name, func(t *testing.T) {
			dir := newRun(t, micro)
			env := testEnv(t, dir)
			dev := &hotDevice{hot: c.hot, failing: c.failing, refuses: c.refuses}
			cpu := env.OpenDevice
			env.OpenDevice = func(r *recipe.Recipe) (_ kernels.Device, about string, err error) {
				dev.Device, about, err = cpu(r)
				return dev, about, err
			}
			var got []store.Metrics
			events := &collector{each: func(e Event) {
				if e.Metrics != nil {
					got = append(got, *e.Metrics)
				}
			}}
			env.Progress = events.add
			mustRun(t, env)
			for _, m := range got {
				v, have := m.Values, m.Values["gpu/power"] != 0
				if have != c.series {
					t.Errorf("step %d: series of the GPU: %t", m.Step, have)
				}
				if !c.series {
					continue
				}
				if math.Abs(v["gpu/power"]-100) > 1e-6 || v["gpu/energy"] <= 0 || v["gpu/utilization"] != 80 ||
					v["gpu/memory"] != 3<<30 || v["gpu/temperature"] != 71 || v["gpu/sm_clock"] != 1200 {
					t.Errorf("step %d: %v", m.Step, v)
				}
			}
			var alerts []string
			for _, a := range readRecord(t, dir).alerts {
				if strings.HasPrefix(a.Code, "gpu.") {
					alerts = append(alerts, a.Level+" "+a.Code+" "+a.Message)
				}
			}
			want := c.alert
			if strings.Join(alerts, "\n") != want {
				t.Errorf("told %q, want %q", alerts, want)
			}
			if c.refuses == nil && !dev.closed {
				t.Error("the watch goes on after the run")
			}
		})
	}
}

// A heartbeat holds the joules and the busy seconds so far.
func TestGPUInHeartbeat(t *testing.T) {
	dev := &hotDevice{begin: time.Unix(50, 0)}
	s, err := libs.NewSampler(dev, time.Unix(50, 0))
	if err != nil {
		t.Fatal(err)
	}
	w := gpuWatch{sampler: s}
	s.Look(time.Unix(60, 0))
	var b store.Heartbeat
	w.usage(&b)
	text, err := json.Marshal(b)
	if err != nil || !strings.Contains(string(text), `"device_s":8,"energy_j":1000`) {
		t.Errorf("%s, %v", text, err)
	}
	var none gpuWatch
	b = store.Heartbeat{}
	if none.usage(&b); b.EnergyJ != nil || b.DeviceS != nil || b.RSS == 0 {
		t.Errorf("without a GPU: %+v", b)
	}
}
