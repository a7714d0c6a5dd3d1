package main

import (
	"errors"
	"reflect"
	"testing"

	"gradus/kernels/cuda"
	"gradus/kernels/cuda/libs"
)

func TestExamineCUDA(t *testing.T) {
	for name, c := range map[string]struct {
		report cuda.Report
		want   []finding
	}{
		"off": {cuda.Report{Off: errors.New("no driver")}, []finding{{Name: " cuda", Value: "off", Why: "no driver"}}},
		"two GPUs": {cuda.Report{Path: "/x/libcuda.so.1", Version: 12060, Kernels: "PTX 8.0", Products: "cuBLASLt 12.9.3, /x/libcublasLt.so.12", NVML: errors.New("no library"), GPUs: []cuda.GPU{
			{Index: 0, Name: "H100", Capability: 90, Matrix: "wgmma", Memory: 80e9, Processors: 132, State: &libs.Sample{
				Temperature: 64, Power: 312.5, PowerLimit: 700, SMClock: 1755, GPUBusy: 97, MemoryUsed: 5e9, MemoryTotal: 80e9, Throttle: 1 << 2}},
			{Index: 1, Name: "V100", Capability: 70, Memory: 16e9, Processors: 80, Refused: "too old"},
		}}, []finding{
			{Name: " cuda", OK: true, Value: "driver for CUDA 12.6, /x/libcuda.so.1"},
			{Name: " cuda kernels", OK: true, Value: "PTX 8.0"},
			{Name: " cuda products", OK: true, Value: "cuBLASLt 12.9.3, /x/libcublasLt.so.12 for large products of the backward pass in bfloat16, own kernels for the rest"},
			{Name: " gpu 0", OK: true, Value: "H100, compute capability 9.0, 132 processors, 80.0 GB"},
			{Name: " gpu 0 matrix units", OK: true, Value: "wgmma"},
			{Name: " gpu 0 state", Value: "64 °C, 312 of 700 W, SM clock 1755 MHz, busy 97 %, memory 5.0 of 80.0 GB in use", Why: "it is slowed down: power cap"},
			{Name: " gpu 1", Value: "V100, compute capability 7.0, 80 processors, 16.0 GB", Why: "too old"},
			{Name: " nvml", Value: "no telemetry", Why: "no library"},
		}},
		"no library": {cuda.Report{Path: "/x/libcuda.so.1", Version: 12060, Kernels: "PTX 8.0", ProductsOff: errors.New("none here")}, []finding{
			{Name: " cuda", OK: true, Value: "driver for CUDA 12.6, /x/libcuda.so.1"},
			{Name: " cuda kernels", OK: true, Value: "PTX 8.0"},
			{Name: " cuda products", OK: true, Value: "own kernels", Why: "cuBLASLt: none here"},
		}},
	} {
		if got := examineCUDA(c.report); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\n%+v\nwant\n%+v", name, got, c.want)
		}
	}
}
