package parquettest

import (
	"embed"
	"encoding/base64"
	"fmt"
	"strings"
)

//go:embed written/*.b64
var written embed.FS

// Written is a file that pyarrow wrote, by its name in the folder written, whose
// script says what is in it.
func Written(name string) ([]byte, error) {
	text, err := written.ReadFile("written/" + name + ".b64")
	if err != nil {
		return nil, fmt.Errorf("a Parquet file for tests: %w", err)
	}
	return base64.StdEncoding.DecodeString(strings.ReplaceAll(string(text), "\n", ""))
}
