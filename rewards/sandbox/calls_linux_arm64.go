package sandbox

import "golang.org/x/sys/unix"

// auditArch is AUDIT_ARCH_AARCH64.
const auditArch = 0xc00000b7

// portCalls are allowed calls that this architecture has beside the common
// ones.
func portCalls() []uintptr {
	return []uintptr{unix.SYS_FSTATAT, unix.SYS_RENAMEAT}
}

func portOwnTreeCalls() []uintptr { return nil }
