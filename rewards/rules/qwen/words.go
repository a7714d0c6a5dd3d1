package qwen

import (
	"slices"
	"strconv"
	"strings"

	"gradus/rewards/rules/pytext"
)

// scales are the words that multiply, largest first.
var scales = [...]string{"billion", "million", "thousand"}

// numberWord is the value of a number word of the package word2number 1.1.
func numberWord(word string) (int64, bool) {
	small := [...]string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen",
		"seventeen", "eighteen", "nineteen", "twenty"}
	if n := slices.Index(small[:], word); n >= 0 {
		return int64(n), true
	}
	switch word {
	case "thirty":
		return 30, true
	case "forty":
		return 40, true
	case "fifty":
		return 50, true
	case "sixty":
		return 60, true
	case "seventy":
		return 70, true
	case "eighty":
		return 80, true
	case "ninety":
		return 90, true
	case "hundred":
		return 100, true
	case "thousand":
		return 1e3, true
	case "million":
		return 1e6, true
	case "billion":
		return 1e9, true
	}
	return 0, false
}

// wordNumber is str(w2n.word_to_num(s)): the number that the number words
// among the words of s make, or the digits that s is. ok is false where that
// raises. The published code does not check what it adds up: "two three" is 5.
func wordNumber(s string) (out string, ok bool) {
	s = pytext.Lower(strings.ReplaceAll(s, "-", " "))
	if s != "" && strings.TrimFunc(s, pytext.Digit) == "" {
		return wholeDigits(s)
	}
	var words []string
	for _, w := range pytext.Words(s) {
		if _, known := numberWord(w); known || w == "point" {
			words = append(words, w)
		}
	}
	if len(words) == 0 {
		return "", false
	}
	count := map[string]int{}
	for _, w := range words {
		count[w]++
	}
	if count["point"] > 1 || count["thousand"] > 1 || count["million"] > 1 || count["billion"] > 1 {
		return "", false
	}
	var decimals []string
	if at := slices.Index(words, "point"); at >= 0 {
		words, decimals = words[:at], words[at+1:]
	}
	total, ok := wholeWords(words)
	if !ok {
		return "", false
	}
	if len(decimals) == 0 {
		return strconv.FormatInt(total, 10), true
	}
	digits := "0."
	for _, w := range decimals {
		n, known := numberWord(w)
		if !known || n > 9 {
			return strconv.FormatInt(total, 10), true // get_decimal_sum gives the integer 0
		}
		digits += strconv.FormatInt(n, 10)
	}
	fraction, _ := strconv.ParseFloat(digits, 64)
	return pytext.Repr(float64(total) + fraction), true
}

// wholeDigits is str(int(s)) of a text of digits; superscripts are digits that
// int refuses.
func wholeDigits(s string) (string, bool) {
	plain := make([]byte, 0, len(s))
	for _, r := range s {
		d, ok := pytext.Decimal(r)
		if !ok {
			return "", false
		}
		plain = append(plain, '0'+d)
	}
	if len(plain) > 4300 { // Python's limit
		return "", false
	}
	short := strings.TrimLeft(string(plain), "0")
	if short == "" {
		short = "0"
	}
	return short, true
}

// wholeWords is the value before the point.
func wholeWords(words []string) (total int64, ok bool) {
	var at [len(scales)]int
	for i, s := range scales {
		at[i] = slices.Index(words, s)
	}
	billion, million, thousand := at[0], at[1], at[2]
	if thousand > -1 && (thousand < million || thousand < billion) || million > -1 && million < billion {
		return 0, false
	}
	switch len(words) {
	case 0:
		return 0, true
	case 1:
		n, _ := numberWord(words[0])
		return n, true
	}
	start := 0
	for i, s := range scales {
		if at[i] < 0 {
			continue
		}
		n, ok := formation(words[start:at[i]])
		if !ok {
			return 0, false
		}
		scale, _ := numberWord(s)
		total += n * scale
		start = at[i] + 1
	}
	// As published, the words behind the smallest scale that does not end the
	// text are added, so those of "one million two thousand" twice.
	rest := 0
	for _, i := range [...]int{thousand, million, billion} {
		if i > -1 && i != len(words)-1 {
			rest = i + 1
			break
		}
	}
	if rest == 0 && start > 0 {
		return total, true
	}
	n, ok := formation(words[rest:])
	return total + n, ok
}

// formation is number_formation: up to four words, more lose the rest.
func formation(words []string) (int64, bool) {
	var n []int64
	for _, w := range words {
		v, _ := numberWord(w)
		n = append(n, v)
	}
	switch {
	case len(n) == 0:
		return 0, false // IndexError
	case len(n) == 4:
		return n[0]*n[1] + n[2] + n[3], true
	case len(n) == 3:
		return n[0]*n[1] + n[2], true
	case len(n) == 2 && slices.Contains(n, 100):
		return n[0] * n[1], true
	case len(n) == 2:
		return n[0] + n[1], true
	}
	return n[0], true
}
