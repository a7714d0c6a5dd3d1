package cpu

import (
	"io/fs"
	"os"
	"path"
	"runtime"
	"strconv"
	"strings"
)

// available is the number of threads the process may keep busy: the CPUs of
// its affinity mask, cut to the cgroup's quota.
func available() int {
	n := runtime.NumCPU()
	if q := quota(os.DirFS("/")); q > 0 && q < float64(n) {
		n = int(q + 0.5)
	}
	return min(max(n, 1), MaxThreads)
}

// quota returns how many CPUs the cgroup of this process may use, 0 for no
// limit: the smallest over the group and its parents, of cgroup v2 (cpu.max)
// and v1 (cpu.cfs_quota_us). root is the file system from "/" on.
func quota(root fs.FS) float64 {
	list, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return 0
	}
	least := 0.0
	for _, line := range strings.Split(string(list), "\n") {
		// hierarchy:controllers:path, with no controllers in v2
		f := strings.SplitN(line, ":", 3)
		if len(f) != 3 {
			continue
		}
		base, read := "", readMax
		if f[1] == "" {
			base = "sys/fs/cgroup"
		} else if has(strings.Split(f[1], ","), "cpu") {
			base, read = "sys/fs/cgroup/cpu", readCFS
		} else {
			continue
		}
		for dir := path.Clean("/" + f[2]); ; dir = path.Dir(dir) {
			if q := read(root, path.Join(base, dir)); q > 0 && (least == 0 || q < least) {
				least = q
			}
			if dir == "/" {
				break
			}
		}
	}
	return least
}

func has(list []string, want string) bool {
	for _, s := range list {
		if s == want {
			return true
		}
	}
	return false
}

// readMax reads cgroup v2's "quota period", where quota may be "max".
func readMax(root fs.FS, dir string) float64 {
	b, err := fs.ReadFile(root, path.Join(dir, "cpu.max"))
	if err != nil {
		return 0
	}
	f := strings.Fields(string(b))
	if len(f) != 2 {
		return 0
	}
	return ratio(f[0], f[1])
}

// readCFS reads cgroup v1's two files; a quota of -1 is none.
func readCFS(root fs.FS, dir string) float64 {
	q, err := fs.ReadFile(root, path.Join(dir, "cpu.cfs_quota_us"))
	if err != nil {
		return 0
	}
	p, err := fs.ReadFile(root, path.Join(dir, "cpu.cfs_period_us"))
	if err != nil {
		return 0
	}
	return ratio(strings.TrimSpace(string(q)), strings.TrimSpace(string(p)))
}

func ratio(quota, period string) float64 {
	q, err := strconv.ParseFloat(quota, 64)
	if err != nil || q <= 0 {
		return 0
	}
	p, err := strconv.ParseFloat(period, 64)
	if err != nil || p <= 0 {
		return 0
	}
	return q / p
}
