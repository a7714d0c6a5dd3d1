package ball

// Scatter finishes a hash of a name from which a point is chosen: close names
// must not give close values.
func Scatter(v uint64) uint64 {
	v ^= v >> 31
	v *= 0x9e3779b97f4a7c15
	v ^= v >> 29
	v *= 0xbf58476d1ce4e5b9
	return v ^ v>>32
}
