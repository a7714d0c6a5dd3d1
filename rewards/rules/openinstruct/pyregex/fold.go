package pyregex

import "unicode"

// alike are small letters that re also takes for one another without case,
// because they share a capital (Lib/re/_casefix.py of Python 3.12).
func alike(r rune) string {
	switch r {
	case 'i':
		return "ı"
	case 'ı':
		return "i"
	case 's':
		return "ſ"
	case 'ſ':
		return "s"
	case 'µ':
		return "μ"
	case 'μ':
		return "µ"
	case 'ͅ':
		return "ι\u1fbe"
	case 'ι':
		return "ͅ\u1fbe"
	case '\u1fbe':
		return "ͅι"
	case 'ΐ':
		return "\u1fd3"
	case '\u1fd3':
		return "ΐ"
	case 'ΰ':
		return "\u1fe3"
	case '\u1fe3':
		return "ΰ"
	case 'β':
		return "ϐ"
	case 'ϐ':
		return "β"
	case 'ε':
		return "ϵ"
	case 'ϵ':
		return "ε"
	case 'θ':
		return "ϑ"
	case 'ϑ':
		return "θ"
	case 'κ':
		return "ϰ"
	case 'ϰ':
		return "κ"
	case 'π':
		return "ϖ"
	case 'ϖ':
		return "π"
	case 'ρ':
		return "ϱ"
	case 'ϱ':
		return "ρ"
	case 'ς':
		return "σ"
	case 'σ':
		return "ς"
	case 'φ':
		return "ϕ"
	case 'ϕ':
		return "φ"
	case 'в':
		return "ᲀ"
	case 'ᲀ':
		return "в"
	case 'д':
		return "ᲁ"
	case 'ᲁ':
		return "д"
	case 'о':
		return "ᲂ"
	case 'ᲂ':
		return "о"
	case 'с':
		return "ᲃ"
	case 'ᲃ':
		return "с"
	case 'т':
		return "ᲄᲅ"
	case 'ᲄ':
		return "тᲅ"
	case 'ᲅ':
		return "тᲄ"
	case 'ъ':
		return "ᲆ"
	case 'ᲆ':
		return "ъ"
	case 'ѣ':
		return "ᲇ"
	case 'ᲇ':
		return "ѣ"
	case 'ᲈ':
		return "ꙋ"
	case 'ꙋ':
		return "ᲈ"
	case 'ṡ':
		return "ẛ"
	case 'ẛ':
		return "ṡ"
	case 'ﬅ':
		return "ﬆ"
	case 'ﬆ':
		return "ﬅ"
	}
	return ""
}

// SameLetter says whether re takes a character for a small letter when it
// ignores case.
func SameLetter(r, small rune) bool {
	r = unicode.ToLower(r)
	if r == small {
		return true
	}
	for _, other := range alike(small) {
		if r == other {
			return true
		}
	}
	return false
}
