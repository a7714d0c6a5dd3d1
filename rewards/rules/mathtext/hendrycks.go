// Package mathtext brings answers into the normal forms under which published
// reward functions compare them as texts: that of Hendrycks' MATH and that of
// Minerva (Lewkowycz et al. 2022, appendix D).
package mathtext

import (
	"strings"
	"unicode/utf8"

	"gradus/rewards/rules/pytext"
)

// LastBox is last_boxed_only_string with remove_boxed; ok is false where
// the published code finds none or fails.
func LastBox(s string) (answer string, ok bool) {
	if at := strings.LastIndex(s, `\boxed `); at >= 0 {
		answer, _, _ := strings.Cut(s[at+len(`\boxed `):], "$")
		return answer, true
	}
	at := strings.LastIndex(s, `\boxed`)
	if at < 0 {
		return "", false // \fbox is found and then refused
	}
	return Braced(s[at:])
}

// Braced takes \boxed{…} apart; s begins with \boxed.
func Braced(s string) (inside string, ok bool) {
	open := 0
	for i := range len(s) {
		switch s[i] {
		case '{':
			open++
		case '}':
			if open--; open == 0 {
				return strings.CutPrefix(s[:i], `\boxed{`)
			}
		}
	}
	return "", false
}

// Hendrycks is how a publisher's copy of the comparison of Hendrycks' MATH
// treats what Python's int() cannot read.
type Hendrycks struct {
	// Strict: "a/b" of anything but whole numbers makes the normalisation
	// fail, as in the original; else it is left as it is.
	Strict bool
	// OnePercent: only \% is a percent sign, as in the copy in PRM800K.
	OnePercent bool
	// BarePercent: % is a percent sign, too, as in the copy in mathruler.
	BarePercent bool
	// NoCommas: dollar signs and commas are taken out, as in Open-Reasoner-Zero.
	NoCommas bool
}

// Same is is_equiv: the normal forms are equal or, where one cannot be made,
// the texts. It returns what it compared.
func (h Hendrycks) Same(a, b string) (same bool, normalA, normalB string) {
	x, okX := h.Normal(a)
	y, okY := h.Normal(b)
	if !okX || !okY {
		x, y = a, b
	}
	return x == y, x, y
}

// Normal is strip_string; ok is false where that raises.
func (h Hendrycks) Normal(s string) (out string, ok bool) {
	for _, r := range [...][2]string{{"\n", ""}, {`\!`, ""}, {`\\`, `\`}, {"tfrac", "frac"}, {"dfrac", "frac"}, {`\left`, ""}, {`\right`, ""}} {
		s = strings.ReplaceAll(s, r[0], r[1])
	}
	return h.Rest(s)
}

// Rest is strip_string behind the removal of \left and \right, up to which some
// copies go their own way.
func (h Hendrycks) Rest(s string) (out string, ok bool) {
	for _, sign := range [...]string{`^{\circ}`, `^\circ`, `\$`} {
		s = strings.ReplaceAll(s, sign, "")
	}
	if h.NoCommas {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "$", ""), ",", "")
	}
	if units := strings.Split(s, `\text{ `); len(units) > 2 {
		return s, false
	} else {
		s = units[0]
	}
	percents := []string{`\\%`, `\%`}
	if h.Strict || h.OnePercent {
		percents = percents[1:]
	}
	if h.BarePercent {
		percents = append(percents, "%")
	}
	for _, p := range percents {
		s = strings.ReplaceAll(s, p, "")
	}
	s = strings.ReplaceAll(strings.ReplaceAll(s, " .", " 0."), "{.", "{0.")
	if s == "" {
		return s, true
	}
	if s[0] == '.' {
		s = "0" + s
	}
	if sides := strings.Split(s, "="); len(sides) == 2 && utf8.RuneCountInString(sides[0]) <= 2 {
		s = sides[1]
	}
	if s, ok = fixRoots(s); !ok {
		return s, false
	}
	s = strings.ReplaceAll(s, " ", "")
	if s, ok = fixFractions(s); !ok {
		return s, false
	}
	if s == "0.5" {
		s = `\frac{1}{2}`
	}
	if sides := strings.Split(s, "/"); len(sides) == 2 {
		_, isInt := pytext.Int(sides[0])
		_, areInts := pytext.Int(sides[1])
		if h.Strict && !(isInt && areInts) {
			return s, false
		}
		if pytext.PlainInt(sides[0]) && pytext.PlainInt(sides[1]) {
			s = `\frac{` + sides[0] + "}{" + sides[1] + "}"
		}
	}
	return s, true
}

func fixRoots(s string) (string, bool) {
	parts := strings.Split(s, `\sqrt`)
	for i, p := range parts[1:] {
		if p == "" {
			return s, false
		}
		if p[0] != '{' {
			_, n := utf8.DecodeRuneInString(p)
			parts[i+1] = "{" + p[:n] + "}" + p[n:]
		}
	}
	return strings.Join(parts, `\sqrt`), true
}

func fixFractions(s string) (string, bool) {
	parts := strings.Split(s, `\frac`)
	for i, p := range parts[1:] {
		if p == "" {
			return s, false
		}
		if p[0] == '{' {
			continue
		}
		_, a := utf8.DecodeRuneInString(p)
		if len(p) == a {
			return s, true // one sign alone: the whole text is left as it is
		}
		if p[a] == '{' {
			parts[i+1] = "{" + p[:a] + "}" + p[a:]
			continue
		}
		_, b := utf8.DecodeRuneInString(p[a:])
		parts[i+1] = "{" + p[:a] + "}{" + p[a:a+b] + "}" + p[a+b:]
	}
	return strings.Join(parts, `\frac`), true
}
