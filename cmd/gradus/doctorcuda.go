package main

import (
	"fmt"
	"strings"

	"gradus/kernels/cuda"
	"gradus/kernels/cuda/driver"
	"gradus/kernels/cuda/libs"
)

// examineCUDA says which GPUs training can run on, with which kernels and
// libraries, and why not. All lines are facts: a machine without a GPU is no
// fault.
func examineCUDA(r cuda.Report) []finding {
	if r.Off != nil {
		return []finding{{Name: " cuda", Value: "off", Why: r.Off.Error()}}
	}
	list := []finding{
		{Name: " cuda", OK: true, Value: fmt.Sprintf("driver for CUDA %s, %s", driver.VersionString(r.Version), r.Path)},
		{Name: " cuda kernels", OK: true, Value: r.Kernels},
	}
	if r.ProductsOff != nil {
		list = append(list, finding{Name: " cuda products", OK: true, Value: "own kernels", Why: "cuBLASLt: " + r.ProductsOff.Error()})
	} else {
		list = append(list, finding{Name: " cuda products", OK: true, Value: r.Products + " for large products of the backward pass in bfloat16, own kernels for the rest"})
	}
	for _, g := range r.GPUs {
		list = append(list, finding{
			Name: fmt.Sprintf(" gpu %d", g.Index), OK: g.Refused == "", Why: g.Refused,
			Value: fmt.Sprintf("%s, compute capability %d.%d, %d processors, %.1f GB", g.Name, g.Capability/10, g.Capability%10, g.Processors, float64(g.Memory)/1e9),
		})
		if g.Matrix != "" {
			list = append(list, finding{Name: fmt.Sprintf(" gpu %d matrix units", g.Index), OK: true, Value: g.Matrix})
		}
		if g.State != nil {
			list = append(list, gpuState(g.Index, *g.State))
		}
	}
	if r.NVML != nil {
		list = append(list, finding{Name: " nvml", Value: "no telemetry", Why: r.NVML.Error()})
	}
	return list
}

// gpuState words what a GPU does at the moment.
func gpuState(i int, s libs.Sample) finding {
	f := finding{Name: fmt.Sprintf(" gpu %d state", i), OK: !s.Throttle.Slowed(), Value: fmt.Sprintf(
		"%d °C, %.0f of %.0f W, SM clock %d MHz, busy %d %%, memory %.1f of %.1f GB in use",
		s.Temperature, s.Power, s.PowerLimit, s.SMClock, s.GPUBusy, float64(s.MemoryUsed)/1e9, float64(s.MemoryTotal)/1e9)}
	if s.Throttle.Slowed() {
		f.Why = "it is slowed down: " + strings.Join(s.Throttle.Reasons(), ", ")
	}
	return f
}
