package model

import "strings"

// Byte-level vocabularies write each byte as one printable character, so that
// tokens are text in a JSON file (Radford et al. 2019, section 2.2): printable
// Latin-1 characters stand for themselves, the other 68 bytes, in ascending
// order, for U+0100 and on. A space is U+0120.

// ownName tells whether the character of byte b is the byte's own.
func ownName(b int) bool {
	return b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE && b <= 0xFF
}

// byteName is the character that stands for b.
func byteName(b byte) rune {
	if ownName(int(b)) {
		return rune(b)
	}
	r := rune(0x100)
	for i := range int(b) {
		if !ownName(i) {
			r++
		}
	}
	return r
}

// nameByte is the byte that r stands for.
func nameByte(r rune) (byte, bool) {
	switch {
	case r < 0x100:
		return byte(r), ownName(int(r))
	case r >= 0x100+68:
		return 0, false
	}
	for b := range 256 {
		if !ownName(b) {
			if r == 0x100 {
				return byte(b), true
			}
			r--
		}
	}
	return 0, false
}

// fromByteNames turns a text of byte names into the bytes they stand for, and
// leaves a text with any other character as it is, as Hugging Face's ByteLevel
// decoder does.
func fromByteNames(s string) string {
	var out strings.Builder
	for _, r := range s {
		b, ok := nameByte(r)
		if !ok {
			return s
		}
		out.WriteByte(b)
	}
	return out.String()
}
