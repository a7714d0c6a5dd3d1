//go:build cuda && linux

package fake

// #cgo CFLAGS: -I${SRCDIR}/../include
// #cgo LDFLAGS: -ldl
// #include <dlfcn.h>
// #include <stdlib.h>
// #include "lib/fake.h"
//
// static void do_reset(void *f, const gk_fake_config *c) { ((void (*)(const gk_fake_config *))f)(c); }
// static void do_fail(void *f, const char *name, int nth, unsigned code) { ((void (*)(const char *, int, unsigned))f)(name, nth, code); }
// static const char *do_injected(void *f) { return ((const char *(*)(void))f)(); }
// static void do_stats(void *f, gk_fake_stats *s) { ((void (*)(gk_fake_stats *))f)(s); }
// static const char *do_problems(void *f, int finished) { return ((const char *(*)(int))f)(finished); }
// static int do_emulator(void *f, const char *path) { return ((int (*)(const char *))f)(path); }
import "C"

import (
	"fmt"
	"strings"
	"unsafe"
)

// Driver controls a loaded stand-in.
type Driver struct {
	symbol map[string]unsafe.Pointer
}

// Config is the machine that the stand-in pretends to be.
type Config struct {
	Devices    int
	Capability int // 10*major + minor
	Version    int // of CUDA, 1000*major + 10*minor
	Processors int
	Memory     int64 // bytes of each GPU
	Others     int64 // bytes of it that other programs hold
	// NoParamInfo is a driver before CUDA 12.4.
	NoParamInfo bool
}

// Default is one GPU of compute capability 8.0 with 1 GiB and a few processors,
// so that blocks have to go on to further work items.
func Default() Config {
	return Config{Devices: 1, Capability: 80, Version: 12040, Processors: 3, Memory: 1 << 30}
}

// Stats counts what the stand-in was asked for since Reset.
type Stats struct {
	Calls, Launches, GraphLaunches, Copies int
	Bytes, Peak                            int64 // device memory in use
	Live                                   int   // objects that somebody must still free
}

// Open finds the controls in the library at path, which stays loaded.
func Open(path string) (*Driver, error) {
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	lib := C.dlopen(name, C.RTLD_NOW|C.RTLD_LOCAL)
	if lib == nil {
		return nil, fmt.Errorf("fake: %s", C.GoString(C.dlerror()))
	}
	d := &Driver{map[string]unsafe.Pointer{}}
	for _, s := range []string{"gk_fake_reset", "gk_fake_fail", "gk_fake_injected", "gk_fake_get_stats", "gk_fake_problems", "gk_fake_emulator"} {
		c := C.CString(s)
		d.symbol[s] = C.dlsym(lib, c)
		C.free(unsafe.Pointer(c))
		if d.symbol[s] == nil {
			return nil, fmt.Errorf("fake: %s has no %s", path, s)
		}
	}
	return d, nil
}

// Reset forgets everything and becomes the machine of c.
func (d *Driver) Reset(c Config) {
	cc := C.gk_fake_config{
		devices: C.int(c.Devices), capability: C.int(c.Capability), version: C.int(c.Version), processors: C.int(c.Processors),
		memory: C.size_t(c.Memory), others: C.size_t(c.Others),
	}
	if c.NoParamInfo {
		cc.no_param_info = 1
	}
	C.do_reset(d.symbol["gk_fake_reset"], &cc)
}

// Fail makes call number nth (1 is the next) of a driver function return a
// result code. "*" counts all calls; "kernel:NAME" fails a kernel as it runs.
// Codes that end a context on a GPU end it here.
func (d *Driver) Fail(call string, nth int, code int) {
	c := C.CString(call)
	defer C.free(unsafe.Pointer(c))
	C.do_fail(d.symbol["gk_fake_fail"], c, C.int(nth), C.unsigned(code))
}

// Injected returns the call that Fail made fail, "" if it has not come yet.
func (d *Driver) Injected() string {
	s := C.do_injected(d.symbol["gk_fake_injected"])
	if s == nil {
		return ""
	}
	return C.GoString(s)
}

// Stats returns the counts.
func (d *Driver) Stats() Stats {
	var s C.gk_fake_stats
	C.do_stats(d.symbol["gk_fake_get_stats"], &s)
	return Stats{int(s.calls), int(s.launches), int(s.graph_launches), int(s.copies), int64(s.bytes), int64(s.peak), int(s.live)}
}

// Problems returns what the program did wrong since Reset. With finished,
// whatever it has not freed is a leak.
func (d *Driver) Problems(finished bool) []string {
	f := C.int(0)
	if finished {
		f = 1
	}
	text := strings.TrimSuffix(C.GoString(C.do_problems(d.symbol["gk_fake_problems"], f)), "\n")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// Emulate runs kernels through a shared object of emu.Build; "" runs none.
func (d *Driver) Emulate(path string) error {
	var c *C.char
	if path != "" {
		c = C.CString(path)
		defer C.free(unsafe.Pointer(c))
	}
	if C.do_emulator(d.symbol["gk_fake_emulator"], c) != 0 {
		return fmt.Errorf("fake: %s has no emulator", path)
	}
	return nil
}
