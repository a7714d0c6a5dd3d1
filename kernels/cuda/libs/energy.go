package libs

import (
	"errors"
	"sync"
	"time"
)

// Monitor tells the state of one GPU.
type Monitor interface {
	Sample(now time.Time) (Sample, error)
}

// Energy is what one GPU did over a stretch of time, as one step of training.
type Energy struct {
	Duration time.Duration
	Joules   float64
	// Counter tells that Joules come from the GPU's own counter. Otherwise they
	// are the sum of power samples over time, which misses what happens between.
	Counter        bool
	MeanPower      float64  // watts
	MaxTemperature int      // degrees Celsius
	MaxMemoryUsed  int64    // bytes
	MeanGPUBusy    float64  // percent
	MinSMClock     int      // MHz
	Throttle       Throttle // every reason that was seen
	Samples        int
	// Err is the first sample that failed, nil if none did.
	Err error
}

// Total is what one GPU did since it was first looked at.
type Total struct {
	Joules float64
	Busy   float64 // seconds in which a kernel ran
}

// Sampler looks at a GPU now and then and adds up what it finds.
type Sampler struct {
	m    Monitor
	mu   sync.Mutex
	last Sample // the one before
	from Sample // where the present stretch began
	sum  Energy
	busy float64
	all  Total
	came Sample // the first of all
	stop chan struct{}
	done chan struct{}
}

// NewSampler takes the first sample. Nothing is sampled after that but by Look,
// Lap, and Run's ticks.
func NewSampler(m Monitor, now time.Time) (*Sampler, error) {
	s := &Sampler{m: m}
	first, err := m.Sample(now)
	if err != nil {
		return nil, err
	}
	s.last, s.from, s.came = first, first, first
	return s, nil
}

// Run looks at every tick until Close. A tick is the time it brings.
func (s *Sampler) Run(ticks <-chan time.Time) {
	s.stop, s.done = make(chan struct{}), make(chan struct{})
	go func() {
		defer close(s.done)
		for {
			select {
			case <-s.stop:
				return
			case now, ok := <-ticks:
				if !ok {
					return
				}
				s.Look(now)
			}
		}
	}()
}

// Close ends Run and waits for it.
func (s *Sampler) Close() error {
	if s.stop == nil {
		return nil
	}
	close(s.stop)
	<-s.done
	s.stop = nil
	return nil
}

// Look takes a sample.
func (s *Sampler) Look(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.look(now)
}

func (s *Sampler) look(now time.Time) {
	x, err := s.m.Sample(now)
	if err != nil {
		if s.sum.Err == nil {
			s.sum.Err = err
		}
		return
	}
	dt := x.Time.Sub(s.last.Time).Seconds()
	if dt < 0 {
		s.sum.Err = errors.Join(s.sum.Err, errors.New("libs: a sample is older than the one before"))
		return
	}
	s.sum.Samples++
	s.sum.Joules += dt * (x.Power + s.last.Power) / 2 // used if there is no counter
	s.busy += float64(x.GPUBusy)
	s.all.Joules += dt * (x.Power + s.last.Power) / 2
	s.all.Busy += dt * float64(x.GPUBusy) / 100
	s.sum.MaxTemperature = max(s.sum.MaxTemperature, x.Temperature)
	s.sum.MaxMemoryUsed = max(s.sum.MaxMemoryUsed, x.MemoryUsed)
	if s.sum.MinSMClock == 0 || x.SMClock > 0 && x.SMClock < s.sum.MinSMClock {
		s.sum.MinSMClock = x.SMClock
	}
	s.sum.Throttle |= x.Throttle
	s.last = x
}

// Lap ends a stretch, takes its last sample, and begins the next one.
func (s *Sampler) Lap(now time.Time) Energy {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.look(now)
	e := s.sum
	e.Duration = s.last.Time.Sub(s.from.Time)
	// A counter that has not moved says that it moves more rarely than this.
	if s.from.Energy > 0 && s.last.Energy > s.from.Energy {
		e.Joules, e.Counter = s.last.Energy-s.from.Energy, true
	}
	if sec := e.Duration.Seconds(); sec > 0 {
		e.MeanPower = e.Joules / sec
	}
	if e.Samples > 0 {
		e.MeanGPUBusy = s.busy / float64(e.Samples)
	}
	s.from, s.sum, s.busy = s.last, Energy{}, 0
	return e
}

// Total is what the GPU did from the first sample to the last.
func (s *Sampler) Total() Total {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.all
	if s.came.Energy > 0 && s.last.Energy > s.came.Energy {
		t.Joules = s.last.Energy - s.came.Energy
	}
	return t
}
