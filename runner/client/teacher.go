package client

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"gradus/runner/rundir"
)

// teacher finds whom task.teacher names: a checkpoint of a run, which has an @
// and must be here; a folder; or else a model that is only known by its name,
// as deepseek-ai/DeepSeek-R1.
func (c *Client) teacher(ctx context.Context, name string) (*rundir.Teacher, error) {
	if name == "" {
		return nil, nil
	}
	path := filepath.IsAbs(name) || strings.HasPrefix(name, "."+string(filepath.Separator)) || strings.HasPrefix(name, ".."+string(filepath.Separator))
	if info, err := os.Stat(name); !path && !strings.Contains(name, "@") && (err != nil || !info.IsDir() || !strings.ContainsRune(name, filepath.Separator)) {
		return &rundir.Teacher{Name: name}, nil
	}
	ref, err := c.ResolveCheckpoint(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("task.teacher: %w; a model that is not here is named without an @ and not as a path", err)
	}
	return &rundir.Teacher{Name: ref.String(), Path: ref.Path}, nil
}
