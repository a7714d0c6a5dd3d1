package cpu

// #include "exec.h"
// static void tile_once(const gk_table *t, float *c, const uint16_t *a, const uint16_t *b) { t->tile_once(c, a, b); }
// static void round_pairs(const gk_table *t, uint16_t *to, const float *from) { t->round_pairs(to, from); }
import "C"

// tileOnce adds to c (16, 16) the product of a (16, 32) and b (16, 16, 2), all
// in the layout of the tile registers, of a path with products in bf16.
func (p Path) tileOnce(c *[256]float32, a, b *[512]uint16) {
	C.tile_once(p.products, (*C.float)(&c[0]), (*C.uint16_t)(&a[0]), (*C.uint16_t)(&b[0]))
}

// roundPairs rounds as the packing of the path's factors does.
func (p Path) roundPairs(from *[32]float32) (to [32]uint16) {
	C.round_pairs(p.products, (*C.uint16_t)(&to[0]), (*C.float)(&from[0]))
	return to
}
