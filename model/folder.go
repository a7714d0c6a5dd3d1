package model

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// folder is a checkpoint folder while it is being written.
type folder struct {
	dir   string
	files []manifestEntry
}

// manifestEntry is one file in manifest.json.
type manifestEntry struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

type manifest struct {
	Version int             `json:"version"`
	Files   []manifestEntry `json:"files"`
}

// create writes one file, synced, and notes its size and hash.
func (w *folder) create(name string, write func(io.Writer) error) error {
	f, err := os.OpenFile(filepath.Join(w.dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	hash, count := sha256.New(), &counter{}
	b := bufio.NewWriterSize(io.MultiWriter(f, hash, count), 1<<20)
	err = write(b)
	if err == nil {
		err = b.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	w.files = append(w.files, manifestEntry{name, count.n, hex.EncodeToString(hash.Sum(nil))})
	return nil
}

func (w *folder) write(name string, data []byte) error {
	return w.create(name, func(f io.Writer) error {
		_, err := f.Write(data)
		return err
	})
}

type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}

// replaceDir puts the folder that write fills in the place of dir, in one
// step. It returns the hash of the manifest and the size of all files.
func replaceDir(dir string, write func(*folder) error) (sha string, size int64, err error) {
	dir, err = filepath.Abs(dir)
	if err != nil {
		return "", 0, err
	}
	if err := replaceable(dir); err != nil {
		return "", 0, err
	}
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return "", 0, err
	}
	// The name is fixed, so that what a killed run left is cleared here.
	tmp := filepath.Join(parent, "."+filepath.Base(dir)+".partial")
	if err := os.RemoveAll(tmp); err != nil {
		return "", 0, err
	}
	if err := os.Mkdir(tmp, 0o755); err != nil {
		return "", 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()

	w := &folder{dir: tmp}
	if err := write(w); err != nil {
		return "", 0, err
	}
	slices.SortFunc(w.files, func(a, b manifestEntry) int { return strings.Compare(a.Name, b.Name) })
	b, err := marshal(manifest{Version: 1, Files: w.files})
	if err != nil {
		return "", 0, err
	}
	if err := w.write(manifestFile, b); err != nil {
		return "", 0, err
	}
	for _, f := range w.files {
		size += f.Bytes
		if f.Name == manifestFile {
			sha = f.SHA256
		}
	}
	if err := syncDir(tmp); err != nil {
		return "", 0, err
	}
	if err := moveInto(tmp, dir, exchange); err != nil {
		return "", 0, err
	}
	return sha, size, syncDir(parent)
}

// replaceable refuses to overwrite what Save has not written.
func replaceable(dir string) error {
	list, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if len(list) == 0 || slices.ContainsFunc(list, func(e fs.DirEntry) bool { return e.Name() == manifestFile }) {
		return nil
	}
	return fmt.Errorf("the folder holds files but no %s, so it is not a checkpoint of ours: move it away or choose another name", manifestFile)
}

// moveInto renames tmp to dir. If dir exists, the two change places where
// exchange can do that; elsewhere dir is missing for a moment.
func moveInto(tmp, dir string, exchange func(a, b string) error) error {
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		return os.Rename(tmp, dir)
	}
	if exchange(tmp, dir) == nil {
		return nil
	}
	old := filepath.Join(filepath.Dir(dir), "."+filepath.Base(dir)+".old")
	if err := os.RemoveAll(old); err != nil {
		return err
	}
	if err := os.Rename(dir, old); err != nil {
		return err
	}
	if err := os.Rename(tmp, dir); err != nil {
		return errors.Join(err, os.Rename(old, dir))
	}
	return os.RemoveAll(old)
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// verifyManifest checks the files of dir against manifest.json. A folder
// without one, as Hugging Face writes them, passes.
func verifyManifest(dir string) error {
	b, err := readSmall(filepath.Join(dir, manifestFile))
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(dir); err != nil {
			return err
		}
		return nil
	}
	if err != nil {
		return err
	}
	var m manifest
	if err := strictJSON(b, &m); err != nil {
		return fmt.Errorf("%s: %w", manifestFile, err)
	}
	if m.Version != 1 {
		return fmt.Errorf("%s has version %d, this program reads 1", manifestFile, m.Version)
	}
	listed := map[string]bool{}
	for _, e := range m.Files {
		if e.Name != filepath.Base(e.Name) || e.Name == "." || e.Name == ".." {
			return fmt.Errorf("%s names %q, want the name of a file in the folder", manifestFile, e.Name)
		}
		listed[e.Name] = true
		if err := verifyFile(filepath.Join(dir, e.Name), e); err != nil {
			return err
		}
	}
	for _, name := range []string{weightsFile, configFile, tokenizerFile, optimizerFile, stateFile} {
		_, err := os.Lstat(filepath.Join(dir, name))
		if err == nil && !listed[name] {
			return fmt.Errorf("%s is not in %s", name, manifestFile)
		}
	}
	return nil
}

func verifyFile(path string, e manifestEntry) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return err
	}
	if !st.Mode().IsRegular() || st.Size() != e.Bytes {
		return fmt.Errorf("%s has %d bytes, %s says %d: the file is damaged", e.Name, st.Size(), manifestFile, e.Bytes)
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, f); err != nil {
		return err
	}
	want, err := hex.DecodeString(e.SHA256)
	if err != nil || !bytes.Equal(hash.Sum(nil), want) {
		return fmt.Errorf("%s does not have the SHA-256 that %s says: the file is damaged", e.Name, manifestFile)
	}
	return nil
}
