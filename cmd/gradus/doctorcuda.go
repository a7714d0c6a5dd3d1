package main

import (
	"fmt"

	"gradus/kernels/cuda"
	"gradus/kernels/cuda/driver"
)

// examineCUDA says which GPUs training can run on, and why not. All lines are
// facts: a machine without a GPU is no fault.
func examineCUDA() []finding {
	r := cuda.Examine()
	if r.Off != nil && len(r.GPUs) == 0 {
		return []finding{{Name: " cuda", Value: "off", Why: r.Off.Error()}}
	}
	list := []finding{{Name: " cuda", OK: true, Value: fmt.Sprintf("driver for CUDA %s, %s", driver.VersionString(r.Version), r.Path)}}
	for _, g := range r.GPUs {
		list = append(list, finding{
			Name: fmt.Sprintf(" gpu %d", g.Index), OK: g.Refused == "", Why: g.Refused,
			Value: fmt.Sprintf("%s, compute capability %d.%d, %d processors, %.1f GB", g.Name, g.Capability/10, g.Capability%10, g.Processors, float64(g.Memory)/1e9),
		})
	}
	return list
}
