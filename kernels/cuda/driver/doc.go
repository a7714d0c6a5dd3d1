// Package driver lets a program that calls the CUDA driver start, and run, on a
// machine without one.
//
// gorgonia.org/cu links against libcuda and ends the process while it starts
// if the driver or the GPU is missing. Here are three pieces that change this
// without touching cu:
//
//   - shim.c defines every driver function that the program calls and forwards
//     it to the library that library.c finds at the first such call. cuInit
//     always succeeds; without a driver there are 0 devices.
//   - link/libcuda.a, an empty linker script, satisfies cu's -lcuda.
//   - ../include/cuda.h declares the functions; the Makefile names its folder in
//     the environment, the one thing that a package cannot supply for another.
//
// All of it is part of builds with the tag cuda. Without the tag, Load says so.
package driver

import "fmt"

//go:generate go run ./gen

// Off is the reason why no CUDA driver can be used, and what to do about it.
type Off struct {
	What string // "no libcuda.so.1"
	Do   string // advice, may be empty
}

func (o *Off) Error() string {
	if o.Do == "" {
		return o.What
	}
	return o.What + "; " + o.Do
}

// Library describes the driver's library in use.
type Library struct {
	Path string
	// Version is the newest version of CUDA that the driver runs:
	// 1000*major + 10*minor, 0 if it does not tell.
	Version int
}

// VersionString is "12.6" for 12060.
func VersionString(v int) string {
	if v <= 0 {
		return "of unknown version"
	}
	return fmt.Sprintf("%d.%d", v/1000, v%1000/10)
}
