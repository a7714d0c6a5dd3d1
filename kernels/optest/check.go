package optest

import (
	"fmt"
	"math"

	"gradus/kernels"
	"gradus/kernels/philox"
	"gradus/kernels/ref"
)

// Measure is the distance of one output from ref's.
type Measure struct {
	Device  string
	Case    Case
	Operand string
	Error   float64 // ||out-ref|| / ||ref||
	Budget  float64
}

func (m Measure) String() string {
	return fmt.Sprintf("%s: %s: %s: error %.2e, budget %.0e", m.Device, m.Case, m.Operand, m.Error, m.Budget)
}

// Check runs every case on every device and on ref and compares the outputs.
// Outputs that the op overwrites hold NaN before the run, so does every row
// beyond those of the run; buffers lie between guard elements and off any
// alignment. It returns all distances, and an error that lists what failed
// with the seeds that repeat it.
func Check(devs []kernels.Device, cases []Case) ([]Measure, error) {
	var measures []Measure
	var failed failures
	for _, c := range cases {
		s, ops, err := c.make()
		if err != nil {
			failed.add("%w", err)
			continue
		}
		want, err := execute(ref.New(), s, ops)
		if err != nil {
			failed.add("ref: %s: %w", c, err)
			continue
		}
		for _, dev := range devs {
			if !computes(dev, ops) {
				continue
			}
			got, err := execute(dev, s, ops)
			if err != nil {
				failed.add("%s: %s: %w", dev.Name(), c, err)
				continue
			}
			for _, m := range compare(c, s, ops, got, want) {
				m.Device = dev.Name()
				measures = append(measures, m)
				if !(m.Error <= m.Budget) {
					failed.add("%s", m)
				}
			}
		}
	}
	return measures, failed.err()
}

// compare measures each output of the last op.
func compare(c Case, s *tensors, ops []kernels.Op, got, want []values) []Measure {
	last := ops[len(ops)-1]
	limit := budget(last)
	if sumsRows(last) && max(s.args.Rows, s.args.Picks) > longSum {
		limit = max(limit, budgetF32Long)
	}
	if c.Condition > 1 {
		limit *= c.Condition
	}
	var out []Measure
	for _, o := range outputs(s, ops) {
		i := o.Ref - 1
		m := Measure{Case: c, Operand: o.Name, Budget: limit}
		n := s.active(&s.list[i])
		switch sample, ok := last.(kernels.Sample); {
		case ok && o.Name == "Tok":
			m.Error, m.Budget = wrongTokens(sample, s, got[i].index[:n], max(1, c.Condition)), 0
		case ok && o.Name == "LogP":
			m.Error = distance(got[i].real[:n], drawnLogP(sample, s, got[sample.Tok-1].index[:n]))
		case o.Name == "LSE" && kernels.ComputeOf(last) == kernels.BF16 && last.Kind() == "attn": // of scores, which are f32
			m.Error, m.Budget = distance(got[i].real[:n], want[i].real[:n]), budgetF32
		case o.DType == kernels.I32:
			m.Error, m.Budget = differing(got[i].index[:n], want[i].index[:n]), 0
		default:
			m.Error = distance(got[i].real[:n], want[i].real[:n])
		}
		out = append(out, m)
	}
	return out
}

// distance returns ||got-want|| / ||want||, or ||got-want|| when want is all
// zeros, and +Inf when got is not finite.
func distance(got, want []float64) float64 {
	var diff, norm float64
	for i, w := range want {
		d := got[i] - w
		diff += d * d
		norm += w * w
	}
	if math.IsNaN(diff) {
		return math.Inf(1)
	}
	if norm == 0 {
		return math.Sqrt(diff)
	}
	return math.Sqrt(diff / norm)
}

// differing returns the share of elements that differ.
func differing(got, want []int32) float64 {
	n := 0
	for i, w := range want {
		if got[i] != w {
			n++
		}
	}
	return float64(n) / float64(max(1, len(want)))
}

// scaled returns row n of the logits over the temperature.
func scaled(o kernels.Sample, s *tensors, n int) []float64 {
	z := make([]float64, o.V)
	for v := range z {
		z[v] = float64(s.at(o.Logits).real[n*o.V+v]) / float64(s.args.Temperature)
	}
	return z
}

// wrongTokens returns the share of tokens that the law of kernels.Sample does
// not give. A token is right when it is drawn at the row's uniform number, or
// at one that differs by less than f32 sums of probabilities can resolve; the
// same holds for the mass at which top-p cuts.
func wrongTokens(o kernels.Sample, s *tensors, tok []int32, condition float64) float64 {
	resolution := budgetF32 * condition
	wrong := 0
	for n, t := range tok {
		stream := s.at(o.Stream).index
		u := philox.Uniform(s.args.Seed, ref.StreamID(stream[2*n], stream[2*n+1]), uint64(uint32(s.at(o.Pos).index[n])))
		z, right := scaled(o, s, n), false
		for _, du := range []float64{0, -resolution, resolution} {
			for _, dp := range []float64{0, -resolution, resolution} {
				topP := float64(s.args.TopP)
				if topP < 1 {
					topP += dp
				}
				right = right || ref.Draw(z, s.args.TopK, topP, float64(u)+du) == int(t)
			}
		}
		if !right {
			wrong++
		}
	}
	return float64(wrong) / float64(max(1, len(tok)))
}

// drawnLogP returns the log-probabilities of the tokens that a device drew,
// NaN for those outside the vocabulary.
func drawnLogP(o kernels.Sample, s *tensors, tok []int32) []float64 {
	out := make([]float64, len(tok))
	for n, t := range tok {
		if t < 0 || int(t) >= o.V {
			out[n] = math.NaN()
			continue
		}
		z := scaled(o, s, n)
		top, sum := math.Inf(-1), 0.0
		for _, v := range z {
			top = max(top, v)
		}
		for _, v := range z {
			sum += math.Exp(v - top)
		}
		out[n] = z[t] - top - math.Log(sum)
	}
	return out
}
