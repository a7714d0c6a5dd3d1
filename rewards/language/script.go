package language

import "unicode"

// scriptOf returns the script of a letter, NoScript for all else. The blocks
// that most text is of are told apart without the tables of package unicode.
func scriptOf(r rune) Script {
	switch {
	case r < 0x80:
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return Latin
		}
		return NoScript
	case r >= 0xc0 && r <= 0x24f:
		if r == '×' || r == '÷' {
			return NoScript
		}
		return Latin
	case r >= 0x430 && r <= 0x44f || r >= 0x410 && r <= 0x42f:
		return Cyrillic
	case r >= 0x4e00 && r <= 0x9fff:
		return Han
	case r >= 0xac00 && r <= 0xd7a3:
		return Hangul
	}
	return scriptInTables(r)
}

func scriptInTables(r rune) Script {
	switch {
	case unicode.Is(unicode.Latin, r):
		return Latin
	case unicode.Is(unicode.Han, r):
		return Han
	case unicode.In(r, unicode.Hiragana, unicode.Katakana):
		return Kana
	case unicode.Is(unicode.Hangul, r):
		return Hangul
	case unicode.Is(unicode.Cyrillic, r):
		return Cyrillic
	case unicode.Is(unicode.Arabic, r):
		return Arabic
	case unicode.Is(unicode.Devanagari, r) && unicode.IsLetter(r):
		return Devanagari
	case unicode.Is(unicode.Greek, r):
		return NoScript // names of variables and constants, not prose
	case unicode.IsLetter(r):
		return OtherScript
	}
	return NoScript
}
