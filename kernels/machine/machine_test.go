package machine

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

func files(pairs ...string) fstest.MapFS {
	m := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return m
}

func TestQuota(t *testing.T) {
	for _, c := range []struct {
		name string
		fs   fstest.MapFS
		want float64
	}{
		{"none", files(), 0},
		{"v2 without a limit", files("proc/self/cgroup", "0::/\n", "sys/fs/cgroup/cpu.max", "max 100000\n"), 0},
		{"v2", files("proc/self/cgroup", "0::/a/b\n", "sys/fs/cgroup/a/b/cpu.max", "250000 100000\n"), 2.5},
		{"v2, parent is tighter", files("proc/self/cgroup", "0::/a/b\n",
			"sys/fs/cgroup/a/b/cpu.max", "800000 100000\n", "sys/fs/cgroup/a/cpu.max", "150000 100000\n"), 1.5},
		{"v2 in a container", files("proc/self/cgroup", "0::/\n", "sys/fs/cgroup/cpu.max", "50000 100000"), 0.5},
		{"v2 beside v1", files("proc/self/cgroup", "1:cpu:/\n0::/a\n",
			"proc/self/mountinfo", "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n33 31 0:30 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
			"sys/fs/cgroup/unified/a/cpu.max", "350000 100000\n"), 3.5},
		{"v1", files("proc/self/cgroup", "4:memory:/x\n3:cpu,cpuacct:/job\n",
			"sys/fs/cgroup/cpu/job/cpu.cfs_quota_us", "300000\n", "sys/fs/cgroup/cpu/job/cpu.cfs_period_us", "100000\n"), 3},
		{"v1 mounted under another name", files("proc/self/cgroup", "3:cpu,cpuacct:/job\n",
			"proc/self/mountinfo", "34 31 0:31 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:5 - cgroup cgroup rw,cpu,cpuacct\n",
			"sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "120000\n", "sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us", "100000\n"), 1.2},
		{"v1 in a container, seen by its path outside", files("proc/self/cgroup", "3:cpu:/docker/c1/sub\n",
			"proc/self/mountinfo", "34 31 0:31 /docker/c1 /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n",
			"sys/fs/cgroup/cpu/cpu.cfs_quota_us", "800000\n", "sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n",
			"sys/fs/cgroup/cpu/sub/cpu.cfs_quota_us", "200000\n", "sys/fs/cgroup/cpu/sub/cpu.cfs_period_us", "100000\n"), 2},
		{"v1 without a limit", files("proc/self/cgroup", "3:cpu,cpuacct:/\n",
			"sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n", "sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"), 0},
		{"rubbish", files("proc/self/cgroup", "0::/\nx\n", "proc/self/mountinfo", "x - cgroup\n - \n", "sys/fs/cgroup/cpu.max", "many few\n"), 0},
	} {
		if got, _ := quota(c.fs); got != c.want {
			t.Errorf("%s: %g CPUs, want %g", c.name, got, c.want)
		}
	}
}

func TestFindCPUs(t *testing.T) {
	limited := func(max string) fstest.MapFS {
		return files("proc/self/cgroup", "0::/\n", "sys/fs/cgroup/cpu.max", max)
	}
	for _, c := range []struct {
		fs       fstest.MapFS
		affinity int
		want     CPUs
	}{
		{files(), 4, CPUs{4, "4 CPUs in the affinity mask"}},
		{files(), 1, CPUs{1, "1 CPU in the affinity mask"}},
		{limited("800000 100000"), 4, CPUs{4, "4 CPUs in the affinity mask"}},
		{limited("250000 100000"), 8, CPUs{3, "a quota of 2.5 of 8 CPUs in control group /sys/fs/cgroup"}},
		{limited("20000 100000"), 8, CPUs{1, "a quota of 0.2 of 8 CPUs in control group /sys/fs/cgroup"}},
	} {
		if got := FindCPUs(c.fs, c.affinity); got != c.want {
			t.Errorf("%+v, want %+v", got, c.want)
		}
	}
	if c := FindCPUs(os.DirFS("/"), 2); c.N < 1 || c.N > 2 || c.Why == "" {
		t.Errorf("this machine: %+v", c)
	}
}

func TestThreads(t *testing.T) {
	found := CPUs{4, "4 CPUs in the affinity mask"}
	for _, c := range []struct {
		env    string
		recipe int
		want   int
		says   string
	}{
		{"", 0, 4, "affinity mask"},
		{"", 3, 3, "key threads"},
		{" 2 ", 3, 2, "GRADUS_THREADS"},
		{"6", 0, 6, "more than the 4 that this process may keep busy"},
		{"", 8, 8, "more than the 4"},
		{"many", 0, 0, `GRADUS_THREADS is "many"; give a number of threads from 1 to 256, or unset it for 4`},
		{"0", 2, 0, `GRADUS_THREADS is "0"`},
		{"-3", 2, 0, `GRADUS_THREADS is "-3"`},
		{"257", 2, 0, `GRADUS_THREADS is "257"`},
		{"", 1000, 0, "threads is 1000; give a number from 1 to 256, or 0 for 4"},
	} {
		got, err := Threads(func(string) string { return c.env }, c.recipe, 256, found)
		said := got.Why
		if err != nil {
			said = err.Error()
		}
		if got.N != c.want || (err != nil) != (c.want == 0) || !strings.Contains(said, c.says) {
			t.Errorf("env %q, recipe %d: %+v, %v; want %d and %q", c.env, c.recipe, got, err, c.want, c.says)
		}
	}
	if got, err := Threads(func(string) string { return "" }, 0, 256, CPUs{384, "x"}); err != nil || got.N != 256 {
		t.Errorf("of 384 CPUs: %+v, %v", got, err)
	}
}

func TestFindMemory(t *testing.T) {
	const meminfo = "MemTotal:       24684092 kB\nMemFree:  1 kB\nMemAvailable:   20000000 kB\n"
	for _, c := range []struct {
		name string
		fs   fstest.MapFS
		want int64
		why  string
	}{
		{"no limit", files("proc/meminfo", meminfo), 20000000 << 10, "MemAvailable"},
		{"v2 max", files("proc/meminfo", meminfo, "proc/self/cgroup", "0::/a\n", "sys/fs/cgroup/a/memory.max", "max\n", "sys/fs/cgroup/a/memory.current", "5\n"), 20000000 << 10, "MemAvailable"},
		{"v2", files("proc/meminfo", meminfo, "proc/self/cgroup", "0::/a\n", "sys/fs/cgroup/a/memory.max", "1000000000\n",
			"sys/fs/cgroup/a/memory.current", "600000000\n", "sys/fs/cgroup/a/memory.stat", "anon 1\ninactive_file 200000000\nactive_file 3\n"), 600000000, "limit of 1.0 GB of control group /sys/fs/cgroup/a"},
		{"v2, the parent has less left", files("proc/meminfo", meminfo, "proc/self/cgroup", "0::/a/b\n", "sys/fs/cgroup/a/b/memory.max", "1000000000\n",
			"sys/fs/cgroup/a/b/memory.current", "0\n", "sys/fs/cgroup/a/memory.max", "3000000000\n", "sys/fs/cgroup/a/memory.current", "2500000000\n"), 500000000, "of control group /sys/fs/cgroup/a"},
		{"v1", files("proc/meminfo", meminfo, "proc/self/cgroup", "4:memory:/job\n", "sys/fs/cgroup/memory/job/memory.limit_in_bytes", "2000000000\n",
			"sys/fs/cgroup/memory/job/memory.usage_in_bytes", "500000000\n", "sys/fs/cgroup/memory/job/memory.stat", "cache 7\ntotal_inactive_file 100000000\n"), 1600000000, "limit of 2.0 GB"},
		{"v1 without a limit", files("proc/meminfo", meminfo, "proc/self/cgroup", "4:memory:/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"), 20000000 << 10, "MemAvailable"},
		{"used up", files("proc/meminfo", meminfo, "proc/self/cgroup", "0::/\n", "sys/fs/cgroup/memory.max", "100\n", "sys/fs/cgroup/memory.current", "200\n"), 0, "limit"},
		{"the group allows more than there is", files("proc/meminfo", "MemAvailable: 1000 kB\n", "proc/self/cgroup", "0::/\n", "sys/fs/cgroup/memory.max", "9000000000\n"), 1000 << 10, "MemAvailable"},
	} {
		m, ok := FindMemory(c.fs)
		if !ok || m.Bytes != c.want || !strings.Contains(m.Why, c.why) {
			t.Errorf("%s: %+v, %v; want %d and %q", c.name, m, ok, c.want, c.why)
		}
	}
	m, _ := FindMemory(files("proc/meminfo", meminfo, "proc/self/cgroup", "0::/\n", "sys/fs/cgroup/memory.max", "3000000000\n", "sys/fs/cgroup/memory.current", "1000000000\n"))
	if m.Bytes != 2000000000 || m.Total != 3000000000 {
		t.Errorf("of a limit: %+v", m)
	}
	if m, _ = FindMemory(files("proc/meminfo", meminfo)); m.Total != 24684092<<10 {
		t.Errorf("without a limit: %+v", m)
	}
	for name, fs := range map[string]fstest.MapFS{"no files": files(), "rubbish": files("proc/meminfo", "MemAvailable: much\n", "proc/self/cgroup", "0::/\n", "sys/fs/cgroup/memory.max", "-4\n")} {
		if m, ok := FindMemory(fs); ok {
			t.Errorf("%s: %+v", name, m)
		}
	}
	if m, ok := FindMemory(os.DirFS("/")); ok && m.Bytes < 1<<20 {
		t.Errorf("this machine: %+v", m)
	}
}
