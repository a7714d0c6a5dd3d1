//go:build amd64 || arm64

package sandbox

import (
	"cmp"
	"slices"

	"golang.org/x/sys/unix"
)

// Results of a filter (seccomp(2)).
const (
	allow       = unix.SECCOMP_RET_ALLOW
	kill        = unix.SECCOMP_RET_KILL_PROCESS
	eperm       = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	enosys      = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
	x32Bit      = 0x40000000
	offNR       = 0      // of struct seccomp_data: int nr
	offArch     = 4      // u32 arch
	fioSetOwn   = 0x8901 // FIOSETOWN of ioctl(2)
	fioClose    = 0x5451 // FIOCLEX
	fioNoClose  = 0x5450 // FIONCLEX
	fioNonBlock = 0x5421 // FIONBIO
	offArg0     = 16     // u64 args[6], little endian on both architectures here
)

// newNamespaces are clone's flags that make namespaces; a child with a user
// namespace of its own would have all capabilities in it.
const newNamespaces = unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS | unix.CLONE_NEWCGROUP

// verdict is what a filter says of one system call: a result, or a test of an
// argument's low half.
type verdict struct {
	ret  uint32
	test []unix.SockFilter // decides by itself, ends in a RET on every way
}

func statement(code uint16, k uint32) unix.SockFilter { return unix.SockFilter{Code: code, K: k} }

func jump(code uint16, k uint32, yes, no uint8) unix.SockFilter {
	return unix.SockFilter{Code: code, Jt: yes, Jf: no, K: k}
}

func load(offset uint32) unix.SockFilter {
	return statement(unix.BPF_LD|unix.BPF_W|unix.BPF_ABS, offset)
}
func ret(k uint32) unix.SockFilter { return statement(unix.BPF_RET|unix.BPF_K, k) }

// argument refuses the call when the low half of an argument is one of values.
func argumentIs(n uint32, values ...uint32) verdict {
	code := []unix.SockFilter{load(offArg0 + 8*n)}
	for i, v := range values {
		code = append(code, jump(unix.BPF_JMP|unix.BPF_JEQ|unix.BPF_K, v, uint8(len(values)-i), 0))
	}
	return verdict{test: append(code, ret(allow), ret(eperm))}
}

// argumentOnly allows the call when the low half of an argument is one of
// values.
func argumentOnly(n uint32, values ...uint32) verdict {
	v := argumentIs(n, values...)
	last := len(v.test)
	v.test[last-2], v.test[last-1] = v.test[last-1], v.test[last-2]
	return v
}

// argumentHas refuses the call when the low half of an argument has a bit of
// mask.
func argumentHas(n, mask uint32) verdict {
	return verdict{test: []unix.SockFilter{load(offArg0 + 8*n), jump(unix.BPF_JMP|unix.BPF_JSET|unix.BPF_K, mask, 1, 0), ret(allow), ret(eperm)}}
}

// rule gives a system call its verdict.
type rule struct {
	nr uint32
	verdict
}

// policy is the list of rules for a level. What is not on it answers ENOSYS,
// as a kernel does that lacks the call, so that libraries take their other
// way. inBox: the program has namespaces of its own.
func policy(inBox bool) []rule {
	var rules []rule
	set := func(v verdict, numbers ...uintptr) {
		for _, nr := range numbers {
			rules = append(rules, rule{uint32(nr), v})
		}
	}
	set(verdict{ret: allow}, allowedCalls()...)
	set(verdict{ret: eperm}, refusedCalls()...)
	set(argumentHas(0, newNamespaces), unix.SYS_CLONE)
	// Signals by the back door: an owner of a descriptor gets any signal. And
	// watches and leases, by which a program sees or delays who else opens a file.
	set(argumentIs(1, unix.F_SETOWN, unix.F_SETSIG, unix.F_SETOWN_EX, unix.F_NOTIFY, unix.F_SETLEASE), unix.SYS_FCNTL)
	set(connectedPairs(), unix.SYS_SOCKETPAIR)
	// Of itself only: 0 is the caller.
	set(argumentOnly(0, 0), unix.SYS_PRLIMIT64, unix.SYS_SCHED_SETAFFINITY, unix.SYS_GET_ROBUST_LIST)
	set(argumentOnly(0, 0, 0xffffffff), unix.SYS_PERSONALITY)
	if inBox {
		set(verdict{ret: allow}, ownTreeCalls()...)
		set(argumentIs(1, unix.TIOCSTI, unix.TIOCLINUX, fioSetOwn, unix.SIOCSPGRP), unix.SYS_IOCTL)
	} else {
		// Landlock restricts neither attributes of files that can be opened
		// for reading (FS_IOC_SETFLAGS is an ioctl), nor (before 6.12) signals.
		set(verdict{ret: eperm}, ownTreeCalls()...)
		set(argumentOnly(1, unix.TCGETS, unix.TCGETS2, unix.TIOCGWINSZ, unix.TIOCGPGRP, unix.TIOCINQ, fioNonBlock, fioClose, fioNoClose), unix.SYS_IOCTL)
	}
	return rules
}

