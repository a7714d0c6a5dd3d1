// Package sandbox runs programs that nobody has read: code that a model wrote.
//
// A Runner starts one small keeper process (Serve, the hidden command
// "gradus _sandbox"); the keeper forks every program straight into an
// isolated box, so the cost of a box is a few system calls and not the start
// of a large binary. Nothing is installed, no daemon runs, no privilege is
// needed.
//
// There are levels of isolation, and which of them works depends on the
// machine (Runner.Levels says which and why not the others):
//
//   - "userns": own user, process, mount, network, IPC, host name and cgroup
//     namespaces; a fresh root in memory with the system's programs read-only;
//     no capabilities; a list of allowed system calls; resource limits.
//   - "landlock": where user namespaces are refused. The files of the system
//     read-only, those of the box writable, nothing else, by Landlock; a
//     tighter list of system calls; resource limits. The program still sees
//     the machine's process and user numbers and whether files exist.
//   - "bwrap": bubblewrap, where it is installed, with the same list of system
//     calls and limits. Only when asked for by name.
//   - "none": limits only. Only when asked for by name.
package sandbox

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Level names a kind of isolation.
type Level string

// The levels. Auto is the strongest of userns and landlock that works.
const (
	Auto     Level = "auto"
	UserNS   Level = "userns"
	Landlock Level = "landlock"
	Bwrap    Level = "bwrap"
	None     Level = "none"
)

// Levels are the names that ParseLevel takes.
func Levels() []Level { return []Level{Auto, UserNS, Landlock, Bwrap, None} }

// ParseLevel reads the name of a level; "" is Auto.
func ParseLevel(s string) (Level, error) {
	if s == "" {
		return Auto, nil
	}
	var names []string
	for _, l := range Levels() {
		if s == string(l) {
			return l, nil
		}
		names = append(names, string(l))
	}
	return "", fmt.Errorf("sandbox %q is unknown; use one of %s", s, strings.Join(names, ", "))
}

// ErrUnisolated says that no isolation works here and none was waived.
var ErrUnisolated = errors.New("no isolation works on this machine")

// Hold names what keeps all processes of a program together within its memory
// and their number: limits of single processes are the kernel's everywhere.
type Hold string

// The kinds of Hold.
const (
	HoldCgroup Hold = "cgroup" // a control group: the kernel, at once
	HoldWatch  Hold = "watch"  // the keeper, which looks every 20 ms
)

// Status says how a program ended.
type Status string

// The statuses of an Outcome.
const (
	OK      Status = "ok"      // exit code 0
	Exit    Status = "exit"    // another exit code
	Signal  Status = "signal"  // it crashed or killed itself
	Timeout Status = "timeout" // the wall clock ran out
	CPU     Status = "cpu"     // its processor time ran out
	Memory  Status = "memory"  // it took, or was refused, more memory than allowed
	Output  Status = "output"  // it wrote more than allowed
	Disk    Status = "disk"    // it filled its box (where the box is no file system of its own)
	Refused Status = "refused" // the program could not be started: it is not there
	Failed  Status = "failed"  // the sandbox failed, the program is not to blame
)

// Limits bound one program with all its children.
type Limits struct {
	Wall      time.Duration // from start to end
	Idle      time.Duration // without a byte on stdout; 0: no such limit
	CPU       time.Duration // of each process and of all together
	Memory    int64         // bytes, of each process and of all together
	Reserve   bool          // address space that is only reserved does not count (V8, the JVM, Go)
	DeepStack bool          // the stack may grow as far as Memory allows; else as far as the system's own limit
	Disk      int64         // bytes of files in the box
	Output    int64         // bytes of stdout, and of stderr
	Processes int           // processes and threads at a time
	OpenFiles int           // of a process
}

// DefaultLimits suit a short program of a judge.
func DefaultLimits() Limits {
	return Limits{Wall: 5 * time.Second, CPU: 5 * time.Second, Memory: 512 << 20, Disk: 32 << 20, Output: 1 << 20, Processes: 64, OpenFiles: 256}
}

func (l Limits) check() error {
	switch {
	case l.Wall <= 0 || l.CPU <= 0:
		return fmt.Errorf("sandbox: limits of %v and %v of processor time; give both", l.Wall, l.CPU)
	case l.Memory < 1<<20 || l.Disk < 1<<16 || l.Output < 1:
		return fmt.Errorf("sandbox: limits of %d bytes of memory, %d of disk, %d of output; give at least 1 MiB, 64 KiB and 1 byte", l.Memory, l.Disk, l.Output)
	case l.Processes < 1 || l.OpenFiles < 8:
		return fmt.Errorf("sandbox: limits of %d processes and %d files; give at least 1 and 8", l.Processes, l.OpenFiles)
	}
	return nil
}

// File is a file put into the box before the program starts.
type File struct {
	Name string // without a folder
	Data []byte
	Exec bool
}

// BoxPath stands for the box in Program.Argv and Env: the writable folder in
// which a program starts and which holds its files.
const BoxPath = "{box}"

// Program is one program to run.
type Program struct {
	Argv  []string // Argv[0] is an absolute path
	Env   []string // besides PATH, HOME, TMPDIR, LANG; nothing else is inherited
	Files []File
	Stdin []byte
	Binds []string // host files or folders to show read-only, beside the system's
	Limits
}

// Outcome is what became of a program.
type Outcome struct {
	Status    Status
	Exit      int           // exit code, with Exit
	Signal    int           // with Signal
	Wall      time.Duration // from fork to end
	CPU       time.Duration // of all its processes that had ended or were seen
	MaxRSS    int64         // bytes, of the largest process
	Stdout    []byte
	Stderr    []byte
	Why       string // a sentence when Status is not OK
	Isolation Level
	Hold      Hold
	Setup     time.Duration // of Wall: until the program proper began
}

// Report says whether a level works here.
type Report struct {
	Level Level
	OK    bool
	Why   string // why not, or what about it
}
