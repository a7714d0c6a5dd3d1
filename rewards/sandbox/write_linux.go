//go:build amd64 || arm64

package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// nobody is the user that root's programs become.
const nobody = 65534

// stepExec names the step that starts the program.
const stepExec = "start the program"

// write fills in the child's plan. fds are the descriptors that it gets, by
// their number there; -1 for none.
func (s *keeperServer) write(c *child, fds *[fdLast + 1]int) error {
	p := &plan{grouped: c.level != UserNS}
	c.plan = p
	if c.level == Landlock {
		rules, err := ruleset(s.can.landlock, c.box, c.program.Binds)
		if err != nil {
			return err
		}
		fds[fdRuleset], c.theirs = rules, append(c.theirs, rules)
	}
	if c.cgroup != nil && s.cgroups.into {
		p.into = &cloneInto{flags: unix.CLONE_INTO_CGROUP, exitSignal: uint64(unix.SIGCHLD), cgroup: uint64(c.cgroup.fd)}
	}
	box := "/tmp"
	if c.box != "" {
		box = c.box
	}
	argv, env := c.arguments(box)
	if c.level == Bwrap {
		fd, err := filterFile(policy(true))
		if err != nil {
			return err
		}
		fds[fdSeccomp], c.theirs = fd, append(c.theirs, fd)
		argv = append(bwrapArguments(s.bwrap, c), argv...)
	}

	setup := &p.setup
	takeDescriptors(setup, fds, s.can.closeRange)
	go1 := make([]byte, 1)
	setup.add("wait for the keeper", unix.SYS_READ, fdSync, setup.mem(go1), 1).want = 1
	setup.add("close the sync pipe", unix.SYS_CLOSE, fdSync)
	setup.add("leave the session", unix.SYS_SETSID)
	if c.level == UserNS {
		p.flags = newNamespaces
		if p.into != nil {
			p.into.flags |= newNamespaces
		}
		setup.add("set the host name", unix.SYS_SETHOSTNAME, setup.str("sandbox"), uintptr(len("sandbox")))
		newRoot(setup, s.can, &c.program, c.program.Files)
		dropBounding(setup)
		if s.can.root {
			become(setup, boxID)
		}
		noCapabilities(setup)
	} else {
		setup.add("enter the box", unix.SYS_CHDIR, setup.str(box))
		setup.add("adopt orphans", unix.SYS_PRCTL, unix.PR_SET_CHILD_SUBREAPER, 1)
		if c.level == Landlock || c.level == Bwrap && s.can.root { // bubblewrap needs no more than a user has
			dropBounding(setup)
			if s.can.root {
				become(setup, nobody)
			}
			noCapabilities(setup)
		}
	}
	setup.add("die with the keeper", unix.SYS_PRCTL, unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL))
	setup.add("hide memory", unix.SYS_PRCTL, unix.PR_SET_DUMPABLE, 0)

	program := &p.program
	if p.grouped {
		program.add("form a group", unix.SYS_SETPGID, 0, 0)
	}
	program.add("die with the stub", unix.SYS_PRCTL, unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL))
	program.add("set umask", unix.SYS_UMASK, 0o022)
	limit(program, &c.program, s.processes(c))
	if c.level == Landlock {
		program.add("restrict files", unix.SYS_LANDLOCK_RESTRICT_SELF, fdRuleset, 0)
	}
	program.add("unblock signals", unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, program.mem(make([]byte, 8)), 0, 8)
	path, vector, environ := program.str(argv[0]), program.vector(argv), program.vector(env)
	if c.level == UserNS || c.level == Landlock {
		rules := policy(c.level == UserNS)
		if c.level == Landlock && s.can.landlock < 3 {
			rules = withoutTruncation(rules)
		}
		filter(program, assemble(auditArch, rules))
	}
	program.add(stepExec, unix.SYS_EXECVE, path, vector, environ)
	return nil
}

