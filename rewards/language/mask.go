package language

import "strings"

// masker finds what is no prose: fenced and inline code, mathematics between
// its delimiters, environments, commands, addresses and tags. Asked from left
// to right, its time is linear in len(s): a closing delimiter that is not
// there is looked for once.
type masker struct {
	s      string
	last   int            // end of the last masked stretch
	absent [closings]bool // closing delimiters known to be absent from here on
}

// closing is a delimiter that may stand far from the opening one.
type closing uint8

const (
	closeFence closing = iota
	closeDisplay
	closeRound
	closeSquare
	closeEnvironment
	closings
)

// text is the delimiter itself.
func (c closing) text() string {
	switch c {
	case closeFence:
		return "```"
	case closeDisplay:
		return "$$"
	case closeRound:
		return `\)`
	case closeSquare:
		return `\]`
	}
	return `\end{`
}

// end returns the end of what starts at i and is to be masked, or i.
func (m *masker) end(i int) int {
	rest := m.s[i:]
	switch rest[0] {
	case '`':
		if strings.HasPrefix(rest, "```") {
			if end := m.until(i, 3, closeFence); end > i {
				return end
			}
			return len(m.s) // an open fence runs to the end
		}
		return m.onLine(i, '`', false)
	case '$':
		if strings.HasPrefix(rest, "$$") {
			return m.until(i, 2, closeDisplay)
		}
		return m.onLine(i, '$', true)
	case '<':
		return m.tag(i)
	case ':':
		if strings.HasPrefix(rest, "://") && i > 0 && m.s[i-1] >= 'a' && m.s[i-1] <= 'z' {
			if n := strings.IndexAny(rest, " \t\r\n"); n >= 0 {
				return i + n
			}
			return len(m.s)
		}
		return i
	}
	switch { // a backslash
	case strings.HasPrefix(rest, `\(`):
		return m.until(i, 2, closeRound)
	case strings.HasPrefix(rest, `\[`):
		return m.until(i, 2, closeSquare)
	case strings.HasPrefix(rest, `\begin{`):
		if end := m.until(i, 7, closeEnvironment); end > i {
			if n := strings.IndexByte(m.s[end:min(end+32, len(m.s))], '}'); n >= 0 {
				return end + n + 1
			}
			return end
		}
	}
	n := 1
	for n < len(rest) && isLetter(rest[n]) {
		n++
	}
	if n == 1 {
		return i
	}
	return i + n
}

// until returns the end of the next closing delimiter after i+skip, or i.
func (m *masker) until(i, skip int, c closing) int {
	if m.absent[c] {
		return i
	}
	n := strings.Index(m.s[i+skip:], c.text())
	if n < 0 {
		m.absent[c] = true
		return i
	}
	return i + skip + n + len(c.text())
}

// onLine returns the end of the same delimiter on the same line, or i. Tight:
// no white space inside next to the delimiters, so that "$5 and $6" is money.
func (m *masker) onLine(i int, delimiter byte, tight bool) int {
	s := m.s
	for j := i + 1; j < len(s) && s[j] != '\n'; j++ {
		if s[j] != delimiter {
			continue
		}
		if tight && (j == i+1 || isBlank(s[i+1]) || isBlank(s[j-1])) {
			return i
		}
		return j + 1
	}
	return i
}

// tag returns the end of <name …> or </name …>, at most 66 bytes, or i.
func (m *masker) tag(i int) int {
	j := i + 1
	if j < len(m.s) && m.s[j] == '/' {
		j++
	}
	if j >= len(m.s) || !isLetter(m.s[j]) {
		return i
	}
	for ; j < len(m.s) && j < i+66; j++ {
		switch m.s[j] {
		case '>':
			return j + 1
		case '<', '\n':
			return i
		}
	}
	return i
}

func isLetter(b byte) bool { return b|0x20-'a' < 26 }

func isBlank(b byte) bool { return b == ' ' || b == '\t' || b == '\r' }
