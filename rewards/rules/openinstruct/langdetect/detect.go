package langdetect

import "math"

const (
	trials        = 7
	smoothing     = 0.5
	smoothingWide = 0.05
	baseFrequency = 10000
	converged     = 0.99999
	mostDraws     = 1000
	likely        = 0.1
)

// Detect is langdetect.detect: the code of the text's language, as en or
// zh-cn, or unknown where none is likely. known is false where langdetect
// raises LangDetectException, because no letters are left that it knows. err
// is not nil only if the tables cannot be read.
func Detect(text string) (language string, known bool, err error) {
	p, err := learned()
	if err != nil {
		return "", false, err
	}
	grams := p.grams(cleaned(text))
	if len(grams) == 0 {
		return "", false, nil
	}
	mean := make([]float64, len(p.languages))
	random := newTwister(0)
	for range trials {
		for i, v := range p.trial(grams, random) {
			mean[i] += v / trials
		}
	}
	best := -1
	for i, v := range mean {
		if v > likely && (best < 0 || v > mean[best]) {
			best = i
		}
	}
	if best < 0 {
		return "unknown", true, nil
	}
	return p.languages[best], true, nil
}

// trial is how probable each language is after as many draws as it takes.
func (p *profiles) trial(grams [][]share, random *twister) []float64 {
	probable := make([]float64, len(p.languages))
	for i := range probable {
		probable[i] = 1 / float64(len(probable))
	}
	weight := (smoothing + float64(random.gauss()*smoothingWide)) / baseFrequency // rounded as Python does, on every machine
	for draws := 0; ; draws++ {
		shares := grams[random.below(len(grams))]
		for i := range probable {
			part := weight
			if len(shares) > 0 && shares[0].language == i {
				part += shares[0].part
				shares = shares[1:]
			}
			probable[i] *= part
		}
		if draws%5 == 0 && (normalize(probable) > converged || draws >= mostDraws) {
			return probable
		}
	}
}

// normalize makes the sum 1 and returns the greatest.
func normalize(probable []float64) float64 {
	total, greatest := sum(probable), 0.0
	for i, v := range probable {
		probable[i] = v / total
		greatest = max(greatest, probable[i])
	}
	return greatest
}

// sum is Python's from 3.12 on, with what rounding lost (Neumaier 1974).
func sum(values []float64) float64 {
	total, lost := 0.0, 0.0
	for _, v := range values {
		next := total + v
		if math.Abs(total) >= math.Abs(v) {
			lost += total - next + v
		} else {
			lost += v - next + total
		}
		total = next
	}
	if lost != 0 && !math.IsInf(lost, 0) && !math.IsNaN(lost) {
		return total + lost
	}
	return total
}
