package logicrl

import (
	"strings"
	"unicode/utf8"

	"gradus/rewards/rules/pytext"
)

// roles reads a gold answer (parse_solution_text_format): of each line the
// first word of letters and the first role after it,
//
//	re.search(r"\b([A-Za-z]+)\b.*?\b(knight|knave)\b", line, re.IGNORECASE)
//
// Lines without them are left out; a later line on the same name counts.
func roles(text string) cast {
	c := cast{roles: map[string]string{}}
	for line := range strings.SplitSeq(text, "\n") {
		name, rest, ok := firstName(pytext.Strip(line))
		if !ok {
			continue
		}
		role, ok := firstRole(rest)
		if !ok {
			continue
		}
		if _, known := c.roles[name]; !known {
			c.names = append(c.names, name)
		}
		c.roles[name] = pytext.Lower(role)
	}
	return c
}

// firstName is the first word that is letters throughout, and what follows.
func firstName(line string) (name, rest string, ok bool) {
	for len(line) > 0 {
		r, size := utf8.DecodeRuneInString(line)
		if !pytext.Word(r) {
			line = line[size:]
			continue
		}
		end := strings.IndexFunc(line, func(r rune) bool { return !pytext.Word(r) })
		if end < 0 {
			end = len(line)
		}
		if strings.IndexFunc(line[:end], func(r rune) bool { return !letter(r) }) < 0 {
			return line[:end], line[end:], true
		}
		line = line[end:]
	}
	return "", "", false
}

// letter is what [A-Za-z] matches with re.IGNORECASE.
func letter(r rune) bool { return fold(r) >= 'a' && fold(r) <= 'z' }

// fold is the ASCII letter in lower case that a character matches with
// re.IGNORECASE, or the character itself.
func fold(r rune) rune {
	switch {
	case r >= 'A' && r <= 'Z':
		return r + 'a' - 'A'
	case r == 'İ' || r == 'ı':
		return 'i'
	case r == 'ſ':
		return 's'
	case r == '\u212a': // the Kelvin sign
		return 'k'
	}
	return r
}

// firstRole is the first word knight or knave after the start of the text,
// which stands right behind a word.
func firstRole(text string) (string, bool) {
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		if !pytext.Word(r) {
			text = text[size:]
			continue
		}
		end := strings.IndexFunc(text, func(r rune) bool { return !pytext.Word(r) })
		if end < 0 {
			end = len(text)
		}
		if n := roleAt(text); n == end {
			return text[:n], true
		}
		text = text[end:]
	}
	return "", false
}

// roleAt is the length of knight or knave at the start of a text; 0: neither.
func roleAt(s string) int {
	for _, role := range []string{"knight", "knave"} {
		if n := matchAt(s, role); n > 0 {
			return n
		}
	}
	return 0
}

// matchAt is the length of what matches the word at the start of s with
// re.IGNORECASE; 0: nothing.
func matchAt(s, word string) int {
	at := 0
	for _, want := range word {
		r, size := utf8.DecodeRuneInString(s[at:])
		if size == 0 || r != want && fold(r) != fold(want) {
			return 0
		}
		at += size
	}
	return at
}

// rolesOf reads an answer (parse_model_answer). ok is false unless the words
// knight and knave, or their letters within others, stand in it as often as
// there are names, and each name's role is told:
//
//	re.search(rf"\b{name}\b\s+is\s+a\s+\b(knight|knave)\b", answer, re.IGNORECASE)
func rolesOf(names []string, answer string) (map[string]string, bool) {
	lower := pytext.Lower(answer)
	if len(names) == 0 || strings.Count(lower, "knight")+strings.Count(lower, "knave") != len(names) {
		return nil, false
	}
	told := map[string]string{}
	for _, name := range names {
		role, ok := roleOf(name, answer)
		if !ok {
			return nil, false
		}
		told[name] = pytext.Lower(role)
	}
	return told, true
}

func roleOf(name, answer string) (string, bool) {
	before := false // whether a word character stands before the place
	for at, r := range answer {
		if !before && letter(r) {
			if role, ok := roleAfter(name, answer[at:]); ok {
				return role, true
			}
		}
		before = pytext.Word(r)
	}
	return "", false
}

// roleAfter is the role of the name at the start of a text. The white space
// between the words parts them, so that only the last needs a look at what
// follows.
func roleAfter(name, s string) (string, bool) {
	for _, word := range []string{name, "is", "a"} {
		n := matchAt(s, word)
		rest := strings.TrimLeftFunc(s[n:], pytext.Space)
		if n == 0 || len(rest) == len(s)-n {
			return "", false
		}
		s = rest
	}
	n := roleAt(s)
	if next, size := utf8.DecodeRuneInString(s[n:]); n == 0 || size > 0 && pytext.Word(next) {
		return "", false
	}
	return s[:n], true
}
