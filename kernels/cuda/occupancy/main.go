//go:build cuda && linux

package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"gradus/kernels/cuda"
	"gradus/kernels/cuda/ptx"
)

func main() {
	write := flag.String("write", "", "page whose table is replaced")
	arch := flag.String("loops", "", "print the inner loops of the machine code for this GPU, as in sm_90")
	flag.Parse()
	if err := run(os.Stdout, *write, *arch); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(out io.Writer, page, arch string) error {
	a, err := newAssembler()
	if err != nil {
		return err
	}
	if arch != "" {
		return printLoops(out, a, arch)
	}
	text, err := table(a)
	if err != nil || page == "" {
		fmt.Fprint(out, text)
		return err
	}
	old, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	before, rest, ok := bytes.Cut(old, []byte(tableBegin))
	_, after, closed := bytes.Cut(rest, []byte(tableEnd))
	if !ok || !closed {
		return fmt.Errorf("occupancy: %s has no lines %q and %q", page, tableBegin, tableEnd)
	}
	return os.WriteFile(page, slices.Concat(before, []byte(tableBegin+"\n"+text+tableEnd), after), 0o644)
}

const (
	tableBegin = "<!-- occupancy: written by go run -tags cuda ./kernels/cuda/occupancy -write docs/cuda-kernels.md -->"
	tableEnd   = "<!-- end of occupancy -->"
	headDim    = 128 // of the models that the table is about
)

// table has a row for each kernel: what it takes on sm_80 and sm_90, and how much
// of the processors of each GPU its blocks fill.
func table(a assembler) (string, error) {
	needs, err := cuda.BlockNeeds(headDim, 90) // has all kernels
	if err != nil {
		return "", err
	}
	found := map[string]map[string]usage{} // by GPU and kernel
	var archs []processor
	for _, p := range processors {
		all, err := assembleAll(a, p.arch)
		if errors.Is(err, errNoArch) {
			continue
		}
		if err != nil {
			return "", err
		}
		found[p.arch], archs = all, append(archs, p)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s, heads of %d. Registers of a thread; then warps of the processor's, and blocks, that are there at a time.\n\n| kernel | threads | shared | registers |", a.version, headDim)
	for _, p := range archs {
		fmt.Fprintf(&b, " %s |", p.arch)
	}
	b.WriteString("\n|---|---|---|---|" + strings.Repeat("---|", len(archs)) + "\n")
	for _, n := range needs {
		u := found["sm_90"][n.Kernel]
		fmt.Fprintf(&b, "| `%s` | %d | %d | %d |", n.Kernel, n.Threads, n.Shared+u.shared, u.registers)
		for _, p := range archs {
			u, ok := found[p.arch][n.Kernel]
			if !ok {
				b.WriteString(" - |")
				continue
			}
			blocks := p.fit(n.Threads, u.registers, n.Shared+u.shared)
			fmt.Fprintf(&b, " %d/%d, %d", blocks*n.Threads/warpThreads, p.warps, blocks)
			if u.stores > 0 {
				fmt.Fprintf(&b, ", spills %d B", u.stores)
			}
			b.WriteString(" |")
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
	return b.String(), nil
}

// assembleAll returns what the kernels take on a GPU, by name.
func assembleAll(a assembler, arch string) (map[string]usage, error) {
	modules, err := modulesFor(arch)
	if err != nil {
		return nil, err
	}
	all := map[string]usage{}
	for _, m := range modules {
		kernels, _, err := a.assemble(m, arch)
		if err != nil {
			return nil, err
		}
		for _, u := range kernels {
			all[u.kernel] = u
		}
	}
	return all, nil
}

// modulesFor are the modules that a GPU would be given.
func modulesFor(arch string) ([]ptx.Module, error) {
	c, err := capability(arch)
	if err != nil {
		return nil, err
	}
	return ptx.Modules(c)
}

// capability is the compute capability, 10 * major + minor, of a GPU's name.
func capability(arch string) (int, error) {
	var c int
	if _, err := fmt.Sscanf(arch, "sm_%d", &c); err != nil {
		return 0, fmt.Errorf("occupancy: GPU %q: want a name as in sm_90", arch)
	}
	return c, nil
}

// printLoops tells for every inner loop of some size what it is made of.
func printLoops(out io.Writer, a assembler, arch string) error {
	modules, err := modulesFor(arch)
	if err != nil {
		return err
	}
	for _, m := range modules {
		_, code, err := a.assemble(m, arch)
		if err != nil {
			return err
		}
		all, err := loops(code)
		if err != nil {
			return err
		}
		for _, l := range all {
			fmt.Fprintf(out, "%s: %d instructions:", l.kernel, l.size)
			names := slices.SortedFunc(maps.Keys(l.counts), func(x, y string) int {
				if d := l.counts[y] - l.counts[x]; d != 0 {
					return d
				}
				return strings.Compare(x, y)
			})
			for _, n := range names {
				fmt.Fprintf(out, " %s %d", n, l.counts[n])
			}
			fmt.Fprintln(out)
		}
	}
	return nil
}
