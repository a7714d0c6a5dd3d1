//go:build cuda && linux

package libs

import (
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// library compiles the stand-in, or skips the test where there is no compiler.
func library(t *testing.T, flags ...string) string {
	t.Helper()
	cc, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("there is no cc here to compile a stand-in for NVML")
	}
	so := filepath.Join(t.TempDir(), "libnvidia-ml.so.1")
	args := append([]string{"-shared", "-fPIC", "-Wall", "-Werror", "-o", so, "testdata/nvml.c"}, flags...)
	if out, err := exec.Command(cc, args...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return so
}

func TestNVML(t *testing.T) {
	n, err := OpenNVML(library(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.GPU("0000:99:00.0"); err == nil || !strings.Contains(err.Error(), "0000:99:00.0): 6: Not Found") {
		t.Errorf("a GPU that is not there: %v", err)
	}
	g, err := n.GPU("0000:01:00.0")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(5, 0)
	got, err := g.Sample(now)
	want := Sample{
		Time: now, Power: 312.4, PowerLimit: 700, Energy: 123456.789, GPUBusy: 97, MemoryBusy: 41,
		MemoryUsed: 5 << 30, MemoryTotal: 80 << 30, Temperature: 64, SMClock: 1755, MemoryClock: 2619, Throttle: 1<<2 | 1<<6,
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v\nwant %+v", got, err, want)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	if err := n.Close(); err != nil {
		t.Error(err)
	}
	if _, err := g.Sample(now); err == nil {
		t.Error("a sample after Close")
	}
	if _, err := n.GPU("0000:01:00.0"); err == nil {
		t.Error("a GPU after Close")
	}
}

func TestNVMLTroubles(t *testing.T) {
	for name, c := range map[string]struct{ path, want string }{
		"missing":     {"/nonexistent/libnvidia-ml.so.1", "nvml: /nonexistent/libnvidia-ml.so.1: cannot open"},
		"not NVML":    {"libc.so.6", "it is no NVML"},
		"init failed": {library(t, "-DBROKEN"), "nvmlInit: 9: Driver Not Loaded"},
	} {
		if _, err := OpenNVML(c.path); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	sample := func(flag string) (Sample, error) {
		n, err := OpenNVML(library(t, flag))
		if err != nil {
			t.Fatal(err)
		}
		defer n.Close()
		g, err := n.GPU("0000:01:00.0")
		if err != nil {
			t.Fatal(err)
		}
		return g.Sample(time.Unix(0, 0))
	}
	if s, err := sample("-DOLD"); err != nil || !reflect.DeepEqual(s.Missing, []string{"energy"}) || s.Power != 312.4 {
		t.Errorf("an old GPU: %+v, %v", s, err)
	}
	if _, err := sample("-DLOST"); err == nil || !strings.Contains(err.Error(), "Xid") {
		t.Errorf("a lost GPU: %v", err)
	}
}
