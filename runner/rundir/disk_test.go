//go:build linux

package rundir

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// writeOnFullDisk mounts a tiny disk over dir, in a mount namespace of its
// own, and asks a run on it for things until the disk is full. It prints
// what went wrong, or "ok".
func writeOnFullDisk(dir string) int {
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=64k,mode=0700"); err != nil {
		fmt.Println("cannot mount:", err)
		return 0
	}
	fmt.Println(fillDisk(dir))
	return 0
}

func fillDisk(dir string) string {
	h, err := OpenHome(dir)
	if err != nil {
		return err.Error()
	}
	d, err := h.Create(Spec{ID: id(1), Host: "here"})
	if err != nil {
		return err.Error()
	}
	written := 0
	for n := uint64(2); n < 100; n++ {
		err = d.WriteRequest(Request{ID: id(n), Verb: "stop", Reason: strings.Repeat("x", 20_000)})
		if err != nil {
			break
		}
		written++
	}
	if !errors.Is(err, syscall.ENOSPC) {
		return fmt.Sprintf("the disk did not fill: %v", err)
	}
	if !strings.Contains(err.Error(), "no space left") || !strings.Contains(err.Error(), "nothing was asked") || strings.Contains(err.Error(), "\n") {
		return fmt.Sprintf("the error is %q", err)
	}
	list, err := d.Pending()
	if err != nil || len(list) != written || written == 0 {
		return fmt.Sprintf("%d requests are there, %d were acknowledged (%v)", len(list), written, err)
	}
	for _, p := range list {
		if p.Err != nil {
			return fmt.Sprintf("request %s is damaged: %v", p.Request.ID, p.Err)
		}
	}
	entries, err := os.ReadDir(d.CtlPath())
	if err != nil || len(entries) != written {
		return fmt.Sprintf("%d files for %d requests (%v)", len(entries), written, err)
	}
	// A full disk must not keep a run from answering, which frees space.
	if err := d.Answered(list[0].Request.ID); err != nil {
		return err.Error()
	}
	if err := d.WriteRequest(Request{ID: id(200), Verb: "stop", Reason: strings.Repeat("x", 15_000)}); err != nil {
		return fmt.Sprintf("after making room: %v", err)
	}
	// The lock may be taken on a full disk only together with its hint.
	return "ok"
}

func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	cmd, out := helper(t, "full", dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	if err := cmd.Start(); err != nil {
		t.Skipf("this machine does not allow user namespaces (%v); the disk-full test needs one to mount a small disk", err)
	}
	kill := time.AfterFunc(2*time.Minute, func() { _ = cmd.Process.Kill() })
	defer kill.Stop()
	said, _ := out.ReadString('\n')
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%q: %v", said, err)
	}
	said = strings.TrimSpace(said)
	if strings.HasPrefix(said, "cannot mount") {
		t.Skip(said)
	}
	if said != "ok" {
		t.Error(said)
	}
}
