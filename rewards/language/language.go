// Package language measures how much of a text is written in one language:
// the language consistency of DeepSeek-R1, section 2.3.2. It knows scripts and
// function words, needs no model, and keeps the spans of the foreign runs.
package language

import "slices"

// Script is a writing system that tells languages apart.
type Script uint8

// The scripts. Han and Kana runes count as one word each, since those texts
// have no spaces.
const (
	NoScript Script = iota
	Latin
	Han
	Kana
	Hangul
	Cyrillic
	Arabic
	Devanagari
	OtherScript
)

// Language is one that can be a target.
type Language struct {
	Code    string // ISO 639-1
	Name    string // in English
	Scripts []Script
	words   string // function words, for the languages of the Latin script
}

// list returns the languages, those of the Latin script first.
func list() []Language {
	latin := []Script{Latin}
	return []Language{
		{"en", "English", latin, english}, {"de", "German", latin, german}, {"fr", "French", latin, french},
		{"es", "Spanish", latin, spanish}, {"it", "Italian", latin, italian}, {"pt", "Portuguese", latin, portuguese},
		{"nl", "Dutch", latin, dutch},
		{"zh", "Chinese", []Script{Han}, ""}, {"ja", "Japanese", []Script{Han, Kana}, ""}, {"ko", "Korean", []Script{Hangul}, ""},
		{"ru", "Russian", []Script{Cyrillic}, ""}, {"ar", "Arabic", []Script{Arabic}, ""}, {"hi", "Hindi", []Script{Devanagari}, ""},
	}
}

// Codes returns the codes that Find knows.
func Codes() []string {
	var out []string
	for _, l := range list() {
		out = append(out, l.Code)
	}
	return out
}

// Find returns the language of a code.
func Find(code string) (Language, bool) {
	for _, l := range list() {
		if l.Code == code {
			return l, true
		}
	}
	return Language{}, false
}

// writes says whether the language is written in a script.
func (l Language) writes(s Script) bool { return slices.Contains(l.Scripts, s) }

// codeOf names the language that a script other than Latin stands for.
func codeOf(s Script) string {
	switch s {
	case Han:
		return "zh"
	case Kana:
		return "ja"
	case Hangul:
		return "ko"
	case Cyrillic:
		return "ru"
	case Arabic:
		return "ar"
	case Devanagari:
		return "hi"
	}
	return "other"
}
