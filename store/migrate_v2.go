package store

import (
	"context"
	"fmt"
)

// Version 2 had no layers. All else is as it was, so only the
// tables are added. The log in notes/ is read once more, as it may hold
// layers that a gradus of version 2 passed over; what was folded of it before
// counts once.
func migrateV2(ctx context.Context, path string, how opening) error {
	return changeSchema(ctx, path, how, fmt.Sprintf("%s\nDELETE FROM cursor WHERE src='%s'; DELETE FROM seal; PRAGMA user_version=3;", layersSQL, srcNotes))
}
