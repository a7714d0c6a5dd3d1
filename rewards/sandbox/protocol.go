package sandbox

// What a Runner and its keeper say to each other: gob values over the
// keeper's standard input and output.

// request is a job to run, or one to end.
type request struct {
	ID       uint64
	End      bool // end the job ID
	Level    Level
	Programs []Program
}

// reply answers a request, or, with ID 0, says hello.
type reply struct {
	ID       uint64
	Levels   []Report
	Hold     Hold   // in the hello
	HoldWhy  string // where the groups are made, or why there are none
	Outcomes []Outcome
	Err      string
}
