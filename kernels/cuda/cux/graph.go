//go:build cuda

package cux

// #include <cuda.h>
import "C"

import "gorgonia.org/cu"

// Graph is work that was captured, GraphExec its executable form. The zero
// value is none.
type (
	Graph     struct{ g C.CUgraph }
	GraphExec struct{ g C.CUgraphExec }
)

// BeginCapture starts to record what is put on s, instead of running it, until
// EndCapture on the same OS thread. Calls that the driver cannot record fail
// while a capture of this thread is open.
func BeginCapture(s cu.Stream) error {
	return check(C.cuStreamBeginCapture_v2(stream(s), C.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL), "cuStreamBeginCapture(thread local)")
}

// EndCapture ends the recording and returns it.
func EndCapture(s cu.Stream) (Graph, error) {
	var g Graph
	err := check(C.cuStreamEndCapture(stream(s), &g.g), "cuStreamEndCapture()")
	return g, err
}

// Capturing tells whether s is being recorded.
func Capturing(s cu.Stream) (bool, error) {
	var status C.CUstreamCaptureStatus
	err := check(C.cuStreamIsCapturing(stream(s), &status), "cuStreamIsCapturing()")
	return status == C.CU_STREAM_CAPTURE_STATUS_ACTIVE, err
}

// Nodes is the number of a graph's nodes.
func (g Graph) Nodes() (int, error) {
	var n C.size_t
	err := check(C.cuGraphGetNodes(g.g, nil, &n), "cuGraphGetNodes()")
	return int(n), err
}

// Instantiate makes the executable form, which does not need g any more.
func (g Graph) Instantiate() (GraphExec, error) {
	var e GraphExec
	err := check(C.cuGraphInstantiateWithFlags(&e.g, g.g, 0), "cuGraphInstantiateWithFlags(0)")
	return e, err
}

// Destroy frees the graph.
func (g Graph) Destroy() error { return check(C.cuGraphDestroy(g.g), "cuGraphDestroy()") }

// Upload puts the graph's description on the GPU, so that the first launch
// takes no longer than the others.
func (e GraphExec) Upload(s cu.Stream) error {
	return check(C.cuGraphUpload(e.g, stream(s)), "cuGraphUpload()")
}

// Launch puts one run of the graph on s.
func (e GraphExec) Launch(s cu.Stream) error {
	return check(C.cuGraphLaunch(e.g, stream(s)), "cuGraphLaunch()")
}

// Update changes the parameters of e to those of g, which must have the same
// nodes and edges.
func (e GraphExec) Update(g Graph) error {
	var info C.CUgraphExecUpdateResultInfo
	return check(C.cuGraphExecUpdate_v2(e.g, g.g, &info), "cuGraphExecUpdate()")
}

// Destroy frees the executable graph.
func (e GraphExec) Destroy() error { return check(C.cuGraphExecDestroy(e.g), "cuGraphExecDestroy()") }
