package store_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

// A stranger's file must have the schema word for word, comments included, and
// a migration that changes the file at hand leaves the words of its tables as
// they are. So these words stay: a table is changed, and described anew, by the
// migration of a new version.
func TestTablesKeepTheirWords(t *testing.T) {
	text, err := os.ReadFile("schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	tables, _, found := strings.Cut(string(text), "CREATE VIRTUAL TABLE sample_fts")
	if sum := sha256.Sum256([]byte(tables)); !found || hex.EncodeToString(sum[:]) != v3Tables {
		t.Errorf("the tables of schema.sql are not as version 3 wrote them (sha256 %x): a database that was migrated from it could be neither shared nor opened", sum)
	}
}

const v3Tables = "ef1b8d3f11d65d06952825a171db9c79141bbc3bf2a77d277a6c1844f53ea0e0"
