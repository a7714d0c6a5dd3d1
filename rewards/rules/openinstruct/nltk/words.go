package nltk

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"gradus/rewards/rules/openinstruct/pyregex"
	"gradus/rewards/rules/pytext"
)

// Words are the tokens of word_tokenize: sentences, and each cut as the Penn
// Treebank is, with its quotes as “ and ”.
func Words(text string) []string {
	var out []string
	for _, s := range Sentences(text) {
		out = append(out, treebank(s)...)
	}
	return out
}

// treebank is NLTKWordTokenizer.tokenize: its expressions one after another.
func treebank(s string) []string {
	// Quotes that open.
	s = spaced(s, "«“‘„")
	s = spacedTicks(s)
	if strings.HasPrefix(s, `"`) {
		s = "``" + s[1:]
	}
	s = strings.ReplaceAll(s, "``", " `` ")
	s = openingQuotes(s)
	s = apostropheLetter(s)
	// Punctuation.
	s = finalStop(s, `])}>"'»”’ `, " ")
	s = colons(s)
	s = dots(s)
	s = spaced(s, ";@#$%&")
	s = finalStop(s, `])}>"'`, "")
	s = spaced(s, "?!")
	s = behind(s, true, func(rest string) int {
		if strings.HasPrefix(rest, "' ") {
			return 1
		}
		return 0
	})
	s = spaced(s, "*][(){}<>")
	s = strings.ReplaceAll(s, "--", " -- ")
	// Quotes that close, and what is short for a word.
	s = " " + s + " "
	s = spaced(s, "»”’")
	s = strings.ReplaceAll(s, "''", " '' ")
	s = strings.ReplaceAll(s, `"`, " '' ")
	s = blanks(s)
	s = behind(s, false, clitic("'s", "'S", "'m", "'M", "'d", "'D", "'"))
	s = behind(s, false, clitic("'ll", "'LL", "'re", "'RE", "'ve", "'VE", "n't", "N'T"))
	return pytext.Words(contractions(s))
}

// spaced puts blanks around each of some signs.
func spaced(s, signs string) string {
	var b strings.Builder
	done := 0
	for done < len(s) {
		at := indexAny(s[done:], signs)
		if at < 0 {
			break
		}
		at += done
		end := at + size(s[at:])
		b.WriteString(s[done:at])
		b.WriteByte(' ')
		b.WriteString(s[at:end])
		b.WriteByte(' ')
		done = end
	}
	if done == 0 {
		return s
	}
	b.WriteString(s[done:])
	return b.String()
}

// indexAny is strings.IndexAny, which is slow for signs beyond ASCII: these
// begin with one of two bytes, which most texts do not hold.
func indexAny(s, signs string) int {
	if signs[0] < utf8.RuneSelf || strings.IndexByte(s, "«"[0]) >= 0 || strings.IndexByte(s, "“"[0]) >= 0 {
		return strings.IndexAny(s, signs)
	}
	return -1
}

// spacedTicks puts blanks around each run of backticks.
func spacedTicks(s string) string {
	return runs(s, '`', 1)
}

// runs puts blanks around each run of a sign, of at least so many.
func runs(s string, sign byte, least int) string {
	var b strings.Builder
	done := 0
	for at := 0; ; {
		next := strings.IndexByte(s[at:], sign)
		if next < 0 {
			break
		}
		at += next
		end := at
		for end < len(s) && s[end] == sign {
			end++
		}
		if end-at >= least {
			b.WriteString(s[done:at])
			b.WriteByte(' ')
			b.WriteString(s[at:end])
			b.WriteByte(' ')
			done = end
		}
		at = end
	}
	if done == 0 {
		return s
	}
	b.WriteString(s[done:])
	return b.String()
}

// size is the length of the first character, of one byte where it is none.
func size(s string) int {
	_, n := utf8.DecodeRuneInString(s)
	return n
}

// openingQuotes makes “ of a quote behind a blank or an opening bracket.
func openingQuotes(s string) string {
	if !strings.Contains(s, `"`) && !strings.Contains(s, "''") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		b.WriteByte(s[i])
		if strings.IndexByte(" ([{<", s[i]) < 0 {
			continue
		}
		switch {
		case strings.HasPrefix(s[i+1:], `"`):
			b.WriteString(" `` ")
			i++
		case strings.HasPrefix(s[i+1:], "''"):
			b.WriteString(" `` ")
			i += 2
		}
	}
	return b.String()
}

// apostropheLetter parts an apostrophe from a word of one letter behind it,
// but for 's, 'm, 't and 'd.
func apostropheLetter(s string) string {
	if !strings.Contains(s, "'") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		b.WriteByte(s[i])
		if s[i] != '\'' || i+1 == len(s) {
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i+1:])
		if !pytext.Word(r) {
			continue
		}
		if following, _ := utf8.DecodeRuneInString(s[i+1+n:]); i+1+n < len(s) && pytext.Word(following) {
			continue
		}
		if !anyLetter(r, "mtsdn") {
			b.WriteString(" ")
		}
	}
	return b.String()
}

