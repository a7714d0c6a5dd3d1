//go:build cuda

package cux

// #include "staging.h"
import "C"

import (
	"errors"
	"fmt"
	"unsafe"

	"gorgonia.org/cu"
)

// Staging copies between Go's memory and the GPU through pinned memory, in the
// order of one stream. It is used by one goroutine at a time.
type Staging struct{ c *C.cux_staging }

// NewStaging reserves the pinned memory: bytes, a multiple of 256.
func NewStaging(ctx cu.CUContext, s cu.Stream, bytes int64) (*Staging, error) {
	if bytes < 256 || bytes%256 != 0 {
		return nil, fmt.Errorf("cux: staging of %d bytes: want a multiple of 256", bytes)
	}
	host, err := AllocPinned(bytes)
	if err != nil {
		return nil, err
	}
	c := (*C.cux_staging)(C.calloc(1, C.size_t(unsafe.Sizeof(C.cux_staging{}))))
	if c == nil {
		return nil, errors.Join(errors.New("cux: no memory for a staging block"), FreePinned(host))
	}
	*c = C.cux_staging{ctx: context(ctx), stream: stream(s), host: (*C.char)(host), size: C.size_t(bytes)}
	return &Staging{c}, nil
}

// Write copies bytes to dst. src may be changed when it returns.
func (s *Staging) Write(dst cu.DevicePtr, src unsafe.Pointer, bytes int64) error {
	var doing C.int
	code := C.cux_write(s.c, C.CUdeviceptr(dst), (*C.char)(src), C.size_t(bytes), &doing)
	return copyError(code, doing, uintptr(dst), bytes)
}

// Read copies bytes of src, as they are after all earlier work of the stream.
func (s *Staging) Read(dst unsafe.Pointer, src cu.DevicePtr, bytes int64) error {
	var doing C.int
	code := C.cux_read(s.c, (*C.char)(dst), C.CUdeviceptr(src), C.size_t(bytes), &doing)
	return copyError(code, doing, uintptr(src), bytes)
}

func copyError(code C.CUresult, doing C.int, gpu uintptr, bytes int64) error {
	switch doing {
	case C.CUX_COPY_TO:
		return check(code, "cuMemcpyHtoDAsync(to %#x, %d bytes)", gpu, bytes)
	case C.CUX_COPY_FROM:
		return check(code, "cuMemcpyDtoHAsync(from %#x, %d bytes)", gpu, bytes)
	case C.CUX_COPY_WAIT:
		return check(code, "cuStreamSynchronize(copy of %d bytes at %#x)", bytes, gpu)
	}
	return check(code, "cuCtxSetCurrent()")
}

// Free gives the pinned memory back.
func (s *Staging) Free() error {
	if s.c == nil {
		return nil
	}
	err := FreePinned(unsafe.Pointer(s.c.host))
	C.free(unsafe.Pointer(s.c))
	s.c = nil
	return err
}
