//go:build amd64 || arm64

package sandbox

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The user and group that a program is inside its box.
const boxID = 1000

// systemFolders are shown read-only in every box, where the host has them.
func systemFolders() []string {
	return []string{"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/etc/alternatives", "/etc/ld.so.cache"}
}

func devices() []string { return []string{"null", "zero", "full", "random", "urandom"} }

// shown is a host path that a box shows.
type shown struct {
	path string
	link string // it is a symbolic link to this
	dir  bool
}

// look finds out what of the paths is there. A path below another one of the
// list is left out.
func look(paths []string) []shown {
	var out []shown
	for _, p := range paths {
		p = filepath.Clean(p)
		info, err := os.Lstat(p)
		if err != nil || !filepath.IsAbs(p) || p == "/" || slices.ContainsFunc(out, func(s shown) bool { return s.dir && strings.HasPrefix(p, s.path+"/") }) ||
			slices.ContainsFunc(out, func(s shown) bool { return s.path == p }) {
			continue
		}
		s := shown{path: p, dir: info.IsDir()}
		if info.Mode()&os.ModeSymlink != 0 {
			if s.link, err = os.Readlink(p); err != nil {
				continue
			}
		}
		out = append(out, s)
	}
	return out
}

// procMode says which /proc a box can have.
type procMode int

const (
	procPids procMode = iota // its own processes and nothing else
	procFull                 // its own, with the system's tables (Linux before 5.8)
	procNone                 // none: part of the host's is masked, as containers do
)

// abilities are what the keeper has found out about the kernel.
type abilities struct {
	proc         procMode
	mountSetattr bool // Linux 5.12
	closeRange   bool // Linux 5.9
	landlock     int  // version of the interface; 0: none
	userCounts   bool // Linux 5.14: processes are counted for each user namespace
	root         bool // the keeper is root, and has a nobody that programs become
}

// mounter writes the steps that make a root of its own.
type mounter struct {
	*script
	can    abilities
	made   map[string]bool
	mounts []string // of the host, where they have to be named one by one
}

func (m *mounter) mount(name, source, target, kind string, flags uintptr, data string) *step {
	optional := func(s string) uintptr {
		if s == "" {
			return 0
		}
		return m.str(s)
	}
	return m.add(name, unix.SYS_MOUNT, optional(source), m.str(target), optional(kind), flags, optional(data))
}

// folders makes a folder under /new and those above it, once.
func (m *mounter) folders(path string) {
	for i, c := range path {
		if i > 0 && c == '/' {
			m.folder(path[:i])
		}
	}
	m.folder(path)
}

func (m *mounter) folder(path string) {
	if path == "/" || m.made[path] {
		return
	}
	m.made[path] = true
	m.add("make "+path, unix.SYS_MKDIRAT, atCWD, m.str("/new"+path), 0o755)
}

var atCWD = func() uintptr { cwd := unix.AT_FDCWD; return uintptr(cwd) }() // a negative constant converts at run time only

// attributes of mount_setattr(2).
const (
	attrReadOnly = 1
	attrNoSUID   = 2
	attrNoDev    = 4
	attrNoExec   = 8
)

// show binds a host path to the same path of the box, read-only.
func (m *mounter) show(s shown, attributes uint64) {
	m.folders(filepath.Dir(s.path))
	if s.link != "" {
		m.add("link "+s.path, unix.SYS_SYMLINKAT, m.str(s.link), atCWD, m.str("/new"+s.path))
		return
	}
	if s.dir {
		m.folder(s.path)
	} else {
		m.write(s.path, nil, 0o644)
	}
	m.mount("show "+s.path, "/old"+s.path, "/new"+s.path, "", unix.MS_BIND|unix.MS_REC, "")
	m.restrict(s.path, attributes, true)
}

