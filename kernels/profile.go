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

// Profile adds up the times of a device's runs. Programs are told apart by
// name and size: one that is compiled anew goes on where its predecessor ended.
// The zero Profile is empty. It is not safe for use by several goroutines.
type Profile struct {
	times []OpTime
	first map[programKey]int // index in times of a program's first op
}

type programKey struct {
	name string
	ops  int
}

// Add adds one run of a program with the given arguments, of which op i took
// seconds(i).
func (p *Profile) Add(program string, ops []Op, a *Args, seconds func(i int) float64) {
	key := programKey{program, len(ops)}
	first, ok := p.first[key]
	if !ok {
		if p.first == nil {
			p.first = map[programKey]int{}
		}
		first = len(p.times)
		p.first[key] = first
		for i, op := range ops {
			p.times = append(p.times, OpTime{Program: program, Index: i, Op: op})
		}
	}
	for i, op := range ops {
		t, w := &p.times[first+i], op.Work(a)
		t.Runs++
		t.Seconds += seconds(i)
		t.Work.Flops += w.Flops
		t.Work.Bytes += w.Bytes
	}
}

// Times are those of all runs so far, in order of each program's first run and
// then of its ops; nil of a nil Profile.
func (p *Profile) Times() []OpTime {
	if p == nil {
		return nil
	}
	return p.times
}
