package main

import (
	"context"
	"fmt"

	"gradus/runner/client"
	"gradus/store"
	"gradus/tui/text"
)

// open returns the client side of this user's runs.
func (a *app) open() (*client.Client, error) { return a.openAs("cli") }

// openAs is open with the interface that asks, for the record.
func (a *app) openAs(via string) (*client.Client, error) {
	return client.Open(client.Options{Version: a.version, Via: via, Getenv: a.getenv, Now: a.now})
}

// openRun opens the client and finds the run that a command's RUN names. A
// reference to a checkpoint keeps its step; one to a folder is wrong use.
func (a *app) openRun(ctx context.Context, name string) (*client.Client, client.Ref, error) {
	c, err := a.open()
	if err != nil {
		return nil, client.Ref{}, err
	}
	ref, err := c.Resolve(ctx, name)
	if err != nil {
		return nil, client.Ref{}, usage(err)
	}
	if ref.RunID == "" {
		return nil, client.Ref{}, usage(fmt.Errorf("%s is a folder, not a run; 'gradus runs' lists runs", text.Line(name)))
	}
	return c, ref, nil
}

// openRunDB is openRun with the run's database, brought up to date. The caller
// closes it.
func (a *app) openRunDB(ctx context.Context, name string) (*client.Client, client.Ref, *store.DB, error) {
	c, ref, err := a.openRun(ctx, name)
	if err != nil {
		return nil, client.Ref{}, nil, err
	}
	db, err := c.OpenDB(ctx, ref.RunID)
	if err != nil {
		return nil, client.Ref{}, nil, err
	}
	return c, ref, db, nil
}
