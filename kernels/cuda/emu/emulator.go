//go:build cuda && linux

package emu

// #cgo LDFLAGS: -ldl
// #include <dlfcn.h>
// #include <stdlib.h>
//
// typedef int (*emulate_fn)(const char *, const unsigned *, const unsigned *, unsigned, const void *, unsigned long);
// typedef int (*emulated_fn)(int, const char **, unsigned *, unsigned *);
// typedef const char *(*error_fn)(void);
//
// static int emulate(void *f, const char *kernel, const unsigned *grid, const unsigned *block, unsigned shared, const void *params, unsigned long size) {
// 	return ((emulate_fn)f)(kernel, grid, block, shared, params, size);
// }
// static int emulated(void *f, int i, const char **name, unsigned *bytes, unsigned *threads) {
// 	return ((emulated_fn)f)(i, name, bytes, threads);
// }
// static void check(void *f, int on) { ((void (*)(int))f)(on); }
// static const char *error_of(void *f) { return ((error_fn)f)(); }
import "C"

import (
	"errors"
	"fmt"
	"sync"
	"unsafe"
)

// Emulator is a loaded shared object of Build.
type Emulator struct {
	mu                     sync.Mutex
	run, list, fail, check unsafe.Pointer
}

// Kernel is what an emulator knows of a kernel.
type Kernel struct {
	Name    string
	Bytes   int // of its parameters
	Threads int // of a block
}

// Open loads a shared object of Build. It stays loaded.
func Open(path string) (*Emulator, error) {
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	lib := C.dlopen(name, C.RTLD_NOW|C.RTLD_LOCAL)
	if lib == nil {
		return nil, fmt.Errorf("emu: open %s: %s", path, C.GoString(C.dlerror()))
	}
	e := &Emulator{}
	for symbol, p := range map[string]*unsafe.Pointer{"gk_emulate": &e.run, "gk_emulated": &e.list, "gk_emulate_error": &e.fail, "gk_emulate_check": &e.check} {
		s := C.CString(symbol)
		*p = C.dlsym(lib, s)
		C.free(unsafe.Pointer(s))
		if *p == nil {
			return nil, fmt.Errorf("emu: %s has no %s", path, symbol)
		}
	}
	return e, nil
}

// Watch turns the watch over shared memory on (as it is at first) or off. It is
// for tests that run kernels which others watch: without it they are several times
// as fast.
func (e *Emulator) Watch(on bool) {
	watch := 0
	if on {
		watch = 1
	}
	C.check(e.check, C.int(watch))
}

// Kernels lists what the object holds.
func (e *Emulator) Kernels() []Kernel {
	var all []Kernel
	for i := 0; ; i++ {
		var name *C.char
		var bytes, threads C.unsigned
		if C.emulated(e.list, C.int(i), &name, &bytes, &threads) == 0 {
			return all
		}
		all = append(all, Kernel{C.GoString(name), int(bytes), int(threads)})
	}
}

// Launch runs a kernel to its end: grid blocks of the kernel's number of
// threads, with `shared` bytes of dynamic shared memory. params is the
// kernel's parameter block, in which pointers lie outside of Go's memory.
func (e *Emulator) Launch(kernel string, grid [3]int, threads, shared int, params []byte) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	name := C.CString(kernel)
	defer C.free(unsafe.Pointer(name))
	g := [3]C.unsigned{C.unsigned(grid[0]), C.unsigned(grid[1]), C.unsigned(grid[2])}
	b := [3]C.unsigned{C.unsigned(threads), 1, 1}
	switch rc := C.emulate(e.run, name, &g[0], &b[0], C.unsigned(shared), unsafe.Pointer(unsafe.SliceData(params)), C.ulong(len(params))); rc {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("emu: there is no kernel %s", kernel)
	case 2:
		return fmt.Errorf("emu: kernel %s does not take %d bytes of parameters", kernel, len(params))
	default:
		return errors.New("emu: " + C.GoString(C.error_of(e.fail)))
	}
}
