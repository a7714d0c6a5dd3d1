package train

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"gradus/kernels"
	"gradus/kernels/cuda/libs"
	"gradus/runner/train/journal"
	"gradus/store"
)

// watchPeriod is how often the GPU is looked at between the ends of steps.
const watchPeriod = 500 * time.Millisecond

// watched is a device that can be asked how its hardware is.
type watched interface {
	Watch(now time.Time) (s *libs.Sampler, done func() error, err error)
}

// gpuWatch looks at the GPU of a run from a goroutine of its own. The zero
// value watches nothing. What it finds is told, never acted upon: numbers of the
// hardware change nothing in a run.
type gpuWatch struct {
	mu      sync.Mutex
	sampler *libs.Sampler
	done    func() error
	quit    chan struct{}
	slowed  bool // in the last step
	failing bool // it has been told that samples fail
}

// begin looks at dev, if it can be looked at, and returns what to tell about it.
func (w *gpuWatch) begin(dev kernels.Device, clock journal.Clock) []store.Alert {
	d, ok := dev.(watched)
	if !ok {
		return nil
	}
	s, done, err := d.Watch(clock.Now())
	if err != nil {
		return []store.Alert{{Level: "info", Code: "gpu.telemetry", Message: fmt.Sprintf("No figures of the GPU's power, load and temperature: %v.", err)}}
	}
	quit, ticks := make(chan struct{}), make(chan time.Time)
	w.mu.Lock()
	w.sampler, w.done, w.quit = s, done, quit
	w.mu.Unlock()
	s.Run(ticks)
	go func() {
		defer close(ticks)
		for {
			select {
			case <-quit:
				return
			case now := <-clock.After(watchPeriod):
				select {
				case ticks <- now:
				case <-quit:
					return
				}
			}
		}
	}()
	return nil
}

// close ends the watch.
func (w *gpuWatch) close() error {
	w.mu.Lock()
	done := w.done
	if done != nil {
		close(w.quit)
	}
	w.sampler, w.done = nil, nil
	w.mu.Unlock()
	if done == nil {
		return nil
	}
	return done()
}

// lap adds what the GPU did in the step that ends now to its metrics, and
// returns what to tell about it.
func (w *gpuWatch) lap(now time.Time, step int, v map[string]float64) []store.Alert {
	if w.sampler == nil {
		return nil
	}
	e := w.sampler.Lap(now)
	if e.Err != nil {
		if w.failing {
			return nil
		}
		w.failing = true
		return []store.Alert{{Step: step, Level: "warn", Code: "gpu.telemetry", Message: fmt.Sprintf("The GPU does not answer about its state: %v.", e.Err)}}
	}
	w.failing = false
	v["gpu/energy"], v["gpu/power"], v["gpu/utilization"] = e.Joules, e.MeanPower, e.MeanGPUBusy
	v["gpu/memory"], v["gpu/temperature"] = float64(e.MaxMemoryUsed), float64(e.MaxTemperature)
	v["gpu/sm_clock"], v["gpu/throttle"] = float64(e.MinSMClock), float64(e.Throttle)
	before := w.slowed
	if w.slowed = e.Throttle.Slowed(); !w.slowed || before {
		return nil
	}
	return []store.Alert{{Step: step, Level: "warn", Code: "gpu.throttle", Value: float64(e.Throttle), Message: fmt.Sprintf(
		"The GPU is slowed down (%s) at %d °C, %.0f W and %d MHz.", strings.Join(e.Throttle.Reasons(), ", "), e.MaxTemperature, e.MeanPower, e.MinSMClock)}}
}

// usage adds what devices have used so far to a heartbeat.
func (w *gpuWatch) usage(b *store.Heartbeat) {
	b.RSS, b.CPU = usage()
	w.mu.Lock()
	s := w.sampler
	w.mu.Unlock()
	if s == nil {
		return
	}
	t := s.Total()
	b.DeviceS, b.EnergyJ = &t.Busy, &t.Joules
}
