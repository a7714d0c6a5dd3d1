//go:build cuda && linux

package emu

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"unsafe"
)

// The emulator names what is wrong with a kernel, and runs one that is right.
func TestWrongKernels(t *testing.T) {
	so, err := build("..", "emu/testdata/wrong.cu", "emu/runtime/emu.cc", "emu/runtime/warpgroup.cc")
	if errors.Is(err, ErrNoCompiler) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	e, err := Open(so)
	if err != nil {
		t.Fatal(err)
	}
	out, err := reserve(4 * 256)
	if err != nil {
		t.Fatal(err)
	}
	defer out.free()
	for _, c := range []struct {
		kernel, want string // "" if nothing is wrong
		threads      int
		result       func(i int) int32
	}{
		{"with_barrier", "", 64, func(i int) int32 { return int32(i+1) % 64 }},
		{"with_warp_sync", "", 64, func(i int) int32 { return int32(i/32*32 + (i+1)%32) }},
		// 255*256/2 twice, the largest of the warp, lane 5's number.
		{"sums", "", 256, func(i int) int32 { return 2*32640 + int32(i/32*32+31) + int32(i/32*32+5) }},
		{"no_barrier", "read before it was written", 64, nil},
		{"exchange_for_sync", "reads after a write of thread", 64, nil},
		{"warp_sync_across_warps", "read before it was written", 64, nil},
		{"no_barrier_at_the_end", "thread 32: reads after a write of thread 31", 64, nil},
		{"two_writers", "writes after a write of thread 0", 64, nil},
		{"past_the_end", "byte 256 of shared array x, which has 256", 64, nil},
		{"before_the_start", "byte -4 of shared array x", 64, nil},
		{"unwritten", "read before it was written", 64, nil},
		{"past_the_dynamic_end", "byte 128 of shared array x, which has 128", 64, nil},
		{"some_skip_the_barrier", "waits at the barrier", 64, nil},
		{"some_leave_early", "waits at the barrier", 64, nil},
		{"two_barriers", "waits at the barrier", 64, nil},
		{"half_a_warp", "waits for its warp", 64, nil},
		{"two_exchanges", "waits for its warp", 64, nil},
		{"plain_read_of_a_running_count", "writes after a read of thread 0", 64, nil},
		{"warpgroup", "", 128, func(i int) int32 {
			row, column, sum := i/32*16+i%32/4, 8+i%4*2+1, 0
			for k := range 64 {
				sum += ((3*row+k)%7 - 3) * ((3*(64+column)+k)%7 - 3)
			}
			return int32(sum)
		}},
		{"looks_early", "", 128, func(int) int32 { return 0x7fa50005 }}, // no number
		{"no_begin", "with no begin_async", 128, nil},
		{"no_end", "whose group has not been ended", 128, nil},
		{"not_shown", "did not show it to the matrix units", 128, nil},
		{"no_barrier_before_product", "reads after a write of thread", 128, nil},
		{"not_waited", "is in flight", 128, nil},
		{"changed_in_flight", "element 3 of an accumulator was changed", 128, nil},
		{"overwritten", "which did not show it", 128, nil},
		{"copied_over", "is multiplied at the time of a copy", 128, nil},
		{"copy_not_waited", "before its copy has arrived", 128, nil},
		{"misplaced", "inside of a pattern of 1024", 128, nil},
		{"scattered", "different descriptors", 128, nil},
	} {
		params := binary.NativeEndian.AppendUint64(nil, uint64(uintptr(out.data)))
		params = binary.NativeEndian.AppendUint64(params, 1)
		shared := 128
		if c.threads == 128 {
			shared = 96 * 128 // factors of a product
		}
		err := e.Launch(c.kernel, [3]int{2, 1, 1}, c.threads, shared, params)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.kernel, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "kernel "+c.kernel+": block (")):
			t.Errorf("%s: error is %v, want one with %q", c.kernel, err, c.want)
		}
		if c.result != nil {
			for i, got := range unsafe.Slice((*int32)(out.data), c.threads) {
				if want := c.result(i); got != want {
					t.Errorf("%s: thread %d computes %d, want %d", c.kernel, i, got, want)
				}
			}
		}
	}
}

// A launch that no driver would take is refused.
func TestWrongLaunches(t *testing.T) {
	e := open(t)
	k := e.Kernels()[0]
	for what, err := range map[string]error{
		"no kernel":           e.Launch("gk_nothing", [3]int{1, 1, 1}, 128, 0, make([]byte, 8)),
		"bytes of parameters": e.Launch(k.Name, [3]int{1, 1, 1}, k.Threads, 0, make([]byte, k.Bytes-1)),
		"made for":            e.Launch(k.Name, [3]int{1, 1, 1}, k.Threads+32, 0, make([]byte, k.Bytes)),
	} {
		if err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("error is %v, want one about %q", err, what)
		}
	}
}
