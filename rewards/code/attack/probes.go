package attack

import (
	"strings"

	"gradus/rewards/sandbox"
)

// Probe is a program that tries to break out of, or to wear down, what runs
// it. It prints a line that begins with "ESCAPED" for each thing it should not
// have been able to do, and others about what happened instead.
type Probe struct {
	Name  string
	About string
	Code  string           // Python; CANARY, PORT, PID, ABSTRACT are set before it
	Ends  []sandbox.Status // how it may end (the clock may be first on a busy machine); nil: any way but Failed
	only  string           // architecture, where the probe is machine code
	Slow  bool             // it ends only at a limit of time

	Patience int // factor on its limits of time, for a slow machine; 0 is 1
}

// prelude is put before every probe's code.
const prelude = `
def tried(what, f):
    try:
        r = f()
    except BaseException as e:
        print(what + ":", type(e).__name__, getattr(e, "strerror", None) or e)
        return None
    print("ESCAPED", what, repr(r)[:80])
    return r
def foreign(environ):
    names = {v.split(b"=")[0].decode() for v in environ.split(b"\0") if v}
    return names - {"PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "LC_CTYPE", "PWD"}
def call(what, *args):
    libc.syscall.restype = ctypes.c_long
    r = libc.syscall(*args)
    if r < 0:
        print(what + ":", os.strerror(ctypes.get_errno()))
    else:
        print("ESCAPED", what, r)
`

// begin is what stands before a probe's code: the modules that it names (each
// of them costs its start some milliseconds) and the prelude.
func (p Probe) begin() string {
	needs := p.Code
	var b strings.Builder
	if strings.Contains(needs, "call(") || strings.Contains(needs, "libc.") {
		needs += prelude + "ctypes.CDLL"
	}
	for _, m := range []string{"ctypes", "resource", "signal", "socket", "subprocess", "threading", "time"} {
		if strings.Contains(needs, m+".") {
			b.WriteString("import " + m + "\n")
		}
	}
	b.WriteString("import os, sys\n")
	if strings.Contains(needs, "ctypes.CDLL") {
		b.WriteString("libc = ctypes.CDLL(None, use_errno=True)\n")
	}
	return b.String() + prelude
}

