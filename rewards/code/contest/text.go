package contest

import (
	"bytes"
	"strings"
)

// The comparison of the packages is done by shell tools there; these do the
// same to bytes.

// uncarriage takes a carriage return from the end of each line
// (sed 's/\r$//').
func uncarriage(s string) string {
	return strings.ReplaceAll(strings.TrimSuffix(s, "\r"), "\r\n", "\n")
}

// unblank drops lines in which nothing stands (sed '/^$/d').
func unblank(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for line := range strings.Lines(s) {
		if line != "\n" {
			b.WriteString(line)
		}
	}
	return b.String()
}

// substituted is what a shell keeps of the output of a command: no line ends
// at its end, no NUL bytes.
func substituted(s string) string {
	return strings.TrimRight(strings.ReplaceAll(s, "\x00", ""), "\n")
}

// echoed is what bash's echo writes of a text: options are not written.
func echoed(s string) string {
	if len(s) > 1 && s[0] == '-' && strings.Trim(s[1:], "neE") == "" {
		if strings.ContainsRune(s, 'n') {
			return ""
		}
		return "\n"
	}
	return s + "\n"
}

// words puts all on one line with single spaces, and YES and NO in capitals.
func words(s string) string {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case blank(c):
			for i < len(s) && blank(s[i]) {
				i++
			}
			out = append(out, ' ')
		case wordByte(c):
			from := i
			for i < len(s) && wordByte(s[i]) {
				i++
			}
			switch w := s[from:i]; {
			case len(w) == 3 && strings.EqualFold(w, "yes"):
				out = append(out, "YES"...)
			case len(w) == 2 && strings.EqualFold(w, "no"):
				out = append(out, "NO"...)
			default:
				out = append(out, w...)
			}
		default:
			out = append(out, c)
			i++
		}
	}
	out = bytes.TrimPrefix(out, []byte(" "))
	return string(bytes.TrimSuffix(out, []byte(" ")))
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}

// blank is isspace of the C locale.
func blank(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// sameLines compares as diff -b does: lines with white space at their ends
// ignored and any within them alike. The end of the last line may be missing.
// Texts with a NUL byte have to be the same.
func sameLines(a, b string) bool {
	if a == b {
		return true
	}
	if strings.ContainsRune(a, 0) || strings.ContainsRune(b, 0) {
		return false
	}
	for a != "" && b != "" {
		var x, y string
		x, a, _ = strings.Cut(a, "\n")
		y, b, _ = strings.Cut(b, "\n")
		if squeezed(x) != squeezed(y) {
			return false
		}
	}
	return a == "" && b == ""
}

// squeezed makes each run of white space one space, and drops it at the end.
func squeezed(line string) string {
	out := make([]byte, 0, len(line))
	for i := 0; i < len(line); i++ {
		if !blank(line[i]) {
			out = append(out, line[i])
		} else if n := len(out); n == 0 || out[n-1] != ' ' {
			out = append(out, ' ')
		}
	}
	return string(bytes.TrimSuffix(out, []byte(" ")))
}
