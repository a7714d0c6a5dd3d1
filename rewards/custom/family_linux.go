package custom

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
)

// startTied starts a process that the kernel kills when this one ends, however
// it ends: one that is busy would not see that its input is over. The kernel
// ties it to the thread that starts it (PR_SET_PDEATHSIG of prctl(2)), so that
// thread is kept until over is closed.
func startTied(cmd *exec.Cmd, over <-chan struct{}) error {
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		err := cmd.Start()
		started <- err
		if err == nil {
			<-over
		}
	}()
	return <-started
}

// killMarked kills all processes that were started with a variable in their
// environment: children that left the group of their parent, and those that
// nobody is the parent of any more.
func killMarked(variable string) {
	want := []byte(variable)
	for again := 3; again > 0; again-- { // who is killed may have started another meanwhile
		files, err := filepath.Glob("/proc/[0-9]*/environ")
		if err != nil {
			return // of a wrong pattern only
		}
		found := false
		for _, file := range files {
			environ, err := os.ReadFile(file)
			if err != nil || !bytes.Contains(environ, want) {
				continue // another user's, or gone
			}
			if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file))); err == nil {
				found = syscall.Kill(pid, syscall.SIGKILL) == nil || found
			}
		}
		if !found {
			return
		}
	}
}