// Probes returns the table, in the order to show it.
func Probes() []Probe {
	ok, exits := []sandbox.Status{sandbox.OK}, []sandbox.Status{sandbox.OK, sandbox.Exit, sandbox.Signal}
	return []Probe{
		{Name: "read host files", About: "opens a secret file, the password file, homes", Ends: ok, Code: `
for p in [CANARY, "/etc/shadow", "/etc/hostname", "/proc/1/environ", "/sys/kernel/notes", "/var/log/dpkg.log"]:
    def read():
        s = open(p, "rb").read()
        if p == "/proc/1/environ" and not foreign(s): raise OSError(0, "nothing of the host")
        return CANARY if p == CANARY else len(s)
    tried("read " + p, read)
for p in ["/home", "/var", "/sys", os.path.dirname(CANARY)]:
    tried("list " + p, lambda: os.listdir(p) or 1/0)
`},
		{Name: "symbolic links out", About: "links in the box to the secret file, and up from the root", Ends: ok, Code: `
os.symlink(CANARY, "link")
tried("read by link", lambda: open("link").read())
tried("hard link", lambda: os.link(CANARY, "hard"))
tried("up", lambda: open("/../../../.." + CANARY).read())
tried("rename in", lambda: os.rename(CANARY, "mine"))
`},
		{Name: "/proc", About: "other processes' roots, folders, memory, environment", Ends: ok, Code: `
for pid in ["1", "self", str(os.getppid()), str(PID)]:
    for rest in ["root" + CANARY, "cwd" + CANARY]:
        tried(pid + "/" + rest, lambda: open("/proc/%s/%s" % (pid, rest)).read())
for pid in ["1", str(os.getppid()), str(PID)]:
    tried(pid + "/mem", lambda: open("/proc/%s/mem" % pid, "rb").read(1))
    tried(pid + "/environ", lambda: foreign(open("/proc/%s/environ" % pid, "rb").read()) or 1/0)
tried("core_pattern", lambda: open("/proc/sys/kernel/core_pattern", "w"))
tried("kcore", lambda: open("/proc/kcore", "rb"))
tried("sysrq", lambda: open("/proc/sysrq-trigger", "w"))
`},
		{Name: "write outside the box", About: "the system's folders, the secret file, devices", Ends: ok, Code: `
for p in ["/usr", "/bin", "/etc", "/", "/dev", "/var/tmp", os.path.dirname(CANARY), os.path.dirname(sys.executable)]:
    def create():
        f = os.path.join(p, "gradus-probe")
        os.close(os.open(f, os.O_CREAT | os.O_WRONLY))
        os.unlink(f)
    tried("create in " + p, create)
for p in [CANARY, "/usr/bin/env", sys.executable, "/etc/passwd", "/dev/sda", "/dev/vda", "/dev/kmsg", "/dev/mem"]:
    tried("open to write " + p, lambda: open(p, "r+b"))
tried("remove", lambda: os.unlink(CANARY))
`},
		{Name: "change host files", About: "mode, owner, times, length, attributes of the secret file and the interpreter", Ends: ok, Code: `
tried("chmod", lambda: os.chmod(CANARY, 0o777))
tried("chown", lambda: os.chown(CANARY, os.getuid(), os.getgid()))
tried("utime", lambda: os.utime(CANARY, (1, 1)))
tried("truncate", lambda: os.truncate(CANARY, 0))
tried("setxattr", lambda: os.setxattr(CANARY, "user.x", b"y"))
f = os.open(sys.executable, os.O_RDONLY)  # what it has already, should it work
st = os.fstat(f)
tried("fchmod of the interpreter", lambda: os.fchmod(f, st.st_mode & 0o7777))
tried("futimes of the interpreter", lambda: os.utime(f, ns=(st.st_atime_ns, st.st_mtime_ns)))
`},
		{Name: "inherited files", About: "descriptors above 2", Ends: ok, Code: `
for fd in range(3, 1024):
    try: st = os.fstat(fd)
    except OSError: continue
    print("ESCAPED descriptor", fd, st)
`},
		{Name: "environment", About: "variables of the host", Ends: ok, Code: `
for k in foreign(b"\0".join(k.encode() for k in os.environ)): print("ESCAPED", k)
`},
		{Name: "sockets", About: "TCP to a listener of the host, UDP, Unix, abstract Unix, netlink, raw", Ends: ok, Code: `
tried("tcp", lambda: socket.create_connection(("127.0.0.1", PORT), 1))
tried("abstract", lambda: socket.socket(socket.AF_UNIX).connect("\0" + ABSTRACT))
for family, kind in [(socket.AF_INET, socket.SOCK_STREAM), (socket.AF_INET, socket.SOCK_DGRAM), (socket.AF_INET6, socket.SOCK_STREAM), (socket.AF_UNIX, socket.SOCK_STREAM), (16, socket.SOCK_RAW), (17, socket.SOCK_RAW), (38, socket.SOCK_SEQPACKET), (40, socket.SOCK_STREAM)]:
    tried("family %d" % family, lambda: socket.socket(family, kind))
`},
		{Name: "datagrams of a pair", About: "a pair of datagram sockets, each of which can send to any socket", Ends: ok, Code: `
for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
    for what, to in (("a path", os.path.join(os.path.dirname(CANARY), "socket")), ("a name", "\0" + ABSTRACT + "-datagrams")):
        tried("send to " + what, lambda: socket.socketpair(socket.AF_UNIX, kind)[0].sendto(b"x", to))
        tried("send a message to " + what, lambda: socket.socketpair(socket.AF_UNIX, kind)[0].sendmsg([b"x"], [], 0, to))
for family in (16, 30):
    tried("pair of family %d" % family, lambda: socket.socketpair(family, socket.SOCK_STREAM))
a, b = socket.socketpair()
a.send(b"x")
if b.recv(1) == b"x": print("a pair of streams works")
`},
		{Name: "watches", About: "who opens what on the host: inotify, dnotify, leases", Ends: ok, Code: `
import fcntl
call("inotify", 294 if os.uname().machine == "x86_64" else 26, 0)
tried("dnotify", lambda: fcntl.fcntl(os.open("/usr/bin", os.O_RDONLY), 1026, 0xf))
tried("lease", lambda: fcntl.fcntl(os.open(sys.executable, os.O_RDONLY), 1024, 0))
`},
		{Name: "fork bomb", Slow: true, About: "forks until it cannot, in every child", Code: `
n = 0
while True:
    try:
        if os.fork() == 0: n = 0
        else: n += 1
    except OSError as e:
        if n: print(n, "forks, then", e.strerror, flush=True)
        n = 0
        time.sleep(0.01)
`, Ends: []sandbox.Status{sandbox.Timeout, sandbox.CPU, sandbox.Memory, sandbox.Output}},
		{Name: "thread bomb", About: "starts threads until it cannot", Ends: exits, Code: `
n = 0
try:
    for n in range(100000): threading.Thread(target=time.sleep, args=(30,), daemon=True).start()
    print("ESCAPED", n, "threads")
except RuntimeError as e: print(n, "threads, then", e)
sys.stdout.flush(); os._exit(0)
`},
		{Name: "leftover process", About: "a daemon by double fork, with a session of its own where it may", Ends: ok, Code: `
if os.fork() == 0:
    try: os.setsid()
    except OSError: pass
    if os.fork() == 0:
        for fd in range(3): os.close(fd)
        time.sleep(60)
    os._exit(0)
os.wait()
print("left")
`},
		{Name: "leftover holds stdout", About: "a child keeps the output open and sleeps", Ends: ok, Code: `
if os.fork() == 0: time.sleep(60)
print("left")
`},
		{Name: "busy loop", Slow: true, About: "never ends", Ends: []sandbox.Status{sandbox.CPU, sandbox.Timeout}, Code: "while True: pass\n"},
		{Name: "busy loop in children", Slow: true, About: "the time of all processes counts", Ends: []sandbox.Status{sandbox.CPU, sandbox.Timeout}, Code: `
for _ in range(4):
    if os.fork() == 0:
        while True: pass
while True: time.sleep(1)
`},
		{Name: "deaf busy loop", Slow: true, About: "ignores every signal that it can", Ends: []sandbox.Status{sandbox.CPU, sandbox.Timeout}, Code: `
for s in range(1, 65):
    try: signal.signal(s, signal.SIG_IGN)
    except (OSError, ValueError): pass
while True: pass
`},
		{Name: "sleep", Slow: true, About: "waits", Ends: []sandbox.Status{sandbox.Timeout}, Code: "time.sleep(100)\n"},
		{Name: "stopped", Slow: true, About: "stops itself", Ends: []sandbox.Status{sandbox.Timeout, sandbox.Exit}, Code: "os.kill(os.getpid(), signal.SIGSTOP)\ntime.sleep(100)\n"},
		{Name: "prints forever", About: "floods standard output", Ends: []sandbox.Status{sandbox.Output}, Code: "while True: sys.stdout.write('x' * 65536)\n"},
		{Name: "complains forever", About: "floods standard error", Ends: []sandbox.Status{sandbox.Output}, Code: "while True: sys.stderr.write('x' * 65536)\n"},
		{Name: "closes its output", About: "closes standard output and goes on", Ends: exits, Code: "os.close(1); os.close(2); os._exit(0)\n"},
		{Name: "memory", About: "asks for 2 GB", Ends: []sandbox.Status{sandbox.Memory}, Code: "x = bytearray(2 << 30)\nprint('ESCAPED', len(x))\n"},
		{Name: "memory bit by bit", About: "a list that grows", Ends: []sandbox.Status{sandbox.Memory, sandbox.Timeout}, Code: "x = []\nwhile True: x.append(bytearray(1 << 20))\n"},
		{Name: "memory in children", About: "eight processes with less each than one may have", Ends: []sandbox.Status{sandbox.Memory, sandbox.Timeout, sandbox.CPU}, Code: `
for _ in range(8):
    if os.fork() == 0:
        x = b"x" * (60 << 20)
        time.sleep(100)
time.sleep(100)
`},
		{Name: "memory in sockets", About: "what socket buffers hold is no process's", Ends: []sandbox.Status{sandbox.Memory, sandbox.Timeout, sandbox.CPU}, Code: `
import array
held, total = [], 0
r, w = os.pipe()
while True:
    try:
        if os.fork() == 0: break
    except OSError: break
try:
    while True:
        held.append(socket.socketpair())
        for s in held[-1]:
            s.setblocking(False)
            sent = 0
            try:
                while True: sent += s.send(bytes(1 << 17))
            except BlockingIOError: os.write(w, array.array("q", [sent]))
except OSError: pass
while total < 400 << 20: total += array.array("q", os.read(r, 8))[0]
os.write(1, b"ESCAPED %d MiB in sockets\n" % (total >> 20))
time.sleep(100)
`},
		{Name: "memory without a process", About: "anonymous files, System V segments", Ends: ok, Code: `
tried("memfd", lambda: os.memfd_create("x"))
call("shmget", 29, 0, 1 << 20, 0o1600) if os.uname().machine == "x86_64" else call("shmget", 194, 0, 1 << 20, 0o1600)
`},
		{Name: "disk, one file", About: "writes 1 GB to a file", Code: `
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
n = 0
try:
    with open("big", "wb", buffering=0) as f:
        while n < 1 << 30: n += f.write(b"x" * (1 << 20))
    print("ESCAPED", n)
except OSError as e: print(n >> 20, "MiB, then", e.strerror)
`, Ends: []sandbox.Status{sandbox.OK, sandbox.Disk}},
		{Name: "disk, many files", About: "files of 1 MB, without end", Code: `
n = 0
try:
    for n in range(1024):
        with open("f%d" % n, "wb", buffering=0) as f:
            if f.write(b"x" * (1 << 20)) < 1 << 20: raise OSError(28, "No space left on device")
        if n > 60: time.sleep(0.1)
    print("ESCAPED", n)
except OSError as e: print(n, "files, then", e.strerror)
`, Ends: []sandbox.Status{sandbox.OK, sandbox.Disk}},
		{Name: "disk, empty files", Slow: true, About: "100,000 files", Code: `
n = 0
try:
    for n in range(100000): os.close(os.open("e%d" % n, os.O_CREAT | os.O_WRONLY))
    print("ESCAPED", n)
except OSError as e: print(n, "files, then", e.strerror)
`, Ends: []sandbox.Status{sandbox.OK, sandbox.Disk, sandbox.Timeout, sandbox.CPU}},
		{Name: "signals to others", About: "a process of the host, every number there is, its parent, -1", Code: `
alone = os.getppid() == 1
tried("kill a process of the host", lambda: os.kill(PID, signal.SIGKILL))
reached = 0
for pid in range(2, 32768):  # signal 0 asks whether it would work
    try: os.kill(pid, 0)
    except OSError: continue
    reached += pid != os.getpid()
if reached: print("ESCAPED", reached, "processes within reach")
for pid in [os.getppid(), -1]:
    try: os.kill(pid, signal.SIGKILL if alone else 0)
    except OSError as e: print("kill", pid, e.strerror)
    else: print("kill", pid, "did nothing") if alone else print("ESCAPED kill", pid)
print("alive")
`, Ends: exits},
		{Name: "signals by the back door", About: "owner of a descriptor, limits and priority of another process", Ends: ok, Code: `
import fcntl
r, w = os.pipe()
for what, cmd in [("F_SETOWN", fcntl.F_SETOWN), ("F_SETSIG", 10)]:
    tried(what, lambda: fcntl.fcntl(r, cmd, PID if what == "F_SETOWN" else 9))
tried("prlimit", lambda: resource.prlimit(PID, resource.RLIMIT_CPU, (0, 0)))
tried("own limits", lambda: resource.setrlimit(resource.RLIMIT_NPROC, (100000, 100000)))
tried("priority", lambda: os.setpriority(os.PRIO_PROCESS, PID, 19))
`},
		{Name: "ptrace", About: "attaches to its parent and to a process of the host, reads their memory", Ends: ok, Code: `
x86 = os.uname().machine == "x86_64"
for pid in (os.getppid(), PID):
    call("ptrace", 101 if x86 else 117, 16, pid, 0, 0)
    call("process_vm_readv", 310 if x86 else 270, pid, 0, 0, 0, 0, 0)
    call("pidfd_open", 434, pid, 0)
`},
		{Name: "new namespaces", About: "unshare, clone with a user namespace, setns, mount, chroot", Ends: ok, Code: `
x86 = os.uname().machine == "x86_64"
call("unshare", 272 if x86 else 97, 0x10000000)
for flag in (0x10000000, 0x20000, 0x20000000, 0x40000000, 0x8000000, 0x4000000, 0x2000000):
    libc.syscall.restype = ctypes.c_long
    r = libc.syscall(56 if x86 else 220, flag | 17, 0, 0, 0, 0)
    if r == 0: os._exit(0)
    print("clone %#x:" % flag, os.strerror(ctypes.get_errno())) if r < 0 else print("ESCAPED clone", hex(flag))
call("clone3", 435, 0, 0)
call("mount", 165 if x86 else 40, b"none", b"/tmp", b"tmpfs", 0, 0)
call("chroot", 161 if x86 else 51, b"/")
call("fsopen", 430, b"tmpfs", 0)
`},
		{Name: "dangerous calls", About: "bpf, perf, keys, io_uring, userfaultfd, modules, kexec, clocks, handles", Ends: ok, Code: `
x86 = os.uname().machine == "x86_64"
table = [("bpf", 321, 280), ("perf_event_open", 298, 241), ("keyctl", 250, 219), ("add_key", 248, 217), ("io_uring_setup", 425, 425), ("userfaultfd", 323, 282),
    ("init_module", 175, 105), ("kexec_load", 246, 104), ("settimeofday", 170, 170), ("open_by_handle_at", 304, 265), ("swapon", 167, 224), ("reboot", 169, 142),
    ("syslog", 103, 116), ("sethostname", 170, 161), ("personality", 135, 92), ("mknodat", 259, 33), ("fanotify_init", 300, 262), ("landlock_add_rule", 445, 445), ("seccomp listener", 317, 277)]
for name, a, b in table: call(name, a if x86 else b, 0x0040000, 0, 0, 0, 0)
`},
		{Name: "32-bit calls", About: "int 0x80, whose numbers mean other calls", only: "amd64", Ends: []sandbox.Status{sandbox.Signal}, Code: `
import mmap
m = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
m.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")
f = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(m)))
print("ESCAPED", f())
`},
		{Name: "x32 calls", About: "numbers with bit 30", only: "amd64", Ends: []sandbox.Status{sandbox.Signal}, Code: "call('x32 getpid', 0x40000000 + 39)\n"},
		{Name: "more privileges", About: "programs with set-user-ID, becoming root, capabilities", Ends: ok, Code: `
if os.getuid() == 0 and not ALONE: print("ESCAPED uid 0")
tried("setuid", lambda: os.setuid(0))
tried("setgroups", lambda: os.setgroups([0]))
for p in ("/bin/su", "/usr/bin/sudo", "/usr/bin/mount", "/usr/bin/newuidmap"):
    if not os.path.exists(p): continue
    r = subprocess.run([p, "-c", "id"] if "su" in p else [p, "-t", "tmpfs", "none", "/tmp"], stdin=subprocess.DEVNULL, capture_output=True)
    print(p, r.returncode, (r.stderr or r.stdout)[:60])
    if r.returncode == 0: print("ESCAPED", p)
try: status = dict(l.split(":\t", 1) for l in open("/proc/self/status"))
except OSError: status = {}
for k in ("CapEff", "CapPrm", "CapBnd", "CapInh", "CapAmb"):
    if int(status.get(k, "0"), 16): print("ESCAPED", k, status[k])
`},
		{Name: "terminal", About: "TIOCSTI, opening the terminal, getting one as its own", Ends: ok, Code: `
import fcntl, termios
for fd in range(3): tried("TIOCSTI %d" % fd, lambda: fcntl.ioctl(fd, termios.TIOCSTI, b"x"))
tried("tty", lambda: open("/dev/tty"))
tried("ptmx", lambda: open("/dev/ptmx"))
tried("console", lambda: open("/dev/console"))
`},
		{Name: "input it does not read", About: "ends while 8 MB of input wait", Ends: ok, Code: "print('done')\n"},
		{Name: "zombies", About: "children that it never waits for", Ends: exits, Code: `
n = 0
try:
    for n in range(1000):
        if os.fork() == 0: os._exit(0)
    print("ESCAPED", n)
except OSError as e: print(n, "zombies, then", e.strerror)
`},
	}
}
