//go:build !linux

package model

import "errors"

// exchange swaps two folders in one step, which only Linux can.
func exchange(a, b string) error { return errors.ErrUnsupported }