// takeDescriptors moves descriptors to their numbers. All of them are above
// the numbers' range first, so that none is overwritten before it is moved.
func takeDescriptors(s *script, fds *[fdLast + 1]int, closeRange bool) {
	const aside = fdLast + 1
	for to, fd := range fds {
		if fd >= 0 {
			s.add("move a descriptor aside", unix.SYS_DUP3, uintptr(fd), uintptr(parked+to), 0)
		}
	}
	for to, fd := range fds {
		if fd < 0 {
			continue
		}
		flags := uintptr(0)
		if to == fdReport || to == fdSync || to == fdRuleset {
			flags = unix.O_CLOEXEC
		}
		s.add("move a descriptor", unix.SYS_DUP3, uintptr(parked+to), uintptr(to), flags)
	}
	for fd := range fds {
		if fds[fd] < 0 {
			s.add("close a descriptor", unix.SYS_CLOSE, uintptr(fd)).may = true
		}
	}
	if closeRange {
		s.add("close descriptors", unix.SYS_CLOSE_RANGE, aside, ^uintptr(0)>>32, 0)
		return
	}
	for _, fd := range openDescriptors() {
		if fd >= aside {
			s.add("close a descriptor", unix.SYS_CLOSE, uintptr(fd)).may = true
		}
	}
	for to := range fds {
		s.add("close a descriptor", unix.SYS_CLOSE, uintptr(parked+to)).may = true
	}
}

// parked is above all descriptors that a keeper has open.
const parked = 900

// openDescriptors lists those of the keeper, and a few more for what other
// goroutines open meanwhile.
func openDescriptors() []int {
	highest := 0
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		highest = parked - 65
	}
	for _, e := range entries {
		var n int
		if _, err := fmt.Sscan(e.Name(), &n); err == nil && n > highest {
			highest = n
		}
	}
	list := make([]int, 0, highest+64)
	for fd := range highest + 64 {
		list = append(list, fd)
	}
	return list
}

// processes is the limit to set. It counts all processes of the user, except
// in a user namespace of its own since Linux 5.14. It is 0, for none, where
// they are counted for the box's control group.
func (s *keeperServer) processes(c *child) uint64 {
	n := uint64(c.program.Processes)
	if c.level == UserNS && s.can.userCounts {
		return n + 1 // the stub
	}
	if c.cgroup != nil {
		return 0
	}
	uid := os.Geteuid()
	if s.can.root && c.level != None {
		uid = nobody
	}
	return n + 1 + uint64(tasksOf(uid))
}

// arguments replaces BoxPath and completes the environment.
func (c *child) arguments(box string) (argv, env []string) {
	for _, a := range c.program.Argv {
		argv = append(argv, strings.ReplaceAll(a, BoxPath, box))
	}
	env = []string{"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=" + box, "TMPDIR=" + box, "LANG=C.UTF-8", "LC_ALL=C.UTF-8"}
	for _, v := range c.program.Env {
		env = append(env, strings.ReplaceAll(v, BoxPath, box))
	}
	return argv, env
}

// makeBox makes the box as a folder of the host.
func (c *child) makeBox(can abilities) error {
	dir, err := os.MkdirTemp("", "gradus-box-")
	if err != nil {
		return fmt.Errorf("sandbox: make a box: %w", err)
	}
	c.box = dir
	if err := os.Chmod(dir, 0o700); err != nil {
		return err
	}
	for _, f := range c.program.Files {
		mode := os.FileMode(0o444)
		if f.Exec {
			mode = 0o555
		}
		path := filepath.Join(dir, f.Name)
		if err := os.WriteFile(path, f.Data, mode); err != nil {
			return fmt.Errorf("sandbox: %w", err)
		}
		if err := os.Chmod(path, mode); err != nil { // whatever the umask says
			return err
		}
	}
	if can.root && c.level != None {
		return os.Chown(dir, nobody, nobody)
	}
	return nil
}
