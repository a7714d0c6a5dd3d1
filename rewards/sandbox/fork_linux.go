//go:build amd64 || arm64

package sandbox

import (
	"math/bits"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A forked child of a Go program is in a delicate state: it has one thread, and
// any lock of the runtime may be held by a thread that is not there. So the
// child decides nothing. Everything it does is written down before the fork,
// as a list of system calls with their arguments, and carried out by functions
// that allocate nothing, call no Go function that could, and cannot be
// preempted (all signals are blocked).

// step is one system call of a child.
type step struct {
	nr   uintptr
	args [6]uintptr
	may  bool    // failure does not matter
	want uintptr // the result that means success, unless 0
	keep bool    // the result is a descriptor that later steps use
	use  int     // 1 + index of the argument that is the kept descriptor
}

// script is a list of steps, what they are for, and the memory that their
// arguments point to.
type script struct {
	steps []step
	names []string
	pins  [][]byte
}

func (s *script) add(name string, nr uintptr, args ...uintptr) *step {
	st := step{nr: nr}
	copy(st.args[:], args)
	s.steps = append(s.steps, st)
	s.names = append(s.names, name)
	return &s.steps[len(s.steps)-1]
}

// str returns the address of a copy of p with a NUL at its end.
func (s *script) str(p string) uintptr { return s.mem(append([]byte(p), 0)) }

// mem returns the address of b, which must not be empty.
func (s *script) mem(b []byte) uintptr {
	s.pins = append(s.pins, b)
	return uintptr(unsafe.Pointer(unsafe.SliceData(b)))
}

// vector returns the address of a NULL-terminated array of strings.
func (s *script) vector(list []string) uintptr {
	const word = bits.UintSize / 8
	out := make([]byte, (len(list)+1)*word)
	for i, p := range list {
		*(*uintptr)(unsafe.Pointer(&out[i*word])) = s.str(p)
	}
	return s.mem(out)
}

// Kinds of report.
const (
	reportStarted = 1 + iota // a: the program's process id, as the stub sees it
	reportSetup              // step a of the set-up failed with error b
	reportProgram            // step a of the program's own steps failed with error b
	reportEnded              // a: wait status
)

// report is what a child writes to its report pipe, whole.
type report struct {
	kind, a, b int64
	usage      syscall.Rusage // of the program and its children
}

const reportBytes = int(unsafe.Sizeof(report{}))

// Descriptors of a child during set-up.
const (
	fdLink    = 3  // and those after it, in pairs: from and to a partner
	fdReport  = 10 // report pipe
	fdSync    = 11 // one byte: go on
	fdRuleset = 12 // Landlock
	fdSeccomp = 13 // filter, for bubblewrap
	fdLast    = 13
)

// plan is everything that a child does. The child is the stub: it sets the box
// up, forks the program, and reaps. It is process 1 of the box where the box
// has a process namespace.
type plan struct {
	flags   uintptr    // of clone
	into    *cloneInto // of clone3, where the child starts in a control group
	setup   script
	program script
	grouped bool // no process namespace: end the program's process group
	out     report
	status  int64
}

// cloneInto is struct clone_args of clone3(2), whole since Linux 5.7.
type cloneInto struct {
	flags, pidfd, childTID, parentTID, exitSignal, stack, stackSize, tls, setTID, setTIDSize, cgroup uint64
}

// fork starts the stub. It must be called on a locked thread that outlives the
// child (the stub dies with it).
func (p *plan) fork() (int, error) {
	all, old := ^uint64(0), new(uint64)
	mask := []uint64{all}
	pid, errno := forkRaw(p, &mask[0], old)
	runtime.KeepAlive(mask)
	runtime.KeepAlive(p)
	if errno != 0 {
		return 0, errno
	}
	return int(pid), nil
}

//go:norace
//go:nocheckptr
//go:noinline
//go:nosplit
func forkRaw(p *plan, all, old *uint64) (uintptr, syscall.Errno) {
	syscall.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(all)), uintptr(unsafe.Pointer(old)), 8, 0, 0)
	var pid uintptr
	var errno syscall.Errno
	if p.into != nil {
		pid, _, errno = syscall.RawSyscall6(unix.SYS_CLONE3, uintptr(unsafe.Pointer(p.into)), unsafe.Sizeof(*p.into), 0, 0, 0, 0)
	} else {
		pid, _, errno = syscall.RawSyscall6(unix.SYS_CLONE, p.flags|uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	}
	if errno == 0 && pid == 0 {
		stub(p)
	}
	syscall.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(old)), 0, 8, 0, 0)
	return pid, errno
}

