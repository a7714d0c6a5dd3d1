//go:build cuda && linux

package emu

// #include "../abi.h"
//
// typedef struct { const char *name; unsigned bytes, threads; } abi_kernel;
// #define ROW(kernel, params, threads) {#kernel, sizeof(params), threads},
// static const abi_kernel abi_list[] = {GK_KERNELS(ROW)};
// static int abi_count(void) { return sizeof abi_list / sizeof abi_list[0]; }
// static abi_kernel abi_at(int i) { return abi_list[i]; }
import "C"

// mmaShared is the dynamic shared memory of a product in bf16.
const mmaShared = C.GK_MMA_SHARED

// ABI lists the kernels that abi.h declares.
func ABI() []Kernel {
	var all []Kernel
	for i := range C.abi_count() {
		k := C.abi_at(i)
		all = append(all, Kernel{C.GoString(k.name), int(k.bytes), int(k.threads)})
	}
	return all
}
