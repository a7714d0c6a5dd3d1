//go:build amd64 || arm64

package sandbox

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// How often a program is looked at: often enough that what it takes in between
// is small beside the machine.
const watchEvery = 20 * time.Millisecond

// watch ends the program when its time is up, or when all its processes
// together take more than it may: the kernel's limits are for each process.
func (c *child) watch(over <-chan struct{}) {
	wall := time.NewTimer(c.program.Wall)
	defer wall.Stop()
	look := time.NewTicker(watchEvery)
	defer look.Stop()
	for n := 1; ; n++ {
		select {
		case <-over:
			return
		case <-wall.C:
			c.look()
			c.stop(Timeout, fmt.Sprintf("it had not ended after %v", c.program.Wall))
			c.insist(over)
			return
		case <-look.C:
			if n > 50 && n%5 > 0 { // after a second, less often
				continue
			}
			c.look()
			if heard := c.heardAt.Load(); c.program.Idle > 0 && heard > 0 && time.Since(time.Unix(0, heard)) > c.program.Idle {
				c.stop(Timeout, fmt.Sprintf("it had said nothing for %v", c.program.Idle))
			}
			if c.stopped() {
				c.insist(over)
				return
			}
		}
	}
}

// insist kills until nothing is left: a group may fork faster than it is
// killed, and a stub that has not begun yet is no group.
func (c *child) insist(over <-chan struct{}) {
	for tries := 0; ; tries++ {
		select {
		case <-over:
			return
		case <-time.After(watchEvery):
			c.stop(Timeout, "") // the first cause counts
			if c.cgroup != nil {
				c.cgroup.killAll()
			}
			if tries == 50 {
				c.killStub()
			}
		}
	}
}

func (c *child) stopped() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cause != ""
}

func (c *child) killStub() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.gone {
		kill9(c.pid)
	}
}

// look adds up what all processes take.
func (c *child) look() {
	var rss int64 // with what they share
	var largest int64
	var cpu time.Duration
	pids := tree(c.pid)
	for _, pid := range pids {
		if pid == c.pid {
			continue // the stub
		}
		if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil {
			t, r := readStat(stat)
			cpu += t
			rss += r
			largest = max(largest, r)
		}
	}
	if c.cgroup != nil {
		cpu = max(cpu, c.cgroup.cpu()) // with that of processes that nobody waited for
	}
	c.mu.Lock()
	c.cpu, c.rss = max(c.cpu, cpu), max(c.rss, largest)
	c.mu.Unlock()
	if rss > c.program.Memory {
		// Pages that processes share were counted for each of them.
		rss = 0
		for _, pid := range pids {
			rss += ownMemory(pid)
		}
	}
	switch {
	case rss > c.program.Memory:
		c.stop(Memory, tooMuch(c.program.Memory))
	case c.cgroup == nil && rss+socketMemory(pids) > c.program.Memory:
		c.stop(Memory, tooMuch(c.program.Memory)+", with what their sockets may hold")
	case cpu > c.program.CPU:
		c.stop(CPU, fmt.Sprintf("it used more than %v of processor time", c.program.CPU))
	}
	if c.box != "" && folderBytes(c.box, c.program.Disk) > c.program.Disk {
		c.stop(Disk, fmt.Sprintf("it filled its box with more than %d bytes", c.program.Disk))
	}
}

func tooMuch(limit int64) string {
	return fmt.Sprintf("its processes together took more than %d MiB of memory", limit>>20)
}

// What a socket holds that nobody reads counts for no process. Up to manySockets
// descriptors of a program are not looked at; each socket beyond counts as full.
const (
	manySockets  = 256
	socketBuffer = 208 << 10 // net.core.wmem_default where nobody changed it
)

// socketMemory is the most that the sockets of processes may hold.
func socketMemory(pids []int) int64 {
	list := make([][]os.DirEntry, len(pids))
	all := 0
	for i, pid := range pids {
		if entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid)); err == nil { // gone, or not to be read
			list[i] = entries
			all += len(entries)
		}
	}
	if all <= manySockets {
		return 0
	}
	var n int64
	for i, pid := range pids {
		for _, e := range list[i] {
			if to, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", pid, e.Name())); err == nil && strings.HasPrefix(to, "socket:") {
				n++
			}
		}
	}
	return n * socketBuffer
}

// tree lists a process and its descendants.
func tree(pid int) []int {
	list := []int{pid}
	for i := 0; i < len(list) && len(list) < 4096; i++ {
		tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", list[i]))
		if err != nil {
			continue
		}
		for _, t := range tasks {
			children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/children", list[i], t.Name()))
			if err != nil {
				continue
			}
			for _, f := range strings.Fields(string(children)) {
				if n, err := strconv.Atoi(f); err == nil {
					list = append(list, n)
				}
			}
		}
	}
	return list
}

// ticksPerSecond is USER_HZ, the same on all architectures of Linux.
const ticksPerSecond = 100

// ownMemory is the memory of a process that no file holds, with its share of
// what it shares (smaps_rollup of proc(5), Linux 4.14; the parts since 5.9).
func ownMemory(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0 // gone; or not to be read, and then its own limit has to do
	}
	var sum, all int64
	parts := false
	for _, line := range strings.Split(string(text), "\n") {
		name, rest, _ := strings.Cut(line, ":")
		f := strings.Fields(rest)
		if len(f) != 2 {
			continue
		}
		n, err := strconv.ParseInt(f[0], 10, 64)
		if err != nil {
			continue
		}
		switch name {
		case "Pss":
			all = n
		case "Pss_Anon", "Pss_Shmem":
			sum, parts = sum+n, true
		}
	}
	if !parts {
		sum = all
	}
	return sum << 10
}

// readStat reads the processor time of a process and its reaped children, and
// its resident memory (proc(5)).
func readStat(stat []byte) (time.Duration, int64) {
	end := bytes.LastIndexByte(stat, ')') // a name may hold anything
	if end < 0 {
		return 0, 0
	}
	fields := bytes.Fields(stat[end+1:])
	if len(fields) < 22 {
		return 0, 0
	}
	var ticks int64
	for _, f := range fields[11:15] { // utime, stime, cutime, cstime
		n, err := strconv.ParseInt(string(f), 10, 64)
		if err != nil {
			return 0, 0
		}
		ticks += n
	}
	pages, err := strconv.ParseInt(string(fields[21]), 10, 64)
	if err != nil {
		return 0, 0
	}
	return time.Duration(ticks) * time.Second / ticksPerSecond, pages * int64(os.Getpagesize())
}

// folderBytes adds up the files of a folder until it is over the limit.
func folderBytes(dir string, limit int64) int64 {
	var sum int64
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil // gone meanwhile
		}
		sum += 4096
		if info, err := d.Info(); err == nil && d.Type().IsRegular() {
			sum += info.Size()
		}
		if sum > limit {
			return fs.SkipAll
		}
		return nil
	})
	return sum
}

// tasksOf counts the threads of a user.
func tasksOf(uid int) int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return 0
	}
	n := 0
	for _, e := range entries {
		if e.Name()[0] < '0' || e.Name()[0] > '9' || owner(e) != uid {
			continue
		}
		if tasks, err := os.ReadDir(filepath.Join("/proc", e.Name(), "task")); err == nil {
			n += len(tasks)
		}
	}
	return n
}
