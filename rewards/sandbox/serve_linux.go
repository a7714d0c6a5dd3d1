//go:build amd64 || arm64

package sandbox

import (
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// keeperServer is the keeper's side.
type keeperServer struct {
	can     abilities
	bwrap   string
	cgroups *cgroups // nil: what a program's processes take together is watched
	forks   chan func()

	mu   sync.Mutex
	jobs map[uint64]*job
	send sync.Mutex
	enc  *gob.Encoder
	wg   sync.WaitGroup
}

// Serve is the keeper process: it says hello, runs the jobs that come on in,
// and answers on out. It returns at the end of in, when all programs are gone.
// getenv is the environment; GRADUS_SANDBOX_WITHOUT names levels to do
// without (comma separated), to see what the next one does; landlock.3 does
// without interface 3 of Landlock and what came later, cgroup without control
// groups.
func Serve(in io.Reader, out io.Writer, getenv func(string) string) error {
	s := &keeperServer{forks: make(chan func()), jobs: map[uint64]*job{}, enc: gob.NewEncoder(out)}
	go func() {
		runtime.LockOSThread() // a stub dies with the thread that forked it
		for f := range s.forks {
			f()
		}
	}()
	defer close(s.forks)
	without := strings.Split(getenv("GRADUS_SANDBOX_WITHOUT"), ",")
	hello := reply{Hold: HoldCgroup}
	if err := s.tryCgroups(without); err != nil {
		hello.Hold, hello.HoldWhy = HoldWatch, err.Error()
	} else {
		hello.HoldWhy = s.cgroups.path
	}
	hello.Levels = s.examine(without)
	if err := s.answer(hello); err != nil {
		return err
	}
	dec := gob.NewDecoder(in)
	for {
		var q request
		if err := dec.Decode(&q); err != nil {
			s.endAll()
			s.wg.Wait()
			if err == io.EOF || err == io.ErrUnexpectedEOF {
				return nil
			}
			return fmt.Errorf("sandbox: read a request: %w", err)
		}
		if q.End {
			s.mu.Lock()
			if j := s.jobs[q.ID]; j != nil {
				j.end()
			}
			s.mu.Unlock()
			continue
		}
		j := newJob()
		s.mu.Lock()
		s.jobs[q.ID] = j
		s.mu.Unlock()
		s.wg.Add(1)
		go func() {
			defer s.wg.Done()
			r := reply{ID: q.ID}
			var err error
			if r.Outcomes, err = s.run(j, q); err != nil {
				r.Err = err.Error()
			}
			s.mu.Lock()
			delete(s.jobs, q.ID)
			s.mu.Unlock()
			_ = s.answer(r) // who asked is gone: the end of in tells the loop above
		}()
	}
}

func (s *keeperServer) answer(r reply) error {
	s.send.Lock()
	defer s.send.Unlock()
	return s.enc.Encode(r)
}

func (s *keeperServer) endAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, j := range s.jobs {
		j.end()
	}
}

// onForkThread runs f on the thread that forks.
func (s *keeperServer) onForkThread(f func()) {
	done := make(chan struct{})
	s.forks <- func() { f(); close(done) }
	<-done
}

// tryCgroups looks for a place for control groups and tries it.
func (s *keeperServer) tryCgroups(without []string) error {
	if contains(without, string(HoldCgroup)) {
		return errors.New("control groups are switched off by GRADUS_SANDBOX_WITHOUT")
	}
	g, err := findCgroups()
	if err != nil {
		return err
	}
	g.sweep()
	s.cgroups = g
	for _, g.into = range []bool{true, false} {
		if err = s.try(None); err == nil {
			return nil
		}
	}
	s.cgroups = nil
	return err
}

