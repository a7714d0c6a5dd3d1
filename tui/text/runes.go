package text

import (
	"unicode"

	"github.com/charmbracelet/x/ansi"
)

// cells is the width of one character alone, as wcwidth has it.
func cells(r rune) int { return ansi.WcWidth.StringWidth(string(r)) }

// isHidden tells whether r leaves no mark of its own on a screen, or changes
// the order or shape of what stands beside it.
func isHidden(r rune) bool {
	switch {
	case r < 0xad, r >= 0x4e00 && r <= 0x9fff:
		return false // Latin and Han, most of what is read here
	case unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp):
		return true // bidi, zero-width, soft hyphen, BOM, number signs that join
	case r >= 0xfe00 && r <= 0xfe0f, r >= 0x180b && r <= 0x180f:
		return true // variation selectors
	case r >= 0xe0000 && r <= 0xe0fff:
		return true // tags and more variation selectors
	case r&0xfffe == 0xfffe, r >= 0xfdd0 && r <= 0xfdef:
		return true // not characters
	case r >= 0xfff0 && r <= 0xfff8:
		return true // ignorable, not assigned
	}
	switch r {
	case 0x034f, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x2065, 0x3164, 0xffa0, 0x1d159:
		return true // joiners and fillers without a shape
	}
	// A character that these tables do not know may be a mark in newer ones.
	known := unicode.IsGraphic(r) || unicode.Is(unicode.Co, r) || isEmoji(r)
	return !known || isPrepend(r)
}

// isMark tells whether r stands on the character before it. Thai and Lao AM
// and the halfwidth Katakana sound marks are letters that do.
func isMark(r rune) bool {
	return unicode.Is(unicode.M, r) || r == 0x0e33 || r == 0x0eb3 || r == 0xff9e || r == 0xff9f
}

// isPrepend tells whether r joins the character after it into one cluster
// (Grapheme_Cluster_Break=Prepend in Unicode's UAX 29) and is not in Cf.
func isPrepend(r rune) bool {
	switch {
	case r == 0x0d4e, r == 0x111c2, r == 0x111c3, r == 0x113d1, r == 0x1193f, r == 0x11941,
		r >= 0x11a84 && r <= 0x11a89, r == 0x11a3a, r == 0x11d46, r == 0x11f02:
		return true
	}
	return false
}

func isPresentation(r rune) bool { return r == 0xfe0e || r == 0xfe0f }

// takesPresentation tells whether a text or emoji presentation may be asked
// for r: symbols, digits, and a few signs.
func takesPresentation(r rune) bool {
	switch r {
	case '#', '*', '‼', '⁉', '〰':
		return true
	}
	return (r >= '0' && r <= '9') || (r > 0x7f && unicode.IsSymbol(r))
}

func isModifier(r rune) bool { return r >= 0x1f3fb && r <= 0x1f3ff }

// isEmoji tells whether r may be a base for a skin tone; it errs to yes for
// any symbol in the emoji blocks, which does no harm.
func isEmoji(r rune) bool {
	return !isModifier(r) && ((r >= 0x1f000 && r <= 0x1faff) || (r >= 0x2600 && r <= 0x27bf))
}

// isJoiningJamo: vowels and finals that form a syllable with what precedes.
func isJoiningJamo(r rune) bool {
	return (r >= 0x1160 && r <= 0x11ff) || (r >= 0xd7b0 && r <= 0xd7ff)
}

func isHangul(r rune) bool {
	return (r >= 0x1100 && r <= 0x11ff) || (r >= 0xa960 && r <= 0xa97f) || (r >= 0xac00 && r <= 0xd7ff)
}
