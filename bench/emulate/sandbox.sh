#!/bin/sh
# Runs the probes of rewards/sandbox and rewards/code on Linux kernels that this
# machine does not run, in an emulated PC (QEMU, all in software), and in each of
# them as root and as a user, with user namespaces open and closed, with and
# without Landlock and control groups. Each setting says beforehand which
# isolation it has to yield; with none, rewards must refuse.
#
#   bench/emulate/sandbox.sh [vmlinuz ...]     default: all of /boot
#
# Takes a quarter of an hour for a kernel, and more on a busy machine. On Debian: apt-get install
# qemu-system-x86 busybox-static cpio python3; kernels are in the packages
# linux-image-*-cloud-amd64 (dpkg -x unpacks one without installing it).
#
# The machine has one processor that counts: an instruction takes a nanosecond
# and nothing else takes time, whatever else runs here. What a run costs is told
# in that unit, with a control group and without.
#
#   SECONDS_MOST  longest boot (3600); SETTINGS parts of the names of settings
#                 to run, separated by commas
#   APPARMOR_PARSER  4 or later (apparmor_parser), with APPARMOR_D its folder
#                 (/etc/apparmor.d): programs under AppArmor too; left out where it is not there
#   GRADUS_FAULTS full: all probes, hours; else those whose answer depends on the kernel
set -eu
most=${SECONDS_MOST:-3600}
[ $# -gt 0 ] || set -- /boot/vmlinuz-*
for tool in qemu-system-x86_64 busybox cpio ldd gzip; do
	command -v "$tool" >/dev/null || { echo "sandbox.sh: $tool is not there; see the packages at the head of $0" >&2; exit 2; }
done
for kernel in "$@"; do
	[ -r "$kernel" ] || { echo "sandbox.sh: cannot read the kernel $kernel; name one, see the head of $0" >&2; exit 2; }
done
python=/usr/bin/python3
[ -x $python ] || { echo "sandbox.sh: $python is not there" >&2; exit 2; }
here=$(cd "$(dirname "$0")/../.." && pwd)
for i in "$@"; do set -- "$@" "$(realpath "$i")"; shift; done
cd "$here"

work=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

# The system: real programs and their libraries, as boxes show them.
root=$work/root
mkdir -p "$root/usr/bin" "$root/usr/lib64" "$root/etc" "$root/home/user" "$root/tests" \
	"$root/proc" "$root/sys" "$root/dev" "$root/tmp" "$root/var/tmp" "$root/run"
ln -s usr/bin "$root/bin"; ln -s usr/lib "$root/lib"; ln -s usr/lib64 "$root/lib64"; ln -s usr/bin "$root/sbin"
put() { # a program or library, with what it needs, at its place below /usr
	real=$(realpath "$1")
	case $1 in /usr/*) at=$1 ;; *) at=/usr$1 ;; esac
	mkdir -p "$root$(dirname "$at")"
	[ -e "$root$at" ] || cp "$real" "$root$at"
	ldd "$real" 2>/dev/null | grep -o '/[^ ]*' | while read -r lib; do
		case $lib in /usr/*) to=$lib ;; *) to=/usr$lib ;; esac
		mkdir -p "$root$(dirname "$to")"
		[ -e "$root$to" ] || cp "$(realpath "$lib")" "$root$to"
	done
}
for program in sh cat sleep true mount mkdir su chmod env unshare id bwrap; do
	for at in /usr/bin/$program /bin/$program; do
		[ ! -e $at ] || put $at
	done
done
chmod u+s "$root/usr/bin/su" "$root/usr/bin/mount"
put $python
stdlib=$($python -I -c 'import os; print(os.path.dirname(os.__file__))')
mkdir -p "$root$stdlib"
(cd "$stdlib" && find . \( -name test -o -name idlelib -o -name 'config-*' -o -name '*-packages' -o -name ensurepip -o -name lib2to3 -o -name tkinter \) -prune -o -type f -print | cpio -pdm --quiet "$root$stdlib")
for module in "$stdlib"/lib-dynload/*.so; do put "$module"; done
cp "$(command -v busybox)" "$root/usr/bin/busybox"
printf 'root:x:0:0::/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n' >"$root/etc/passwd"
printf 'root:x:0:\nuser:x:1000:\nnogroup:x:65534:\n' >"$root/etc/group"
echo emulated >"$root/etc/hostname"
for package in sandbox code/attack; do
	CGO_ENABLED=0 ${GO:-go} test -c -o "$root/tests/$(basename $package).test" ./rewards/$package
done
# Policies of AppArmor as the kernel takes them: no parser is needed in there.
parser=${APPARMOR_PARSER:-apparmor_parser}
features=${APPARMOR_D:-/etc/apparmor.d}/abi
policy() { # NAME INTERFACE
	# -S writes to standard output, -Q leaves this machine's kernel alone
	$parser -Q -S -M "$features/$2" "bench/emulate/$1.aa" >"$root/tests/$1.policy"
	mkdir "$root/tests/$1"
	ln "$root"/tests/*.test "$root/tests/$1"
}
case $($parser --version 2>/dev/null | head -n 1) in
*' version '[4-9]*) policy refused 4.0; policy powerless 3.0 ;;
*) echo "sandbox.sh: without AppArmor: $parser is not version 4 or later (APPARMOR_PARSER)" ;;
esac
cp bench/emulate/sandbox-guest.sh "$root/tests/guest.sh"
mkdir -p "$work/initrd/bin"
cp "$root/usr/bin/busybox" "$work/initrd/bin/busybox"
tar -C "$root" --owner=0 --group=0 -cf "$work/initrd/root.tar" .
# The first root of a machine is none that pivot_root(2) can leave.
cat >"$work/initrd/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox mkdir -p /new
/bin/busybox mount -t tmpfs -o size=600m,mode=755 root /new
/bin/busybox tar -C /new -xf /root.tar
/bin/busybox rm /root.tar
exec /bin/busybox switch_root /new /usr/bin/busybox sh /tests/guest.sh
INIT
chmod +x "$work/initrd/init"
(cd "$work/initrd" && find . | cpio -o -H newc --quiet) | gzip -1 >"$work/initrd.gz"

boot() { # kernel, further parameters
	: >"$work/serial"
	echo "=== $(basename "$1") $2"
	qemu-system-x86_64 -accel tcg -icount shift=0,sleep=off -cpu max -smp 1 -m 2048 -nodefaults -display none -no-reboot -monitor none \
		-serial "file:$work/serial" -kernel "$1" -initrd "$work/initrd.gz" \
		-append "console=ttyS0 quiet panic=-1 mitigations=off $2 only=${SETTINGS:-} faults=${GRADUS_FAULTS:-}" >"$work/out" 2>&1 </dev/null &
	pid=$!
	waited=0
	shown=0
	while kill -0 "$pid" 2>/dev/null; do
		if [ "$waited" -ge "$most" ]; then
			echo "sandbox.sh: the emulator ran for $most s" >&2
			kill "$pid"
		fi
		sleep 5
		waited=$((waited + 5))
		lines=$(wc -l <"$work/serial")
		[ "$lines" -gt "$shown" ] && sed -n "$((shown + 1)),${lines}p" "$work/serial" | tr -d '\r' | sed 's/^.*\x1b\[[0-9;?]*[a-zA-Z]//'
		shown=$lines
	done
	pid=
	if ! grep -q '^emulated run ends with 0' "$work/serial"; then
		tail -n 5 "$work/out" >&2
		echo "sandbox.sh: $(basename "$1") $2: not all held" >&2
		failed=1
	fi
}

failed=0
for kernel in "$@"; do
	boot "$kernel" ""
	# As where a distribution does not name Landlock among the modules: which
	# level is chosen, and that it works.
	boot "$kernel" "lsm=yama,apparmor brief=1"
done
exit $failed