// connectedPairs allows socketpair(2) for connected Unix sockets only: with one
// of datagrams a program could send to any socket that it can name, without
// socket(2) and connect(2).
func connectedPairs() verdict {
	var types []uint32
	for _, kind := range []uint32{unix.SOCK_STREAM, unix.SOCK_SEQPACKET} {
		types = append(types, kind, kind|unix.SOCK_CLOEXEC, kind|unix.SOCK_NONBLOCK, kind|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK)
	}
	family := []unix.SockFilter{load(offArg0), jump(unix.BPF_JMP|unix.BPF_JEQ|unix.BPF_K, unix.AF_UNIX, 1, 0), ret(eperm)}
	return verdict{test: append(family, argumentOnly(1, types...).test...)}
}

// withoutTruncation changes rules for a Landlock before interface 3 (Linux 6.2),
// which lets a program cut any file of its user: by truncate(2), and by opening
// one that it may only read with O_TRUNC. Opening to write it does restrict.
func withoutTruncation(rules []rule) []rule {
	rules = slices.Clone(rules)
	for i, r := range rules {
		switch nr := uintptr(r.nr); {
		case nr == unix.SYS_TRUNCATE:
			rules[i].verdict = verdict{ret: eperm}
		case nr == unix.SYS_OPENAT2: // its flags are in memory, where a filter does not see them
			rules[i].verdict = verdict{ret: enosys}
		case nr == unix.SYS_OPENAT:
			rules[i].verdict = cutsWhatItReads(2)
		case slices.Contains(portOpen(), nr):
			rules[i].verdict = cutsWhatItReads(1)
		}
	}
	return rules
}

// cutsWhatItReads refuses to open with O_TRUNC and not to write; the flags are
// argument n.
func cutsWhatItReads(n uint32) verdict {
	return verdict{test: []unix.SockFilter{load(offArg0 + 8*n),
		jump(unix.BPF_JMP|unix.BPF_JSET|unix.BPF_K, unix.O_TRUNC, 0, 1),
		jump(unix.BPF_JMP|unix.BPF_JSET|unix.BPF_K, unix.O_ACCMODE, 0, 1),
		ret(allow), ret(eperm)}}
}

// assemble makes the program of a filter: the architecture first, then a
// binary search over ranges of numbers with one verdict.
func assemble(arch uint32, rules []rule) []unix.SockFilter {
	rules = slices.Clone(rules)
	slices.SortFunc(rules, func(a, b rule) int { return cmp.Compare(a.nr, b.nr) })
	type span struct {
		from uint32
		verdict
	}
	spans := []span{{0, verdict{ret: enosys}}}
	put := func(from uint32, v verdict) {
		last := &spans[len(spans)-1]
		switch {
		case last.from == from:
			last.verdict = v
			if len(spans) > 1 && v.test == nil && spans[len(spans)-2].test == nil && spans[len(spans)-2].ret == v.ret {
				spans = spans[:len(spans)-1]
			}
		case v.test != nil || last.test != nil || last.ret != v.ret:
			spans = append(spans, span{from, v})
		}
	}
	for _, r := range rules {
		put(r.nr, r.verdict)
		put(r.nr+1, verdict{ret: enosys})
	}
	put(x32Bit, verdict{ret: kill}) // x32 calls have this bit, and -1 has it too
	var search func(from, to int) []unix.SockFilter
	search = func(from, to int) []unix.SockFilter {
		if to-from == 1 {
			if s := spans[from]; s.test != nil {
				return s.test
			}
			return []unix.SockFilter{ret(spans[from].ret)}
		}
		middle := (from + to) / 2
		low, high := search(from, middle), search(middle, to)
		// Conditional jumps reach 255 instructions; the unconditional one any.
		code := []unix.SockFilter{
			jump(unix.BPF_JMP|unix.BPF_JGE|unix.BPF_K, spans[middle].from, 0, 1),
			statement(unix.BPF_JMP|unix.BPF_JA, uint32(len(low))),
		}
		return append(append(code, low...), high...)
	}
	code := []unix.SockFilter{
		load(offArch),
		jump(unix.BPF_JMP|unix.BPF_JEQ|unix.BPF_K, arch, 1, 0),
		ret(kill),
		load(offNR),
	}
	return append(code, search(0, len(spans))...)
}
