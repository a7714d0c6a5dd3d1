package store

import "unicode/utf8"

// SetText stores the bytes of a completion where a log can carry them: in Text
// when they are valid UTF-8, else in RawText.
func (s *Sample) SetText(b string) {
	if utf8.ValidString(b) {
		s.Text, s.RawText = b, nil
		return
	}
	s.Text, s.RawText = "", []byte(b)
}

// text is the completion's bytes.
func (s *Sample) text() string {
	if len(s.RawText) > 0 {
		return string(s.RawText)
	}
	return s.Text
}
