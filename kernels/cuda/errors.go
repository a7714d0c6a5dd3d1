package cuda

import "fmt"

// MemoryError is memory that a GPU does not have. All numbers are bytes.
type MemoryError struct {
	GPU   string // "GPU 0 (NVIDIA H100 80GB HBM3)"
	What  string // "67108864 elements of f32"
	Want  int64
	Total int64 // on the GPU
	Own   int64 // held by this device
	Free  int64
	Err   error // of the driver, nil if it was not asked
}

func (e *MemoryError) Error() string {
	s := fmt.Sprintf("cuda: no room for %s (%s) on %s: of %s, this run holds %s, other programs and the driver %s, and %s are free",
		size(e.Want), e.What, e.GPU, size(e.Total), size(e.Own), size(e.others()), size(e.Free))
	if e.TryAgain() {
		s += "; it would fit if other programs (see nvidia-smi) left the GPU"
	} else {
		s += "; fewer prompts_per_step, num_generations or a smaller max_completion_length need less"
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *MemoryError) Unwrap() error { return e.Err }

func (e *MemoryError) others() int64 { return max(0, e.Total-e.Own-e.Free) }

// overhead is what the driver takes for itself on an empty GPU, roughly.
const overhead = 1 << 30

// TryAgain tells whether the memory is only missing because others hold it.
func (e *MemoryError) TryAgain() bool {
	return e.others() > overhead && e.Own+e.Want <= e.Total-overhead
}

// size words a number of bytes.
func size(n int64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.2f GB", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.2f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%d bytes", n)
}

// LostError is a GPU that this process cannot use any more: after such an error
// the driver answers every call with it. The last checkpoint is untouched.
type LostError struct {
	GPU      string
	Hardware bool  // the GPU or its driver failed, not a kernel of gradus
	Err      error // the first error
}

func (e *LostError) Error() string {
	s := fmt.Sprintf("cuda: lost %s: %v", e.GPU, e.Err)
	if e.Hardware {
		return s + "; the kernel log (dmesg, lines with Xid) may say why; resume goes on from the last checkpoint"
	}
	return s + "; a kernel broke a rule of the GPU, which is a defect of gradus: please report this line"
}

func (e *LostError) Unwrap() error { return e.Err }

// TryAgain tells whether a new process may succeed with the same work.
func (e *LostError) TryAgain() bool { return e.Hardware }

// BusyError is a GPU that another process holds.
type BusyError struct {
	GPU string
	Err error
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("cuda: %s is busy or not available: %v; see nvidia-smi for its processes and its compute mode", e.GPU, e.Err)
}

func (e *BusyError) Unwrap() error { return e.Err }

// TryAgain is true: the other process will end.
func (e *BusyError) TryAgain() bool { return true }
