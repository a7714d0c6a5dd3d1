// Package rundir is the layout of runs on disk and what may be learnt from it
// without reading the log: who holds a run, and what is asked of it.
//
//	$GRADUS_HOME/            0700
//	  catalogue.db           the list of runs, rebuilt when deleted
//	  retention.toml         what 'gradus db gc --retention' may remove
//	  notes/<ULID>.jsonl     notes of this user on runs that were handed over as files
//	  runs/<ULID>/           one run, complete without any database
//	    run.json             what was asked for; written once
//	    run.lock             flocked by the run's process for its whole life
//	    events-NNNNN.log     what happened; the truth. Closed ones are compressed: events-NNNNN.log.zst
//	    events.lock          flocked by whoever appends to them
//	    compress.lock        flocked by whoever compresses them
//	    run.db               the log folded into SQLite
//	    ingest.lock          flocked by whoever folds
//	    ctl/<ULID>.json      steering requests that are not answered yet
//	    ckpt/                checkpoints
//	    code/                the user's own reward functions, as they were at the start
//	    notes/               a log of what was added to the run afterwards
//	    layers/              the user's own reward functions that scored its traces again
//	    stderr.log           output of the process, every attempt appended
package rundir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"syscall"

	"github.com/oklog/ulid/v2"
)

// ErrNoRun says that there is no run of that id.
var ErrNoRun = errors.New("no such run")

// Home is the folder that holds all runs of a user.
type Home struct{ root string }

// HomePath is where runs are kept: $GRADUS_HOME, else gradus in
// $XDG_STATE_HOME, else ~/.local/state/gradus.
func HomePath(getenv func(string) string) (string, error) {
	if p := getenv("GRADUS_HOME"); p != "" {
		abs, err := filepath.Abs(p)
		if err != nil {
			return "", fmt.Errorf("GRADUS_HOME=%q: %w", p, err)
		}
		return abs, nil
	}
	// The XDG specification says that a relative path is to be ignored.
	if p := getenv("XDG_STATE_HOME"); filepath.IsAbs(p) {
		return filepath.Join(p, "gradus"), nil
	}
	h := getenv("HOME")
	if !filepath.IsAbs(h) {
		return "", errors.New("no place to keep runs: neither GRADUS_HOME nor HOME is set to an absolute path; set GRADUS_HOME")
	}
	return filepath.Join(h, ".local", "state", "gradus"), nil
}

// OpenHome returns the home at root, and makes it (0700) if it is not there.
// It refuses a folder that another user owns or that the group or others can
// write to: whoever can write there can steer runs and plant checkpoints.
func OpenHome(root string) (Home, error) {
	if !filepath.IsAbs(root) {
		return Home{}, fmt.Errorf("open %s: the home of runs must be an absolute path", root)
	}
	runs := filepath.Join(root, "runs")
	if err := os.MkdirAll(runs, 0o700); err != nil {
		return Home{}, fmt.Errorf("make the home of runs: %w; set GRADUS_HOME to a folder you can write to", err)
	}
	for _, dir := range []string{root, runs} {
		if err := private(dir); err != nil {
			return Home{}, err
		}
	}
	return Home{root: root}, nil
}

// Root is the path of the home.
func (h Home) Root() string { return h.root }

// RunsRoot is the folder with one folder a run.
func (h Home) RunsRoot() string { return filepath.Join(h.root, "runs") }

// CataloguePath is the database that lists runs.
func (h Home) CataloguePath() string { return filepath.Join(h.root, "catalogue.db") }

// Runs returns the ids of all runs, oldest first. Entries that are not named
// like a run are passed over.
func (h Home) Runs() ([]string, error) {
	entries, err := os.ReadDir(h.RunsRoot())
	if err != nil {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	var ids []string
	for _, e := range entries {
		if e.IsDir() && ValidID(e.Name()) {
			ids = append(ids, e.Name())
		}
	}
	sort.Strings(ids)
	return ids, nil
}

// ValidID says whether s is a ULID in its canonical spelling. Everything that
// becomes part of a path goes through it.
func ValidID(s string) bool {
	id, err := ulid.ParseStrict(s)
	return err == nil && id.String() == s
}

// Dir is the folder of one run.
type Dir struct{ path string }

// Open returns the folder of an existing run, or ErrNoRun. It refuses a
// symbolic link and a folder that others can write to.
func (h Home) Open(id string) (Dir, error) {
	if !ValidID(id) {
		return Dir{}, fmt.Errorf("%w: %q is not a run id", ErrNoRun, id)
	}
	return At(filepath.Join(h.RunsRoot(), id))
}

// At returns the run folder at path, whose name must be the run's id.
func At(path string) (Dir, error) {
	if !filepath.IsAbs(path) || !ValidID(filepath.Base(path)) {
		return Dir{}, fmt.Errorf("%w: %q is not the absolute path of a run folder", ErrNoRun, path)
	}
	switch err := private(path); {
	case errors.Is(err, fs.ErrNotExist):
		return Dir{}, fmt.Errorf("%w: %s", ErrNoRun, filepath.Base(path))
	case err != nil:
		return Dir{}, err
	}
	return Dir{path: path}, nil
}

// Path is the folder, absolute.
func (d Dir) Path() string { return d.path }

// ID is the run's ULID.
func (d Dir) ID() string { return filepath.Base(d.path) }

// SpecPath is run.json.
func (d Dir) SpecPath() string { return filepath.Join(d.path, "run.json") }

// CtlPath is the folder of steering requests.
func (d Dir) CtlPath() string { return filepath.Join(d.path, "ctl") }

// Code is the folder of the user's own reward functions.
func (d Dir) Code() string { return filepath.Join(d.path, "code") }

// CkptPath is the folder of checkpoints.
func (d Dir) CkptPath() string { return filepath.Join(d.path, "ckpt") }

// StderrPath is the output of the run's process.
func (d Dir) StderrPath() string { return filepath.Join(d.path, "stderr.log") }

// LockPath is the file whose lock means that the run lives.
func (d Dir) LockPath() string { return filepath.Join(d.path, "run.lock") }

// private refuses a folder that is not the user's own.
func private(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		return fmt.Errorf("%s is a symbolic link; give the folder itself, as %s", path, target(path))
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a folder; move it away or set GRADUS_HOME to another place", path)
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && int(st.Uid) != os.Geteuid() {
		return fmt.Errorf("%s belongs to user %d and you are user %d; set GRADUS_HOME to a folder of your own", path, st.Uid, os.Geteuid())
	}
	if perm := info.Mode().Perm(); perm&0o022 != 0 {
		return fmt.Errorf("%s can be written to by others (mode %04o); run: chmod go-w %s", path, perm, shellQuote(path))
	}
	return nil
}

func target(path string) string {
	if p, err := filepath.EvalSymlinks(path); err == nil {
		return p
	}
	return "the path it points to"
}

func shellQuote(s string) string {
	if strings.IndexFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+", r))
	}) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
