package train

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// Two packages, of which one counter begins again; a part of a package and a
// zone that is no package do not count.
func TestEnergyMeter(t *testing.T) {
	root := t.TempDir()
	set := func(zone, name string, value uint64) {
		t.Helper()
		dir := filepath.Join(root, zone)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		for file, text := range map[string]string{"name": name, "energy_uj": fmt.Sprint(value), "max_energy_range_uj": "1000000"} {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(text+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	set("intel-rapl:0", "package-0", 900_000)
	set("intel-rapl:1", "package-1", 100)
	set("intel-rapl:0:0", "core", 5)
	set("intel-rapl:2", "psys", 5)
	m := newEnergyMeter(root)
	if j := m.joules(); j == nil || *j != 0 {
		t.Errorf("at the start %v", j)
	}
	set("intel-rapl:0", "package-0", 400_000) // 100 mJ up to the end, 400 mJ after it
	set("intel-rapl:1", "package-1", 250_100)
	set("intel-rapl:0:0", "core", 500_000)
	set("intel-rapl:2", "psys", 500_000)
	if j := m.joules(); j == nil || *j != 0.75 {
		t.Errorf("used %v J, want 0.75", j)
	}
	if j := newEnergyMeter(t.TempDir()).joules(); j != nil {
		t.Errorf("a machine without counters used %v", *j)
	}
}
