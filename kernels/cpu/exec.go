package cpu

// #include "exec.h"
import "C"

import (
	"errors"
	"fmt"
	"unsafe"

	"gradus/kernels"
)

// exec is a compiled program: a gk_exec in C memory.
type exec struct {
	dev     *Device
	c       *C.gk_exec // nil once freed
	bytes   C.int64_t  // of c
	check   kernels.Program
	buffers []named
}

func setArgs(c *C.gk_args, a *kernels.Args) {
	c.rows, c.seqs, c.picks = C.int64_t(a.Rows), C.int64_t(a.Seqs), C.int64_t(a.Picks)
	c.top_k, c.seed = C.int64_t(a.TopK), C.uint64_t(a.Seed)
	c.temperature, c.top_p = C.float(a.Temperature), C.float(a.TopP)
	c.lr, c.beta_corr1, c.beta_corr2, c.grad_scale = C.float(a.LR), C.float(a.BetaCorr1), C.float(a.BetaCorr2), C.float(a.GradScale)
}

// Run executes the program in one call of C. An index that an op finds out of
// range stops the run there with an error that names op, row and range; the
// ops before it have taken effect, and those after it may have on other rows.
func (e *exec) Run(a *kernels.Args) error {
	if err := e.check.CheckArgs(a); err != nil {
		return err
	}
	e.dev.mu.Lock()
	defer e.dev.mu.Unlock()
	if e.dev.closed {
		return errClosed
	}
	if e.c == nil {
		return fmt.Errorf("cpu: program %s was freed", e.check.Name)
	}
	for _, b := range e.buffers {
		if b.buf.data == nil {
			return fmt.Errorf("cpu: program %s: buffer %q was freed", e.check.Name, b.name)
		}
	}
	setArgs(&e.c.args, a)
	e.c.shared, e.c.local, e.c.local_size = (*C.char)(e.dev.shared.data), (*C.char)(e.dev.local.data), C.int64_t(e.dev.localSize)
	e.c.timed = 0
	if e.dev.profile != nil {
		e.c.timed = 1
		defer e.record(a)
	}
	C.gk_exec_run(e.c)
	if f := &e.c.fault; f.what != C.GK_OK {
		return fmt.Errorf("cpu: program %s: op %d %s: %w", e.check.Name, f.cmd, e.check.Ops[f.cmd].Kind(), faultError(f))
	}
	return nil
}

func (e *exec) Free() error {
	e.dev.mu.Lock()
	defer e.dev.mu.Unlock()
	delete(e.dev.execs, e)
	e.release()
	return nil
}

func (e *exec) release() {
	if e.c != nil && e.c.parts != nil {
		C.gk_release(unsafe.Pointer(e.c.parts), partsBytes(e.c))
	}
	C.gk_release(unsafe.Pointer(e.c), e.bytes)
	e.c, e.buffers = nil, nil
}

// faultError words what a run found.
func faultError(f *C.gk_fault) error {
	row, value, lo, hi := int64(f.row), int64(f.value), int64(f.min), int64(f.max)
	operand := map[C.gk_what]string{
		C.GK_TOK: "Tok", C.GK_POS: "Pos", C.GK_SLOT: "Slot", C.GK_AT: "At", C.GK_IDX: "Idx",
		C.GK_TARGET: "Target", C.GK_PSLOT: "PSlot", C.GK_PLEN: "PLen", C.GK_LEN: "Len", C.GK_PREFIX: "Prefix",
	}
	switch w := C.gk_what(f.what); w {
	case C.GK_IDX_TWICE:
		return fmt.Errorf("row %d: Idx = %d, which row %d has already", row, value, lo)
	case C.GK_START_FIRST:
		return fmt.Errorf("row 0: Start = %d, want 0", value)
	case C.GK_START_ORDER:
		return fmt.Errorf("row %d: Start = %d, below %d of the row before", row, value, lo)
	case C.GK_START_LAST:
		return fmt.Errorf("row %d: Start = %d, want the number of rows, %d", row, value, hi)
	case C.GK_PREFIX:
		if hi < 0 {
			return fmt.Errorf("row %d: Prefix = %d, want -1: there is no sequence before it", row, value)
		}
		return fmt.Errorf("row %d: Prefix = %d, want -1 or %d, the last sequence without one", row, value, hi)
	case C.GK_SEQ_LEN:
		return fmt.Errorf("row %d: sequence of %d rows, MaxLen is %d", row, value, hi)
	default:
		if name, ok := operand[w]; ok {
			return fmt.Errorf("row %d: %s = %d, want %d..%d", row, name, value, lo, hi)
		}
	}
	return errors.New("unknown fault")
}
