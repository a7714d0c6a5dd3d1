package kernels_test

import (
	"math"
	"strings"
	"testing"

	"gradus/kernels"
)

// memory is a buffer without contents.
type memory struct {
	dt kernels.DType
	n  int64
}

func (m memory) DType() kernels.DType { return m.dt }
func (m memory) Len() int64           { return m.n }
func (m memory) Free() error          { return nil }

func reals(n int64) memory   { return memory{kernels.F32, n} }
func indices(n int64) memory { return memory{kernels.I32, n} }

// attn is a valid attention over buffers bound to p.
func attn(p *kernels.Program) kernels.Attn {
	return kernels.Attn{
		Out: p.BindAll("out", reals(8*16)), LSE: p.BindAll("lse", reals(8*4)), QKV: p.BindAll("qkv", reals(8*32)),
		Start: p.BindAll("start", indices(4)), N: kernels.DimRows, S: kernels.DimSeqs, H: 4, KV: 2, D: 4, MaxLen: 8,
	}
}

// linear is a valid (N, 6) x (5, 6) product over buffers bound to p.
func linear(p *kernels.Program) kernels.Linear {
	return kernels.Linear{
		Y: p.BindAll("y", reals(8*5)), X: p.BindAll("x", reals(8*6)), W: p.BindAll("w", reals(5*6)),
		Pack: p.BindAll("pack", reals(kernels.PackLen(5, 6))), N: kernels.DimRows, O: 5, K: 6,
	}
}

