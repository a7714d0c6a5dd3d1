// Package machine says how much of a machine this process may use: CPUs and
// memory, as its affinity mask, its control groups (v1 and v2) and the system
// allow. It only reads files under /proc and /sys, which callers pass in.
package machine

import (
	"io/fs"
	"path"
	"strings"
)

// groupDirs lists the folders of the process's control group that limit a
// controller ("cpu", "memory"), from the group itself up to the top of the
// hierarchy that is visible here, relative to root. v2 says which of the two
// interfaces a folder has.
func groupDirs(root fs.FS, controller string) []groupDir {
	list, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return nil
	}
	mounts := cgroupMounts(root)
	var dirs []groupDir
	for _, line := range strings.Split(string(list), "\n") {
		// hierarchy:controllers:path, with no controllers in v2
		f := strings.SplitN(line, ":", 3)
		if len(f) != 3 {
			continue
		}
		v2 := f[1] == ""
		if !v2 && !has(strings.Split(f[1], ","), controller) {
			continue
		}
		m := mounts.of(v2, controller)
		inside := path.Clean("/" + f[2])
		// A container often sees its own group as the top of the hierarchy,
		// under the path that the group has outside.
		if rest, ok := strings.CutPrefix(inside, m.root); ok && m.root != "/" {
			inside = path.Clean("/" + rest)
		}
		for dir := inside; ; dir = path.Dir(dir) {
			dirs = append(dirs, groupDir{path.Join(m.at, dir), v2})
			if dir == "/" {
				break
			}
		}
	}
	return dirs
}

type groupDir struct {
	path string
	v2   bool
}

// mount is a hierarchy of control groups in the file system.
type mount struct {
	at, root    string // where it is mounted; which group is its top
	v2          bool
	controllers []string
}

type mountList []mount

// of is where a controller is mounted, by convention if no mount says so.
func (l mountList) of(v2 bool, controller string) mount {
	for _, m := range l {
		if m.v2 == v2 && (v2 || has(m.controllers, controller)) {
			return m
		}
	}
	if v2 {
		return mount{at: "sys/fs/cgroup", root: "/"}
	}
	return mount{at: "sys/fs/cgroup/" + controller, root: "/"}
}

// cgroupMounts reads proc/self/mountinfo (proc_pid_mountinfo(5)): id, parent,
// device, root, mount point, options, optional fields, "-", type, source,
// options of the file system.
func cgroupMounts(root fs.FS) mountList {
	b, err := fs.ReadFile(root, "proc/self/mountinfo")
	if err != nil {
		return nil
	}
	var list mountList
	for _, line := range strings.Split(string(b), "\n") {
		before, after, ok := strings.Cut(line, " - ")
		f, kind := strings.Fields(before), strings.Fields(after)
		if !ok || len(f) < 5 || len(kind) < 3 || (kind[0] != "cgroup" && kind[0] != "cgroup2") {
			continue
		}
		list = append(list, mount{
			at: strings.TrimPrefix(f[4], "/"), root: path.Clean(f[3]), v2: kind[0] == "cgroup2",
			controllers: strings.Split(kind[2], ","),
		})
	}
	return list
}

func has(list []string, want string) bool {
	for _, s := range list {
		if s == want {
			return true
		}
	}
	return false
}

// word reads a file of one line; "" if it cannot be read.
func word(root fs.FS, dir, name string) string {
	b, err := fs.ReadFile(root, path.Join(dir, name))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}
