package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"gradus/model"
	"gradus/runner/client"
	"gradus/store"
	"gradus/tui"
	"gradus/tui/source"
)

// workbench opens the interface, on a run or, without one, on the list.
func (a *app) workbench(ctx context.Context, runID string) error {
	if !a.interactive() {
		return usage(errors.New("the workbench needs a terminal; 'gradus runs', 'gradus watch RUN --plain' and --json work without one"))
	}
	c, err := a.openAs("tui")
	if err != nil {
		return err
	}
	ctx = store.Watch(ctx, nil) // the screen says itself what it waits for
	return tui.Run(ctx, tui.Options{
		Client: c, RunID: runID, ReadOnly: a.readOnly,
		In: a.stdin, Out: a.stdout, Getenv: a.getenv, Environ: os.Environ(), Now: a.now,
		EvalRecipe: evalRecipe, Decode: tokenDecoder(c),
	})
}

// tokenDecoder spells tokens with the tokenizer of a run's newest checkpoint.
// A run that has none yet shows its tokens as numbers.
func tokenDecoder(c *client.Client) source.Decoder {
	return func(_ context.Context, runID string, ids []int32) ([]string, error) {
		dir, err := c.Dir(runID)
		if err != nil {
			return nil, err
		}
		found, err := filepath.Glob(filepath.Join(dir.CkptPath(), "step-*", "tokenizer.json"))
		if err != nil || len(found) == 0 {
			return nil, err
		}
		tok, err := model.LoadTokenizer(found[len(found)-1])
		if err != nil {
			return nil, err
		}
		words := make([]string, len(ids))
		for i, id := range ids {
			words[i] = string(tok.TokenBytes(id))
		}
		return words, nil
	}
}
