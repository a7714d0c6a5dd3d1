//go:build linux && (amd64 || arm64)

package sandbox

import (
	"encoding/binary"
	"testing"

	"golang.org/x/sys/unix"
)

// decide runs a filter as the kernel would (the part of classic BPF that
// assemble uses), on a system call.
func decide(t *testing.T, code []unix.SockFilter, arch, nr uint32, args [6]uint64) uint32 {
	t.Helper()
	data := make([]byte, 64)
	binary.LittleEndian.PutUint32(data, nr)
	binary.LittleEndian.PutUint32(data[4:], arch)
	for i, a := range args {
		binary.LittleEndian.PutUint64(data[16+8*i:], a)
	}
	var a uint32
	for pc := 0; pc < len(code); pc++ {
		c := code[pc]
		branch := func(yes bool) {
			if yes {
				pc += int(c.Jt)
			} else {
				pc += int(c.Jf)
			}
		}
		switch c.Code {
		case unix.BPF_LD | unix.BPF_W | unix.BPF_ABS:
			a = binary.LittleEndian.Uint32(data[c.K:])
		case unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K:
			branch(a == c.K)
		case unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K:
			branch(a >= c.K)
		case unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K:
			branch(a&c.K != 0)
		case unix.BPF_JMP | unix.BPF_JA:
			pc += int(c.K)
		case unix.BPF_RET | unix.BPF_K:
			return c.K
		default:
			t.Fatalf("instruction %d has code %#x", pc, c.Code)
		}
	}
	t.Fatal("the filter runs over its end")
	return 0
}

// TestFilter compares the assembled filter with its list of rules for every
// number, and its tests of arguments with what they are there to refuse.
func TestFilter(t *testing.T) {
	for _, inBox := range []bool{true, false} {
		rules := policy(inBox)
		code := assemble(auditArch, rules)
		if len(code) > 4096 {
			t.Errorf("%d instructions; the kernel takes 4096", len(code))
		}
		want := map[uint32]verdict{}
		for _, r := range rules {
			if _, twice := want[r.nr]; twice {
				t.Errorf("system call %d has two rules", r.nr)
			}
			want[r.nr] = r.verdict
		}
		for nr := uint32(0); nr < 1024; nr++ {
			v, ok := want[nr]
			if v.test != nil {
				continue
			}
			if !ok {
				v.ret = enosys
			}
			if got := decide(t, code, auditArch, nr, [6]uint64{}); got != v.ret {
				t.Errorf("in box %v: call %d answers %#x, want %#x", inBox, nr, got, v.ret)
			}
		}
		for _, c := range []struct {
			name     string
			arch, nr uint32
			args     [6]uint64
			want     uint32
		}{
			{"another architecture", 0x40000003, unix.SYS_READ, [6]uint64{}, kill},
			{"x32", auditArch, 0x40000000, [6]uint64{}, kill},
			{"x32 write", auditArch, 0x40000001, [6]uint64{}, kill},
			{"number -1", auditArch, 0xffffffff, [6]uint64{}, kill},
			{"clone of a thread", auditArch, unix.SYS_CLONE, [6]uint64{0x3d0f00}, allow},
			{"clone of a process", auditArch, unix.SYS_CLONE, [6]uint64{uint64(unix.SIGCHLD)}, allow},
			{"clone with a user namespace", auditArch, unix.SYS_CLONE, [6]uint64{unix.CLONE_NEWUSER | uint64(unix.SIGCHLD)}, eperm},
			{"clone with a mount namespace", auditArch, unix.SYS_CLONE, [6]uint64{unix.CLONE_NEWNS}, eperm},
			{"clone3", auditArch, unix.SYS_CLONE3, [6]uint64{}, enosys},
			{"terminal size", auditArch, unix.SYS_IOCTL, [6]uint64{0, unix.TIOCGWINSZ}, allow},
			{"TIOCSTI", auditArch, unix.SYS_IOCTL, [6]uint64{0, unix.TIOCSTI}, eperm},
			{"TIOCSTI with high bits", auditArch, unix.SYS_IOCTL, [6]uint64{0, 1<<32 | unix.TIOCSTI}, eperm},
			{"F_SETFD", auditArch, unix.SYS_FCNTL, [6]uint64{3, unix.F_SETFD}, allow},
			{"F_SETOWN", auditArch, unix.SYS_FCNTL, [6]uint64{3, unix.F_SETOWN}, eperm},
			{"F_SETSIG", auditArch, unix.SYS_FCNTL, [6]uint64{3, unix.F_SETSIG}, eperm},
			{"F_NOTIFY", auditArch, unix.SYS_FCNTL, [6]uint64{3, unix.F_NOTIFY}, eperm},
			{"F_SETLEASE", auditArch, unix.SYS_FCNTL, [6]uint64{3, unix.F_SETLEASE}, eperm},
			{"a pair of streams", auditArch, unix.SYS_SOCKETPAIR, [6]uint64{unix.AF_UNIX, unix.SOCK_STREAM | unix.SOCK_CLOEXEC}, allow},
			{"a pair of packets", auditArch, unix.SYS_SOCKETPAIR, [6]uint64{unix.AF_UNIX, unix.SOCK_SEQPACKET}, allow},
			{"a pair of datagrams", auditArch, unix.SYS_SOCKETPAIR, [6]uint64{unix.AF_UNIX, unix.SOCK_DGRAM}, eperm},
			{"a pair of datagrams, not blocking", auditArch, unix.SYS_SOCKETPAIR, [6]uint64{unix.AF_UNIX, unix.SOCK_DGRAM | unix.SOCK_NONBLOCK}, eperm},
			{"a raw pair", auditArch, unix.SYS_SOCKETPAIR, [6]uint64{unix.AF_UNIX, unix.SOCK_RAW}, eperm},
			{"a pair of another family", auditArch, unix.SYS_SOCKETPAIR, [6]uint64{30, unix.SOCK_STREAM}, eperm},
			{"inotify_init1", auditArch, unix.SYS_INOTIFY_INIT1, [6]uint64{}, eperm},
			{"own limits", auditArch, unix.SYS_PRLIMIT64, [6]uint64{0}, allow},
			{"another's limits", auditArch, unix.SYS_PRLIMIT64, [6]uint64{1}, eperm},
			{"personality asked", auditArch, unix.SYS_PERSONALITY, [6]uint64{0xffffffff}, allow},
			{"personality without randomisation", auditArch, unix.SYS_PERSONALITY, [6]uint64{0x40000}, eperm},
			{"socket", auditArch, unix.SYS_SOCKET, [6]uint64{unix.AF_UNIX}, eperm},
			{"memfd_create", auditArch, unix.SYS_MEMFD_CREATE, [6]uint64{}, enosys},
			{"io_uring_setup", auditArch, unix.SYS_IO_URING_SETUP, [6]uint64{}, enosys},
		} {
			if got := decide(t, code, c.arch, c.nr, c.args); got != c.want {
				t.Errorf("in box %v: %s answers %#x, want %#x", inBox, c.name, got, c.want)
			}
		}
		for _, nr := range []uint32{unix.SYS_KILL, unix.SYS_SETSID, unix.SYS_FCHMOD} {
			if got := decide(t, code, auditArch, nr, [6]uint64{}); (got == allow) != inBox {
				t.Errorf("in box %v: call %d answers %#x", inBox, nr, got)
			}
		}
	}
}
