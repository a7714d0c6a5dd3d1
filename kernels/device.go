// Package kernels is the contract of the training core: the list of ops
// (ops.go), programs made of them (program.go), and the device that compiles
// and runs a program (this file). It holds no arithmetic. Package ref is the
// readable float64 oracle of every op, package cpu the fast one in C, and
// optest the table that holds every device against ref.
package kernels

// DType is the element type of a buffer.
type DType uint8

const (
	// F32 is a real number. Devices store it as IEEE binary32; ref, the
	// oracle, stores it as float64 so that gradients can be checked by
	// central differences.
	F32 DType = iota + 1
	// I32 is an index: a token, a row, a slot, a position.
	I32
	// BF16 is a real number in two bytes, the upper half of an f32: 8 bits of
	// precision. Devices round to nearest even and take subnormals for zero
	// (RoundBF16), as Intel's AMX does. Packed weights are kept in it, and the
	// caches of attention in BF16.
	BF16
)

func (d DType) String() string {
	switch d {
	case F32:
		return "f32"
	case I32:
		return "i32"
	case BF16:
		return "bf16"
	}
	return "dtype?"
}

// Buffer is a block of device memory that holds Len elements of one DType.
// It is made by Device.Alloc, starts as zeros and lives until Free.
type Buffer interface {
	DType() DType
	Len() int64
	Free() error
}

// Device runs programs. A device belongs to one goroutine at a time; its own
// worker threads are its own business.
//
// Nothing is allocated between Compile and Exec.Run: whatever a run needs is
// bound in the program, or reserved by Compile.
type Device interface {
	// Name tells the device and the code path chosen, as in "cpu-avx2".
	Name() string
	// Alloc reserves n elements, zeroed. n must be at least 0.
	Alloc(dt DType, n int64) (Buffer, error)
	// The four copies move elements (not bytes) between Go memory and dst or
	// src at element offset off. They return an error when the range does not
	// lie inside the buffer or the dtype is another one; a BF16 buffer takes
	// f32, rounded, and gives f32.
	WriteF32(dst Buffer, off int64, src []float32) error
	ReadF32(dst []float32, src Buffer, off int64) error
	WriteI32(dst Buffer, off int64, src []int32) error
	ReadI32(dst []int32, src Buffer, off int64) error
	// Compile checks p (Program.Validate), resolves its buffers and returns
	// its executable form. The program may be dropped afterwards.
	Compile(p *Program) (Exec, error)
	// Close ends the device's threads and frees what it still holds.
	Close() error
}

// Exec is a compiled program.
type Exec interface {
	// Run executes all ops in order, in one crossing into the device, and
	// returns when their results can be read. It fails, before any op runs,
	// when an argument is outside what the program was compiled for.
	Run(a *Args) error
	Free() error
}

// Repeater is an Exec of a device that the host waits for at some cost: Repeat
// is as many Runs in a row, one after the other and with the same arguments, and
// waits once. The error is that of the first that failed.
type Repeater interface {
	Repeat(a *Args, times int) error
}

// Args are the values that change from run to run of the same program.
type Args struct {
	Rows  int // active token rows, DimRows
	Seqs  int // active sequences, DimSeqs
	Picks int // active picked rows (rows with a loss, rows to sample), DimPicks

	Temperature float32 // logits are divided by it; must be > 0 where an op uses it
	TopP        float32 // 1 = off
	TopK        int     // 0 = off
	Seed        uint64  // key of the counter-based generator

	LR        float32 // learning rate of this step
	BetaCorr1 float32 // 1 - beta1^t
	BetaCorr2 float32 // 1 - beta2^t
	GradScale float32 // gradients are multiplied by it before the moments see them (clipping)
}
