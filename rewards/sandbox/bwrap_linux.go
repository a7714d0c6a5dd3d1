//go:build amd64 || arm64

package sandbox

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// tryBwrap looks for bubblewrap and tries it.
func (s *keeperServer) tryBwrap() (string, error) {
	path, err := exec.LookPath("bwrap")
	if err != nil {
		return "", fmt.Errorf("bubblewrap is not installed (no bwrap in PATH)")
	}
	s.bwrap = path
	// bwrap starts the program itself, so a missing program shows as its own
	// failure; true is there where bwrap is.
	p := Program{Argv: []string{"/bin/true"}, Limits: DefaultLimits()}
	out, err := s.run(newJob(), request{Level: Bwrap, Programs: []Program{p}})
	switch {
	case err != nil:
		return "", err
	case out[0].Status != OK:
		return "", fmt.Errorf("bwrap cannot start a program: %s: %s", out[0].Why, strings.Join(strings.Fields(string(out[0].Stderr)), " "))
	}
	return path, nil
}

// bwrapArguments are those before the program's own (bwrap(1)).
func bwrapArguments(bwrap string, c *child) []string {
	args := []string{bwrap, "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--hostname", "sandbox",
		"--uid", strconv.Itoa(boxID), "--gid", strconv.Itoa(boxID), "--tmpfs", "/dev", "--proc", "/proc", "--bind", c.box, c.box, "--chdir", c.box, "--seccomp", strconv.Itoa(fdSeccomp)}
	for _, s := range look(append(systemFolders(), c.program.Binds...)) {
		if s.link != "" {
			args = append(args, "--symlink", s.link, s.path)
		} else {
			args = append(args, "--ro-bind", s.path, s.path)
		}
	}
	for _, d := range devices() {
		args = append(args, "--dev-bind", "/dev/"+d, "/dev/"+d)
	}
	return append(args, "--remount-ro", "/dev", "--remount-ro", "/", "--")
}

// filterFile writes a filter to memory, in the form that bwrap reads.
func filterFile(rules []rule) (int, error) {
	fd, err := unix.MemfdCreate("filter", unix.MFD_CLOEXEC)
	if err != nil {
		return -1, fmt.Errorf("sandbox: %w", err)
	}
	code := assemble(auditArch, rules)
	raw := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(code))), len(code)*int(unsafe.Sizeof(code[0])))
	f := os.NewFile(uintptr(fd), "filter")
	_, err = f.Write(raw)
	if err == nil {
		_, err = f.Seek(0, 0)
	}
	own := -1
	if err == nil {
		own, err = unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 3)
	}
	f.Close()
	if err != nil {
		return -1, fmt.Errorf("sandbox: write the filter: %w", err)
	}
	return own, nil
}
