//go:build cuda

package cuda

// #include "table.h"
import "C"

import (
	"fmt"

	"gorgonia.org/cu"

	"gradus/kernels"
)

// BlockNeed is what the host asks a processor of the GPU to hold for one block
// of a kernel, besides registers and static shared memory.
type BlockNeed struct {
	Kernel  string
	Threads int
	Shared  int // bytes of dynamic shared memory
}

// BlockNeeds lists the blocks that the host launches of every kernel on a GPU of
// a compute capability (10 * major + minor), in the order of abi.h, for a model
// whose heads are headDim wide (attention in bf16 is for its own sizes). It needs
// no GPU. It fails if there is a kernel that no op launches.
func BlockNeeds(headDim, capability int) ([]BlockNeed, error) {
	shared := map[string]int{}
	for _, hopper := range []bool{false, capability == 90} {
		// The plan computes with addresses only, so all operands may be the same.
		p := plan{max: &kernels.Args{Rows: 1, Seqs: 1, Picks: 1}, at: make([]cu.DevicePtr, 1), warpgroups: hopper}
		for i, op := range everyOp(headDim) {
			if err := p.add(i, op); err != nil {
				return nil, fmt.Errorf("cuda: %s: %w", op.Kind(), err)
			}
		}
		for _, it := range p.items {
			shared[it.kernel] = max(shared[it.kernel], it.shared)
		}
	}
	var all []BlockNeed
	for i := range C.gk_kernel_count() {
		row := C.gk_kernel_at(i)
		if row.capability != 0 && int(row.capability) != capability {
			continue
		}
		n := BlockNeed{Kernel: C.GoString(row.name), Threads: int(row.threads)}
		var launched bool
		if n.Shared, launched = shared[n.Kernel]; !launched {
			return nil, fmt.Errorf("cuda: no op launches kernel %s", n.Kernel)
		}
		all = append(all, n)
	}
	return all, nil
}

// everyOp is one op of each kind, and of each dtype of products.
func everyOp(d int) []kernels.Op {
	one := kernels.Dim(1)
	ops := []kernels.Op{
		kernels.Embed{N: one, V: 1, C: d}, kernels.EmbedBwd{N: one, V: 1, C: d},
		kernels.RMSNorm{N: one, C: d}, kernels.RMSNormBwd{N: one, C: d},
		kernels.RoPE{N: one, H: 1, KV: 1, D: d, MaxPos: 1}, kernels.KVWrite{N: one, H: 1, KV: 1, D: d, Slots: 1, Cap: 1},
		kernels.Attn{N: one, S: one, H: 1, KV: 1, D: d, MaxLen: 1}, kernels.AttnBwd{N: one, S: one, H: 1, KV: 1, D: d, MaxLen: 1},
		kernels.AttnDecode{N: one, H: 1, KV: 1, D: d, PSlots: 1, PCap: 1, Slots: 1, Cap: 1},
		kernels.SwiGLU{N: one, F: d}, kernels.SwiGLUBwd{N: one, F: d},
		kernels.GatherRows{N: one, M: one, C: d}, kernels.ScatterRows{N: one, M: one, C: d},
		kernels.Sample{N: one, V: 1}, kernels.Advance{N: one, Steps: 1},
		kernels.SumSq{Len: 1}, kernels.AdamW{Len: 1}, kernels.Zero{N: one, C: d}, kernels.Copy{N: one, C: d},
	}
	for _, dt := range []kernels.DType{kernels.F32, kernels.BF16} {
		ops = append(ops,
			kernels.Pack{O: d, K: d, Compute: dt}, kernels.Linear{N: one, O: d, K: d, Compute: dt},
			kernels.LinearDX{N: one, O: d, K: d, Compute: dt}, kernels.LinearDW{N: one, O: d, K: d, Compute: dt},
			kernels.LossRows{N: one, C: d, V: 1, Chunk: 1, Compute: dt}, kernels.LossRowsBwd{N: one, C: d, V: 1, Chunk: 1, Compute: dt})
	}
	for _, d := range []int{64, 128} {
		ops = append(ops,
			kernels.KVWrite{N: one, H: 1, KV: 1, D: d, Slots: 1, Cap: 1, Compute: kernels.BF16},
			kernels.Attn{N: one, S: one, H: 1, KV: 1, D: d, MaxLen: 1, Compute: kernels.BF16},
			kernels.AttnBwd{N: one, S: one, H: 1, KV: 1, D: d, MaxLen: 1, Compute: kernels.BF16},
			kernels.AttnDecode{N: one, H: 1, KV: 1, D: d, PSlots: 1, PCap: 1, Slots: 1, Cap: 1, Compute: kernels.BF16})
	}
	return ops
}
