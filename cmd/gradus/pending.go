package main

import (
	"context"
	"errors"
)

func (a *app) workbench(context.Context, string) error { return errors.New("pending") }

var _ = evalRecipe
