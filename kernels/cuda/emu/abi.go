//go:build cuda && linux

package emu

// #include "../table.h"
import "C"

// mmaShared is the dynamic shared memory of a product in bf16, productShared that
// of one on the matrix units of a warpgroup.
const (
	mmaShared     = C.GK_MMA_SHARED
	productShared = C.GK_PRODUCT_SHARED
)

// ABI lists the kernels that abi.h declares for GPUs of a compute capability (10 *
// major + minor).
func ABI(capability int) []Kernel {
	var all []Kernel
	for i := range C.gk_kernel_count() {
		if k := C.gk_kernel_at(i); k.capability == 0 || int(k.capability) == capability {
			all = append(all, Kernel{C.GoString(k.name), int(k.bytes), int(k.threads)})
		}
	}
	return all
}