// restrict sets attributes of a mount.
func (m *mounter) restrict(path string, attributes uint64, all bool) {
	if m.can.mountSetattr {
		attr := make([]byte, 32)
		binary.NativeEndian.PutUint64(attr, attributes)
		flags := uintptr(0)
		if all {
			flags = unix.AT_RECURSIVE
		}
		m.add("restrict "+path, unix.SYS_MOUNT_SETATTR, atCWD, m.str("/new"+path), flags, m.mem(attr), uintptr(len(attr)))
		return
	}
	paths := []string{path}
	if all {
		paths = append(paths, m.below(path)...)
	}
	for _, path := range paths {
		// The flags that the mount has already must be given again.
		flags := uintptr(unix.MS_REMOUNT | unix.MS_BIND)
		var st unix.Statfs_t
		if unix.Statfs(path, &st) == nil {
			flags |= uintptr(st.Flags) & (unix.ST_RDONLY | unix.ST_NOSUID | unix.ST_NODEV | unix.ST_NOEXEC | unix.ST_NOATIME | unix.ST_NODIRATIME)
			if st.Flags&unix.ST_RELATIME != 0 {
				flags |= unix.MS_RELATIME
			}
		}
		m.mount("restrict "+path, "", "/new"+path, "", flags|uintptr(attributes), "") // the low attributes have the same bits
	}
}

// below lists the mounts below a path that can be seen: each has attributes of
// its own, and came along with the path's.
func (m *mounter) below(path string) []string {
	if m.mounts == nil {
		m.mounts = mountPoints()
	}
	var out []string
	for _, at := range m.mounts {
		if strings.HasPrefix(at, path+"/") && !slices.Contains(out, at) {
			if _, err := os.Lstat(at); err == nil { // not under another mount
				out = append(out, at)
			}
		}
	}
	return out
}

// mountPoints lists those of this process (field 5 of mountinfo, proc(5)).
func mountPoints() []string {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil
	}
	var out []string
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) > 4 {
			out = append(out, unescapeMount(f[4]))
		}
	}
	return out
}

// write makes a file under /new.
func (m *mounter) write(path string, data []byte, mode uintptr) {
	open := m.add("create "+path, unix.SYS_OPENAT, atCWD, m.str("/new"+path), unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_CLOEXEC, mode)
	open.keep = true
	for len(data) > 0 {
		n := min(len(data), 1<<30)
		w := m.add("write "+path, unix.SYS_WRITE, 0, m.mem(data[:n]), uintptr(n))
		w.use, w.want = 1, uintptr(n)
		data = data[n:]
	}
	m.add("close "+path, unix.SYS_CLOSE).use = 1
}

