// Package libs loads NVIDIA's optional libraries at run time, where they are
// present: NVML, which ships with the driver, for telemetry. Nothing here is
// needed to train.
package libs

import (
	"fmt"
	"time"
)

// Sample is the state of one GPU at a moment. A number that the GPU does not
// tell is 0 and its name is in Missing.
type Sample struct {
	Time        time.Time
	Power       float64 // watts
	PowerLimit  float64 // watts
	Energy      float64 // joules since the driver was loaded
	GPUBusy     int     // percent of the time in which a kernel ran
	MemoryBusy  int     // percent of the time in which memory was read or written
	MemoryUsed  int64   // bytes, of all processes
	MemoryTotal int64   // bytes
	Temperature int     // degrees Celsius
	SMClock     int     // MHz
	MemoryClock int     // MHz
	Throttle    Throttle
	Missing     []string
}

// Throttle says why a GPU's clocks are lower than they could be: the bits of
// nvmlDeviceGetCurrentClocksThrottleReasons.
type Throttle uint64

// throttleNames are the reasons in the order of their bits.
var throttleNames = [...]string{
	"idle", "application clocks", "power cap", "hardware slowdown", "sync boost",
	"thermal (software)", "thermal (hardware)", "power brake", "display clocks",
}

// Reasons names the bits.
func (t Throttle) Reasons() []string {
	var names []string
	for i := range 64 {
		if t>>i&1 == 0 {
			continue
		}
		if i < len(throttleNames) {
			names = append(names, throttleNames[i])
		} else {
			names = append(names, fmt.Sprintf("bit %d", i))
		}
	}
	return names
}

// harmless are the bits that say nothing about trouble: nothing to do, or
// clocks that somebody has chosen.
const harmless = 1<<0 | 1<<1 | 1<<4 | 1<<8

// Slowed tells whether heat or power hold the GPU back.
func (t Throttle) Slowed() bool { return t&^harmless != 0 }
