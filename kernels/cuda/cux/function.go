//go:build cuda

package cux

// #include <cuda.h>
import "C"

import (
	"strings"
	"unsafe"

	"gorgonia.org/cu"
)

const jitLogBytes = 16 << 10

// LoadPTX compiles PTX for the GPU of the current context. The error holds the
// compiler's own log; name says in it which text this was.
func LoadPTX(name, text string) (cu.Module, error) {
	image, log := C.CString(text), (*C.char)(C.calloc(1, jitLogBytes))
	defer C.free(unsafe.Pointer(image))
	defer C.free(unsafe.Pointer(log))
	options := [...]C.CUjit_option{C.CU_JIT_ERROR_LOG_BUFFER, C.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES}
	// The array of values is C memory, for it holds C pointers and numbers alike.
	values := (*[2]unsafe.Pointer)(C.calloc(2, C.size_t(unsafe.Sizeof(uintptr(0)))))
	defer C.free(unsafe.Pointer(values))
	values[0] = unsafe.Pointer(log)
	*(*uintptr)(unsafe.Pointer(&values[1])) = jitLogBytes - 1
	var m C.CUmodule
	err := check(C.cuModuleLoadDataEx(&m, unsafe.Pointer(image), C.uint(len(options)), &options[0], &values[0]),
		"cuModuleLoadDataEx(%s, %d bytes of PTX)", name, len(text))
	if e, ok := err.(*Error); ok {
		if s := strings.TrimSpace(C.GoString(log)); s != "" {
			e.Text += "; compiler log: " + strings.Join(strings.Fields(s), " ")
		}
	}
	return moduleOf(m), err
}

// SetDynamicShared allows launches of f with up to so many bytes of dynamic
// shared memory; without it the limit is 48 KiB.
func SetDynamicShared(f cu.Function, bytes int) error {
	return check(C.cuFuncSetAttribute(function(f), C.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, C.int(bytes)),
		"cuFuncSetAttribute(dynamic shared memory, %d bytes)", bytes)
}

// SharedLimit is the most dynamic shared memory that a block on d can have, in
// bytes.
func SharedLimit(d cu.Device) (int, error) {
	var n C.int
	err := check(C.cuDeviceGetAttribute(&n, C.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN, C.CUdevice(d)),
		"cuDeviceGetAttribute(shared memory of a block, GPU %d)", int(d))
	return int(n), err
}

// ParamSize is the size of parameter i of f in bytes. Drivers before CUDA 12.4
// answer NotSupported.
func ParamSize(f cu.Function, i int) (int64, error) {
	var offset, size C.size_t
	err := check(C.cuFuncGetParamInfo(function(f), C.size_t(i), &offset, &size), "cuFuncGetParamInfo(%d)", i)
	return int64(size), err
}

// BlocksPerProcessor is how many blocks of f run on one processor at a time.
func BlocksPerProcessor(f cu.Function, threads, shared int) (int, error) {
	var n C.int
	err := check(C.cuOccupancyMaxActiveBlocksPerMultiprocessor(&n, function(f), C.int(threads), C.size_t(shared)),
		"cuOccupancyMaxActiveBlocksPerMultiprocessor(%d threads, %d bytes)", threads, shared)
	return int(n), err
}

// BusID is the place of d on the PCI bus, "0000:1B:00.0", by which other
// libraries know it.
func BusID(d cu.Device) (string, error) {
	const room = 32
	s := (*C.char)(C.calloc(1, room))
	defer C.free(unsafe.Pointer(s))
	if err := check(C.cuDeviceGetPCIBusId(s, room, C.CUdevice(d)), "cuDeviceGetPCIBusId(%d)", int(d)); err != nil {
		return "", err
	}
	return C.GoString(s), nil
}
