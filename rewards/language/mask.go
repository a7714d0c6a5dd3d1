package language

import "strings"

// mask finds what is no prose, from left to right: fenced and inline code,
// mathematics between its delimiters, environments, commands, addresses and
// tags. Time is linear in len(s): a closing delimiter that is not there is
// looked for once.
func mask(s string) []Span {
	m := masker{s: s, absent: map[string]bool{}}
	for i := 0; i < len(s); {
		at := strings.IndexAny(s[i:], "`$\\<:")
		if at < 0 {
			break
		}
		i += at
		from, to := i, m.end(i)
		if s[i] == ':' && to > i {
			for from > m.last() && s[from-1] >= 'a' && s[from-1] <= 'z' {
				from--
			}
		}
		if to <= i {
			i++
			continue
		}
		m.spans = append(m.spans, Span{from, to})
		i = to
	}
	return m.spans
}

type masker struct {
	s      string
	spans  []Span
	absent map[string]bool // closing delimiters known to be absent from here on
}

// last returns the end of the last masked span.
func (m *masker) last() int {
	if n := len(m.spans); n > 0 {
		return m.spans[n-1].To
	}
	return 0
}

// end returns the end of what starts at i and is to be masked, or i.
func (m *masker) end(i int) int {
	rest := m.s[i:]
	switch rest[0] {
	case '`':
		if strings.HasPrefix(rest, "```") {
			if end := m.until(i, 3, "```"); end > i {
				return end
			}
			return len(m.s) // an open fence runs to the end
		}
		return m.onLine(i, '`', false)
	case '$':
		if strings.HasPrefix(rest, "$$") {
			return m.until(i, 2, "$$")
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
		return m.until(i, 2, `\)`)
	case strings.HasPrefix(rest, `\[`):
		return m.until(i, 2, `\]`)
	case strings.HasPrefix(rest, `\begin{`):
		if end := m.until(i, 7, `\end{`); end > i {
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
func (m *masker) until(i, skip int, closing string) int {
	if m.absent[closing] {
		return i
	}
	n := strings.Index(m.s[i+skip:], closing)
	if n < 0 {
		m.absent[closing] = true
		return i
	}
	return i + skip + n + len(closing)
}

// onLine returns the end of the same delimiter on the same line, or i. Tight:
// no white space inside next to the delimiters, so that "$5 and $6" is money.
func (m *masker) onLine(i int, delimiter byte, tight bool) int {
	for j := i + 1; j < len(m.s) && m.s[j] != '\n'; j++ {
		if m.s[j] != delimiter {
			continue
		}
		if tight && (j == i+1 || isBlank(m.s[i+1]) || isBlank(m.s[j-1])) {
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

func isLetter(b byte) bool { return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' }

func isBlank(b byte) bool { return b == ' ' || b == '\t' || b == '\r' }
