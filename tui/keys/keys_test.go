package keys

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"flag"
)

var write = flag.Bool("write-keys", false, "write KEYS.md")

// A key does one thing in a scope.
func TestNoKeyTwice(t *testing.T) {
	m := NewMap(false)
	for _, scope := range Scopes() {
		seen := map[string]ID{}
		for _, b := range m.For(scope) {
			for _, k := range b.Keys {
				if other, ok := seen[k]; ok {
					t.Errorf("%s: %q is %s and %s", scope, k, other, b.ID)
				}
				seen[k] = b.ID
				if m.Match(scope, k) != b.ID {
					t.Errorf("%s: %q gives %q, want %q", scope, k, m.Match(scope, k), b.ID)
				}
			}
		}
	}
}

// Lower case reads, upper case acts; Enter and y never act.
func TestCapitalsAct(t *testing.T) {
	for _, b := range Table() {
		for _, k := range b.Keys {
			capital := len(k) == 1 && unicode.IsUpper(rune(k[0]))
			if b.Acts && !capital {
				t.Errorf("%q acts and is no capital", k)
			}
			if capital && !b.Acts && k != "G" && k != "N" {
				t.Errorf("%q is a capital and does not act", k)
			}
		}
	}
}

func TestReadOnlyHasNoActingKeys(t *testing.T) {
	m := NewMap(true)
	for _, scope := range Scopes() {
		for _, b := range m.For(scope) {
			if b.Acts {
				t.Errorf("%s: %s acts", scope, b.ID)
			}
		}
		for _, k := range []string{"P", "X"} {
			if id := m.Match(scope, k); id != "" {
				t.Errorf("%s: %q does %s", scope, k, id)
			}
		}
	}
	if NewMap(false).Match(Live, "X") != Stop || NewMap(false).Match(Trace, "X") != "" {
		t.Error("X stops on the live screen and nowhere else but on runs")
	}
}

func TestEveryBindingIsDescribed(t *testing.T) {
	for _, b := range Table() {
		if b.ID == "" || b.Name == "" || b.Help == "" || len(b.Keys) == 0 || len(b.In) == 0 {
			t.Errorf("%+v is not complete", b)
		}
		if strings.ToLower(b.Help[:1]) != b.Help[:1] {
			t.Errorf("%q: help begins in lower case", b.Help)
		}
	}
}

func TestDocumentationAgrees(t *testing.T) {
	path := filepath.Join("KEYS.md")
	if *write {
		if err := os.WriteFile(path, []byte(Markdown()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(b) != Markdown() {
		t.Error("KEYS.md is not what the table gives; run: go test ./tui/keys -write-keys")
	}
}
