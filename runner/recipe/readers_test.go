package recipe

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// An option that is accepted and then ignored is worse than none. Every field
// must be selected somewhere outside of the code that reads and writes recipes.
// (A field of the same name elsewhere can hide a missing reader, so this
// catches forgetting, not every mistake.)
func TestEveryOptionIsRead(t *testing.T) {
	read := map[string]bool{}
	files := 0
	for _, root := range []string{"../train", "../evaluate", "../client", "../../cmd", "encode.go"} {
		err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			files++
			ast.Inspect(file, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok {
					read[s.Sel.Name] = true
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if files < 10 {
		t.Fatalf("only %d files were looked at", files)
	}
	for _, table := range Tables() {
		for i := range table.typ.NumField() {
			f := table.typ.Field(i)
			switch {
			case f.Anonymous:
				for j := range f.Type.NumField() {
					if name := f.Type.Field(j).Name; !read[name] {
						t.Errorf("%s %s: nobody reads %s", table.Title, f.Type.Field(j).Tag.Get("toml"), name)
					}
				}
			case f.Name == "About": // for people, read by List
			case !read[f.Name] && f.Type.Kind() != reflect.Slice:
				t.Errorf("%s %s: nobody reads %s", table.Title, f.Tag.Get("toml"), f.Name)
			}
		}
	}
}
