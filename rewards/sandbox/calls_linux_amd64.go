package sandbox

import "golang.org/x/sys/unix"

// auditArch is AUDIT_ARCH_X86_64.
const auditArch = 0xc000003e

// portCalls are allowed calls that this architecture has beside the common
// ones.
func portCalls() []uintptr {
	return []uintptr{
		unix.SYS_OPEN, unix.SYS_STAT, unix.SYS_LSTAT, unix.SYS_NEWFSTATAT, unix.SYS_ACCESS, unix.SYS_READLINK, unix.SYS_POLL, unix.SYS_SELECT, unix.SYS_EPOLL_CREATE, unix.SYS_EPOLL_WAIT,
		unix.SYS_PIPE, unix.SYS_DUP2, unix.SYS_FORK, unix.SYS_VFORK, unix.SYS_ALARM, unix.SYS_PAUSE, unix.SYS_GETPGRP, unix.SYS_TIME, unix.SYS_CREAT, unix.SYS_MKDIR, unix.SYS_RMDIR, unix.SYS_UNLINK,
		unix.SYS_RENAME, unix.SYS_RENAMEAT, unix.SYS_SYMLINK, unix.SYS_LINK, unix.SYS_GETDENTS, unix.SYS_ARCH_PRCTL, unix.SYS_EVENTFD, unix.SYS_SIGNALFD,
	}
}

// portOpen are calls that open a file by flags in their second argument.
func portOpen() []uintptr { return []uintptr{unix.SYS_OPEN} }

func portOwnTreeCalls() []uintptr {
	return []uintptr{unix.SYS_CHMOD, unix.SYS_CHOWN, unix.SYS_LCHOWN, unix.SYS_UTIME, unix.SYS_UTIMES, unix.SYS_FUTIMESAT}
}
