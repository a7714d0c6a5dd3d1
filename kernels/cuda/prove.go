//go:build cuda

package cuda

import (
	"fmt"
	"strings"

	"gradus/kernels/optest"
)

// Prove asks the GPU for one small case of every op, which must be near the
// float64 reference, and for decoding and sampling beside training, which must be
// equal to the bit. Kernels that the driver has compiled wrongly, matrix units
// that treat the rows of a tile differently, and memory that fails are found
// before a run trusts them.
func (d *Device) Prove() error {
	err := optest.Proof(d)
	d.mu.Lock()
	lost := d.lost
	d.mu.Unlock()
	switch {
	case lost != nil:
		return lost
	case err == nil:
		return nil
	}
	all := strings.Split(err.Error(), "\n")
	return fmt.Errorf("cuda: %s computes wrongly: %s (%d such findings); device = \"cpu\" trains here, and bench/gpu/check.sh says more", d.gpu, all[0], len(all))
}
