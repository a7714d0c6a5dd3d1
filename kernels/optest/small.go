package optest

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
