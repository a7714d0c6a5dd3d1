package optest

import "gradus/kernels"

// Small returns the cases whose tensors have at most `most` elements together,
// for devices and machines on which the whole table takes too long: the
// float64 reference, an emulated CPU. Every kind of op keeps some for 5,000
// elements and more. The error is that of a case that cannot be built.
func Small(cases []Case, most int) ([]Case, error) {
	var small []Case
	for _, c := range cases {
		s, _, err := c.make()
		if err != nil {
			return nil, err
		}
		n := 0
		for _, x := range s.list {
			n += x.len()
		}
		if n <= most {
			small = append(small, c)
		}
	}
	return small, nil
}

// Few returns the small cases, as Small does, and of them every nth of each
// kind of op and product dtype, so that each keeps one at least.
func Few(cases []Case, most, nth int) ([]Case, error) {
	small, err := Small(cases, most)
	if err != nil {
		return nil, err
	}
	type family struct {
		op      kernels.Kind
		compute kernels.DType
	}
	seen := map[family]int{}
	few := small[:0]
	for _, c := range small {
		_, ops, err := c.make()
		if err != nil {
			return nil, err
		}
		f := family{c.Op, kernels.ComputeOf(ops[len(ops)-1])}
		if seen[f]%nth == 0 {
			few = append(few, c)
		}
		seen[f]++
	}
	return few, nil
}
