package bench

import (
	"fmt"
	"time"

	"gradus/kernels"
)

// LinearShape is a matrix product of the models: N token rows, K inputs, O
// outputs.
type LinearShape struct {
	Name    string
	N, K, O int
	Compute kernels.DType // of the factors: F32 (or 0) or BF16
}

// InBF16 is s with bf16 factors; its figures end in ".bf16".
func (s LinearShape) InBF16() LinearShape {
	s.Compute = kernels.BF16
	return s
}

// linearOps are what Linear measures: forward, input gradient, weight gradient.
func linearOps() []string { return []string{"linear", "linear_dx", "linear_dw"} }

func (s LinearShape) figure(op string) string {
	return fmt.Sprintf("%s.%s.n%d", op, s.Name, s.N) + dtypeSuffix(s.Compute)
}

// Figures are the names of what Linear measures of a shape.
func (s LinearShape) Figures() []string {
	var names []string
	for _, op := range linearOps() {
		names = append(names, s.figure(op))
	}
	return names
}

// LinearShapes are the products of a 1M and a 5M model, in training (2,048
// rows) and in decoding (64 rows).
func LinearShapes() []LinearShape {
	var list []LinearShape
	for _, m := range []struct {
		name         string
		hidden, mlp2 int // mlp2: gate and up together
	}{{"1m", 128, 704}, {"5m", 256, 1376}} {
		for _, rows := range []int{64, 2048} {
			list = append(list,
				LinearShape{Name: m.name + ".qkv", N: rows, K: m.hidden, O: 3 * m.hidden},
				LinearShape{Name: m.name + ".gate_up", N: rows, K: m.hidden, O: m.mlp2},
				LinearShape{Name: m.name + ".down", N: rows, K: m.mlp2 / 2, O: m.hidden})
		}
	}
	return list
}

// Linear times forward, input gradient and weight gradient of one product.
// Packing of the weight is not in it. The ceiling is fma, the GFLOP/s of
// multiply-adds that never leave registers.
func Linear(dev kernels.Device, s LinearShape, repeats int, fma float64, now func() time.Time) ([]Figure, error) {
	max := kernels.Args{Rows: s.N}
	sizes := map[string]int64{
		"x": int64(s.N * s.K), "dx": int64(s.N * s.K), "y": int64(s.N * s.O), "dy": int64(s.N * s.O),
		"w": int64(s.K * s.O), "dw": int64(s.K * s.O),
	}
	bufs := map[string]kernels.Buffer{}
	defer func() {
		for _, b := range bufs {
			_ = b.Free()
		}
	}()
	dtypes := map[string]kernels.DType{}
	if s.Compute == kernels.BF16 {
		sizes["pack"], sizes["back"] = kernels.PackLenBF16(s.O, s.K), kernels.PackBackLenBF16(s.O, s.K)
		dtypes["pack"], dtypes["back"] = kernels.BF16, kernels.BF16
	} else {
		sizes["pack"], sizes["back"] = kernels.PackLen(s.O, s.K), kernels.PackBackLen(s.O, s.K)
	}
	for name, n := range sizes {
		dtype, ok := dtypes[name]
		if !ok {
			dtype = kernels.F32
		}
		b, err := dev.Alloc(dtype, n)
		if err != nil {
			return nil, fmt.Errorf("linear %s: %w", s.Name, err)
		}
		bufs[name] = b
		if name == "pack" || name == "back" {
			continue // packed below
		}
		values := make([]float32, n)
		for i := range values {
			values[i] = float32(i%7)*0.25 - 0.75
		}
		if err := dev.WriteF32(b, 0, values); err != nil {
			return nil, fmt.Errorf("linear %s: %w", s.Name, err)
		}
	}
	packs := kernels.NewProgram("pack", max)
	w := packs.BindAll("w", bufs["w"])
	packs.Add(kernels.Pack{Dst: packs.BindAll("pack", bufs["pack"]), W: w, O: s.O, K: s.K, Compute: s.Compute},
		kernels.Pack{Dst: packs.BindAll("back", bufs["back"]), W: w, O: s.O, K: s.K, Back: true, Compute: s.Compute})
	if err := runOnce(dev, packs); err != nil {
		return nil, fmt.Errorf("linear %s: %w", s.Name, err)
	}
	// A product of the small shapes lasts microseconds: enough of them in one
	// run that its start does not count.
	batch := int(2e8/(2*float64(s.N)*float64(s.K)*float64(s.O))) + 1
	var figures []Figure
	for _, which := range linearOps() {
		p := kernels.NewProgram(which, max)
		ref := map[string]kernels.Ref{}
		for name, b := range bufs {
			ref[name] = p.BindAll(name, b)
		}
		var op kernels.Op
		switch which {
		case "linear":
			op = kernels.Linear{Y: ref["y"], X: ref["x"], W: ref["w"], Pack: ref["pack"], N: kernels.DimRows, O: s.O, K: s.K, Compute: s.Compute}
		case "linear_dx":
			op = kernels.LinearDX{DX: ref["dx"], DY: ref["dy"], W: ref["w"], Pack: ref["back"], N: kernels.DimRows, O: s.O, K: s.K, Compute: s.Compute}
		case "linear_dw":
			op = kernels.LinearDW{DW: ref["dw"], DY: ref["dy"], X: ref["x"], N: kernels.DimRows, O: s.O, K: s.K, Compute: s.Compute}
		}
		for range batch {
			p.Add(op)
		}
		exec, err := dev.Compile(p)
		if err != nil {
			return nil, err
		}
		seconds, err := measure(now, repeats, func() error { return exec.Run(&max) })
		if freeErr := exec.Free(); err == nil {
			err = freeErr
		}
		if err != nil {
			return nil, err
		}
		rates := make([]float64, len(seconds))
		for i, t := range seconds {
			rates[i] = 2 * float64(s.N) * float64(s.K) * float64(s.O) * float64(batch) / t / 1e9
		}
		figures = append(figures, NewFigure(s.figure(which), "GFLOP/s", "higher", rates, fma))
	}
	return figures, nil
}

// runOnce compiles p, runs it at its largest sizes and frees it.
func runOnce(dev kernels.Device, p *kernels.Program) error {
	exec, err := dev.Compile(p)
	if err != nil {
		return err
	}
	defer exec.Free()
	return exec.Run(&p.Max)
}
