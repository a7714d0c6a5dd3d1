package kernels

// Profiler is a Device that can time the ops of its programs.
type Profiler interface {
	Device
	// StartProfile forgets earlier times and times every run from now on.
	StartProfile()
	// StopProfile ends the timing and returns what was spent since
	// StartProfile, in order of each program's first run and then of its ops.
	StopProfile() []OpTime
}

// OpTime is what a device spent on one op of a program while it was profiled.
type OpTime struct {
	Program string
	Index   int // of Op in the program
	Op      Op
	Runs    int64
	Seconds float64
	Work    Work // of all runs together
}
