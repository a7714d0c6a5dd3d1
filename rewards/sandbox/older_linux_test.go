//go:build amd64 || arm64

package sandbox_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"gradus/rewards/sandbox"
	"gradus/rewards/sandbox/sandboxtest"
)

// TestLockedDown plays kernels that lack calls, or refuse them: the strongest
// level that is left is taken, and it holds; where none is left, nothing is run
// and one line says why.
func TestLockedDown(t *testing.T) {
	landlock := sandboxtest.Lack(unix.SYS_LANDLOCK_CREATE_RULESET, unix.SYS_LANDLOCK_ADD_RULE, unix.SYS_LANDLOCK_RESTRICT_SELF)
	clone3 := sandboxtest.Lack(unix.SYS_CLONE3)
	// The calls that came after Linux 5.4, of those a keeper or a program makes.
	after54 := slices.Concat(landlock, clone3, sandboxtest.Lack(unix.SYS_CLOSE_RANGE, unix.SYS_MOUNT_SETATTR, unix.SYS_OPENAT2, unix.SYS_PIDFD_OPEN, unix.SYS_PIDFD_GETFD,
		unix.SYS_PIDFD_SEND_SIGNAL, unix.SYS_FACCESSAT2, unix.SYS_EPOLL_PWAIT2, unix.SYS_MEMFD_SECRET, unix.SYS_FUTEX_WAITV))
	// As a container engine's usual filter does.
	userns := append([]sandboxtest.Refusal{{Call: unix.SYS_CLONE, Error: syscall.EPERM, Flags: unix.CLONE_NEWUSER}}, clone3...)
	for _, c := range []struct {
		name    string
		refused []sandboxtest.Refusal
		want    sandbox.Level // "": refuse
		says    []string      // of the error
	}{
		{"no Landlock", landlock, sandbox.UserNS, nil},
		{"Linux 5.4", after54, sandbox.UserNS, nil},
		{"no user namespaces", userns, sandbox.Landlock, nil},
		{"user namespaces without rights", []sandboxtest.Refusal{{Call: unix.SYS_MOUNT, Error: syscall.EACCES}}, sandbox.Landlock, nil},  // AppArmor's restriction
		{"a root that cannot be left", []sandboxtest.Refusal{{Call: unix.SYS_PIVOT_ROOT, Error: syscall.EINVAL}}, sandbox.Landlock, nil}, // of an initramfs
		{"no user namespaces in Linux 5.4", slices.Concat(userns, after54), "", []string{"clone with userns: operation not permitted", "no Landlock", `sandbox = "none"`}},
		{"no filters", sandboxtest.Lack(unix.SYS_SECCOMP), "", []string{"userns: filter system calls: function not implemented", "landlock: filter system calls: function not implemented"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, err := sandbox.Start(sandbox.Options{Level: sandbox.Auto, Keep: sandboxtest.KeepOlder(t, c.refused)})
			if c.want == "" {
				if !errors.Is(err, sandbox.ErrUnisolated) || strings.Contains(err.Error(), "\n") {
					t.Fatalf("nothing is left, and Start says %v", err)
				}
				for _, s := range c.says {
					if !strings.Contains(err.Error(), s) {
						t.Errorf("%q is not in: %v", s, err)
					}
				}
				return
			}
			if err != nil {
				t.Skipf("not even %s here: %v", c.want, err)
			}
			defer r.Close()
			if r.Level() != c.want {
				t.Fatalf("level %s, want %s: %+v", r.Level(), c.want, r.Reports())
			}
			p := sandbox.Program{Limits: sandbox.DefaultLimits()}
			p.Wall = time.Minute
			// What the fallbacks stand in for: descriptors of the keeper, mounts
			// that are read-only, files of the host, a box to write in.
			p.Argv = []string{"/bin/sh", "-c", `
for n in 3 4 5 6 7 8 9 10 11 12 13 14 20 50 900 903 910; do (eval "echo >&$n") 2>/dev/null && echo "ESCAPED descriptor $n"; done
(echo >/usr/gradus-probe) 2>/dev/null && echo ESCAPED /usr
(cat /etc/shadow || ls /var/log) 2>/dev/null && echo ESCAPED /etc
echo ours >file && cat file`}
			o, err := r.Run(context.Background(), p)
			if err != nil || o.Status != sandbox.OK || string(o.Stdout) != "ours\n" {
				t.Errorf("%s %s %q %q, %v", o.Status, o.Why, o.Stdout, o.Stderr, err)
			}
		})
	}
}

