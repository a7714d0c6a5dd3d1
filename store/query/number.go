package query

import (
	"math"
	"strconv"
	"strings"
)

// ranges makes the node of a number, a range or a comparison; several are
// alternatives.
func (p *parser) ranges(t token, f Field, part string) (Node, *Error) {
	var out Or
	for _, v := range t.value {
		n, err := p.bounds(t, v, f, part)
		if err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	if len(out) == 1 {
		return out[0], nil
	}
	return out, nil
}

func (p *parser) bounds(t token, v text, f Field, part string) (n Within, err *Error) {
	n = Within{Field: f.Name, Part: part}
	s := p.in[v.from:v.to]
	if v.quoted {
		s = v.s
	}
	one := func(s string, from int) (b Bound, err *Error) {
		b.Set = true
		b.Value, err = p.number(s, from, t.field, f)
		return b, err
	}
	switch t.op {
	case "<", "<=":
		n.Hi, err = one(s, v.from)
		n.Hi.Open = t.op == "<"
		return n, err
	case ">", ">=":
		n.Lo, err = one(s, v.from)
		n.Lo.Open = t.op == ">"
		return n, err
	}
	lo, hi, isRange := strings.Cut(s, "..")
	if !isRange {
		n.Lo, err = one(s, v.from)
		n.Hi = n.Lo
		return n, err
	}
	if lo == "" && hi == "" {
		return n, p.fail(v.from, v.to, "a range needs an end: %s:10.., %s:..20 or %s:10..20", t.field, t.field, t.field)
	}
	if lo != "" {
		if n.Lo, err = one(lo, v.from); err != nil {
			return n, err
		}
	}
	if hi != "" {
		if n.Hi, err = one(hi, v.to-len(hi)); err != nil {
			return n, err
		}
	}
	if n.Lo.Set && n.Hi.Set && n.Lo.Value > n.Hi.Value {
		return n, p.fail(v.from, v.to, "%s..%s holds no number; the smaller one comes first", lo, hi)
	}
	return n, nil
}

// number reads a decimal number; of a Whole field, one without a fraction.
func (p *parser) number(s string, from int, name string, f Field) (float64, *Error) {
	to := min(from+len(s), len(p.in))
	if strings.ContainsFunc(s, func(r rune) bool { return !strings.ContainsRune("0123456789.eE+-", r) }) {
		return 0, p.notNumber(s, from, to, name, f)
	}
	v, err := strconv.ParseFloat(s, 64)
	switch {
	case err != nil || math.IsInf(v, 0):
		return 0, p.notNumber(s, from, to, name, f)
	case f.Kind == Whole && f.Name != PartField && (v != math.Trunc(v) || math.Abs(v) >= 1<<53):
		return 0, p.notNumber(s, from, to, name, f)
	}
	if v == 0 {
		v = 0 // not -0
	}
	return v, nil
}

func (p *parser) notNumber(s string, from, to int, name string, f Field) *Error {
	switch {
	case f.Name == PartField:
		return p.fail(from, to, "%s wants a number for its score, or %s, not %q", name, strings.Join(Statuses(), ", "), s)
	case f.Kind == Whole:
		return p.fail(from, to, "%s wants a whole number, not %q", name, s)
	}
	return p.fail(from, to, "%s wants a number, not %q", name, s)
}
