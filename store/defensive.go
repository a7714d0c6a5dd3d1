package store

/*
// go-sqlite3 has no way to sqlite3_db_config. Its C library is in the same
// program, so the two functions are declared here and found when the program
// is linked; weak, because this package alone is linked once to look at it.
typedef struct sqlite3 sqlite3;
extern int sqlite3_auto_extension(void (*entry)(void)) __attribute__((weak));
extern int sqlite3_db_config(sqlite3 *, int op, ...) __attribute__((weak));

enum { DBCONFIG_DEFENSIVE = 1010, DBCONFIG_TRUSTED_SCHEMA = 1017 }; // sqlite3.h

static int defend(sqlite3 *db, char **message, const void *api) {
	(void)message;
	(void)api;
	int rc = sqlite3_db_config(db, DBCONFIG_DEFENSIVE, 1, (int *)0);
	return rc ? rc : sqlite3_db_config(db, DBCONFIG_TRUSTED_SCHEMA, 0, (int *)0);
}

static int defend_all(void) {
	if (!sqlite3_auto_extension || !sqlite3_db_config) return -1;
	return sqlite3_auto_extension((void (*)(void))defend);
}
*/
import "C"

import (
	"fmt"

	"github.com/mattn/go-sqlite3"
)

// oldestSQLite is the first version without the race in which two connections
// that reset the write-ahead log lose commits.
const (
	oldestSQLite     = 3051003
	oldestSQLiteName = "3.51.3"
)

// defend makes every connection of this process defensive: nothing that a
// database holds can write to its schema or to the tables below an index. To
// ask again changes nothing.
func defend() error {
	name, number, _ := sqlite3.Version()
	if number < oldestSQLite {
		return fmt.Errorf("SQLite %s can lose commits; gradus needs %s or newer. Was it built with the libsqlite3 tag?", name, oldestSQLiteName)
	}
	if rc := C.defend_all(); rc != 0 {
		return fmt.Errorf("make SQLite defensive: result %d", int(rc))
	}
	return nil
}