// TestNoUserNamespacesLeft: in a user namespace whose own limit of further ones
// is 0, as user.max_user_namespaces sets it for a machine.
func TestNoUserNamespacesLeft(t *testing.T) {
	keep := append([]string{"/usr/bin/unshare", "--map-root-user", "/bin/sh", "-c", `echo 0 >/proc/sys/user/max_user_namespaces && exec "$0" "$@"`}, sandboxtest.Keep(t)...)
	r, err := sandbox.Start(sandbox.Options{Level: sandbox.None, Keep: keep})
	if err != nil {
		t.Skipf("no namespace to try it in: %v", err)
	}
	defer r.Close()
	for _, l := range r.Reports() {
		if l.Level == sandbox.UserNS && (l.OK || !strings.Contains(l.Why, "no space left on device; user.max_user_namespaces is 0")) {
			t.Errorf("%+v", l)
		}
	}
}

// TestMountsBelow: what is mounted below a folder that a box shows is read-only
// too, also where each mount has to be made so (before Linux 5.12).
func TestMountsBelow(t *testing.T) {
	for name, refused := range map[string][]sandboxtest.Refusal{"all at once": nil, "one by one": sandboxtest.Lack(unix.SYS_MOUNT_SETATTR)} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			keep := append([]string{"/usr/bin/unshare", "--user", "--map-root-user", "--mount", "/bin/sh", "-c", `
mount -t tmpfs -o mode=777 outer "$1" && mkdir -m 777 "$1/in it" && mount -t tmpfs -o mode=777,nosuid,noexec inner "$1/in it" && shift && exec "$@"`, "sh", dir}, sandboxtest.KeepOlder(t, refused)...)
			r, err := sandbox.Start(sandbox.Options{Level: sandbox.UserNS, Keep: keep})
			if err != nil {
				t.Skipf("no namespace to mount in: %v", err)
			}
			defer r.Close()
			p := sandbox.Program{Limits: sandbox.DefaultLimits(), Binds: []string{dir}}
			p.Wall = time.Minute
			p.Argv = []string{"/bin/sh", "-c", `for d in "$0" "$0/in it"; do cd "$d" && (echo >file) 2>/dev/null && echo ESCAPED "$d"; done; echo done`, dir}
			o, err := r.Run(context.Background(), p)
			if err != nil || o.Status != sandbox.OK || string(o.Stdout) != "done\n" {
				t.Errorf("%s %s %q %q, %v", o.Status, o.Why, o.Stdout, o.Stderr, err)
			}
		})
	}
}

// TestRootAlone: the root of a container with one user's rights has no nobody
// to become; programs stay that user, without capabilities, at both levels.
func TestRootAlone(t *testing.T) {
	keep := append([]string{"/usr/bin/unshare", "--map-root-user"}, sandboxtest.Keep(t)...)
	if r, err := sandbox.Start(sandbox.Options{Level: sandbox.None, Keep: keep}); err != nil {
		t.Skipf("no namespace to be root of: %v", err)
	} else {
		r.Close()
	}
	for level, user := range map[sandbox.Level]string{sandbox.UserNS: "1000", sandbox.Landlock: "0"} {
		t.Run(string(level), func(t *testing.T) {
			r, err := sandbox.Start(sandbox.Options{Level: level, Keep: keep})
			if err != nil && strings.Contains(err.Error(), "no Landlock") {
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			p := sandbox.Program{Limits: sandbox.DefaultLimits()}
			p.Wall = time.Minute
			p.Argv = []string{"/bin/sh", "-c", `
(echo >/usr/gradus-probe) 2>/dev/null && echo ESCAPED /usr
(cat /etc/shadow || ls /root /home) 2>/dev/null && echo ESCAPED
while read name value; do case $name in Uid:|Cap*:) set -- $value; echo $name $1;; esac; done </proc/self/status 2>/dev/null || echo Uid: $(id -u)
echo ours >file && cat file`}
			o, err := r.Run(context.Background(), p)
			if err != nil || o.Status != sandbox.OK {
				t.Fatalf("%s %s %q %q, %v", o.Status, o.Why, o.Stdout, o.Stderr, err)
			}
			lines := strings.Fields(string(o.Stdout))
			t.Log(lines)
			if strings.Contains(string(o.Stdout), "ESCAPED") || !strings.HasSuffix(string(o.Stdout), "ours\n") || !strings.HasPrefix(string(o.Stdout), "Uid: "+user+"\n") {
				t.Errorf("%q", o.Stdout)
			}
			for i, l := range lines[:len(lines)-1] {
				if strings.HasPrefix(l, "Cap") && lines[i+1] != "0000000000000000" {
					t.Errorf("%s %s", l, lines[i+1])
				}
			}
		})
	}
}
