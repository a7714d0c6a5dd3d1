#!/bin/sh
# Runs the tests of kernels/cpu on an emulated CPU, for code paths that this
# machine's own CPU has not. An emulator of a whole PC (Bochs) boots a Linux
# kernel whose only program is the test binary; what it prints comes back over
# the emulated serial line.
#
#   bench/emulate/run.sh [path [tests [packages.test]]]
#
#   path    generic, avx2, avx512 (default) or amx
#   tests   go test -run pattern, default TestCheck|TestBits|TestContract|TestProve|TestTile
#
# On Debian: apt-get install bochs bochsbios vgabios isolinux syslinux-common
# xorriso cpio busybox-static linux-image-cloud-amd64. Debian's Bochs has
# AVX-512; amx takes a newer one, which bochs.sh builds, named by BOCHS and MODEL.
#
#   BOCHS   emulator (bochs), MODEL its CPU (corei7_skylake_x),
#   BIOS, VGABIOS   its images, KERNEL a Linux bzImage (the newest in /boot),
#   SECONDS_MOST    longest run (3600)
set -eu
path=${1:-avx512}
tests=${2:-'TestCheck|TestBits|TestContract|TestProve|TestTile'}
bochs=${BOCHS:-bochs}
model=${MODEL:-corei7_skylake_x}
bios=${BIOS:-/usr/share/bochs/BIOS-bochs-legacy}
vgabios=${VGABIOS:-/usr/share/vgabios/vgabios.bin}
kernel=${KERNEL:-$(ls -t /boot/vmlinuz-* 2>/dev/null | head -n 1)}
most=${SECONDS_MOST:-3600}
isolinux=/usr/lib/ISOLINUX/isolinux.bin
loader=/usr/lib/syslinux/modules/bios/ldlinux.c32

cd "$(dirname "$0")/../.."
for tool in "$bochs" xorriso cpio busybox; do
	command -v "$tool" >/dev/null || { echo "run.sh: $tool is not there; see the packages at the head of $0" >&2; exit 2; }
done
for file in "$bios" "$vgabios" "${kernel:-/boot/vmlinuz}" "$isolinux" "$loader"; do
	[ -r "$file" ] || { echo "run.sh: cannot read $file; see the packages and variables at the head of $0" >&2; exit 2; }
done

work=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
mkdir -p "$work/root/bin" "$work/root/proc" "$work/root/sys" "$work/root/dev" "$work/root/tmp" "$work/iso/isolinux"
${GO:-go} test -c -ldflags '-linkmode external -extldflags -static' -o "$work/root/bin/kernels.test" ./kernels/cpu
cp "$(command -v busybox)" "$work/root/bin/busybox"
cat >"$work/root/init" <<INIT
#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox mount -t tmpfs tmp /tmp
/bin/busybox grep -m1 'model name' /proc/cpuinfo
cd /tmp
GRADUS_CPU=$path /bin/kernels.test -test.timeout 0 -test.v -test.run '$tests'
echo "emulated run ends with \$?"
/bin/busybox sleep 2 # until the serial line has taken it
/bin/busybox poweroff -f
INIT
chmod +x "$work/root/init"
(cd "$work/root" && find . | cpio -o -H newc --quiet) | gzip -1 >"$work/iso/initrd"
cp "$kernel" "$work/iso/vmlinuz"
cp "$isolinux" "$loader" "$work/iso/isolinux/"
# 321, 323: XSAVEC and XSAVES. Bochs 2.7 tells their size in a form that newer
# kernels doubt ("XSAVE consistency problem"), and then they keep no AVX at all.
# Without XSAVES there is no XFD, and without that Linux gives out no tiles; the
# newer Bochs that has them tells sizes well, but Linux' short copies with REP
# MOVSB (580, FSRM) run over in it while it boots.
clear=clearcpuid=321,323
[ "$path" != amx ] || clear=clearcpuid=580
cat >"$work/iso/isolinux/isolinux.cfg" <<CFG
default tests
prompt 0
timeout 1
label tests
	kernel /vmlinuz
	append initrd=/initrd console=ttyS0 quiet nokaslr mitigations=off tsc=reliable lpj=1000000 noapic acpi=off $clear
CFG
xorriso -as mkisofs -quiet -o "$work/tests.iso" -b isolinux/isolinux.bin -c isolinux/boot.cat \
	-no-emul-boot -boot-load-size 4 -boot-info-table "$work/iso" 2>/dev/null
cat >"$work/bochsrc" <<RC
memory: guest=512, host=512
romimage: file=$bios
vgaromimage: file=$vgabios
cpu: model=$model, ips=50000000, reset_on_triple_fault=0
ata0-master: type=cdrom, path=$work/tests.iso, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev=$work/serial
log: $work/log
panic: action=fatal
display_library: ${DISPLAY_LIBRARY:-term}
clock: sync=none
RC
: >"$work/serial"
echo c >"$work/go" # Debian's Bochs waits in its debugger
rc=
"$bochs" -h 2>&1 | grep -q -- '-rc' && rc="-rc $work/go"
# Debian's Bochs has no screen that shows nothing; script gives it a terminal.
TERM=vt100 script -qfec "stty rows 30 cols 90; exec $bochs -q -f $work/bochsrc $rc" /dev/null >"$work/out" 2>&1 </dev/null &
pid=$!
waited=0
until grep -q 'emulated run ends with' "$work/serial"; do
	if ! kill -0 "$pid" 2>/dev/null || [ "$waited" -ge "$most" ]; then
		cat "$work/serial"
		echo "run.sh: the emulator stopped, or ran for $most s" >&2
		tail -n 5 "$work/log" "$work/out" >&2
		exit 1
	fi
	sleep 5
	waited=$((waited + 5))
done
tr -d '\r' <"$work/serial"
grep -q 'emulated run ends with 0' "$work/serial"
