package rundir

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Spec is run.json: what a run was asked to do. It is written once, before
// the run's process starts, and never changed.
type Spec struct {
	ID         string          `json:"id"`
	Name       string          `json:"name"`
	Purpose    string          `json:"purpose"` // train or eval, as in store.RunHeader
	Config     json.RawMessage `json:"config"`  // the recipe, complete, as canonical JSON
	ConfigTOML string          `json:"config_toml"`
	Parent     string          `json:"parent,omitempty"`  // RUN@STEP that model.from named
	From       string          `json:"from,omitempty"`    // folder of the checkpoint that model.from names, resolved by the launcher
	Teacher    *Teacher        `json:"teacher,omitempty"` // whom task.teacher names, resolved by the launcher
	Version    string          `json:"version"`           // of gradus
	Host       string          `json:"host"`              // the machine that owns the run
	BootID     string          `json:"boot_id,omitempty"`
	CreatedUS  int64           `json:"created_us"`
}

// Teacher is who wrote the solutions of a data file.
type Teacher struct {
	Name string `json:"name"`           // RUN@STEP, the path of a folder, or a model's name
	Path string `json:"path,omitempty"` // the checkpoint's folder, where it is here
}

// maxSpec bounds run.json; a recipe is a few kilobytes.
const maxSpec = 4 << 20

// Create makes the folder of a new run with its run.json in it. The folder
// appears under its final name only when complete. An id that is taken is an
// error.
func (h Home) Create(spec Spec) (Dir, error) {
	if !ValidID(spec.ID) {
		return Dir{}, fmt.Errorf("create run: %q is not a run id", spec.ID)
	}
	final := filepath.Join(h.RunsRoot(), spec.ID)
	if _, err := os.Lstat(final); !errors.Is(err, fs.ErrNotExist) {
		return Dir{}, fmt.Errorf("create run: %s exists already", final)
	}
	b, err := json.MarshalIndent(spec, "", "  ")
	if err != nil {
		return Dir{}, fmt.Errorf("create run: %w", err)
	}
	tmp, err := os.MkdirTemp(h.RunsRoot(), ".new-")
	if err != nil {
		return Dir{}, fmt.Errorf("create run: %w", err)
	}
	fill := func() error {
		for _, sub := range []string{"ctl", "ckpt"} {
			if err := os.Mkdir(filepath.Join(tmp, sub), 0o700); err != nil {
				return err
			}
		}
		if err := WriteFile(filepath.Join(tmp, "run.json"), append(b, '\n')); err != nil {
			return err
		}
		if err := os.Rename(tmp, final); err != nil {
			return err
		}
		return syncDir(h.RunsRoot())
	}
	if err := fill(); err != nil {
		os.RemoveAll(tmp)
		return Dir{}, fmt.Errorf("create run: %w", err)
	}
	return Dir{path: final}, nil
}

// Spec reads run.json.
func (d Dir) Spec() (Spec, error) {
	b, err := readBounded(d.SpecPath(), maxSpec)
	if err != nil {
		return Spec{}, fmt.Errorf("run %s: %w", d.ID(), err)
	}
	var s Spec
	if err := json.Unmarshal(b, &s); err != nil {
		return Spec{}, fmt.Errorf("run %s: run.json is damaged: %w", d.ID(), err)
	}
	if s.ID != d.ID() {
		return Spec{}, fmt.Errorf("run %s: run.json belongs to run %q; the folder was copied or renamed", d.ID(), s.ID)
	}
	return s, nil
}

// WriteFile writes a file of mode 0600 so that readers see all of it or
// nothing and a crash leaves the old or the new one: temporary name in the
// same folder, fsync, rename, fsync of the folder. On an error, as on a full
// disk, nothing of it stays behind.
func WriteFile(path string, b []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".tmp-") // 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if _, err := f.Write(b); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// readBounded reads a regular file of at most limit bytes, never through a
// symbolic link.
func readBounded(path string, limit int64) ([]byte, error) {
	f, err := openNoFollow(path, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%s has %d bytes; at most %d are read", path, info.Size(), limit)
	}
	var buf bytes.Buffer
	if _, err := buf.ReadFrom(&limited{f, limit}); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return buf.Bytes(), nil
}

// limited fails instead of cutting off, should the file grow while it is read.
type limited struct {
	f    *os.File
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.f.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, errors.New("the file is too large")
	}
	return n, err
}