// stub is the life of the child: set up, fork the program, reap, report, exit.
//
//go:norace
//go:nocheckptr
//go:noinline
//go:nosplit
func stub(p *plan) {
	if i, errno := carryOut(p.setup.steps); errno != 0 {
		tell(p, reportSetup, int64(i), int64(errno))
		exit(1)
	}
	pid, _, errno := syscall.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	if errno != 0 {
		tell(p, reportSetup, -1, int64(errno))
		exit(1)
	}
	if pid == 0 {
		i, errno := carryOut(p.program.steps)
		tell(p, reportProgram, int64(i), int64(errno))
		exit(1)
	}
	for fd := uintptr(0); fd < fdReport; fd++ {
		syscall.RawSyscall6(unix.SYS_CLOSE, fd, 0, 0, 0, 0, 0)
	}
	tell(p, reportStarted, int64(pid), 0)
	ended := false
	for {
		got, _, errno := syscall.RawSyscall6(unix.SYS_WAIT4, ^uintptr(0), uintptr(unsafe.Pointer(&p.status)), unix.WALL, 0, 0, 0)
		if errno == unix.EINTR {
			continue
		}
		if errno == 0 && got == pid {
			p.out.a, ended = p.status&0xffffffff, true
			if p.grouped {
				// Whoever is left in the program's group ends with it; they
				// cannot leave it (the filter refuses setsid and setpgid).
				syscall.RawSyscall6(unix.SYS_KILL, -pid, uintptr(unix.SIGKILL), 0, 0, 0, 0)
				continue
			}
		}
		if errno != 0 || ended && !p.grouped {
			break
		}
	}
	// RUSAGE_CHILDREN
	syscall.RawSyscall6(unix.SYS_GETRUSAGE, ^uintptr(0), uintptr(unsafe.Pointer(&p.out.usage)), 0, 0, 0, 0)
	tell(p, reportEnded, p.out.a, 0)
	exit(0)
}

// carryOut runs the steps; the first that fails ends it.
//
//go:norace
//go:nocheckptr
//go:nosplit
func carryOut(steps []step) (int, syscall.Errno) {
	var kept uintptr
	for i := range steps {
		s := &steps[i]
		if s.use > 0 {
			s.args[s.use-1] = kept
		}
		r, _, errno := syscall.RawSyscall6(s.nr, s.args[0], s.args[1], s.args[2], s.args[3], s.args[4], s.args[5])
		if errno == 0 && s.want != 0 && r != s.want {
			errno = unix.EIO
		}
		if errno != 0 && !s.may {
			return i, errno
		}
		if s.keep {
			kept = r
		}
	}
	return len(steps), 0
}

//go:norace
//go:nocheckptr
//go:nosplit
func tell(p *plan, kind, a, b int64) {
	p.out.kind, p.out.a, p.out.b = kind, a, b
	syscall.RawSyscall6(unix.SYS_WRITE, fdReport, uintptr(unsafe.Pointer(&p.out)), unsafe.Sizeof(p.out), 0, 0, 0)
}

//go:norace
//go:nosplit
func exit(code uintptr) {
	for {
		syscall.RawSyscall6(unix.SYS_EXIT_GROUP, code, 0, 0, 0, 0, 0)
	}
}