func TestValidate(t *testing.T) {
	type program = kernels.Program
	cases := []struct {
		name string
		make func(p *program)
		want string // part of the error, "" for none
	}{
		{"empty", func(p *program) {}, ""},
		{"attention", func(p *program) { p.Add(attn(p)) }, ""},
		{"linear without residual", func(p *program) { p.Add(linear(p)) }, ""},
		{"linear with residual", func(p *program) { o := linear(p); o.Res = o.Y; p.Add(o) }, ""},
		{"fixed rows", func(p *program) { o := linear(p); o.N = 3; p.Add(o) }, ""},
		{"no rows", func(p *program) { o := linear(p); o.N = 0; p.Add(o) }, ""},
		{"part of a buffer", func(p *program) {
			p.Add(kernels.Zero{X: p.Bind("x", reals(100), 92, 8), N: kernels.DimRows, C: 1})
		}, ""},
		{"empty vector", func(p *program) {
			p.Add(kernels.SumSq{Out: p.BindAll("out", reals(1)), X: p.BindAll("x", reals(0)), Len: 0})
		}, ""},

		{"negative maximum", func(p *program) { p.Max.Seqs = -1 }, "-1 sequences"},
		{"nil buffer", func(p *program) { p.Bind("weights", nil, 0, 4) }, `buffer "weights" is nil`},
		{"offset before the buffer", func(p *program) { p.Bind("x", reals(10), -1, 4) }, "wants elements -1..3 of 10"},
		{"range beyond the buffer", func(p *program) { p.Bind("x", reals(10), 7, 4) }, "wants elements 7..11 of 10"},
		{"negative length", func(p *program) { p.Bind("x", reals(10), 2, -1) }, `buffer "x"`},
		{"offset that overflows", func(p *program) { p.Bind("x", reals(10), math.MaxInt64, math.MaxInt64) }, `buffer "x"`},
		{"unbound operand", func(p *program) { o := linear(p); o.W = 0; p.Add(o) }, "op 0 linear: operand W is not bound"},
		{"ref beyond the list", func(p *program) { o := linear(p); o.X = 99; p.Add(o) }, "operand X is not bound"},
		{"negative ref", func(p *program) { o := linear(p); o.X = -1; p.Add(o) }, "operand X is not bound"},
		{"negative optional ref", func(p *program) { o := linear(p); o.Res = -1; p.Add(o) }, "operand Res is not bound"},
		{"wrong dtype", func(p *program) { o := linear(p); o.X = p.BindAll("tok", indices(100)); p.Add(o) }, `operand X = "tok" is i32, want f32`},
		{"floats for indices", func(p *program) { o := attn(p); o.Start = o.LSE; p.Add(o) }, `operand Start = "lse" is f32, want i32`},
		{"too short", func(p *program) { o := linear(p); o.Y = p.BindAll("y", reals(39)); p.Add(o) }, `operand Y = "y" has 39 elements, needs 40`},
		{"residual too short", func(p *program) { o := linear(p); o.Res = p.BindAll("r", reals(39)); p.Add(o) }, `operand Res = "r" has 39 elements, needs 40`},
		{"pack without padding", func(p *program) { o := linear(p); o.Pack = o.W; p.Add(o) }, "operand Pack"},
		{"start without its end", func(p *program) { o := attn(p); o.Start = p.BindAll("s", indices(3)); p.Add(o) }, `operand Start = "s" has 3 elements, needs 4`},
		{"second op", func(p *program) { o := linear(p); p.Add(o); o.W = 0; p.Add(o) }, "op 1 linear"},
		{"size 0", func(p *program) { o := linear(p); o.K = 0; p.Add(o) }, "size K = 0, want at least 1"},
		{"negative size", func(p *program) { o := linear(p); o.O = -5; p.Add(o) }, "size O = -5"},
		{"size that overflows", func(p *program) { o := linear(p); o.K = math.MaxInt; p.Add(o) }, "larger than memory"},
		{"unknown dim", func(p *program) { o := linear(p); o.N = -4; p.Add(o) }, "dim -4"},
		{"KV does not divide H", func(p *program) { o := attn(p); o.KV = 3; p.Add(o) }, "KV = 3 does not divide H = 4"},
		{"odd rotation", func(p *program) {
			p.Add(kernels.RoPE{QKV: 1, Cos: 1, Sin: 1, Pos: 1, N: 1, H: 1, KV: 1, D: 3, MaxPos: 1})
		}, "D = 3, want an even one"},
		{"no chunk", func(p *program) {
			p.Add(kernels.LossRows{N: 1, C: 1, V: 1})
		}, "size Chunk = 0"},
		{"negative vector", func(p *program) { p.Add(kernels.AdamW{Len: -1}) }, "Len = -1"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := kernels.NewProgram("step", kernels.Args{Rows: 8, Seqs: 3, Picks: 4})
			c.make(p)
			err := p.Validate()
			switch {
			case c.want == "" && err != nil:
				t.Errorf("error %q, want none", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "program step")):
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestCheckArgs(t *testing.T) {
	good := kernels.Args{
		Rows: 8, Seqs: 3, Picks: 4, Temperature: 1, TopP: 1, LR: 1, BetaCorr1: 1, BetaCorr2: 1, GradScale: 1,
	}
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	sample, loss, bwd, adam := kernels.Op(kernels.Sample{}), kernels.Op(kernels.LossRows{}), kernels.Op(kernels.LossRowsBwd{}), kernels.Op(kernels.AdamW{})
	cases := []struct {
		name   string
		ops    []kernels.Op
		change func(a *kernels.Args)
		want   string
	}{
		{"all at their maximum", []kernels.Op{sample, loss, bwd, adam}, func(a *kernels.Args) {}, ""},
		{"nothing to do", []kernels.Op{sample, loss}, func(a *kernels.Args) { a.Rows, a.Seqs, a.Picks = 0, 0, 0 }, ""},
		{"zeros where no op reads them", []kernels.Op{kernels.Zero{}}, func(a *kernels.Args) { *a = kernels.Args{Rows: 1} }, ""},
		{"learning rate 0", []kernels.Op{adam}, func(a *kernels.Args) { a.LR = 0 }, ""},
		{"rows", nil, func(a *kernels.Args) { a.Rows = 9 }, "9 rows, made for 0..8"},
		{"negative rows", nil, func(a *kernels.Args) { a.Rows = -1 }, "-1 rows"},
		{"sequences", nil, func(a *kernels.Args) { a.Seqs = 4 }, "4 sequences, made for 0..3"},
		{"picks", nil, func(a *kernels.Args) { a.Picks = 5 }, "5 picked rows, made for 0..4"},
		{"temperature 0", []kernels.Op{adam, loss}, func(a *kernels.Args) { a.Temperature = 0 }, "op 1 loss_rows: argument Temperature = 0"},
		{"negative temperature", []kernels.Op{bwd}, func(a *kernels.Args) { a.Temperature = -1 }, "Temperature = -1"},
		{"temperature NaN", []kernels.Op{sample}, func(a *kernels.Args) { a.Temperature = nan }, "Temperature = NaN"},
		{"temperature infinite", []kernels.Op{sample}, func(a *kernels.Args) { a.Temperature = inf }, "Temperature = +Inf"},
		{"top-p 0", []kernels.Op{sample}, func(a *kernels.Args) { a.TopP = 0 }, "TopP = 0"},
		{"top-p above 1", []kernels.Op{sample}, func(a *kernels.Args) { a.TopP = 1.01 }, "TopP = 1.01"},
		{"top-p NaN", []kernels.Op{sample}, func(a *kernels.Args) { a.TopP = nan }, "TopP = NaN"},
		{"top-k", []kernels.Op{sample}, func(a *kernels.Args) { a.TopK = -1 }, "TopK = -1"},
		{"correction 0", []kernels.Op{adam}, func(a *kernels.Args) { a.BetaCorr1 = 0 }, "BetaCorr1 = 0"},
		{"correction above 1", []kernels.Op{adam}, func(a *kernels.Args) { a.BetaCorr2 = 1.5 }, "BetaCorr2 = 1.5"},
		{"learning rate NaN", []kernels.Op{adam}, func(a *kernels.Args) { a.LR = nan }, "LR = NaN"},
		{"gradient scale infinite", []kernels.Op{adam}, func(a *kernels.Args) { a.GradScale = inf }, "GradScale = +Inf"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := kernels.NewProgram("step", kernels.Args{Rows: 8, Seqs: 3, Picks: 4})
			p.Add(c.ops...)
			a := good
			c.change(&a)
			err := p.CheckArgs(&a)
			switch {
			case c.want == "" && err != nil:
				t.Errorf("error %q, want none", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
	if err := kernels.NewProgram("step", kernels.Args{}).CheckArgs(nil); err == nil {
		t.Error("nil arguments are not an error")
	}
}

func TestDimOf(t *testing.T) {
	a := kernels.Args{Rows: 3, Seqs: 5, Picks: 7}
	for d, want := range map[kernels.Dim]int{kernels.DimRows: 3, kernels.DimSeqs: 5, kernels.DimPicks: 7, 0: 0, 11: 11} {
		if got := d.Of(&a); got != want {
			t.Errorf("Dim(%d).Of = %d, want %d", d, got, want)
		}
	}
}

func TestPackLen(t *testing.T) {
	for _, c := range []struct {
		o, k int
		want int64
	}{{1, 1, 64}, {64, 10, 640}, {65, 10, 1280}, {151936, 896, 151936 * 896}} {
		if got := kernels.PackLen(c.o, c.k); got != c.want {
			t.Errorf("PackLen(%d, %d) = %d, want %d", c.o, c.k, got, c.want)
		}
	}
}
