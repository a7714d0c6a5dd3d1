package sourcetest

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"gradus/store/storetest"
)

// Made keeps the folders of the runs that Add has made. Folding a run costs
// what a screen's whole test does, and most tests want the same few. The zero
// Made is empty.
type Made struct {
	folders sync.Map // of map[string][]byte, the files by name; by key
}

func key(spec storetest.Spec, groups int) string { return fmt.Sprintf("%d of %+v", groups, spec) }

// keep notes what the folder of a run holds after its first groups.
func (m *Made) keep(dir string, spec storetest.Spec, groups int) error {
	list, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	files := map[string][]byte{}
	for _, e := range list {
		if files[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	m.folders.Store(key(spec, groups), files)
	return nil
}

// write fills a run's folder with what was kept; false if nothing was.
func (m *Made) write(dir string, spec storetest.Spec, groups int) (bool, error) {
	files, ok := m.folders.Load(key(spec, groups))
	if !ok {
		return false, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return false, err
	}
	for name, b := range files.(map[string][]byte) {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			return false, err
		}
	}
	return true, nil
}
