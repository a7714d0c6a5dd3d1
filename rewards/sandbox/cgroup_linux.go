//go:build amd64 || arm64

package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// boxGroup begins the names of the keeper's control groups: gradus-box-PID-N.
const boxGroup = "gradus-box-"

// groupSlack is what a box may take beside its programs and its files: the
// stub, kernel stacks and page tables, pipes with the program's output.
const groupSlack = 32 << 20

// cgroups is the place where a keeper may make control groups of version 2
// (cgroups(7), Documentation/admin-guide/cgroup-v2.rst).
type cgroups struct {
	dir  string // the group that ours are made in
	path string // the same, as /proc/self/cgroup would name it
	into bool   // clone3 can start a child in a group (Linux 5.7)
	next atomic.Int64
}

// findCgroups looks for a group in which this process may make others with
// limits of memory and of processes: its own, or the nearest above. Processes
// and limits for groups below exclude each other except in the root, so in most
// cases it is the one above, which systemd gives to a user's own services and
// terminals, and to whoever asks for Delegate=yes.
func findCgroups() (*cgroups, error) {
	mount, root, err := cgroupMount()
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return nil, err
	}
	own := ""
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "0::"); ok {
			own = strings.TrimSuffix(rest, "\n")
		}
	}
	if own != root && !strings.HasPrefix(own, strings.TrimSuffix(root, "/")+"/") {
		return nil, fmt.Errorf("this process is in the control group %q, which %s does not show", own, mount)
	}
	var first error
	for path := own; ; path = filepath.Dir(path) {
		g := &cgroups{dir: filepath.Join(mount, strings.TrimPrefix(path, strings.TrimSuffix(root, "/"))), path: path}
		err := g.usable()
		if err == nil {
			return g, nil
		}
		if first == nil || errors.Is(first, unix.EBUSY) {
			first = err
		}
		if path == root || path == "/" || path == "." {
			return nil, first
		}
	}
}

// cgroupMount finds the file system of control groups and the group that is
// its root (field 4 of /proc/self/mountinfo).
func cgroupMount() (mount, root string, err error) {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return "", "", err
	}
	for line := range strings.Lines(string(text)) {
		before, after, ok := strings.Cut(line, " - ")
		f := strings.Fields(before)
		if ok && len(f) >= 5 && strings.HasPrefix(after, "cgroup2 ") {
			return unescapeMount(f[4]), unescapeMount(f[3]), nil
		}
	}
	return "", "", errors.New("no control groups of version 2 are mounted")
}

// unescapeMount undoes the octal escapes of mountinfo.
func unescapeMount(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}

// usable says whether groups with both limits can be made here.
func (g *cgroups) usable() error {
	if lacks := g.lacks("cgroup.controllers"); lacks != "" {
		return fmt.Errorf("the control group %s has no %s controller", g.path, lacks)
	}
	if g.lacks("cgroup.subtree_control") != "" {
		if err := os.WriteFile(filepath.Join(g.dir, "cgroup.subtree_control"), []byte("+memory +pids"), 0); err != nil {
			return fmt.Errorf("limits below the control group %s: %w", g.path, errno(err))
		}
	}
	test := g.name()
	if err := os.Mkdir(test, 0o755); err != nil {
		return fmt.Errorf("make a control group in %s: %w", g.path, errno(err))
	}
	defer os.Remove(test) //nolint:errcheck // empty; sweep finds it later
	for _, f := range []string{"memory.max", "pids.max"} {
		if err := os.WriteFile(filepath.Join(test, f), []byte("max"), 0); err != nil {
			return fmt.Errorf("set %s below the control group %s: %w", f, g.path, errno(err))
		}
	}
	return nil
}

// lacks names the controller that a list of them does not have.
func (g *cgroups) lacks(list string) string {
	text, _ := os.ReadFile(filepath.Join(g.dir, list)) // unreadable: none
	for _, want := range []string{"memory", "pids"} {
		if !slices.Contains(strings.Fields(string(text)), want) {
			return want
		}
	}
	return ""
}

// errno is the bare error of a system call: its path is told already.
func errno(err error) error {
	var e unix.Errno
	if errors.As(err, &e) {
		return e
	}
	return err
}

