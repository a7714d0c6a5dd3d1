package langdetect

import (
	"strings"

	"gradus/rewards/rules/pytext"
)

// mostText is how many characters of a text are looked at.
const mostText = 10000

// cleaned is the beginning of a text without addresses and repeated blanks;
// without the letters of ASCII too, where twice as many are foreign.
func cleaned(text string) []rune {
	runes := withoutMail(withoutURLs([]rune(text)))
	runes = composed(runes)
	out := make([]rune, 0, min(len(runes), mostText))
	latin, other := 0, 0
	last := rune(0)
	for _, r := range runes[:min(len(runes), mostText)] {
		if r != ' ' || last != ' ' {
			out = append(out, r)
			switch {
			case r >= 'A' && r <= 'z':
				latin++
			case r >= 0x300:
				other++
			}
		}
		last = r
	}
	if 2*latin >= other {
		return out
	}
	foreign := out[:0]
	for _, r := range out {
		if r < 'A' || r > 'z' {
			foreign = append(foreign, r)
		}
	}
	return foreign
}

func among(r rune, more string) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r < 128 && strings.ContainsRune(more, r)
}

// run is how far the characters that are meant go from a position, at most n.
func run(runes []rune, from, n int, more string) int {
	end := from
	for end < len(runes) && end-from < n && among(runes[end], more) {
		end++
	}
	return end
}

// withoutURLs puts a blank for https?://[-_.?&~;+=/#0-9A-Za-z]{1,2076}.
func withoutURLs(runes []rune) []rune {
	out := make([]rune, 0, len(runes))
	for i := 0; i < len(runes); {
		if end := url(runes, i); end > i {
			out = append(out, ' ')
			i = end
			continue
		}
		out = append(out, runes[i])
		i++
	}
	return out
}

func url(runes []rune, i int) int {
	for _, scheme := range [...]string{"http://", "https://"} {
		if i+len(scheme) < len(runes) && runes[i] == 'h' && string(runes[i:i+len(scheme)]) == scheme {
			if end := run(runes, i+len(scheme), 2076, "-_.?&~;+=/#"); end > i+len(scheme) {
				return end
			}
		}
	}
	return i
}

// withoutMail puts a blank for
// [-_.0-9A-Za-z]{1,64}@[-_0-9A-Za-z]{1,255}[-_.0-9A-Za-z]{1,255}.
func withoutMail(runes []rune) []rune {
	out := make([]rune, 0, len(runes))
	begin := 0 // where the characters of a name before an @ begin, in out
	for i := 0; i < len(runes); i++ {
		r := runes[i]
		if r == '@' && len(out) > begin {
			if end := mailEnd(runes, i+1); end > 0 {
				out = append(out[:max(begin, len(out)-64)], ' ')
				begin = len(out)
				i = end - 1
				continue
			}
		}
		out = append(out, r)
		if !among(r, "-_.") {
			begin = len(out)
		}
	}
	return out
}

// mailEnd is where the part behind the @ ends, 0 where it is none.
func mailEnd(runes []rune, from int) int {
	host := run(runes, from, 255, "-_")
	if host == from {
		return 0
	}
	end := run(runes, host, 255, "-_.")
	switch {
	case end > host:
		return end
	case host > from+1: // the last character is the second part
		return host
	}
	return 0
}

// composed joins the letters of Vietnamese with their marks, U+03xx.
func composed(runes []rune) []rune {
	const plain = "AEIOUYaeiouyÂÊÔâêôĂăƠơƯư"
	letters := []rune(plain)
	marked := map[rune]string{
		0x300: "ÀÈÌÒÙỲàèìòùỳẦỀỒầềồẰằỜờỪừ", 0x301: "ÁÉÍÓÚÝáéíóúýẤẾỐấếốẮắỚớỨứ", 0x303: "ÃẼĨÕŨỸãẽĩõũỹẪỄỖẫễỗẴẵỠỡỮữ",
		0x309: "ẢẺỈỎỦỶảẻỉỏủỷẨỂỔẩểổẲẳỞởỬử", 0x323: "ẠẸỊỌỤỴạẹịọụỵẬỆỘậệộẶặỢợỰự",
	}
	out := make([]rune, 0, len(runes))
	for i := 0; i < len(runes); i++ {
		r := runes[i]
		if i+1 < len(runes) {
			if with, ok := marked[runes[i+1]]; ok {
				for n, l := range letters {
					if l == r {
						r = []rune(with)[n]
						i++
						break
					}
				}
			}
		}
		out = append(out, r)
	}
	return out
}

// grams are the letters of a text, alone and with those before them, that any
// language has, each by its shares. Words of capitals are left out from their
// second letter on.
func (p *profiles) grams(text []rune) [][]share {
	var out [][]share
	last := []rune{' '}
	capitals := false
	for _, r := range text {
		r = p.normal(r)
		before := last[len(last)-1]
		if before == ' ' {
			last, capitals = append(last[:0], ' '), false
		} else if len(last) >= 3 {
			last = append(last[:0], last[1:]...)
		}
		if before != ' ' || r != ' ' {
			last = append(last, r)
			if !pytext.UpperLetter(r) {
				capitals = false
			} else if pytext.UpperLetter(before) {
				capitals = true
			}
		}
		if capitals {
			continue
		}
		for n := 1; n <= len(last); n++ {
			var g gram
			copy(g[:], last[len(last)-n:])
			if shares := p.shares[g]; len(shares) > 0 && g != (gram{' '}) {
				out = append(out, shares)
			}
		}
	}
	return out
}

// normal is NGram.normalize: what is no letter is a blank, and letters that
// tell nothing apart are one.
func (p *profiles) normal(r rune) rune {
	switch {
	case r < 'A', r > 'Z' && r < 'a', r > 'z' && r < 0x80:
		return ' '
	case r == 0xa0, r == '«', r == '°', r == '»':
		return ' '
	case r == 'ș':
		return 'ş'
	case r == 'ț':
		return 'ţ'
	case r >= 0x2000 && r <= 0x206f: // General Punctuation
		return ' '
	case r == 0x6cc: // Farsi yeh
		return 0x64a
	case r >= 0x1ea0 && r <= 0x1eff:
		return 0x1ec3
	case r >= 0x3040 && r <= 0x309f: // Hiragana
		return 0x3042
	case r >= 0x30a0 && r <= 0x30ff: // Katakana
		return 0x30a2
	case r >= 0x3100 && r <= 0x312f, r >= 0x31a0 && r <= 0x31bf: // Bopomofo
		return 0x3105
	case r >= 0x4e00 && r <= 0x9fff: // CJK Unified Ideographs
		if as, ok := p.kanji[r]; ok {
			return as
		}
	case r >= 0xac00 && r <= 0xd7af: // Hangul Syllables
		return 0xac00
	}
	return r
}
