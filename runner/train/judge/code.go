package judge

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"

	"gradus/runner/recipe"
)

// Kept is a reward that runs the copy of its file in the folder code, where
// there is one, instead of the file.
func Kept(r recipe.Reward, code string) recipe.Reward {
	file, ok := r.Params["file"].(string)
	if !ok || file == "" {
		return r
	}
	kept := keptPath(r, code, file)
	if _, err := os.Stat(kept); err == nil {
		r.Params = withFile(r, file, kept)
	}
	return r
}

func keptPath(r recipe.Reward, code, file string) string {
	return filepath.Join(code, r.PartName(), filepath.Base(file))
}

// withFile are the parameters with the copy in the file's place. A Python
// function still runs in the file's own folder, where its imports are.
func withFile(r recipe.Reward, file, kept string) map[string]any {
	params := maps.Clone(r.Params)
	params["file"] = kept
	if _, ok := params["dir"]; !ok && r.Name == "python" {
		params["dir"] = filepath.Dir(file)
	}
	return params
}

// keepCode copies the file of a reward of the user's own to
// code/LABEL/NAME, unless an earlier attempt has done so, and returns the
// parameters with the copy in the file's place.
func keepCode(r recipe.Reward, code string) (map[string]any, error) {
	file, ok := r.Params["file"].(string)
	if !ok || file == "" || code == "" {
		return r.Params, nil
	}
	kept := keptPath(r, code, file)
	if _, err := os.Stat(kept); errors.Is(err, fs.ErrNotExist) {
		if err := copyFile(kept, file); err != nil {
			return nil, fmt.Errorf("keep the code of reward %s: %w", r.PartName(), err)
		}
	} else if err != nil {
		return nil, fmt.Errorf("keep the code of reward %s: %w", r.PartName(), err)
	}
	return withFile(r, file, kept), nil
}

// copyFile writes the copy under a temporary name first: a run that is killed
// here must not find half a file when it is resumed.
func copyFile(to, from string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(to+".tmp", text, 0o600); err != nil {
		return err
	}
	return os.Rename(to+".tmp", to)
}
