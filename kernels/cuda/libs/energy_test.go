package libs

import (
	"errors"
	"math"
	"reflect"
	"testing"
	"time"
)

// script is a Monitor that tells what it was given.
type script struct {
	samples []Sample
	at      int
}

var errScript = errors.New("the GPU does not answer")

func (s *script) Sample(now time.Time) (Sample, error) {
	x := s.samples[s.at]
	s.at++
	if x.Power < 0 {
		return Sample{}, errScript
	}
	x.Time = now
	return x, nil
}

func second(n float64) time.Time {
	return time.Unix(1000, 0).Add(time.Duration(n * float64(time.Second)))
}

// 100 W for a second, then a ramp to 300 W over two: 100 + 400 J.
func TestEnergyFromPower(t *testing.T) {
	m := &script{samples: []Sample{
		{Power: 100}, {Power: 100, GPUBusy: 20, Temperature: 40, SMClock: 1900, MemoryUsed: 5},
		{Power: 300, GPUBusy: 80, Temperature: 60, SMClock: 1200, MemoryUsed: 3, Throttle: 1 << 2},
		{Power: -1}, {Power: 300, SMClock: 1500},
	}}
	s, err := NewSampler(m, second(0))
	if err != nil {
		t.Fatal(err)
	}
	s.Look(second(1))
	e := s.Lap(second(3))
	if e.Joules != 500 || e.Counter || e.Duration != 3*time.Second || math.Abs(e.MeanPower-500./3) > 1e-9 || e.Samples != 2 {
		t.Errorf("%+v", e)
	}
	if e.MaxTemperature != 60 || e.MinSMClock != 1200 || e.MeanGPUBusy != 50 || e.MaxMemoryUsed != 5 || !e.Throttle.Slowed() {
		t.Errorf("%+v", e)
	}
	s.Look(second(4)) // fails
	e = s.Lap(second(5))
	if !errors.Is(e.Err, errScript) || e.Joules != 600 || e.Samples != 1 || e.MinSMClock != 1500 || e.Throttle != 0 {
		t.Errorf("the second stretch: %+v", e)
	}
}

// A counter wins over samples, which miss what happens between them.
func TestEnergyFromCounter(t *testing.T) {
	m := &script{samples: []Sample{{Power: 100, Energy: 5000}, {Power: 100, Energy: 5720.5}, {Power: 100, Energy: 10}}}
	s, err := NewSampler(m, second(0))
	if err != nil {
		t.Fatal(err)
	}
	if e := s.Lap(second(2)); e.Joules != 720.5 || !e.Counter || e.MeanPower != 360.25 {
		t.Errorf("%+v", e)
	}
	if e := s.Lap(second(4)); e.Counter || e.Joules != 200 {
		t.Errorf("after the counter went back: %+v", e)
	}
}

func TestSamplerRuns(t *testing.T) {
	m := &script{samples: make([]Sample, 20)}
	for i := range m.samples {
		m.samples[i].Power = 10
	}
	s, err := NewSampler(m, second(0))
	if err != nil {
		t.Fatal(err)
	}
	ticks := make(chan time.Time)
	s.Run(ticks)
	for i := range 5 {
		ticks <- second(float64(i + 1))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	if e := s.Lap(second(6)); e.Samples != 6 || e.Joules != 60 {
		t.Errorf("%+v", e)
	}
	m.samples[0].GPUBusy = 50
	s.Look(second(8))
	if got := s.Total(); got.Joules != 80 || got.Busy < 0 {
		t.Errorf("in all %+v, want 80 J", got)
	}
	if _, err := NewSampler(&script{samples: []Sample{{Power: -1}}}, second(0)); !errors.Is(err, errScript) {
		t.Errorf("a GPU that does not answer: %v", err)
	}
}

func TestThrottle(t *testing.T) {
	if got := Throttle(1<<0 | 1<<6 | 1<<40).Reasons(); !reflect.DeepEqual(got, []string{"idle", "thermal (hardware)", "bit 40"}) {
		t.Error(got)
	}
	for bits, want := range map[Throttle]bool{0: false, 1: false, 2: false, 1 << 2: true, 1 << 6: true, 1 | 1<<7: true} {
		if bits.Slowed() != want {
			t.Errorf("%b: Slowed is %t", bits, !want)
		}
	}
}
