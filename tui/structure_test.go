package tui

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Small files, small functions, nothing global that changes.
func TestShapeOfTheCode(t *testing.T) {
	seen := 0
	err := filepath.WalkDir(".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		seen++
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if n := strings.Count(string(src), "\n"); n > 400 {
			t.Errorf("%s has %d lines, more than 400", path, n)
		}
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, path, src, 0)
		if err != nil {
			return err
		}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if n := set.Position(d.End()).Line - set.Position(d.Pos()).Line + 1; n > 80 && !strings.HasSuffix(path, "_test.go") {
					t.Errorf("%s: %s has %d lines, more than 80", path, d.Name.Name, n)
				}
			case *ast.GenDecl:
				if d.Tok == token.VAR && !strings.HasSuffix(path, "_test.go") {
					checkVars(t, path, d)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 30 {
		t.Errorf("only %d files seen", seen)
	}
}

// checkVars allows errors, arrays of constants that no one assigns to, and
// assertions of interfaces.
func checkVars(t *testing.T, path string, d *ast.GenDecl) {
	for _, s := range d.Specs {
		v := s.(*ast.ValueSpec)
		for _, name := range v.Names {
			switch {
			case name.Name == "_", strings.HasPrefix(name.Name, "err"):
			case name.Name == "smoothings", name.Name == "brailleBits": // tables
			default:
				t.Errorf("%s: package variable %s", path, name.Name)
			}
		}
	}
}

// No model asks for the time or the environment itself.
func TestTimeIsPassedIn(t *testing.T) {
	for _, dir := range []string{"screen", "screens", "keys", "list", "plot", "text"} {
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			src, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, bad := range []string{"time.Now(", "time.Sleep(", "time.After(", "time.Tick", "os.Getenv(", "rand."} {
				if strings.Contains(string(src), bad) {
					t.Errorf("%s uses %s", path, bad)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
