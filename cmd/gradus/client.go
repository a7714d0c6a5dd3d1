package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"gradus/runner/client"
	"gradus/store"
	"gradus/tui/text"
)

// open returns the client side of this user's runs.
func (a *app) open() (*client.Client, error) { return a.openAs("cli") }

// openAs is open with the interface that asks, for the record.
func (a *app) openAs(via string) (*client.Client, error) {
	return client.Open(client.Options{Version: a.version, Via: via, Getenv: a.getenv, Now: a.now})
}

// openRun opens the client and finds the run that a command's RUN names. A
// reference to a checkpoint keeps its step; one to a folder is wrong use.
func (a *app) openRun(ctx context.Context, name string) (*client.Client, client.Ref, error) {
	c, err := a.open()
	if err != nil {
		return nil, client.Ref{}, err
	}
	ref, err := c.Resolve(ctx, name)
	if err != nil {
		return nil, client.Ref{}, usage(err)
	}
	if ref.RunID == "" {
		return nil, client.Ref{}, usage(fmt.Errorf("%s is a folder, not a run; 'gradus runs' lists runs", text.Line(name)))
	}
	return c, ref, nil
}

// openRunDB is openRun with the run's database, brought up to date. The caller
// closes it.
func (a *app) openRunDB(ctx context.Context, name string) (*client.Client, client.Ref, *store.DB, error) {
	c, ref, err := a.openRun(ctx, name)
	if err != nil {
		return nil, client.Ref{}, nil, err
	}
	db, err := c.OpenDB(ctx, ref.RunID)
	if errors.Is(err, store.ErrNotOurs) {
		err = fmt.Errorf("%w; 'gradus db rebuild %s' makes it again from the run's event log", err, ref.RunID)
	}
	if err != nil {
		return nil, client.Ref{}, nil, err
	}
	return c, ref, db, nil
}

// scratch are the folders where private copies of files can be made, the best
// first: a temporary folder can be memory.
func (a *app) scratch() []string {
	var out []string
	if cache := a.getenv("XDG_CACHE_HOME"); filepath.IsAbs(cache) { // the XDG specification has relative paths ignored
		out = append(out, filepath.Join(cache, "gradus"))
	} else if home := a.getenv("HOME"); filepath.IsAbs(home) {
		out = append(out, filepath.Join(home, ".cache", "gradus"))
	}
	if tmp := a.getenv("TMPDIR"); filepath.IsAbs(tmp) {
		return append(out, tmp)
	}
	return append(out, "/tmp")
}

// openFile opens a run that was handed over as a file, as a stranger's, with
// the notes that this user wrote on it. Without a folder of runs there are
// none, the client is nil, and homeless says why.
func (a *app) openFile(ctx context.Context, path string) (c *client.Client, homeless error, runID string, db *store.DB, err error) {
	c, homeless = a.open()
	if db, err = store.OpenFile(ctx, path, a.scratch()); err != nil {
		return nil, homeless, "", nil, err
	}
	h, err := db.Header(ctx)
	if err == nil && homeless == nil {
		err = db.AnnotateFrom(ctx, c.NotesPath(h.ID))
	}
	if err != nil {
		return nil, homeless, "", nil, errors.Join(err, db.Close())
	}
	return c, homeless, h.ID, db, nil
}

// openRecord opens what a reading command's RUN|FILE names, for reading. The
// caller closes it.
func (a *app) openRecord(ctx context.Context, name string) (client.Ref, *store.DB, error) {
	path, step, ok := fileAt(name)
	if !ok {
		if err := missingFile(name); err != nil {
			return client.Ref{}, nil, usage(err)
		}
		_, ref, db, err := a.openRunDB(ctx, name)
		return ref, db, err
	}
	ref := client.Ref{Step: -1}
	_, _, id, db, err := a.openFile(ctx, path)
	if err != nil {
		return ref, nil, err
	}
	ref.RunID = id
	if step == "" {
		return ref, db, nil
	}
	if ref.Step, err = stepIn(ctx, db, path, step); err != nil {
		return ref, nil, errors.Join(usage(err), db.Close())
	}
	return ref, db, nil
}

// fileAt reads FILE or FILE@STEP; ok is false where there is no such file.
func fileAt(name string) (path, step string, ok bool) {
	if isFile(name) {
		return name, "", true
	}
	i := strings.LastIndexByte(name, '@')
	if i < 0 || !isFile(name[:i]) {
		return "", "", false
	}
	return name[:i], name[i+1:], true
}

// missingFile is the error of a reference that can only be a file, and none is
// there: before a folder of runs is looked for, which a reader may not have.
func missingFile(name string) error {
	path, _, _ := strings.Cut(name, "@")
	if _, err := os.Stat(path); err != nil && strings.HasSuffix(path, ".db") {
		return fmt.Errorf("open %s: %w", path, errors.Unwrap(err))
	}
	return nil
}

// stepIn is the step that a reference to a file names after the @.
func stepIn(ctx context.Context, db *store.DB, path, step string) (int, error) {
	if n, err := strconv.Atoi(step); err == nil && n >= 0 {
		return n, nil
	}
	rows, err := db.Checkpoints(ctx)
	if err != nil {
		return 0, err
	}
	last := -1
	for _, c := range rows {
		last = max(last, c.Step)
	}
	switch {
	case step != "last":
		return 0, fmt.Errorf("%q is not a step; of a file write FILE@STEP or FILE@last", step)
	case last < 0:
		return 0, fmt.Errorf("%s records no checkpoint", path)
	}
	return last, nil
}
