package optest

import (
	"fmt"
	"math"

	"gradus/kernels"
)

// policyBits proves that the log-prob and entropy that Sample reports for the
// logits of Linear are those that LossRows computes for the drawn token: the
// ratio of the first update is 1, not nearly 1. Rows are sampled a few at a
// time, as decoding does, and scored in one batch, as training does.
func policyBits(failed *failures, dev kernels.Device, seed uint64) {
	policyOf(failed, dev, seed, lossShapes[:])
}

func policyOf(failed *failures, dev kernels.Device, seed uint64, shapes []lossShape) {
	for i, z := range shapes {
		for variant := range 4 {
			truncate, compute := variant%2 == 1, []kernels.DType{kernels.F32, kernels.BF16}[variant/2]
			if !kernels.Computes(dev, compute) {
				continue
			}
			a := kernels.Args{Picks: z.n, Temperature: z.temperature, TopP: 1, Seed: seed}
			if truncate {
				a.TopK, a.TopP = 12, 0.8
			}
			s := newTensors(Case{Args: a, Seed: seed + uint64(i)})
			f := loss(s, z.c, z.v, z.chunk, z.spread, compute)
			pack := kernels.Pack{Dst: f.Pack, W: f.W, O: z.v, K: z.c, Compute: compute}
			logits := kernels.Linear{
				Y: s.out("Logits", f.N, z.v), X: f.H, W: f.W, Pack: f.Pack, N: f.N, O: z.v, K: z.c, Compute: compute,
			}
			sample := sampling(s, z.v, 1)
			sample.Logits = logits.Y

			what := fmt.Sprintf("%s: sample against loss_rows n=%d c=%d v=%d T=%g truncate=%t %s seed=%d",
				dev.Name(), z.n, z.c, z.v, z.temperature, truncate, compute, s.seed)
			var logp, ent []float64
			var tok []int32
			for lo := 0; lo < z.n; lo += 3 {
				n := min(3, z.n-lo)
				got, err := execute(dev, s.window(f.N, lo, n), []kernels.Op{pack, logits, sample})
				if err != nil {
					failed.add("%s: %w", what, err)
					return
				}
				logp, ent = append(logp, got[sample.LogP-1].real[:n]...), append(ent, got[sample.Ent-1].real[:n]...)
				tok = append(tok, got[sample.Tok-1].index[:n]...)
			}
			copy(s.at(f.Target).index, tok)
			got, err := execute(dev, s, []kernels.Op{pack, f})
			if err != nil {
				failed.add("%s: %w", what, err)
				continue
			}
			compareRows(failed, what+": LogP", logp, got[f.LogP-1].real, span(0, z.n), 1)
			compareRows(failed, what+": Ent", ent, got[f.Ent-1].real, span(0, z.n), 1)
			for n, t := range tok {
				if x := float32(logp[n] - got[f.LogP-1].real[n]); math.Exp(float64(x)) != 1 {
					failed.add("%s: row %d, token %d: ratio is %g, not 1", what, n, t, math.Exp(float64(x)))
				}
			}
		}
	}
}
