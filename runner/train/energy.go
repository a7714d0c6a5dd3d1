package train

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"gradus/store"
)

// powercap is where Linux tells what processors use
// (Documentation/power/powercap/powercap.rst).
const powercap = "/sys/class/powercap"

// withEnergy is use, and where no device tells its energy, that of the
// processors of the machine.
func withEnergy(use func(*store.Heartbeat), m *energyMeter) func(*store.Heartbeat) {
	return func(b *store.Heartbeat) {
		use(b)
		joules := m.joules()
		if b.EnergyJ == nil {
			b.EnergyJ = joules
		}
	}
}

// energyMeter adds up what the packages of this machine use, by the counters
// that RAPL keeps (Intel Software Developer's Manual, volume 3, section 15.10;
// AMD has the same). They count for the whole machine, whatever else runs on
// it. Since 2020 only root may read them on most systems; where nobody may,
// nothing is known.
type energyMeter struct {
	zones []energyZone
	total float64 // microjoules
}

type energyZone struct {
	path  string
	last  uint64 // microjoules
	limit uint64 // the counter begins again after it
}

// newEnergyMeter finds the packages below root.
func newEnergyMeter(root string) *energyMeter {
	m := &energyMeter{}
	// intel-rapl:0 is a package; intel-rapl:0:0 a part of it.
	paths, err := filepath.Glob(filepath.Join(root, "intel-rapl:*"))
	if err != nil {
		return m
	}
	for _, p := range paths {
		name, err := os.ReadFile(filepath.Join(p, "name"))
		if err != nil || strings.Count(filepath.Base(p), ":") != 1 || !strings.HasPrefix(string(name), "package") {
			continue
		}
		z := energyZone{path: filepath.Join(p, "energy_uj")}
		var ok bool
		if z.last, ok = readCounter(z.path); !ok {
			continue
		}
		if z.limit, ok = readCounter(filepath.Join(p, "max_energy_range_uj")); ok {
			m.zones = append(m.zones, z)
		}
	}
	return m
}

func readCounter(path string) (uint64, bool) {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	v, err := strconv.ParseUint(strings.TrimSpace(string(b)), 10, 64)
	return v, err == nil
}

// joules is what was used since the meter was made; nil where nobody knows. It
// must be called at least once while the counters run through, which takes
// minutes at least.
func (m *energyMeter) joules() *float64 {
	if len(m.zones) == 0 {
		return nil
	}
	for i := range m.zones {
		z := &m.zones[i]
		now, ok := readCounter(z.path)
		if !ok {
			continue
		}
		used := now - z.last
		if now < z.last {
			used = z.limit - z.last + now
		}
		m.total += float64(used)
		z.last = now
	}
	j := m.total / 1e6
	return &j
}
