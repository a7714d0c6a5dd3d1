package kernels

import "math"

// Computes tells whether d multiplies matrices of factors of dtype dt, the Compute
// of an op. Every device multiplies F32; one that also has BF16 says so in a method
// Computes(DType) bool, and refuses to compile a program that it cannot run.
func Computes(d Device, dt DType) bool {
	if dt == F32 || dt == 0 {
		return true
	}
	c, ok := d.(interface{ Computes(DType) bool })
	return ok && c.Computes(dt)
}

// Attends tells whether d has attention of dtype dt, the Compute of Attn. Every
// device has F32; one that also has BF16 says so in a method Attends(DType) bool.
// It is asked besides Computes: matrix products in bf16 do not make attention so.
func Attends(d Device, dt DType) bool {
	if dt == F32 || dt == 0 {
		return true
	}
	a, ok := d.(interface{ Attends(DType) bool })
	return ok && a.Attends(dt)
}

// AttendsHeads tells whether attention of dtype dt is defined for heads of d
// numbers: 64 or 128 in BF16, any in F32.
func AttendsHeads(dt DType, d int) bool { return dt != BF16 || d == 64 || d == 128 }

// Has tells whether dev has op in the dtype of its Compute.
func Has(dev Device, op Op) bool {
	switch op.(type) {
	case Attn, AttnBwd, AttnDecode, KVWrite:
		return Attends(dev, ComputeOf(op))
	}
	return Computes(dev, ComputeOf(op))
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
// F32 for an op that has none.
func ComputeOf(op Op) DType {
	if c := shapeOf(op).compute; c != 0 {
		return c
	}
	return F32
}
