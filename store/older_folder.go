//go:build unix

package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// ErrNoRoom says that no folder could take a private copy.
var ErrNoRoom = errors.New("no room for a private copy")

// privatePrefix begins the names of folders of private copies.
const privatePrefix = "gradus-copy-"

// privateFolder makes a folder of mode 0700, and a lock in it that lasts as
// long as the process or until it is closed, in the first of the folders that
// can be written to, is no network disk, and has room for need bytes.
func privateFolder(ctx context.Context, scratch []string, need int64) (dir string, lock *os.File, err error) {
	var why []string
	for _, parent := range scratch {
		if err := os.MkdirAll(parent, 0o700); err != nil {
			why = append(why, err.Error())
			continue
		}
		removeLeft(ctx, parent)
		if remote, err := networkFS(parent); err != nil || remote != "" {
			why = append(why, fmt.Sprintf("%s is on %s, a network file system", parent, remote))
			continue
		}
		if free, err := freeSpace(parent); err != nil || free < need {
			why = append(why, fmt.Sprintf("%s has %s free", parent, megabytes(free)))
			continue
		}
		if dir, lock, err = lockedFolder(ctx, parent); err == nil {
			return dir, lock, nil
		}
		why = append(why, err.Error())
	}
	if len(why) == 0 {
		why = append(why, "no folder is known that could take it")
	}
	return "", nil, fmt.Errorf("%w, which may need %s: %s; make room, or set XDG_CACHE_HOME or TMPDIR to a folder that has it",
		ErrNoRoom, megabytes(need), strings.Join(why, ", "))
}

// lockedFolder makes the folder. Another process that tidies up may take it for
// one that was left, until it is locked.
func lockedFolder(ctx context.Context, parent string) (dir string, lock *os.File, err error) {
	for range 3 {
		if dir, err = os.MkdirTemp(parent, privatePrefix); err != nil {
			return "", nil, err
		}
		if lock, err = lockFile(ctx, filepath.Join(dir, "lock"), false); err != nil {
			os.Remove(dir)
			continue
		}
		if _, err = os.Stat(lock.Name()); err == nil {
			return dir, lock, nil
		}
		lock.Close()
	}
	return "", nil, err
}

// removeLeft removes the folders that processes left which were killed: those
// of this user whose lock nobody holds. What cannot be removed stays.
func removeLeft(ctx context.Context, parent string) {
	entries, err := os.ReadDir(parent)
	if err != nil {
		return
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !e.IsDir() || !strings.HasPrefix(e.Name(), privatePrefix) {
			continue
		}
		if st, ok := info.Sys().(*syscall.Stat_t); !ok || int(st.Uid) != os.Geteuid() || info.Mode().Perm()&0o077 != 0 {
			continue
		}
		dir := filepath.Join(parent, e.Name())
		_, err = os.Lstat(filepath.Join(dir, "lock"))
		if errors.Is(err, fs.ErrNotExist) {
			os.Remove(dir) // unless something is in it
			continue
		}
		if lock, err := lockFile(ctx, filepath.Join(dir, "lock"), false); err == nil {
			os.RemoveAll(dir)
			lock.Close()
		}
	}
}

// freeSpace is what a user may still write to the file system of dir, in bytes.
func freeSpace(dir string) (int64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, err
	}
	return int64(st.Bavail) * int64(st.Bsize), nil
}
