package storetest

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// WriteV3 makes at path the file that the gradus with schema version 3 shared of
// a small run, row for row; its search index is filled anew. storeDir is the
// folder of package store, whose testdata holds the rows.
func WriteV3(t testing.TB, storeDir, path string) {
	t.Helper()
	text := "PRAGMA page_size=8192; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA synchronous=OFF; BEGIN;\n"
	for _, name := range []string{"schema.sql", "schema_v2.sql", "schema_layers.sql", "testdata/v3_shared.sql"} {
		b, err := os.ReadFile(filepath.Join(storeDir, name))
		if err != nil {
			t.Fatal(err)
		}
		text += string(b) + ";\n"
	}
	if err := writeV3(path, text); err != nil {
		t.Fatal(err)
	}
}

func writeV3(path, text string) (err error) {
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(text); err != nil {
		return err
	}
	rows, err := db.Query("SELECT CAST(text AS BLOB) FROM sample_text ORDER BY sample")
	if err != nil {
		return err
	}
	var texts []string
	for rows.Next() {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			return errors.Join(err, rows.Close())
		}
		texts = append(texts, strings.ToValidUTF8(string(b), " "))
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for i, s := range texts {
		if _, err := db.Exec("INSERT INTO sample_fts(rowid, body) VALUES(?, ?)", i+1, s); err != nil {
			return err
		}
	}
	_, err = db.Exec("INSERT INTO sample_fts(sample_fts) VALUES('optimize'); COMMIT; PRAGMA application_id=0x47524144; PRAGMA user_version=3")
	return err
}
