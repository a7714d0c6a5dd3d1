package optest

import (
	"gradus/kernels"
)

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
	b := rollouts[1]
	for _, hs := range append(headShapesBF16[:], headShapes[2]) {
		if !kernels.Attends(dev, hs.compute) {
			continue
		}
		if err := b.decode(dev, hs, &random{seed: seed, stream: 1}); err != nil {
			failed.add("%s: attn_decode %s %+v: %w", dev.Name(), hs, b, err)
		}
	}
	policyOf(&failed, dev, seed, lossShapes[2:3])
	return failed.err()
}
