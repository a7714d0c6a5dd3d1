package code

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Language is a way to run programs of one language.
type Language struct {
	Name    string
	Names   []string // of fenced blocks and columns, Name among them
	source  string   // file of the program
	compile string   // shell line that writes the executable to standard output; "" for none
	run     []string // command line; the first one is looked up
	with    []string // programs that must be there beside run[0]
	reserve bool     // its runtime reserves far more address space than it uses
	shows   []string // patterns of what it needs beside its own folder
	ask     []string // arguments with which run[0] prints folders that it needs, one a line
}

// Languages is the table of languages, those of a peer's data sets first.
func Languages() []Language {
	const self = "{box}/program"
	return []Language{
		{Name: "python", Names: []string{"python", "python3", "py", "python2"}, source: "main.py", run: []string{"python3", "-I", "-B", "{box}/main.py"},
			ask: []string{"-I", "-S", "-c", "import sys; print(sys.executable); print(sys.base_prefix); print(sys.prefix)"}},
		{Name: "cpp", Names: []string{"cpp", "c++", "cxx", "cc", "c++17", "cpp17", "c++20"}, source: "main.cpp", with: []string{"g++"},
			compile: "g++ -O2 -std=gnu++17 -pipe -o program main.cpp && exec cat program", run: []string{self}},
		{Name: "c", Names: []string{"c", "c11"}, source: "main.c", with: []string{"gcc"}, compile: "gcc -O2 -std=gnu11 -pipe -o program main.c -lm && exec cat program", run: []string{self}},
		{Name: "javascript", Names: []string{"javascript", "js", "node", "nodejs"}, source: "main.js", run: []string{"node", "{box}/main.js"}, reserve: true},
		{Name: "java", Names: []string{"java"}, source: "Main.java", run: []string{"java", "-Xmx{heap}m", "-Xss32m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:ReservedCodeCacheSize=32m", "{box}/Main.java"}, reserve: true, shows: []string{"/etc/java-*"}},
		{Name: "perl", Names: []string{"perl", "pl"}, source: "main.pl", run: []string{"perl", "{box}/main.pl"}},
		{Name: "ruby", Names: []string{"ruby", "rb"}, source: "main.rb", run: []string{"ruby", "{box}/main.rb"}},
		{Name: "lua", Names: []string{"lua"}, source: "main.lua", run: []string{"lua", "{box}/main.lua"}},
		{Name: "php", Names: []string{"php"}, source: "main.php", run: []string{"php", "{box}/main.php"}},
		{Name: "bash", Names: []string{"bash", "sh", "shell"}, source: "main.sh", run: []string{"bash", "{box}/main.sh"}},
	}
}

// FindLanguage looks a language up by one of its names, in any case.
func FindLanguage(name string) (Language, error) {
	name = strings.ToLower(strings.TrimSpace(name))
	var known []string
	for _, l := range Languages() {
		if slices.Contains(l.Names, name) {
			return l, nil
		}
		known = append(known, l.Name)
	}
	return Language{}, fmt.Errorf("language %q is unknown; known are %s", name, strings.Join(known, ", "))
}

// Tool is an installed language.
type Tool struct {
	Language
	Path  string   // of run[0]; "" for compiled programs
	binds []string // folders that it needs beside the system's
}

// systemPath is where interpreters are looked for after PATH.
const systemPath = "/usr/local/bin:/usr/bin:/bin"

// Locate finds the programs of a language on this machine. program replaces
// run[0] where it is not empty.
func (l Language) Locate(ctx context.Context, program, path string) (Tool, error) {
	t := Tool{Language: l}
	for _, name := range l.with {
		if _, err := lookPath(name, path); err != nil {
			return Tool{}, fmt.Errorf("language %s: %w", l.Name, err)
		}
	}
	if l.compile != "" {
		return t, nil
	}
	name := l.run[0]
	if program != "" {
		name = program
	}
	found, err := lookPath(name, path)
	if err != nil {
		return Tool{}, fmt.Errorf("language %s: %w", l.Name, err)
	}
	if l.ask != nil {
		// A launcher, as version managers put into PATH, would not find its
		// interpreter in the box; the interpreter itself knows where it is.
		ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		out, err := exec.CommandContext(ctx, found, l.ask...).Output()
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		if err != nil || len(lines) < 1 || !filepath.IsAbs(lines[0]) {
			return Tool{}, fmt.Errorf("language %s: %s does not say where it is: %v", l.Name, found, err)
		}
		t.Path = lines[0]
		for _, dir := range lines[1:] {
			t.need(dir)
		}
	} else {
		t.Path = found
	}
	real, err := filepath.EvalSymlinks(t.Path)
	if err != nil {
		return Tool{}, fmt.Errorf("language %s: %w", l.Name, err)
	}
	for _, pattern := range l.shows {
		found, err := filepath.Glob(pattern)
		if err != nil {
			return Tool{}, fmt.Errorf("language %s: %w", l.Name, err)
		}
		t.binds = append(t.binds, found...)
	}
	for _, p := range []string{t.Path, real} {
		if dir := filepath.Dir(p); filepath.Base(dir) == "bin" {
			t.need(filepath.Dir(dir))
		} else {
			t.need(dir)
		}
	}
	return t, nil
}

// need shows a folder in the box, unless the system's folders hold it or it
// is too much: the root, or somebody's home.
func (t *Tool) need(dir string) {
	dir = filepath.Clean(dir)
	home, _ := os.UserHomeDir() // "" matches nothing
	if !filepath.IsAbs(dir) || dir == "/" || dir == home || filepath.Dir(dir) == "/home" || slices.Contains(t.binds, dir) {
		return
	}
	for _, s := range []string{"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store"} {
		if dir == s || strings.HasPrefix(dir, s+"/") {
			return
		}
	}
	t.binds = append(t.binds, dir)
}

func lookPath(name, path string) (string, error) {
	if strings.Contains(name, "/") {
		abs, err := filepath.Abs(name)
		if err != nil {
			return "", err
		}
		if _, err := os.Stat(abs); err != nil {
			return "", err
		}
		return abs, nil
	}
	for _, dir := range filepath.SplitList(path + ":" + systemPath) {
		p := filepath.Join(dir, name)
		if info, err := os.Stat(p); filepath.IsAbs(p) && err == nil && !info.IsDir() && info.Mode()&0o111 != 0 {
			return p, nil
		}
	}
	return "", fmt.Errorf("%s is not installed", name)
}

// Binds are the folders that a box must show for the tool to run.
func (t Tool) Binds() []string { return t.binds }
