//go:build cuda

package cuda

// #include "table.h"
import "C"

import (
	"errors"
	"fmt"
	"unsafe"

	"gorgonia.org/cu"

	"gradus/kernels"
)

// faultError words what a kernel found. The word holds the place; the value is
// read back from the operand.
func (e *exec) faultError(word uint64, a *kernels.Args) error {
	at, row, what := int(word>>40), int64(uint32(word>>8)), word&255
	if at >= len(e.check.Ops) {
		return fmt.Errorf("cuda: program %s: a kernel reported op %d of %d", e.check.Name, at, len(e.check.Ops))
	}
	op := e.check.Ops[at]
	return fmt.Errorf("cuda: program %s: op %d %s: %w", e.check.Name, at, op.Kind(), e.indexError(op, row, what, a))
}

func (e *exec) indexError(op kernels.Op, row int64, what uint64, a *kernels.Args) error {
	outside := func(name string, ref kernels.Ref, lo, hi int) error {
		v, err := e.index(ref, row)
		if err != nil {
			return fmt.Errorf("row %d: %s is out of range, want %d..%d (%w)", row, name, lo, hi, err)
		}
		return fmt.Errorf("row %d: %s = %d, want %d..%d", row, name, v, lo, hi)
	}
	switch o := op.(type) {
	case kernels.Embed:
		return outside("Tok", o.Tok, 0, o.V-1)
	case kernels.EmbedBwd:
		return outside("Tok", o.Tok, 0, o.V-1)
	case kernels.RoPE:
		return outside("Pos", o.Pos, 0, o.MaxPos-1)
	case kernels.KVWrite:
		if what == C.GK_AT {
			return outside("At", o.At, 0, o.Cap-1)
		}
		return outside("Slot", o.Slot, 0, o.Slots-1)
	case kernels.GatherRows:
		return outside("Idx", o.Idx, 0, o.M.Of(a)-1)
	case kernels.ScatterRows:
		if what == C.GK_IDX_TWICE {
			v, _ := e.index(o.Idx, row)
			return fmt.Errorf("row %d: Idx = %d, which another row has already", row, v)
		}
		return outside("Idx", o.Idx, 0, o.M.Of(a)-1)
	case kernels.LossRows:
		return outside("Target", o.Target, 0, o.V-1)
	case kernels.LossRowsBwd:
		return outside("Target", o.Target, 0, o.V-1)
	case kernels.Attn:
		return e.startError(o.Start, o.Prefix, row, what, o.N.Of(a), o.MaxLen)
	case kernels.AttnBwd:
		return e.startError(o.Start, o.Prefix, row, what, o.N.Of(a), o.MaxLen)
	case kernels.AttnDecode:
		plen, _ := e.index(o.PLen, row)
		length, _ := e.index(o.Len, row)
		switch what {
		case C.GK_PLEN:
			return outside("PLen", o.PLen, 0, min(int(length), o.PCap))
		case C.GK_LEN:
			return outside("Len", o.Len, 1, int(plen)+o.Cap)
		case C.GK_PSLOT:
			return outside("PSlot", o.PSlot, 0, o.PSlots-1)
		}
		return outside("Slot", o.Slot, 0, o.Slots-1)
	}
	return fmt.Errorf("row %d: a kernel reported fault %d", row, what)
}

// startError words what is wrong with the sequences of an attention: row is a
// place in Start, or the number of a sequence.
func (e *exec) startError(start, prefix kernels.Ref, row int64, what uint64, rows, maxLen int) error {
	at := func(ref kernels.Ref, row int64) int32 {
		v, _ := e.index(ref, row) // the kernel has read it before
		return v
	}
	switch v := at(start, row); what {
	case C.GK_START_FIRST:
		return fmt.Errorf("row 0: Start = %d, want 0", v)
	case C.GK_START_ORDER:
		return fmt.Errorf("row %d: Start = %d, below %d of the row before", row, v, at(start, row-1))
	case C.GK_START_LAST:
		return fmt.Errorf("row %d: Start = %d, want the number of rows, %d", row, v, rows)
	case C.GK_SEQ_LEN:
		n := at(start, row+1) - v
		if prefix == 0 || at(prefix, row) < 0 {
			return fmt.Errorf("row %d: sequence of %d rows, MaxLen is %d", row, n, maxLen)
		}
		p := int64(at(prefix, row))
		return fmt.Errorf("row %d: sequence of %d rows after a prefix of %d, MaxLen is %d", row, n, at(start, p+1)-at(start, p), maxLen)
	}
	for root := row - 1; root >= 0; root-- {
		if at(prefix, root) == -1 {
			return fmt.Errorf("row %d: Prefix = %d, want -1 or %d, the last sequence without one", row, at(prefix, row), root)
		}
	}
	return fmt.Errorf("row %d: Prefix = %d, want -1: there is no sequence before it", row, at(prefix, row))
}

// index reads one element of an operand.
func (e *exec) index(ref kernels.Ref, row int64) (int32, error) {
	if ref < 1 || int(ref) > len(e.buffers) {
		return 0, errors.New("the operand is not bound")
	}
	b := e.buffers[ref-1]
	at := b.off + row
	if row < 0 || at >= b.buf.n {
		return 0, fmt.Errorf("row %d is not in %s", row, b.name)
	}
	var v [1]int32
	err := e.dev.staging.Read(unsafe.Pointer(&v[0]), b.buf.data+cu.DevicePtr(at*elementSize), elementSize)
	return v[0], err
}
