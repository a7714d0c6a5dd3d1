package qwen

import "testing"

// What Qwen2.5-Math's parser.py (at a45202b) with word2number 1.1 returned.
func TestStrip(t *testing.T) {
	p := NewParser()
	for _, c := range stripCases {
		if got := p.Strip(c[0]); got != c[1] {
			t.Errorf("strip_string(%q) = %q; published %q", c[0], got, c[1])
		}
	}
}

func TestExtract(t *testing.T) {
	p := NewParser()
	for _, c := range extractCases {
		if got := p.Extract(c[0]); got != c[1] {
			t.Errorf("extract_answer(%q) = %q; published %q", c[0], got, c[1])
		}
	}
}
