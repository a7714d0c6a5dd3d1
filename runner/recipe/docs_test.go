package recipe

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// The tables of docs/recipes.md are those of 'gradus recipes --keys'.
func TestDocumentedKeys(t *testing.T) {
	const page = "../../docs/recipes.md"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range Tables() {
		rows := "| key | default | allowed | meaning |\n|---|---|---|---|\n"
		for _, k := range table.Keys {
			preset := k.Default
			if preset != "" {
				preset = "`" + preset + "`"
			}
			rows += fmt.Sprintf("| `%s` | %s | %s | %s |\n", k.Name, preset, k.Allowed, k.Help)
		}
		if !strings.Contains(string(text), rows+"\n") && !strings.HasSuffix(string(text), rows) {
			t.Errorf("%s has not this table of %s:\n%s", page, table.Title, rows)
		}
	}
}
