package store_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"gradus/store"
	"gradus/store/storetest"
)

// A process that is being started has this one's descriptors for a moment. The
// locks of a log and a database that were closed must not stay with it.
func TestLocksAreLetGoAtOnce(t *testing.T) {
	dir := t.TempDir()
	if err := storetest.Write(dir, storetest.Spec{Seed: 1, Steps: 2}); err != nil {
		t.Fatal(err)
	}
	open := func() (*store.Log, *store.Ingester) {
		t.Helper()
		log, err := store.OpenLog(dir)
		if err != nil {
			t.Fatal(err)
		}
		in, err := store.OpenIngester(context.Background(), dir, store.DBPath(dir), store.IngestOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return log, in
	}
	shut := func(log *store.Log, in *store.Ingester) {
		t.Helper()
		if err := in.Close(); err != nil {
			t.Fatal(err)
		}
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
	}
	log, in := open()
	if n := copyDescriptors(t, dir); n < 2 {
		t.Fatalf("%d locks are open", n)
	}
	shut(log, in)
	shut(open())
}

// copyDescriptors gives every lock that is open below dir another descriptor,
// as starting a process does, until the test ends. It returns how many.
func copyDescriptors(t *testing.T, dir string) (n int) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	for _, e := range entries {
		to, err := os.Readlink("/proc/self/fd/" + e.Name())
		if err != nil || filepath.Dir(to) != dir || !strings.HasSuffix(to, ".lock") {
			continue
		}
		fd, err := strconv.Atoi(e.Name())
		if err != nil {
			t.Fatal(err)
		}
		copied, err := syscall.Dup(fd)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { syscall.Close(copied) })
		n++
	}
	return n
}
