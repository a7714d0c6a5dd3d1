package cpu

import (
	"testing"
	"testing/fstest"
)

func TestQuota(t *testing.T) {
	files := func(pairs ...string) fstest.MapFS {
		m := fstest.MapFS{}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
		}
		return m
	}
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
		{"v1", files("proc/self/cgroup", "4:memory:/x\n3:cpu,cpuacct:/job\n",
			"sys/fs/cgroup/cpu/job/cpu.cfs_quota_us", "300000\n", "sys/fs/cgroup/cpu/job/cpu.cfs_period_us", "100000\n"), 3},
		{"v1 without a limit", files("proc/self/cgroup", "3:cpu,cpuacct:/\n",
			"sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n", "sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"), 0},
		{"rubbish", files("proc/self/cgroup", "0::/\nx\n", "sys/fs/cgroup/cpu.max", "many few\n"), 0},
	} {
		if got := quota(c.fs); got != c.want {
			t.Errorf("%s: %g CPUs, want %g", c.name, got, c.want)
		}
	}
	if n := available(); n < 1 {
		t.Errorf("available() = %d", n)
	}
}
