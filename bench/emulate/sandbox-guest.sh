# The first process of the machine that sandbox.sh boots: makes each setting and
# runs the tests in it. What each setting must yield follows from the kernel's
# version and its own list of security modules, not from what gradus finds.
export PATH=/usr/bin HOME=/root TMPDIR=/tmp
b=/usr/bin/busybox
$b mount -t proc proc /proc
$b mount -t sysfs sys /sys
$b mount -t devtmpfs dev /dev
$b mount -t tmpfs -o mode=1777,size=600m tmp /tmp
$b mount -t securityfs security /sys/kernel/security 2>/dev/null
$b mount -t cgroup2 cgroup /sys/fs/cgroup
$b ip link set lo up
$b ln -s /proc/self/fd /dev/fd 2>/dev/null
release=$($b uname -r)
parameter() { $b sed -n "s/.*\\b$1=\\([^ ]*\\).*/\\1/p" /proc/cmdline; }
export GRADUS_FAULTS=$(parameter faults)
short=-test.short
only=$(parameter only)
brief=$(parameter brief)
[ "$GRADUS_FAULTS" != full ] || short=
landlock=no
# Landlock came with Linux 5.13 and works where it is among the modules.
if [ "$(printf '%s\n5.13\n' "$release" | $b sort -V | $b head -n 1)" = 5.13 ]; then
	case ,$(cat /sys/kernel/security/lsm), in *,landlock,*) landlock=yes ;; esac
fi
echo "Linux $release, modules $(cat /sys/kernel/security/lsm)"
# Delegated as systemd does: the user's own group, and one in it to be in.
g=/sys/fs/cgroup
echo "+memory +pids" >$g/cgroup.subtree_control
$b mkdir $g/user
echo "+memory +pids" >$g/user/cgroup.subtree_control
$b mkdir $g/user/shell
$b chown -R user:user $g/user

worst=0
# wanted NAME: a part of it is among those to run, separated by commas.
wanted() {
	[ -n "$only" ] || return 0
	for part in $(echo "$only" | $b tr , ' '); do
		case "$1" in *$part*) return 0 ;; esac
	done
	return 1
}
# What is run in a setting; emulated machines are slow.
tests() {
	case $1 in
	sandbox) echo '^(TestExpected|TestControlGroup|TestOutcomes|TestPair|TestMountsBelow|TestRootAlone)$' ;;
	attack) echo '^TestProbes$' ;;
	hacks) echo '^TestHacks$' ;;
	esac
}
# setting NAME USER GROUP LEVEL HOLD [TESTS...], programs in $at
at=/tests
setting() {
	name=$1 user=$2 group=$3 level=$4 hold=$5
	shift 5
	wanted "$name" || return
	echo $$ >$group/cgroup.procs
	cd /tmp
	for t in "$@"; do
		program=$t
		[ $t != hacks ] || program=attack
		case $t$level in # where nothing is run, other tests would only be skipped
		sandbox*) ;;
		*refuse) continue ;;
		*) [ -z "$brief" ] || continue ;;
		esac
		$b rm -f /tmp/out
		GRADUS_SANDBOX_EXPECT=$level GRADUS_SANDBOX_EXPECT_HOLD=$hold GRADUS_SANDBOX_SLOWER=10 \
			su -p -s /bin/sh $user -c "exec $at/$program.test -test.timeout 40m -test.v $short -test.parallel 1 -test.run '$(tests $t)'" >/tmp/out 2>&1
		code=$?
		$b grep -oE '(EXPECT|HELD) .*|--- FAIL.*|panic:.*' /tmp/out | $b grep -v 'EXPECT none:'
		echo "$release: $name: $t: $($b grep -c '^ *--- PASS' /tmp/out) passed, $($b grep -c '^ *--- SKIP' /tmp/out) skipped, $($b grep -c '^ *--- FAIL' /tmp/out) failed"
		if [ $code != 0 ]; then
			worst=1
			$b grep -B3 -A12 -E '_test.go:[0-9]+: [^ ]|^FAIL' /tmp/out | $b grep -v '^ *--- \(PASS\|SKIP\)' | $b tail -n 40
		fi
	done
	echo $$ >$g/cgroup.procs
}
closed=refuse
[ $landlock = no ] || closed=landlock
all="sandbox attack"

setting "root" root $g userns cgroup $all
setting "user, group delegated" user $g/user/shell userns cgroup $all hacks
setting "user, no group" user $g userns watch sandbox
if [ -e /proc/sys/kernel/unprivileged_userns_clone ]; then
	echo 0 >/proc/sys/kernel/unprivileged_userns_clone
	setting "user, kernel.unprivileged_userns_clone=0" user $g $closed watch $all hacks
	echo 1 >/proc/sys/kernel/unprivileged_userns_clone
fi
most=$(cat /proc/sys/user/max_user_namespaces)
echo 0 >/proc/sys/user/max_user_namespaces
setting "root, user.max_user_namespaces=0" root $g $closed cgroup sandbox attack
setting "user, user.max_user_namespaces=0" user $g/user/shell $closed cgroup sandbox
echo $most >/proc/sys/user/max_user_namespaces

# Under a profile of AppArmor, which stands for the programs of a folder.
confined() { # NAME, what it does
	[ -e /tests/$1.policy ] || return
	$b dd bs=1M if=/tests/$1.policy of=/sys/kernel/security/apparmor/.load 2>/dev/null || { echo "$release: AppArmor does not take $1.policy"; worst=1; return; }
	at=/tests/$1
	setting "user, AppArmor: $2" user $g/user/shell $closed cgroup sandbox attack
	at=/tests
}
case ,$(cat /sys/kernel/security/lsm), in
*,apparmor,*)
	confined powerless "user namespaces without capabilities"
	# Its interface tells whether it knows of user namespaces (Linux 6.7).
	[ ! -e /sys/kernel/security/apparmor/features/namespaces/mask ] || confined refused "no user namespaces"
	;;
esac

# What a run takes, with a control group and without, in instructions.
if [ -z "$brief" ] && wanted cost; then
	/tests/sandbox.test -test.run '^$' -test.bench Overhead -test.benchtime 10x >/tmp/out 2>&1 || worst=1
	$b sed -n "s/^BenchmarkOverhead./$release: cost: /p" /tmp/out
fi
echo "emulated run ends with $worst"
$b sleep 1 # until the serial line has taken it
$b poweroff -f
