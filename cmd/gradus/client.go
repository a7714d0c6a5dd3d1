package main

import (
	"gradus/runner/client"
)

// open returns the client side of this user's runs.
func (a *app) open() (*client.Client, error) {
	return client.Open(client.Options{Version: a.version, Via: "cli", Getenv: a.getenv, Now: a.now})
}
