//go:build cuda && linux

package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"gradus/kernels/cuda/ptx"
)

// usage is what ptxas says about one kernel.
type usage struct {
	kernel        string
	registers     int // of a thread
	stores, loads int // bytes that a thread spills and fetches back
	shared        int // bytes of static shared memory
}

// errNoTool is returned where a tool of NVIDIA's is not installed, errNoArch by
// one that does not know a GPU.
var (
	errNoTool = errors.New("it is neither in PATH, nor in bin/tools (make ptxas), nor among Python's nvidia packages")
	errNoArch = errors.New("this ptxas does not know it")
)

// find returns the path of ptxas or nvdisasm. The environment variable
// GRADUS_PTXAS or GRADUS_NVDISASM comes first.
func find(tool string) (string, error) {
	variable := "GRADUS_" + strings.ToUpper(tool)
	if p := os.Getenv(variable); p != "" {
		if _, err := exec.LookPath(p); err != nil {
			return "", fmt.Errorf("occupancy: %s=%s: %w", variable, p, err)
		}
		return p, nil
	}
	if p, err := exec.LookPath(tool); err == nil {
		return p, nil
	}
	for _, folder := range []string{repository(), pythonPackages()} {
		if folder == "" {
			continue
		}
		for _, pattern := range []string{"bin/tools/nvidia/*/bin/", "nvidia/*/bin/"} {
			if found, _ := filepath.Glob(filepath.Join(folder, pattern+tool)); len(found) > 0 {
				return found[len(found)-1], nil
			}
		}
	}
	return "", fmt.Errorf("occupancy: no %s: %w", tool, errNoTool)
}

// repository is the folder of go.mod above the working folder, or "".
func repository() string {
	for dir, err := os.Getwd(); err == nil && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
	}
	return ""
}

// pythonPackages is where Python's packages lie, or "".
func pythonPackages() string {
	out, err := exec.Command("python3", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// assembler is an installed ptxas. What it has said about a text is kept in
// cache, under a hash of both, for it takes a second of work for each file.
type assembler struct{ path, version, cache string }

func newAssembler() (assembler, error) {
	path, err := find("ptxas")
	if err != nil {
		return assembler{}, err
	}
	out, err := exec.Command(path, "--version").Output()
	if err != nil {
		return assembler{}, fmt.Errorf("occupancy: %s --version: %w", path, err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	return assembler{path, lines[len(lines)-1], filepath.Join(cache, "gradus-ptxas")}, nil
}

// assemble returns what every kernel of m takes on arch, and the machine code.
// It fails on an error and on a warning.
func (a assembler) assemble(m ptx.Module, arch string) ([]usage, string, error) {
	if m.Arch == ptx.Hopper {
		arch = m.Arch // sm_90 is without what that has
	}
	sum := sha256.Sum256([]byte(a.version + "\n" + arch + "\n" + string(m.Text)))
	base := filepath.Join(a.cache, fmt.Sprintf("%s.%s-%.16x", m.Family, arch, sum))
	code, said := base+".cubin", base+".txt"
	if text, err := os.ReadFile(said); err == nil {
		if _, err := os.Stat(code); err == nil {
			all, err := parse(string(text))
			return all, code, err
		}
	}
	if err := os.MkdirAll(a.cache, 0o755); err != nil {
		return nil, "", fmt.Errorf("occupancy: %w", err)
	}
	work, err := os.MkdirTemp(a.cache, "making-")
	if err != nil {
		return nil, "", fmt.Errorf("occupancy: %w", err)
	}
	defer os.RemoveAll(work)
	in, made := filepath.Join(work, m.Family+".ptx"), filepath.Join(work, "cubin")
	if err := os.WriteFile(in, m.Text, 0o644); err != nil {
		return nil, "", fmt.Errorf("occupancy: %w", err)
	}
	text, err := exec.Command(a.path, "-v", "-arch="+arch, in, "-o", made).CombinedOutput()
	switch {
	case err != nil && strings.Contains(string(text), "gpu-name"):
		return nil, "", fmt.Errorf("occupancy: %s: %w", arch, errNoArch)
	case err != nil:
		return nil, "", fmt.Errorf("occupancy: ptxas of %s for %s: %w\n%s", m.Family, arch, err, text)
	}
	all, err := parse(string(text))
	if err != nil {
		return nil, "", fmt.Errorf("occupancy: ptxas of %s for %s: %w", m.Family, arch, err)
	}
	if err := os.Rename(made, code); err != nil {
		return nil, "", fmt.Errorf("occupancy: %w", err)
	}
	return all, code, os.WriteFile(said, text, 0o644)
}

var (
	entry  = regexp.MustCompile(`Compiling entry function '(\w+)'`)
	spills = regexp.MustCompile(`(\d+) bytes spill stores, (\d+) bytes spill loads`)
	used   = regexp.MustCompile(`Used (\d+) registers(?:.*?, (\d+) bytes smem)?`)
)

// parse reads the words of ptxas -v.
func parse(text string) ([]usage, error) {
	var all []usage
	number := func(s string) int {
		n, _ := strconv.Atoi(s) // digits, or "" for none
		return n
	}
	for line := range strings.Lines(text) {
		// The loss is that products of warpgroups wait for each other.
		if strings.Contains(line, "warning") || strings.Contains(line, "error") || strings.Contains(line, "Performance Loss") {
			return nil, errors.New(strings.TrimSpace(line))
		}
		if m := entry.FindStringSubmatch(line); m != nil {
			all = append(all, usage{kernel: m[1]})
			continue
		}
		if len(all) == 0 {
			continue
		}
		u := &all[len(all)-1]
		if m := spills.FindStringSubmatch(line); m != nil {
			u.stores, u.loads = number(m[1]), number(m[2])
		}
		if m := used.FindStringSubmatch(line); m != nil {
			u.registers, u.shared = number(m[1]), number(m[2])
		}
	}
	for _, u := range all {
		if u.registers == 0 {
			return nil, fmt.Errorf("it says nothing about the registers of %s", u.kernel)
		}
	}
	return all, nil
}
