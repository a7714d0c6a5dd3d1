// Package cux adds what gorgonia.org/cu v0.9.6 lacks, over the same driver:
// capture and launch of graphs, pinned memory, attributes of functions,
// launches with clusters, memory pools, PTX with the compiler's log, and lists
// of launches that run in one crossing from Go. Errors name the call, its
// arguments and the driver's words.
//
// Handles are those of cu. Like cu, the functions work on the context that is
// current on the calling OS thread.
//
// The package is empty without the build tag cuda.
package cux
