package main

import (
	"gradus/runner/client"
)

// open returns the client side of this user's runs.
func (a *app) open() (*client.Client, error) { return a.openAs("cli") }

// openAs is open with the interface that asks, for the record.
func (a *app) openAs(via string) (*client.Client, error) {
	return client.Open(client.Options{Version: a.version, Via: via, Getenv: a.getenv, Now: a.now})
}
