package store

import "math"

// setMeans gives a completion the means over its tokens.
func (p *packedRow) setMeans(d *tokenData) { p.logprob, p.entropy = meanOf(d.logp), meanOf(d.ent) }

// meanOf is the mean as a column has it: nil for nothing, or for what SQLite
// cannot hold.
func meanOf(v []float32) any {
	if len(v) == 0 {
		return nil
	}
	var sum float64
	for _, x := range v {
		sum += float64(x)
	}
	if math.IsNaN(sum) {
		return nil
	}
	return sum / float64(len(v))
}