// examine finds out what the kernel allows, by trying it.
func (s *keeperServer) examine(without []string) []Report {
	s.can.root = os.Geteuid() == 0 && hasID("/proc/self/uid_map", nobody) && hasID("/proc/self/gid_map", nobody)
	s.can.closeRange = unix.CloseRange(1<<30, 1<<30, 0) == nil
	s.can.mountSetattr = unix.MountSetattr(-1, "", 0, &unix.MountAttr{}) != unix.ENOSYS
	s.can.userCounts = kernelAtLeast(5, 14)
	if !contains(without, string(Landlock)) {
		s.can.landlock = landlockVersion()
		for v := 2; v <= s.can.landlock; v++ {
			if contains(without, fmt.Sprintf("%s.%d", Landlock, v)) {
				s.can.landlock = v - 1
			}
		}
	}
	var reports []Report
	add := func(l Level, why string, err error) {
		r := Report{Level: l, OK: err == nil, Why: why}
		if err != nil {
			r.Why = err.Error()
		}
		if contains(without, string(l)) {
			r.OK, r.Why = false, "switched off by GRADUS_SANDBOX_WITHOUT"
		}
		reports = append(reports, r)
	}
	why, err := s.tryUserNS()
	add(UserNS, why, err)
	if s.can.landlock == 0 {
		add(Landlock, "", fmt.Errorf("the kernel has no Landlock (Linux 5.13 and later, with landlock among the modules of /sys/kernel/security/lsm)"))
	} else {
		add(Landlock, fmt.Sprintf("interface %d", s.can.landlock), s.try(Landlock))
	}
	why, err = s.tryBwrap()
	add(Bwrap, why, err)
	add(None, "resource limits only; must be asked for by name", nil)
	return reports
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if strings.TrimSpace(l) == s {
			return true
		}
	}
	return false
}

// tryUserNS also finds out which /proc a box can have.
func (s *keeperServer) tryUserNS() (string, error) {
	var err error
	for _, mode := range []procMode{procPids, procFull, procNone} {
		s.can.proc = mode
		err = s.try(UserNS)
		if err == nil || !strings.Contains(err.Error(), "mount /proc") {
			break
		}
	}
	if err != nil {
		return "", fmt.Errorf("%w%s", err, userNSHint())
	}
	switch s.can.proc {
	case procNone:
		return "without /proc: part of the host's is masked", nil
	case procFull:
		return "with the kernel's tables in /proc", nil
	}
	return "", nil
}

// userNSHint names the setting that closes user namespaces, where it is known.
func userNSHint() string {
	for _, h := range []struct{ path, closed, what string }{
		{"/proc/sys/user/max_user_namespaces", "0", "user.max_user_namespaces is 0"},
		{"/proc/sys/kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone is 0"},
		{"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", "kernel.apparmor_restrict_unprivileged_userns is 1"},
	} {
		if text, err := os.ReadFile(h.path); err == nil && strings.TrimSpace(string(text)) == h.closed {
			return "; " + h.what
		}
	}
	// A profile refuses for one program what the settings above refuse for all.
	if text, err := os.ReadFile("/proc/self/attr/apparmor/current"); err == nil {
		if profile := strings.TrimRight(string(text), "\n\x00"); profile != "" && profile != "unconfined" {
			return "; AppArmor confines this process: profile " + profile
		}
	}
	return ""
}

// try sets a box up for a program that does not exist: that the program is
// what is missing shows that everything before it works.
func (s *keeperServer) try(l Level) error {
	p := Program{Argv: []string{"/nonexistent/program"}, Limits: DefaultLimits()}
	out, err := s.run(newJob(), request{Level: l, Programs: []Program{p}})
	switch {
	case err != nil:
		return err
	case out[0].Status != Refused:
		return fmt.Errorf("%s", out[0].Why)
	}
	return nil
}

// hasID says whether a user or group is one of this user namespace's: lines of
// the first number inside, the first outside and their count
// (user_namespaces(7)). The root of a container that has one user's rights is
// the only user in there.
func hasID(file string, id uint64) bool {
	text, err := os.ReadFile(file)
	if err != nil {
		return true // no user namespaces: there is but one
	}
	for line := range strings.Lines(string(text)) {
		var inside, outside, count uint64
		if n, _ := fmt.Sscan(line, &inside, &outside, &count); n == 3 && inside <= id && id-inside < count {
			return true
		}
	}
	return false
}

func kernelAtLeast(major, minor int) bool {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return false
	}
	var a, b int
	if n, _ := fmt.Sscanf(unix.ByteSliceToString(u.Release[:]), "%d.%d", &a, &b); n != 2 {
		return false
	}
	return a > major || a == major && b >= minor
}
