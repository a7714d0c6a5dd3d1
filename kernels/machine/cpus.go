package machine

import (
	"fmt"
	"io/fs"
	"math"
	"strconv"
	"strings"
)

// CPUs is a number of threads that this process may keep busy, at least 1.
type CPUs struct {
	N   int
	Why string // what sets it
}

// FindCPUs returns the CPUs of the affinity mask (affinity, as
// runtime.NumCPU tells it), cut to the quota of the control groups, rounded to
// the nearest number of threads. root is the file system from "/" on.
func FindCPUs(root fs.FS, affinity int) CPUs {
	c := CPUs{max(affinity, 1), plural(affinity, "CPU") + " in the affinity mask"}
	if q, at := quota(root); q > 0 && q < float64(c.N) {
		c = CPUs{max(int(math.Round(q)), 1), fmt.Sprintf("a quota of %.4g of %s in control group /%s", q, plural(affinity, "CPU"), at)}
	}
	return c
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// Threads is the number of worker threads of a run: what the environment
// variable GRADUS_THREADS says, else the recipe's key threads, else what the
// process may use, but no more than most. getenv is os.Getenv outside of
// tests.
func Threads(getenv func(string) string, recipe, most int, found CPUs) (CPUs, error) {
	if s := strings.TrimSpace(getenv("GRADUS_THREADS")); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > most {
			return CPUs{}, fmt.Errorf("GRADUS_THREADS is %q; give a number of threads from 1 to %d, or unset it for %d (%s)", s, most, min(found.N, most), found.Why)
		}
		return CPUs{n, "GRADUS_THREADS" + oversubscribed(n, found)}, nil
	}
	if recipe != 0 {
		if recipe < 1 || recipe > most {
			return CPUs{}, fmt.Errorf("threads is %d; give a number from 1 to %d, or 0 for %d (%s)", recipe, most, min(found.N, most), found.Why)
		}
		return CPUs{recipe, "key threads" + oversubscribed(recipe, found)}, nil
	}
	if found.N > most {
		return CPUs{most, fmt.Sprintf("the most that one device takes, of %s", found.Why)}, nil
	}
	return found, nil
}

func oversubscribed(n int, found CPUs) string {
	if n <= found.N {
		return ""
	}
	return fmt.Sprintf(", more than the %d that this process may keep busy: %s", found.N, found.Why)
}

// quota returns how many CPUs the control group of this process may use, 0 for
// no limit: the smallest over the group and its parents, of v2 (cpu.max) and v1
// (cpu.cfs_quota_us), and where it is set.
func quota(root fs.FS) (least float64, at string) {
	for _, d := range groupDirs(root, "cpu") {
		q := 0.0
		if d.v2 {
			// "quota period", where quota may be "max"
			if f := strings.Fields(word(root, d.path, "cpu.max")); len(f) == 2 {
				q = ratio(f[0], f[1])
			}
		} else {
			q = ratio(word(root, d.path, "cpu.cfs_quota_us"), word(root, d.path, "cpu.cfs_period_us"))
		}
		if q > 0 && (least == 0 || q < least) {
			least, at = q, d.path
		}
	}
	return least, at
}

// ratio is quota / period; 0 for none, which v1 writes as -1.
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