// anyLetter says whether a character is one of those small letters, in any case.
func anyLetter(r rune, letters string) bool {
	for _, l := range letters {
		if pyregex.SameLetter(r, l) {
			return true
		}
	}
	return false
}

// finalStop parts the last full stop of a text, behind which there are nothing
// but closing signs and white space, from the word before it, and from those
// signs where between is a blank.
func finalStop(s, closing, between string) string {
	at := strings.LastIndexByte(s, '.')
	if at < 1 || s[at-1] == '.' {
		return s
	}
	rest := strings.TrimLeft(s[at+1:], closing)
	if strings.TrimLeftFunc(rest, pytext.Space) != "" {
		return s
	}
	return s[:at] + " ." + between + s[at+1:len(s)-len(rest)] + " "
}

// colons parts commas and colons from the word before them, if no digit
// follows.
func colons(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		at := strings.IndexAny(s[i:], ":,")
		if at < 0 {
			b.WriteString(s[i:])
			break
		}
		b.WriteString(s[i : i+at])
		i += at
		if i+1 == len(s) {
			b.WriteString(" " + s[i:] + " ")
			break
		}
		r, n := utf8.DecodeRuneInString(s[i+1:])
		if decimal(r) {
			b.WriteByte(s[i])
			continue
		}
		b.WriteString(" " + s[i:i+1] + " " + s[i+1:i+1+n])
		i += n
	}
	return b.String()
}

func dots(s string) string { return runs(s, '.', 2) }

func blanks(s string) string {
	var b strings.Builder
	within := false
	for i, r := range s {
		if pytext.Space(r) {
			if !within {
				b.WriteByte(' ')
			}
			within = true
			continue
		}
		within = false
		b.WriteString(s[i : i+size(s[i:])])
	}
	return b.String()
}

// clitic is the length of the first of some endings that a blank follows.
func clitic(endings ...string) func(rest string) int {
	return func(rest string) int {
		if rest == "" || strings.IndexByte("'nN", rest[0]) < 0 {
			return 0
		}
		for _, e := range endings {
			if strings.HasPrefix(rest, e) && strings.HasPrefix(rest[len(e):], " ") {
				return len(e)
			}
		}
		return 0
	}
}

// behind parts an ending, of a length that is not 0, from the character before
// it, which is no apostrophe and, unless blank, no blank. The blank that
// follows is used up.
func behind(s string, blank bool, length func(rest string) int) string {
	if !strings.Contains(s, "'") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		n := size(s[i:])
		b.WriteString(s[i : i+n])
		ending := 0
		if s[i] != '\'' && (blank || s[i] != ' ') {
			ending = length(s[i+n:])
		}
		i += n
		if ending > 0 {
			b.WriteString(" " + s[i:i+ending] + " ")
			i += ending + 1
		}
	}
	return b.String()
}

// contracted are words of two, in the order in which nltk looks for them.
var contracted = [...][2]string{{"can", "not"}, {"d", "'ye"}, {"gim", "me"}, {"gon", "na"}, {"got", "ta"}, {"lem", "me"}, {"more", "'n"}, {"wan", "na"}}

// contractions parts them, and 'tis and 'twas behind a blank.
func contractions(s string) string {
	for _, c := range contracted {
		s = parted(s, c[0], c[1], func(rest, before string) bool {
			if r, _ := utf8.DecodeLastRuneInString(before); before != "" && pytext.Word(r) {
				return false
			}
			r, _ := utf8.DecodeRuneInString(rest)
			if c[0] == "wan" {
				return rest != "" && pytext.Space(r)
			}
			return rest == "" || !pytext.Word(r)
		})
	}
	for _, second := range [...]string{"is", "was"} {
		s = parted(s, " 't", second, func(rest, _ string) bool {
			r, _ := utf8.DecodeRuneInString(rest)
			return rest == "" || !pytext.Word(r)
		})
	}
	return s
}

// parted parts the two words of a contraction, in any case, where it stands
// as it should.
func parted(s, first, second string, stands func(rest, before string) bool) string {
	var b strings.Builder
	done := 0
	for i := 0; i < len(s); i++ {
		if s[i]|0x20 != first[0] {
			continue
		}
		if a := same(s[i:], first); a > 0 {
			if c := same(s[i+a:], second); c > 0 && stands(s[i+a+c:], s[:i]) {
				b.WriteString(s[done:i] + " " + strings.TrimPrefix(s[i:i+a], " ") + " " + s[i+a:i+a+c] + " ")
				done = i + a + c
				i = done - 1
			}
		}
	}
	if done == 0 {
		return s
	}
	return b.String() + s[done:]
}

// first is a blank or a letter that no other has as its capital.
//
// same is the length of a word at the beginning of a text, in any case; 0
// where it does not stand there.
func same(s, word string) int {
	at := 0
	for _, l := range word {
		r, n := utf8.DecodeRuneInString(s[at:])
		if n == 0 || !unicode.IsLetter(l) && r != l || unicode.IsLetter(l) && !pyregex.SameLetter(r, l) {
			return 0
		}
		at += n
	}
	return at
}
