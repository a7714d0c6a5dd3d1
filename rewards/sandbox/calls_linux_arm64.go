package sandbox

import "golang.org/x/sys/unix"

// auditArch is AUDIT_ARCH_AARCH64.
const auditArch = 0xc00000b7

// portCalls are allowed calls that this architecture has beside the common
// ones.
func portCalls() []uintptr {
	return []uintptr{unix.SYS_FSTATAT, unix.SYS_RENAMEAT}
}

// portOpen are calls that open a file by flags in their second argument.
func portOpen() []uintptr { return nil }

func portOwnTreeCalls() []uintptr { return nil }