// newRoot writes the steps that replace the root by one in memory: a base in
// which the host's root stands as /old and the new one as /new, then the new
// one alone.
func newRoot(s *script, can abilities, program *Program, files []File) {
	m := &mounter{script: s, can: can, made: map[string]bool{}}
	m.mount("keep mounts to itself", "none", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")
	m.mount("mount the base", "tmpfs", "/tmp", "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "size=1m,nr_inodes=1024,mode=755")
	m.add("enter the base", unix.SYS_CHDIR, m.str("/tmp"))
	m.add("make new", unix.SYS_MKDIRAT, atCWD, m.str("new"), 0o755)
	m.add("make old", unix.SYS_MKDIRAT, atCWD, m.str("old"), 0o755)
	m.mount("make new a mount", "new", "new", "", unix.MS_BIND, "")
	m.add("change to the base", unix.SYS_PIVOT_ROOT, m.str("."), m.str("old"))
	m.add("enter the root", unix.SYS_CHDIR, m.str("/"))
	m.folder("/tmp")
	m.mount("mount /tmp", "tmpfs", "/new/tmp", "tmpfs", unix.MS_NOSUID|unix.MS_NODEV,
		fmt.Sprintf("size=%d,nr_inodes=2048,mode=700,uid=%d,gid=%d", program.Disk, boxID, boxID))
	for _, show := range look(append(systemFolders(), program.Binds...)) {
		m.show(show, attrReadOnly|attrNoSUID|attrNoDev)
	}
	for _, d := range devices() {
		m.show(shown{path: "/dev/" + d}, attrReadOnly|attrNoSUID|attrNoExec)
	}
	for link, to := range map[string]string{"/dev/shm": "/tmp", "/dev/fd": "/proc/self/fd"} {
		m.add("link "+link, unix.SYS_SYMLINKAT, m.str(to), atCWD, m.str("/new"+link))
	}
	m.folders("/etc")
	m.write("/etc/passwd", fmt.Appendf(nil, "sandbox:x:%d:%d::/tmp:/bin/sh\n", boxID, boxID), 0o644)
	m.write("/etc/group", fmt.Appendf(nil, "sandbox:x:%d:\n", boxID), 0o644)
	switch can.proc {
	case procPids:
		m.folder("/proc")
		m.mount("mount /proc", "proc", "/new/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "subset=pid")
	case procFull:
		m.folder("/proc")
		m.mount("mount /proc", "proc", "/new/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")
	}
	for _, f := range files {
		mode := uintptr(0o444)
		if f.Exec {
			mode = 0o555
		}
		m.write("/tmp/"+f.Name, f.Data, mode)
	}
	m.mount("make the root read-only", "", "/new", "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV, "")
	m.add("enter new", unix.SYS_CHDIR, m.str("/new"))
	m.add("change to new", unix.SYS_PIVOT_ROOT, m.str("."), m.str("."))
	m.add("let the host's root go", unix.SYS_UMOUNT2, m.str("."), unix.MNT_DETACH)
	m.add("enter the box", unix.SYS_CHDIR, m.str("/tmp"))
}

// dropBounding writes the steps after which no program can give the process a
// capability that it lacks.
func dropBounding(s *script) {
	for c := uintptr(0); c <= unix.CAP_LAST_CAP; c++ {
		s.add("drop a capability", unix.SYS_PRCTL, unix.PR_CAPBSET_DROP, c).may = true // without the right to, or on kernels that lack the last ones
	}
}

// noCapabilities writes the steps after which the process has no capability
// and no way to get one.
func noCapabilities(s *script) {
	header := make([]byte, 8)
	binary.NativeEndian.PutUint32(header, unix.LINUX_CAPABILITY_VERSION_3)
	s.add("drop capabilities", unix.SYS_CAPSET, s.mem(header), s.mem(make([]byte, 24)))
	noNewPrivileges(s)
}

func noNewPrivileges(s *script) {
	s.add("refuse new privileges", unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
}

// become writes the steps that change to a user and group without others.
func become(s *script, id uintptr) {
	s.add("leave all groups", unix.SYS_SETGROUPS, 0, 0)
	s.add("change group", unix.SYS_SETRESGID, id, id, id)
	s.add("change user", unix.SYS_SETRESUID, id, id, id)
}

// limit writes the steps that set the resource limits of this process.
func limit(s *script, p *Program, processes uint64) {
	set := func(resource int, soft, hard uint64) {
		b := make([]byte, 16)
		binary.NativeEndian.PutUint64(b, soft)
		binary.NativeEndian.PutUint64(b[8:], hard)
		s.add(fmt.Sprintf("set limit %d", resource), unix.SYS_PRLIMIT64, 0, uintptr(resource), s.mem(b), 0)
	}
	seconds := uint64((p.CPU.Milliseconds() + 999) / 1000)
	set(unix.RLIMIT_CPU, seconds, seconds+1)
	if p.Reserve {
		// Stacks of threads and heaps to come count as data before they are
		// touched; what is touched is watched (watch_linux.go).
		set(unix.RLIMIT_DATA, 4*uint64(p.Memory), 4*uint64(p.Memory))
	} else {
		set(unix.RLIMIT_AS, uint64(p.Memory), uint64(p.Memory))
	}
	if p.DeepStack {
		// Without a limit and not with Memory as one: threads would get stacks
		// of that size. Where the limit is fixed lower, it stays.
		set(unix.RLIMIT_STACK, unix.RLIM_INFINITY, unix.RLIM_INFINITY)
		s.steps[len(s.steps)-1].may = true
	}
	set(unix.RLIMIT_FSIZE, uint64(p.Disk), uint64(p.Disk))
	set(unix.RLIMIT_NOFILE, uint64(p.OpenFiles), uint64(p.OpenFiles))
	set(unix.RLIMIT_CORE, 0, 0)
	set(unix.RLIMIT_MSGQUEUE, 0, 0)
	set(unix.RLIMIT_MEMLOCK, 0, 0)
	if processes > 0 {
		set(unix.RLIMIT_NPROC, processes, processes)
	}
}

// filter writes the step that installs a system call filter.
func filter(s *script, code []unix.SockFilter) {
	raw := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(code))), len(code)*int(unsafe.Sizeof(code[0])))
	prog := make([]byte, unsafe.Sizeof(unix.SockFprog{}))
	p := (*unix.SockFprog)(unsafe.Pointer(&prog[0]))
	p.Len = uint16(len(code))
	*(*uintptr)(unsafe.Pointer(&p.Filter)) = s.mem(raw)
	s.add("filter system calls", unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, s.mem(prog))
}
