package ball

import "math/big"

// plus sets z to x + y. math/big lines both numbers up before it rounds, which
// takes as many bits as their exponents lie apart, millions for numbers that a
// text can name. Beyond z's precision and a margin the smaller number only
// moves the rounding: it is dropped, and where z rounds up the last bit is
// raised instead. The error is below the last bit either way.
func plus(z, x, y *big.Float) *big.Float {
	if x.Sign() == 0 || y.Sign() == 0 {
		return z.Add(x, y)
	}
	gap := x.MantExp(nil) - y.MantExp(nil)
	if gap < 0 {
		x, y, gap = y, x, -gap
	}
	const margin = 64
	if gap <= int(max(z.Prec(), x.Prec()))+margin {
		return z.Add(x, y)
	}
	z.Set(x)
	if z.Mode() == big.ToPositiveInf && y.Sign() > 0 {
		last := new(big.Float).SetMantExp(big.NewFloat(1), z.MantExp(nil)-int(z.Prec()))
		z.Add(z, last)
	}
	return z
}

// useless says that a radius is so large that nothing is known: beyond 2^64
// times the number itself, and beyond 2^64.
func useless(mid, rad *big.Float) bool {
	if rad.Sign() == 0 {
		return false
	}
	size := 0
	if mid.Sign() != 0 {
		size = max(size, mid.MantExp(nil))
	}
	return rad.MantExp(nil) > size+64
}
