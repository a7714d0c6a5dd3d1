package optest

import (
	"gradus/kernels"
)

// proofBF16 has prompts and completions that end before, at and after a tile of
// keys.
var proofBF16 = rollout{prompts: []int{61, 64}, group: []int{0, 0, 1}, completions: []int{5, 2, 2}}

// Proof asks a device for one small case of each op and compares it with ref,
// and for decoding and sampling beside training, whose bits must be equal. It is
// what a run does before it trusts hardware that nobody has tried: a second on a
// GPU. An error lists what is wrong.
func Proof(dev kernels.Device) error {
	cases, err := Few(Cases(1), 1500, 1<<20)
	if err != nil {
		return err
	}
	var failed failures
	if _, err := Check([]kernels.Device{dev}, cases); err != nil {
		failed.add("%w", err)
	}
	const seed = 1
	proveDecoding := func(hs headShape, b rollout) {
		if !kernels.Attends(dev, hs.compute) {
			return
		}
		if err := b.decode(dev, hs, &random{seed: seed, stream: 1}); err != nil {
			failed.add("%s: attn_decode %s %+v: %w", dev.Name(), hs, b, err)
		}
	}
	proveDecoding(headShapes[2], rollouts[1])
	for _, hs := range []headShape{headShapesBF16[0], headShapesBF16[2]} { // one of each size of heads
		proveDecoding(hs, proofBF16)
	}
	if kernels.Attends(dev, kernels.BF16) {
		prefixBits(&failed, dev, seed, kernels.BF16)
	}
	policyOf(&failed, dev, seed, lossShapes[2:3])
	return failed.err()
}
