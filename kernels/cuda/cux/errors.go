//go:build cuda

package cux

// #cgo CFLAGS: -I${SRCDIR}/../include -O2 -std=c11 -Wall -Wextra
// #include <cuda.h>
import "C"

import (
	"errors"
	"fmt"
	"reflect"

	_ "gradus/kernels/cuda/driver" // defines the functions of cuda.h
)

// Result is a result code of the driver, CUresult.
type Result int

// Results that callers tell apart.
const (
	OutOfMemory           Result = C.CUDA_ERROR_OUT_OF_MEMORY
	NotInitialized        Result = C.CUDA_ERROR_NOT_INITIALIZED
	NotSupported          Result = C.CUDA_ERROR_NOT_SUPPORTED
	NotFound              Result = C.CUDA_ERROR_NOT_FOUND
	NotReady              Result = C.CUDA_ERROR_NOT_READY
	InvalidValue          Result = C.CUDA_ERROR_INVALID_VALUE
	InvalidPTX            Result = C.CUDA_ERROR_INVALID_PTX
	UnsupportedPTXVersion Result = C.CUDA_ERROR_UNSUPPORTED_PTX_VERSION
	JITCompilerNotFound   Result = C.CUDA_ERROR_JIT_COMPILER_NOT_FOUND
	DeviceUnavailable     Result = C.CUDA_ERROR_DEVICE_UNAVAILABLE
)

// Error is a failed call of the driver.
type Error struct {
	Call string // with its arguments, as in "cuMemAlloc(4096 bytes)"
	Code Result
	Name string // "CUDA_ERROR_OUT_OF_MEMORY"
	Text string // the driver's words
}

func (e *Error) Error() string {
	s := fmt.Sprintf("%s: %s (%d)", e.Call, e.Name, int(e.Code))
	if e.Text != "" {
		s += ": " + e.Text
	}
	return s
}

// Lost tells whether the error has taken the context with it: every later call
// fails with the same code, and only a new process can go on.
func (e *Error) Lost() bool {
	switch e.Code {
	case C.CUDA_ERROR_ECC_UNCORRECTABLE, C.CUDA_ERROR_NVLINK_UNCORRECTABLE, C.CUDA_ERROR_CONTAINED,
		C.CUDA_ERROR_ILLEGAL_ADDRESS, C.CUDA_ERROR_LAUNCH_TIMEOUT, C.CUDA_ERROR_ASSERT,
		C.CUDA_ERROR_HARDWARE_STACK_ERROR, C.CUDA_ERROR_ILLEGAL_INSTRUCTION, C.CUDA_ERROR_MISALIGNED_ADDRESS,
		C.CUDA_ERROR_INVALID_ADDRESS_SPACE, C.CUDA_ERROR_INVALID_PC, C.CUDA_ERROR_LAUNCH_FAILED,
		C.CUDA_ERROR_EXTERNAL_DEVICE, C.CUDA_ERROR_MPS_CLIENT_TERMINATED, C.CUDA_ERROR_MPS_RPC_FAILURE,
		C.CUDA_ERROR_CONTEXT_IS_DESTROYED, C.CUDA_ERROR_DEINITIALIZED, C.CUDA_ERROR_UNKNOWN:
		return true
	}
	return false
}

// Hardware tells whether the GPU or its driver failed, and not a kernel: the
// same work may succeed when it is tried again.
func (e *Error) Hardware() bool {
	switch e.Code {
	case C.CUDA_ERROR_ECC_UNCORRECTABLE, C.CUDA_ERROR_NVLINK_UNCORRECTABLE, C.CUDA_ERROR_CONTAINED,
		C.CUDA_ERROR_LAUNCH_TIMEOUT, C.CUDA_ERROR_HARDWARE_STACK_ERROR, C.CUDA_ERROR_LAUNCH_FAILED,
		C.CUDA_ERROR_EXTERNAL_DEVICE, C.CUDA_ERROR_MPS_CLIENT_TERMINATED, C.CUDA_ERROR_MPS_RPC_FAILURE,
		C.CUDA_ERROR_DEVICE_UNAVAILABLE, C.CUDA_ERROR_UNKNOWN:
		return true
	}
	return false
}

// check turns a result code into an error. format and args word the call.
func check(code C.CUresult, format string, args ...any) error {
	if code == C.CUDA_SUCCESS {
		return nil
	}
	return newError(Result(code), fmt.Sprintf(format, args...))
}

func newError(code Result, call string) *Error {
	e := &Error{Call: call, Code: code, Name: "CUDA_ERROR"}
	var s *C.char
	if C.cuGetErrorName(C.CUresult(code), &s) == C.CUDA_SUCCESS && s != nil {
		e.Name = C.GoString(s)
	}
	s = nil
	if C.cuGetErrorString(C.CUresult(code), &s) == C.CUDA_SUCCESS && s != nil {
		e.Text = C.GoString(s)
	}
	return e
}

// Wrap gives an error of cu the form of this package's: cu tells neither the
// call nor the driver's words. Other errors are returned with the call in front.
func Wrap(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	call := fmt.Sprintf(format, args...)
	// cu's results are of an unexported integer type, by value.
	if v := reflect.ValueOf(err); v.Kind() == reflect.Int && v.Type().PkgPath() == "gorgonia.org/cu" {
		return newError(Result(v.Int()), call)
	}
	return fmt.Errorf("%s: %w", call, err)
}

// Is tells whether err is a failed call with this code.
func Is(err error, code Result) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}
