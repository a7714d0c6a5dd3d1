//go:build cuda && linux

package fake

// #include <dlfcn.h>
// #include <stdlib.h>
// static int call_number(void *f) { return ((int (*)(void))f)(); }
// static void call_set(void *f, int create, int spoil) { ((void (*)(int, int))f)(create, spoil); }
import "C"

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"unsafe"
)

// Products is the stand-in for cuBLASLt, which multiplies on the CPU.
type Products struct {
	Path      string
	live, set unsafe.Pointer
	calls     unsafe.Pointer
}

// BuildProducts compiles the stand-in of dir, the folder kernels/cuda, to path
// and loads it.
func BuildProducts(dir, path string) (*Products, error) {
	cc, err := exec.LookPath("cc")
	if err != nil {
		return nil, ErrNoCompiler
	}
	if out, err := exec.Command(cc, "-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", path, filepath.Join(dir, "libs/testdata/cublaslt.c"), "-ldl").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("fake: %w\n%s", err, out)
	}
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	lib := C.dlopen(name, C.RTLD_NOW|C.RTLD_LOCAL)
	if lib == nil {
		return nil, fmt.Errorf("fake: %s", C.GoString(C.dlerror()))
	}
	p := &Products{Path: path}
	for symbol, to := range map[string]*unsafe.Pointer{"gk_fake_lt_live": &p.live, "gk_fake_lt_calls": &p.calls, "gk_fake_lt_set": &p.set} {
		s := C.CString(symbol)
		*to = C.dlsym(lib, s)
		C.free(unsafe.Pointer(s))
		if *to == nil {
			return nil, fmt.Errorf("fake: %s has no %s", path, symbol)
		}
	}
	return p, nil
}

// Live is the number of objects that somebody must still destroy, Calls that of
// products since Set.
func (p *Products) Live() int  { return int(C.call_number(p.live)) }
func (p *Products) Calls() int { return int(C.call_number(p.calls)) }

// Set makes the library fail to start with a status, if it is not 0, and add
// spoil to every sum.
func (p *Products) Set(status, spoil int) { C.call_set(p.set, C.int(status), C.int(spoil)) }
