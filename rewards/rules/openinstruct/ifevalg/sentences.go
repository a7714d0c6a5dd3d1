package ifevalg

import (
	"strings"
	"unicode/utf8"

	"gradus/rewards/rules/pytext"
)

// Marks that split_into_sentences puts into the text for a full stop that ends
// no sentence and for the end of one; a completion that holds them is cut
// there too.
const (
	period = "<prd>"
	stop   = "<stop>"
)

// sentences is split_into_sentences: its substitutions one after another.
func sentences(s string) []string {
	s = " " + strings.ReplaceAll(s, "\n", " ") + "  "
	for _, title := range [...]string{"Mr", "St", "Mrs", "Ms", "Dr"} {
		s = strings.ReplaceAll(s, title+".", title+period)
	}
	for _, site := range [...]string{"com", "net", "org", "io", "gov", "edu", "me"} {
		s = strings.ReplaceAll(s, "."+site, period+site)
	}
	s = rewrite(s, 1, digitStopDigit)
	s = rewrite(s, 0, severalStops)
	s = strings.ReplaceAll(s, "Ph.D.", "Ph"+period+"D"+period)
	s = rewrite(s, 4, letterStopBlank)
	s = rewrite(s, 1, acronymStarter)
	s = rewrite(s, 1, initials(3))
	s = rewrite(s, 1, initials(2))
	s = rewrite(s, 4, suffixStarter)
	for _, suffix := range suffixes {
		s = strings.ReplaceAll(s, " "+suffix+".", " "+suffix+period)
	}
	s = rewrite(s, 2, blankLetterStop)
	s = strings.ReplaceAll(s, ".”", "”.")
	s = strings.ReplaceAll(s, `."`, `".`)
	s = strings.ReplaceAll(s, `!"`, `"!`)
	s = strings.ReplaceAll(s, `?"`, `"?`)
	s = strings.NewReplacer(".", "."+stop, "?", "?"+stop, "!", "!"+stop).Replace(s)
	out := strings.Split(strings.ReplaceAll(s, period, "."), stop)
	for i, part := range out {
		out[i] = pytext.Strip(part)
	}
	if out[len(out)-1] == "" {
		out = out[:len(out)-1]
	}
	return out
}

// rewrite goes through a text from left to right: at each place a rule says
// how many bytes it takes, 0 for none, and what stands for them. What it takes
// has a full stop among its first bytes, at most so many behind the first.
func rewrite(s string, reach int, rule func(s string) (n int, with string)) string {
	var b strings.Builder
	done := 0
	for i := 0; i < len(s); {
		at := strings.IndexByte(s[i:], '.')
		if at < 0 {
			break
		}
		i += max(0, at-reach)
		n, with := rule(s[i:])
		if n == 0 {
			i++
			continue
		}
		b.WriteString(s[done:i])
		b.WriteString(with)
		i += n
		done = i
	}
	if done == 0 {
		return s
	}
	b.WriteString(s[done:])
	return b.String()
}

func digitAt(s string, i int) bool { return i < len(s) && s[i] >= '0' && s[i] <= '9' }

func letterAt(s string, i int) bool { return i < len(s) && s[i]|0x20 >= 'a' && s[i]|0x20 <= 'z' }

func capitalAt(s string, i int) bool { return i < len(s) && s[i] >= 'A' && s[i] <= 'Z' }

func is(s string, i int, c byte) bool { return i < len(s) && s[i] == c }

func digitStopDigit(s string) (int, string) {
	if digitAt(s, 0) && is(s, 1, '.') && digitAt(s, 2) {
		return 3, s[:1] + period + s[2:3]
	}
	return 0, ""
}

func severalStops(s string) (int, string) {
	n := 0
	for is(s, n, '.') {
		n++
	}
	if n < 2 {
		return 0, ""
	}
	return n, strings.Repeat(period, n) + stop
}

// letterStopBlank: white space, a letter, a full stop and a blank.
func letterStopBlank(s string) (int, string) {
	r, n := utf8.DecodeRuneInString(s)
	if letterAt(s, n) && is(s, n+1, '.') && is(s, n+2, ' ') && pytext.Space(r) {
		return n + 3, " " + s[n:n+1] + period + " "
	}
	return 0, ""
}

// acronymStarter: an acronym of two or three letters, a blank and the
// beginning of a sentence.
func acronymStarter(s string) (int, string) {
	if !capitalAt(s, 0) || !is(s, 1, '.') || !capitalAt(s, 2) || !is(s, 3, '.') {
		return 0, ""
	}
	n := 4
	if capitalAt(s, n) && is(s, n+1, '.') {
		n += 2
	}
	if !is(s, n, ' ') {
		return 0, ""
	}
	first := starter(s[n+1:])
	if first == 0 {
		return 0, ""
	}
	return n + 1 + first, s[:n] + stop + " " + s[n+1:n+1+first]
}

// starter is the length of what begins a sentence.
func starter(s string) int {
	for _, w := range [...]string{"Mr", "Mrs", "Ms", "Dr", "Prof", "Capt", "Cpt", "Lt"} {
		if strings.HasPrefix(s, w) {
			return len(w)
		}
	}
	for _, w := range [...]string{"He", "She", "It", "They", "Their", "Our", "We", "But", "However", "That", "This"} {
		if strings.HasPrefix(s, w) {
			if r, n := utf8.DecodeRuneInString(s[len(w):]); n > 0 && pytext.Space(r) {
				return len(w) + n
			}
		}
	}
	if strings.HasPrefix(s, "Wherever") {
		return len("Wherever")
	}
	return 0
}

// initials: so many letters with a full stop behind each.
func initials(n int) func(s string) (int, string) {
	return func(s string) (int, string) {
		var b strings.Builder
		for i := range n {
			if !letterAt(s, 2*i) || !is(s, 2*i+1, '.') {
				return 0, ""
			}
			b.WriteString(s[2*i:2*i+1] + period)
		}
		return 2 * n, b.String()
	}
}

var suffixes = [...]string{"Inc", "Ltd", "Jr", "Sr", "Co"}

func suffixStarter(s string) (int, string) {
	if !is(s, 0, ' ') {
		return 0, ""
	}
	for _, suffix := range suffixes {
		head := " " + suffix + ". "
		if !strings.HasPrefix(s, head) {
			continue
		}
		if first := starter(s[len(head):]); first > 0 {
			return len(head) + first, " " + suffix + stop + " " + s[len(head):len(head)+first]
		}
	}
	return 0, ""
}

func blankLetterStop(s string) (int, string) {
	if is(s, 0, ' ') && letterAt(s, 1) && is(s, 2, '.') {
		return 3, s[:2] + period
	}
	return 0, ""
}
