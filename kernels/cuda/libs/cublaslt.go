//go:build cuda && linux

package libs

// #include <stdlib.h>
// #include "cublaslt.h"
import "C"

import (
	"errors"
	"fmt"
	"path/filepath"
	"unsafe"
)

// CublasLt is NVIDIA's library of matrix products, loaded. No program needs it.
type CublasLt struct {
	c    *C.gk_lt
	path string
}

// cublasPlaces are names that the loader knows, and where the packages of
// Python put the library.
func cublasPlaces() []string {
	list := []string{"libcublasLt.so.13", "libcublasLt.so.12"}
	for _, folder := range []string{"/usr/local/cuda*/lib64", "/usr/local/lib/python3*/*-packages/nvidia/*/lib", "/usr/lib/python3*/*-packages/nvidia/*/lib",
		"/opt/*/lib/python3*/site-packages/nvidia/*/lib", "/root/.local/lib/python3*/site-packages/nvidia/*/lib"} {
		for _, name := range []string{"libcublasLt.so.13", "libcublasLt.so.12"} {
			found, _ := filepath.Glob(filepath.Join(folder, name))
			list = append(list, found...)
		}
	}
	return list
}

// OpenCublasLt loads the library at path, or from its usual places if path is
// empty: names that the loader knows, toolkits, Python's packages. "off" loads
// none.
func OpenCublasLt(path string) (*CublasLt, error) {
	places := []string{path}
	switch path {
	case "off":
		return nil, errors.New("switched off by GRADUS_LIBCUBLASLT=off")
	case "":
		places = cublasPlaces()
	}
	why := (*C.char)(C.calloc(1, wordsBytes))
	defer C.free(unsafe.Pointer(why))
	l := &CublasLt{c: (*C.gk_lt)(C.calloc(1, C.sizeof_gk_lt))}
	for _, l.path = range places {
		name := C.CString(l.path)
		r := C.gk_lt_open(l.c, name, why, wordsBytes)
		C.free(unsafe.Pointer(name))
		if r == 0 {
			return l, nil
		}
	}
	C.free(unsafe.Pointer(l.c))
	if path == "" {
		return nil, errors.New("no libcublasLt.so.12 or .13 in the usual places; GRADUS_LIBCUBLASLT names one")
	}
	return nil, errors.New(C.GoString(why))
}

// String is "cuBLASLt 12.9.3, libcublasLt.so.12".
func (l *CublasLt) String() string {
	v := int(C.gk_lt_version(l.c))
	major := v / 10000
	return fmt.Sprintf("cuBLASLt %d.%d.%d, %s", major, v/100%100, v%100, l.path)
}

// statusNames are those of cublasStatus_t.
var statusNames = map[int]string{
	1: "NOT_INITIALIZED", 3: "ALLOC_FAILED", 7: "INVALID_VALUE", 8: "ARCH_MISMATCH", 11: "MAPPING_ERROR",
	13: "EXECUTION_FAILED", 14: "INTERNAL_ERROR", 15: "NOT_SUPPORTED", 16: "LICENSE_ERROR",
}

// CublasError words a failed call of the library.
func CublasError(call string, status int) error {
	name := statusNames[status]
	if name == "" {
		name = "status"
	}
	return fmt.Errorf("%s: CUBLAS_%s (%d)", call, name, status)
}

// Start makes the library ready on the GPU of the current context. It takes some
// of its memory.
func (l *CublasLt) Start() error {
	if r := C.gk_lt_start(l.c); r != 0 {
		return CublasError("cublasLtCreate()", int(r))
	}
	return nil
}

// Close ends the use of the library. The context that Start had must be current,
// and all products freed.
func (l *CublasLt) Close() error {
	if l.c == nil {
		return nil
	}
	r := C.gk_lt_close(l.c)
	C.free(unsafe.Pointer(l.c))
	l.c = nil
	if r != 0 {
		return CublasError("cublasLtDestroy()", int(r))
	}
	return nil
}

// Product is c(i, j) = alpha sum_k a(i, k) b(j, k) + beta c(i, j) with factors of
// bf16 and sums in f32. A (Rows, Depth) and B (Cols, Depth) lie row by row, each
// row Depth rounded up to 32 long with zeros at its end; C (Rows, Cols) is f32.
// All but Count are addresses on the GPU, multiples of 16; Scales has alpha and
// beta. Sizes are those of the largest run.
type Product struct {
	Rows, Cols, Depth          int
	A, B, C, Scales, Workspace uintptr
	WorkspaceBytes             int64
	// Along says that a run may have less depth; otherwise it may have fewer rows.
	Along bool
	// Count is a C function int64_t(const void *args, const void *context) that
	// tells how many a run has, and Context what it is called with.
	Count, Context unsafe.Pointer
}

// Multiplication is a product with the algorithm that was chosen for it, in C
// memory.
type Multiplication struct{ c *C.gk_lt_product }

// Plan asks the library for an algorithm that sums along the depth in one piece,
// without atomics, for the largest run. It is the same for the same sizes.
func (l *CublasLt) Plan(p Product) (*Multiplication, error) {
	c := (*C.gk_lt_product)(C.calloc(1, C.sizeof_gk_lt_product))
	address := func(a uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&a)) } // on the GPU: no pointer of Go's
	*c = C.gk_lt_product{
		lt: l.c, rows: C.uint64_t(p.Rows), cols: C.uint64_t(p.Cols), depth: C.uint64_t(p.Depth),
		a: address(p.A), b: address(p.B), c: address(p.C), scales: (*C.float)(address(p.Scales)),
		workspace: address(p.Workspace), workspace_bytes: C.size_t(p.WorkspaceBytes),
		count: (*[0]byte)(p.Count), context: p.Context,
	}
	if p.Along {
		c.along = 1
	}
	m := &Multiplication{c}
	if r := C.gk_lt_plan(c); r != 0 {
		return nil, errors.Join(CublasError(fmt.Sprintf("a product of %d x %d over %d", p.Rows, p.Cols, p.Depth), int(r)), m.Free())
	}
	return m, nil
}

// Call is the C function that puts the product on a stream, and what it is
// called with (cux.Launch).
func (m *Multiplication) Call() (function, context unsafe.Pointer) {
	return C.gk_lt_run, unsafe.Pointer(m.c)
}

// String tells the algorithm.
func (m *Multiplication) String() string {
	return fmt.Sprintf("algorithm %d, tile %d, stages %d", m.c.id, m.c.tile, m.c.stages)
}

// Free frees the product. A second Free does nothing.
func (m *Multiplication) Free() error {
	if m.c == nil {
		return nil
	}
	r := C.gk_lt_free(m.c)
	C.free(unsafe.Pointer(m.c))
	m.c = nil
	if r != 0 {
		return CublasError("cublasLtMatmulDescDestroy()", int(r))
	}
	return nil
}