func (g *cgroups) name() string {
	return filepath.Join(g.dir, fmt.Sprintf("%s%d-%d", boxGroup, os.Getpid(), g.next.Add(1)))
}

// sweep removes the groups of keepers that were killed.
func (g *cgroups) sweep() {
	list, _ := filepath.Glob(filepath.Join(g.dir, boxGroup+"*")) // the pattern is good
	for _, dir := range list {
		pid, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), boxGroup), "-")
		if _, err := os.Stat("/proc/" + pid); errors.Is(err, os.ErrNotExist) {
			_ = unix.Rmdir(dir) // not while it has processes
		}
	}
}

// group is the control group of one program.
type group struct {
	dir string
	fd  int
}

// add makes a group for a program with a number of processes beside its own.
// Files in a box of its own root are memory and count.
func (g *cgroups) add(p *Program, beside int) (*group, error) {
	b := &group{dir: g.name(), fd: -1}
	err := os.Mkdir(b.dir, 0o755)
	if err == nil {
		b.fd, err = unix.Open(b.dir, unix.O_DIRECTORY|unix.O_CLOEXEC|unix.O_RDONLY, 0)
	}
	set := func(file, value string, may bool) {
		if err != nil {
			return
		}
		if err = os.WriteFile(filepath.Join(b.dir, file), []byte(value), 0); may {
			err = nil
		}
	}
	set("memory.max", strconv.FormatInt(p.Memory+p.Disk+groupSlack, 10), false)
	set("memory.swap.max", "0", true)  // where swap is counted
	set("memory.oom.group", "1", true) // Linux 4.19: all of it ends, not the largest process
	set("pids.max", strconv.Itoa(p.Processes+beside), false)
	if err != nil {
		b.remove()
		return nil, fmt.Errorf("make a control group: %w", err)
	}
	return b, nil
}

// enter puts a process into the group.
func (b *group) enter(pid int) error {
	return b.write("cgroup.procs", strconv.Itoa(pid))
}

// killAll ends everything in the group: at once since Linux 5.14, before one by
// one, and again while there are new ones.
func (b *group) killAll() {
	if b.write("cgroup.kill", "1") == nil {
		return
	}
	for range 100 {
		text, err := os.ReadFile(filepath.Join(b.dir, "cgroup.procs"))
		if err != nil || len(text) == 0 {
			return
		}
		for _, f := range strings.Fields(string(text)) {
			if pid, err := strconv.Atoi(f); err == nil && pid > 1 { // 0: of another process namespace
				kill9(pid)
			}
		}
	}
}

// write writes a file of the group, which must be there.
func (b *group) write(file, value string) error {
	fd, err := unix.Openat(b.fd, file, unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	_, err = unix.Write(fd, []byte(value))
	return err
}

// number reads a number of a file of the group: of the line that begins with
// key. It is -1 where there is none.
func (b *group) number(file, key string) int64 {
	text, err := os.ReadFile(filepath.Join(b.dir, file))
	if err != nil {
		return -1
	}
	for line := range bytes.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(string(line)), " ")
		if name == key {
			if n, err := strconv.ParseInt(value, 10, 64); err == nil {
				return n
			}
		}
	}
	return -1
}

// cpu is the processor time of all that ever ran in the group.
func (b *group) cpu() time.Duration {
	return time.Duration(max(0, b.number("cpu.stat", "usage_usec"))) * time.Microsecond
}

// starved says whether processes were killed because the group's memory was
// used up.
func (b *group) starved() bool { return b.number("memory.events", "oom_kill") > 0 }

// remove ends what is left in the group and removes it. Processes that are
// about to end keep it for a moment; what remains after that is swept by the
// next keeper.
func (b *group) remove() {
	if b.fd >= 0 {
		b.killAll()
		unix.Close(b.fd)
		b.fd = -1
	}
	for wait := time.Millisecond; wait < time.Second; wait *= 2 {
		if err := unix.Rmdir(b.dir); err == nil || err == unix.ENOENT {
			return
		}
		time.Sleep(wait)
	}
}
