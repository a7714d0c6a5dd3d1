package code

import "strings"

// Block is a fenced block of a completion: its text is [From, To).
type Block struct {
	From, To int
	Language string // first word after the opening fence, in lower case
}

// Extract returns the last closed fenced block of the language, by any of its
// names, that follows the thinking (all that precedes the last </think>).
// A block without a language counts when there is none of the language.
func Extract(completion string, names []string) (Block, bool) {
	from := 0
	if at := strings.LastIndex(completion, "</think>"); at >= 0 {
		from = at + len("</think>")
	}
	var named, plain Block
	for _, b := range blocks(completion, from) {
		switch {
		case b.Language == "":
			plain = b
		case isOne(b.Language, names):
			named = b
		}
	}
	if named != (Block{}) {
		return named, true
	}
	return plain, plain != (Block{})
}

func isOne(s string, names []string) bool {
	for _, n := range names {
		if s == n {
			return true
		}
	}
	return false
}

// blocks lists the closed fenced blocks from an offset on (CommonMark 4.5: a
// fence has at least three backticks and closes with at least as many).
func blocks(s string, from int) []Block {
	var list []Block
	var open *Block
	ticks := 0
	for at := from; at < len(s); {
		end := strings.IndexByte(s[at:], '\n')
		next := len(s)
		line := s[at:]
		if end >= 0 {
			line, next = s[at:at+end], at+end+1
		}
		body := strings.TrimLeft(line, " \t")
		n := len(body) - len(strings.TrimLeft(body, "`"))
		rest := strings.TrimSpace(body[n:])
		switch {
		case open == nil && n >= 3 && !strings.Contains(rest, "`"):
			language, _, _ := strings.Cut(rest, " ")
			open, ticks = &Block{From: next, Language: strings.ToLower(strings.Trim(language, "{}."))}, n
		case open != nil && n >= ticks && (rest == "" || strings.HasPrefix(rest, "</")):
			open.To = at
			list = append(list, *open)
			open = nil
		}
		at = next
	}
	return list
}

// LastBlock is open-r1's extract_code: the last match of "```" and the
// language, a line end, anything, "```", searched from left to right; 0, 0
// when there is none.
func LastBlock(completion, language string) (from, to int) {
	open := "```" + language + "\n"
	for at := 0; ; {
		i := strings.Index(completion[at:], open)
		if i < 0 {
			return from, to
		}
		begin := at + i + len(open)
		n := strings.Index(completion[begin:], "```")
		if n < 0 {
			return from, to
		}
		from, to = begin, begin+n
		at = to + len("```")
	}
}
