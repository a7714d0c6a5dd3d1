package text

import "sort"

// Doc is one foreign text, cleaned once: what to show, what was made visible,
// and where each byte of the raw text went. It is read-only after NewDoc.
type Doc struct {
	text    string
	stats   Stats
	anchors []anchor // by raw, each segment linear or collapsed
	rawLen  int
	cut     int // bytes of raw not taken in; see NewDocLimit
}

// NewDoc cleans raw.
func NewDoc(raw []byte) *Doc { return NewDocLimit(raw, len(raw)) }

// NewDocLimit cleans at most limit bytes of raw, so that a trace of any size
// opens fast; Cut tells how many bytes were left out.
func NewDocLimit(raw []byte, limit int) *Doc {
	cut := 0
	if limit < len(raw) {
		// Do not cut a character in half: it would be shown as invalid.
		for back := 0; back < 3 && limit > 0 && raw[limit]&0xc0 == 0x80; back++ {
			limit--
		}
		cut = len(raw) - limit
		raw = raw[:limit]
	}
	d := &Doc{rawLen: len(raw), cut: cut}
	if plainASCII(raw) {
		d.text = string(raw)
		return d
	}
	c := cleaner{mapping: true}
	c.run(string(raw))
	d.text, d.stats, d.anchors = c.out.String(), c.stats, c.anchors
	return d
}

// Text is the clean text.
func (d *Doc) Text() string { return d.text }

// Stats tells what was made visible.
func (d *Doc) Stats() Stats { return d.stats }

// Cut is the number of raw bytes that the limit left out.
func (d *Doc) Cut() int { return d.cut }

// Clean maps a byte offset of the raw text to one of the clean text. An offset
// inside something that was replaced maps to the start of the replacement.
// Offsets outside the text are moved to its ends.
func (d *Doc) Clean(raw int) int {
	if raw <= 0 {
		return 0
	}
	if raw >= d.rawLen {
		return len(d.text)
	}
	i := sort.Search(len(d.anchors), func(i int) bool { return d.anchors[i].raw > raw }) - 1
	if i < 0 {
		return raw
	}
	a := d.anchors[i]
	if i%2 == 0 { // the opening anchor of a replacement
		return a.clean
	}
	return a.clean + raw - a.raw
}

// Span maps the raw byte range [from, to) to the clean text, growing it to
// whole replacements. It returns an empty range for an empty one.
func (d *Doc) Span(from, to int) (int, int) {
	if from >= to || from >= d.rawLen || to <= 0 {
		at := d.Clean(from)
		return at, at
	}
	f, t := d.Clean(from), d.Clean(to)
	if to < d.rawLen {
		i := sort.Search(len(d.anchors), func(i int) bool { return d.anchors[i].raw > to }) - 1
		if i >= 0 && i%2 == 0 && d.anchors[i].raw < to {
			t = d.anchors[i+1].clean // ended inside a replacement
		}
	}
	return f, t
}

// Raw maps a byte offset of the clean text back to the raw text. Inside a
// replacement it gives where the replaced bytes begin.
func (d *Doc) Raw(clean int) int {
	if clean <= 0 {
		return 0
	}
	if clean >= len(d.text) {
		return d.rawLen
	}
	i := sort.Search(len(d.anchors), func(i int) bool { return d.anchors[i].clean > clean }) - 1
	if i < 0 {
		return clean
	}
	a := d.anchors[i]
	if i%2 == 0 {
		return a.raw
	}
	return a.raw + clean - a.clean
}
