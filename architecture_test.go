// Package gradus_test holds the rules that concern the whole tree.
package gradus_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// floors says what each top-level folder may import of ours, besides itself.
// docs/architecture.md explains why. "runner/client" allows that package and
// what lies below it, but not the rest of runner.
var floors = map[string][]string{
	"kernels": {},
	"rewards": {},
	"store":   {},
	"model":   {"kernels"},
	"runner":  {"kernels", "model", "rewards", "store"},
	"tui":     {"store", "rewards", "runner/client", "runner/compare", "runner/recipe", "runner/stats", "runner/state"},
	"cmd":     {"kernels", "model", "rewards", "runner", "store", "tui"},
}

// clientSide are the packages of runner that the workbench may use, so they
// must not reach the training core themselves.
var clientSide = []string{"runner/client", "runner/compare", "runner/recipe", "runner/stats", "runner/state", "runner/rundir", "runner/algo"}

func TestImportFloors(t *testing.T) {
	for _, imp := range ourImports(t) {
		top := strings.SplitN(imp.pkg, "/", 2)[0]
		allowed, known := floors[top]
		if !known {
			t.Errorf("%s: folder %q has no floor; add it to docs/architecture.md and to this test", imp.file, top)
			continue
		}
		if imp.of != top && !strings.HasPrefix(imp.of, top+"/") && !under(imp.of, allowed) {
			t.Errorf("%s imports %s; %s may import %v and itself", imp.file, imp.of, top, allowed)
		}
		if !imp.test && under(imp.pkg, clientSide) && under(imp.of, []string{"model", "kernels", "runner/train", "runner/evaluate"}) {
			t.Errorf("%s imports %s; client-side packages of runner must not reach the training core", imp.file, imp.of)
		}
	}
}

func TestFolderNames(t *testing.T) {
	banned := map[string]bool{"util": true, "utils": true, "common": true, "helpers": true, "types": true, "misc": true}
	seen := 0
	for _, imp := range ourImports(t) {
		seen++
		for _, part := range strings.Split(imp.pkg, "/") {
			if banned[part] {
				t.Errorf("%s: a folder is named after what it is about, not %q", imp.file, part)
			}
		}
	}
	if seen == 0 {
		t.Fatal("found no import of ours: the walk is broken")
	}
}

// The Makefile leaves packages without goroutines out of the race detector's
// run. They must stay so: no go statement, no channel, no import of sync.
func TestSequentialPackages(t *testing.T) {
	makefile, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(makefile), "\nSEQUENTIAL :=")
	list, _, _ = strings.Cut(strings.ReplaceAll(list, "\\\n", " "), "\n")
	files := 0
	for _, pkg := range strings.Fields(list) {
		dir, below := strings.CutSuffix(strings.TrimPrefix(pkg, "gradus/"), "/%")
		names, err := filepath.Glob(filepath.Join(dir, map[bool]string{false: "*.go", true: "*/*.go"}[below]))
		if err != nil || len(names) == 0 {
			t.Errorf("%s: no such package, %v", pkg, err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			files++
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.GoStmt, *ast.ChanType:
					t.Errorf("%s: a goroutine or channel; take %s off SEQUENTIAL in the Makefile", name, pkg)
				case *ast.ImportSpec:
					if n.Path.Value == `"sync"` || n.Path.Value == `"sync/atomic"` {
						t.Errorf("%s imports sync; take %s off SEQUENTIAL in the Makefile", name, pkg)
					}
				}
				return true
			})
		}
	}
	if files < 50 {
		t.Errorf("%d files looked at: the list was not found", files)
	}
}

type ourImport struct {
	file, pkg, of string // of: path below the module root
	test          bool
}

func ourImports(t *testing.T) []ourImport {
	t.Helper()
	var found []ourImport
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if base := d.Name(); base == "bin" || base == "testdata" || (strings.HasPrefix(base, ".") && base != ".") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			of, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if rest, ours := strings.CutPrefix(of, "gradus/"); ours {
				found = append(found, ourImport{filepath.ToSlash(name), path.Dir(filepath.ToSlash(name)), rest, strings.HasSuffix(name, "_test.go")})
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func under(pkg string, roots []string) bool {
	for _, r := range roots {
		if pkg == r || strings.HasPrefix(pkg, r+"/") {
			return true
		}
	}
	return false
}
