// Package ptx holds the CUDA kernels as PTX, the text form of GPU code that the
// driver compiles for the GPU at hand when a program starts. The files are made
// from ../src by clang (go generate, or make ptx) and committed, so that
// neither clang nor a CUDA toolkit is needed to build or run gradus.
//
// There is one file for each .cu file. Code for sm_80 runs on every later GPU;
// kernels that use what Hopper alone has are in files for sm_90a, and every other
// GPU does without.
package ptx

//go:generate go run ./gen

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
)

//go:embed *.ptx
var files embed.FS

// Version is the PTX ISA of the files, 10*major + minor, and MinDriver the
// oldest CUDA version of a driver that compiles it, as cuDriverGetVersion says
// it: 1000*major + 10*minor.
const (
	Version   = 80
	MinDriver = 12000
)

// Hopper is the architecture of code that only compute capability 9.0 runs.
const Hopper = "sm_90a"

// Module is one PTX file.
type Module struct {
	Family string // name of the .cu file
	Arch   string // sm_80 or sm_90a
	Text   []byte
}

// Entry is a kernel of a module.
type Entry struct {
	Name    string
	Bytes   int // of its parameters
	Threads int // of a block, at most
	Shared  int // bytes of static shared memory
}

// Modules returns the modules for a GPU of the given compute capability (10 *
// major + minor) by name. It fails below 80.
func Modules(capability int) ([]Module, error) {
	if capability < 80 {
		return nil, fmt.Errorf("ptx: compute capability %d.%d, the kernels need at least 8.0", capability/10, capability%10)
	}
	names, err := fs.Glob(files, "*.ptx")
	if err != nil {
		return nil, err
	}
	var all []Module
	for _, n := range names { // sorted
		family, arch, _ := strings.Cut(strings.TrimSuffix(n, ".ptx"), ".")
		if arch == Hopper && capability != 90 {
			continue
		}
		text, err := files.ReadFile(n)
		if err != nil {
			return nil, err
		}
		all = append(all, Module{family, arch, text})
	}
	return all, nil
}

var (
	entryLine  = regexp.MustCompile(`(?m)^\.visible \.entry (\w+)\($`)
	paramLine  = regexp.MustCompile(`(?m)^\s*\.param [^\n]*\[(\d+)\],?$`)
	threadLine = regexp.MustCompile(`(?m)^\.maxntid (\d+)`)
	sharedLine = regexp.MustCompile(`(?m)^\s*\.shared [^\n]*\[(\d+)\];$`)
)

// Kernels returns the names of the module's kernels in the order of the file.
func (m Module) Kernels() []string {
	var names []string
	for rest := m.Text; ; {
		_, after, ok := bytes.Cut(rest, []byte(".visible .entry "))
		if !ok {
			return names
		}
		name, _, _ := bytes.Cut(after, []byte("("))
		names, rest = append(names, string(name)), after
	}
}

// Entries lists the kernels of a module in the order of the file.
func (m Module) Entries() ([]Entry, error) {
	text := string(m.Text)
	starts := entryLine.FindAllStringSubmatchIndex(text, -1)
	var all []Entry
	for i, s := range starts {
		end := len(text)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		body, e := text[s[1]:end], Entry{Name: text[s[2]:s[3]]}
		params := paramLine.FindAllStringSubmatch(body, -1)
		if len(params) != 1 {
			return nil, fmt.Errorf("ptx: %s.%s: kernel %s takes %d parameters, want one block", m.Family, m.Arch, e.Name, len(params))
		}
		e.Bytes = number(params[0][1])
		if t := threadLine.FindStringSubmatch(body); t != nil {
			e.Threads = number(t[1])
		}
		for _, s := range sharedLine.FindAllStringSubmatch(body, -1) {
			e.Shared += number(s[1])
		}
		all = append(all, e)
	}
	return all, nil
}

// number of digits that a regexp has found.
func number(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}
