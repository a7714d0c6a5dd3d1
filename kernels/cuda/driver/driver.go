//go:build cuda

package driver

// #cgo CFLAGS: -I${SRCDIR}/../include -Wall -Wextra -pthread
// #cgo LDFLAGS: -L${SRCDIR}/link -ldl -pthread
// #include "library.h"
import "C"

import "fmt"

// Load finds and initialises the driver's library, once for a process. The
// places are: the file that the environment variable GRADUS_LIBCUDA names (off
// switches CUDA off), libcuda.so.1 where the loader finds it, and the folders
// of WSL, NixOS, containers and distributions. The error is an *Off.
func Load() (Library, error) {
	s := C.gk_cuda_load()
	l := Library{Path: C.GoString(&s.path[0]), Version: int(s.version)}
	detail := C.GoString(&s.detail[0])
	switch s.state {
	case C.GK_CUDA_READY:
		return l, nil
	case C.GK_CUDA_SWITCHED_OFF:
		return Library{}, &Off{What: "switched off by GRADUS_LIBCUDA=off"}
	case C.GK_CUDA_NO_LIBRARY:
		return Library{}, &Off{
			What: "no NVIDIA driver: " + detail,
			Do:   "install the NVIDIA driver, or name its libcuda.so.1 in GRADUS_LIBCUDA",
		}
	case C.GK_CUDA_NO_SYMBOL:
		return Library{}, &Off{What: l.Path + " is no CUDA driver: " + detail, Do: "name the driver's libcuda.so.1 in GRADUS_LIBCUDA"}
	}
	return l, &Off{
		What: fmt.Sprintf("cuInit of %s (CUDA %s) returned %d, %s", l.Path, VersionString(l.Version), int(s.code), detail),
		Do:   advice(int(s.code)),
	}
}

// Missing lists the functions that gradus or cu may call and that the loaded
// library does not have, as an older or newer driver may not: calling one is
// CUDA_ERROR_NOT_SUPPORTED. It is empty without a driver.
func Missing() []string {
	var names []string
	if C.gk_cuda_load().state != C.GK_CUDA_READY {
		return nil
	}
	for i := range int(C.gk_cuda_functions) {
		if C.gk_cuda_function(C.int(i)) == nil {
			names = append(names, C.GoString(C.gk_cuda_name(C.int(i))))
		}
	}
	return names
}

// advice says what a result of cuInit usually means for the machine.
func advice(code int) string {
	switch code {
	case C.CUDA_ERROR_NO_DEVICE, C.CUDA_ERROR_INVALID_DEVICE:
		return "no GPU is visible: see nvidia-smi, CUDA_VISIBLE_DEVICES, and whether the container was given a GPU"
	case C.CUDA_ERROR_STUB_LIBRARY:
		return "this is a toolkit's stub, not the driver: name the driver's libcuda.so.1 in GRADUS_LIBCUDA"
	case C.CUDA_ERROR_SYSTEM_DRIVER_MISMATCH, C.CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE:
		return "the library does not belong to the running kernel module: restart the machine after a driver update"
	case C.CUDA_ERROR_SYSTEM_NOT_READY:
		return "a service of the machine is not up yet (NVSwitch machines need nvidia-fabricmanager)"
	case C.CUDA_ERROR_UNKNOWN:
		return "the kernel module may not be loaded: see nvidia-smi and dmesg"
	}
	return "see nvidia-smi"
}
