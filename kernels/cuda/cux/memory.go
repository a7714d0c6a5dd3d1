//go:build cuda

package cux

// #include <cuda.h>
import "C"

import (
	"unsafe"

	"gorgonia.org/cu"
)

// AllocPinned reserves host memory that the GPU reads and writes by itself, in
// every context. It is not memory of Go's.
func AllocPinned(bytes int64) (unsafe.Pointer, error) {
	var p unsafe.Pointer
	err := check(C.cuMemHostAlloc(&p, C.size_t(bytes), C.CU_MEMHOSTALLOC_PORTABLE), "cuMemHostAlloc(%d bytes, portable)", bytes)
	return p, err
}

// FreePinned frees memory of AllocPinned.
func FreePinned(p unsafe.Pointer) error {
	return check(C.cuMemFreeHost(p), "cuMemFreeHost(%p)", p)
}

// Pool is a memory pool of a device: AllocAsync and FreeAsync take from it in
// the order of a stream, without waiting for the GPU.
type Pool struct{ p C.CUmemoryPool }

// NewPool makes a pool on device d. max bounds its bytes, 0 does not.
func NewPool(d cu.Device, max int64) (Pool, error) {
	var p Pool
	props := C.CUmemPoolProps{
		allocType: C.CU_MEM_ALLOCATION_TYPE_PINNED, handleTypes: C.CU_MEM_HANDLE_TYPE_NONE,
		location: C.CUmemLocation{_type: C.CU_MEM_LOCATION_TYPE_DEVICE, id: C.int(d)}, maxSize: C.size_t(max),
	}
	err := check(C.cuMemPoolCreate(&p.p, &props), "cuMemPoolCreate(GPU %d, at most %d bytes)", int(d), max)
	return p, err
}

// Keep sets how many bytes the pool keeps when nothing uses them.
func (p Pool) Keep(bytes uint64) error {
	v := C.cuuint64_t(bytes)
	return check(C.cuMemPoolSetAttribute(p.p, C.CU_MEMPOOL_ATTR_RELEASE_THRESHOLD, unsafe.Pointer(&v)), "cuMemPoolSetAttribute(release threshold, %d bytes)", bytes)
}

// Used is the number of bytes in use.
func (p Pool) Used() (uint64, error) {
	var v C.cuuint64_t
	err := check(C.cuMemPoolGetAttribute(p.p, C.CU_MEMPOOL_ATTR_USED_MEM_CURRENT, unsafe.Pointer(&v)), "cuMemPoolGetAttribute(used)")
	return uint64(v), err
}

// Trim gives back what is not in use, down to keep bytes.
func (p Pool) Trim(keep int64) error {
	return check(C.cuMemPoolTrimTo(p.p, C.size_t(keep)), "cuMemPoolTrimTo(%d bytes)", keep)
}

// Alloc reserves memory for what is put on s from now on.
func (p Pool) Alloc(bytes int64, s cu.Stream) (cu.DevicePtr, error) {
	var d C.CUdeviceptr
	err := check(C.cuMemAllocFromPoolAsync(&d, C.size_t(bytes), p.p, stream(s)), "cuMemAllocFromPoolAsync(%d bytes)", bytes)
	return cu.DevicePtr(d), err
}

// FreeAsync gives memory of a pool back once s has come so far.
func FreeAsync(d cu.DevicePtr, s cu.Stream) error {
	return check(C.cuMemFreeAsync(C.CUdeviceptr(d), stream(s)), "cuMemFreeAsync(%#x)", uintptr(d))
}

// Destroy frees the pool once its memory is free.
func (p Pool) Destroy() error { return check(C.cuMemPoolDestroy(p.p), "cuMemPoolDestroy()") }
