package kernels

import "math"

// Computes tells whether d multiplies factors of dtype dt, the Compute of an
// op. Every device multiplies F32; one that also has BF16 says so in a method
// Computes(DType) bool, and refuses to compile a program that it cannot run.
func Computes(d Device, dt DType) bool {
	if dt == F32 || dt == 0 {
		return true
	}
	c, ok := d.(interface{ Computes(DType) bool })
	return ok && c.Computes(dt)
}

// RoundBF16 rounds x to the nearest bfloat16, ties to even. Subnormal numbers
// become zero and a number beyond the largest one infinity; a NaN stays one
// (Intel SDM vol. 2, VCVTNEPS2BF16).
func RoundBF16(x float32) float32 {
	u := math.Float32bits(x)
	switch size := u &^ (1 << 31); {
	case size < 0x00800000:
		u &= 1 << 31
	case size > 0x7f800000:
		u = (u | 0x00400000) & 0xffff0000
	default:
		u = (u + 0x7fff + u>>16&1) & 0xffff0000
	}
	return math.Float32frombits(u)
}

// ComputeOf returns the dtype that op rounds the factors of its products to,
// F32 for an op that multiplies no matrices.
func ComputeOf(op Op) DType {
	if c := shapeOf(op).compute; c != 0 {
		return c
	}
	return F32
}
