package pyregex

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"gradus/rewards/rules/pytext"
)

// node is a parsed expression.
type node struct {
	op       op
	rune     rune                            // opRune, in lower case where case is ignored
	set      *set                            // opSet
	children []*node                         // opConcat, opAlternate; one in the others that have a part
	min, max int                             // opRepeat; max -1 is no bound
	mode     repeatMode                      // opRepeat
	group    int                             // opGroup
	negative bool                            // opLook
	fold     bool                            // opRune, opSet
	dotAll   bool                            // opAny
	assert   func(runes []rune, at int) bool // opAssert
}

type op int

const (
	opRune op = iota
	opSet
	opAny
	opAssert
	opConcat
	opAlternate
	opRepeat
	opGroup
	opLook   // look-ahead
	opAtomic // (?>…)
)

type repeatMode int

const (
	greedy repeatMode = iota
	lazy
	possessive
)

// set is a character class.
type set struct {
	negative bool
	ranges   [][2]rune
	classes  []func(rune) bool
}

func (s *set) has(r rune) bool {
	for _, p := range s.ranges {
		if p[0] <= r && r <= p[1] {
			return true
		}
	}
	for _, c := range s.classes {
		if c(r) {
			return true
		}
	}
	return false
}

// matches says whether a character is in the class. Without case Python looks
// for the small letter among the small letters of the class.
func (s *set) matches(r rune, fold bool) bool {
	if !fold {
		return s.has(r) != s.negative
	}
	small := unicode.ToLower(r)
	in := false
	for _, c := range s.classes {
		in = in || c(small)
	}
	for _, p := range s.ranges {
		in = in || p[0] <= small && small <= p[1] && unicode.ToLower(small) == small
		for _, start := range append([]rune(alike(small)), small) {
			for other := start; !in; {
				if p[0] <= other && other <= p[1] && SameLetter(small, unicode.ToLower(other)) {
					in = true
				}
				if other = unicode.SimpleFold(other); other == start {
					break
				}
			}
		}
		// SimpleFold does not lead from i to İ, whose small letter it is.
		in = in || p[0] <= 'İ' && 'İ' <= p[1] && SameLetter(small, 'i')
	}
	return in != s.negative
}

func digit(r rune) bool { return unicode.Is(unicode.Nd, r) }

// class is \d, \s, \w or the opposite of one.
func class(letter rune) func(rune) bool {
	var is func(rune) bool
	switch unicode.ToLower(letter) {
	case 'd':
		is = digit
	case 's':
		is = pytext.Space
	case 'w':
		is = pytext.Word
	default:
		return nil
	}
	if unicode.IsUpper(letter) {
		return func(r rune) bool { return !is(r) }
	}
	return is
}

// parser reads the syntax of re, as Lib/re/_parser.py does.
type parser struct {
	in     []rune
	at     int
	flags  Flags
	groups int
	names  []string
	depth  int
}

// deepest are the groups within groups that are read; Python reads about as many.
const deepest = 200

func parse(pattern string, flags Flags) (*node, int, error) {
	p := &parser{in: []rune(pattern), flags: flags}
	if err := p.globalFlags(); err != nil {
		return nil, 0, err
	}
	n, err := p.alternatives()
	if err != nil {
		return nil, 0, err
	}
	if p.at < len(p.in) {
		return nil, 0, syntax("unbalanced parenthesis")
	}
	return n, p.groups, nil
}

// globalFlags are (?i) and the like at the very beginning; elsewhere Python
// refuses them.
func (p *parser) globalFlags() error {
	for p.at+1 < len(p.in) && p.in[p.at] == '(' && p.in[p.at+1] == '?' {
		end := p.at + 2
		for end < len(p.in) && strings.ContainsRune("aiLmsux", p.in[end]) {
			end++
		}
		if end == p.at+2 || end == len(p.in) || p.in[end] != ')' {
			return nil
		}
		for _, f := range p.in[p.at+2 : end] {
			switch f {
			case 'i':
				p.flags.IgnoreCase = true
			case 'm':
				p.flags.MultiLine = true
			case 's':
				p.flags.DotAll = true
			case 'u':
			case 'L':
				return syntax("cannot use LOCALE flag with a str pattern")
			default:
				return unsupported("the flag " + string(f))
			}
		}
		p.at = end + 1
	}
	return nil
}

func (p *parser) more() bool { return p.at < len(p.in) }

func (p *parser) take(r rune) bool {
	if p.more() && p.in[p.at] == r {
		p.at++
		return true
	}
	return false
}

func (p *parser) alternatives() (*node, error) {
	if p.depth++; p.depth > deepest {
		return nil, unsupported("groups within more than 200 others")
	}
	defer func() { p.depth-- }()
	var parts []*node
	for {
		n, err := p.sequence()
		if err != nil {
			return nil, err
		}
		parts = append(parts, n)
		if !p.take('|') {
			break
		}
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	return &node{op: opAlternate, children: parts}, nil
}

func (p *parser) sequence() (*node, error) {
	out := &node{op: opConcat}
	for p.more() && p.in[p.at] != '|' && p.in[p.at] != ')' {
		if strings.ContainsRune("*+?{", p.in[p.at]) {
			done, err := p.repeat(out)
			if err != nil {
				return nil, err
			}
			if done {
				continue
			}
		}
		n, err := p.item()
		if err != nil {
			return nil, err
		}
		if n != nil {
			out.children = append(out.children, n)
		}
	}
	return out, nil
}

// repeat reads a repetition of what was read last; done is false where the
// brace stands for itself.
func (p *parser) repeat(out *node) (done bool, err error) {
	sign, least, most := p.in[p.at], 0, -1
	p.at++
	switch sign {
	case '?':
		most = 1
	case '+':
		least = 1
	case '{':
		var ok bool
		if least, most, ok, err = p.bounds(); err != nil || !ok {
			return false, err
		}
	}
	if len(out.children) == 0 || out.children[len(out.children)-1].op == opAssert {
		return false, syntax("nothing to repeat")
	}
	last := out.children[len(out.children)-1]
	if last.op == opRepeat {
		return false, syntax("multiple repeat")
	}
	n := &node{op: opRepeat, children: []*node{last}, min: least, max: most}
	switch {
	case p.take('?'):
		n.mode = lazy
	case p.take('+'):
		n.mode = possessive
	}
	out.children[len(out.children)-1] = n
	return true, nil
}

// bounds reads what follows a brace; ok is false, and the brace is to be read
// again as a character, where it is no repetition.
func (p *parser) bounds() (least, most int, ok bool, err error) {
	begin := p.at
	number := func() string {
		from := p.at
		for p.more() && p.in[p.at] >= '0' && p.in[p.at] <= '9' {
			p.at++
		}
		return string(p.in[from:p.at])
	}
	literal := func() (int, int, bool, error) { p.at = begin - 1; return 0, 0, false, nil }
	if p.more() && p.in[p.at] == '}' {
		return literal()
	}
	low := number()
	high := low
	if p.take(',') {
		high = number()
	}
	if !p.take('}') {
		return literal()
	}
	most = -1
	if low != "" {
		if least, err = strconv.Atoi(low); err != nil {
			return 0, 0, false, unsupported("so many repetitions")
		}
	}
	if high != "" {
		if most, err = strconv.Atoi(high); err != nil {
			return 0, 0, false, unsupported("so many repetitions")
		}
		if most < least {
			return 0, 0, false, syntax("min repeat greater than max repeat")
		}
	}
	return least, most, true, nil
}

func (p *parser) item() (*node, error) {
	r := p.in[p.at]
	p.at++
	switch r {
	case '\\':
		return p.escape()
	case '.':
		return &node{op: opAny, dotAll: p.flags.DotAll}, nil
	case '^':
		if p.flags.MultiLine {
			return assertion(lineStart), nil
		}
		return assertion(textStart), nil
	case '$':
		if p.flags.MultiLine {
			return assertion(lineEnd), nil
		}
		return assertion(textEndOrNewline), nil
	case '[':
		return p.set()
	case '(':
		return p.group()
	}
	return p.character(r), nil
}

func (p *parser) character(r rune) *node {
	if p.flags.IgnoreCase {
		return &node{op: opRune, rune: unicode.ToLower(r), fold: true}
	}
	return &node{op: opRune, rune: r}
}

func assertion(f func([]rune, int) bool) *node { return &node{op: opAssert, assert: f} }

func textStart(_ []rune, i int) bool     { return i == 0 }
func textEnd(runes []rune, i int) bool   { return i == len(runes) }
func lineStart(runes []rune, i int) bool { return i == 0 || runes[i-1] == '\n' }
func lineEnd(runes []rune, i int) bool   { return i == len(runes) || runes[i] == '\n' }
func textEndOrNewline(runes []rune, i int) bool {
	return i == len(runes) || i == len(runes)-1 && runes[i] == '\n'
}
func boundary(runes []rune, i int) bool { return wordAt(runes, i-1) != wordAt(runes, i) }
func noBoundary(runes []rune, i int) bool {
	return len(runes) > 0 && !boundary(runes, i) // Python 3.12: never in an empty text
}

// escape reads what follows a backslash outside of a class.
func (p *parser) escape() (*node, error) {
	if !p.more() {
		return nil, syntax("bad escape (end of pattern)")
	}
	r := p.in[p.at]
	switch r {
	case 'A':
		p.at++
		return assertion(textStart), nil
	case 'Z':
		p.at++
		return assertion(textEnd), nil
	case 'b':
		p.at++
		return assertion(boundary), nil
	case 'B':
		p.at++
		return assertion(noBoundary), nil
	}
	if is := class(r); is != nil {
		p.at++
		return &node{op: opSet, set: &set{classes: []func(rune) bool{is}}, fold: p.flags.IgnoreCase}, nil
	}
	if r >= '1' && r <= '9' {
		if v, ok := p.octal(3); ok {
			if v > 0o377 {
				return nil, syntax("octal escape value outside of range 0-0o377")
			}
			p.at += 3
			return p.character(v), nil
		}
		return p.reference()
	}
	v, err := p.escaped()
	if err != nil {
		return nil, err
	}
	return p.character(v), nil
}

// octal is the value of n octal digits that stand here.
func (p *parser) octal(n int) (rune, bool) {
	if p.at+n > len(p.in) {
		return 0, false
	}
	v, err := strconv.ParseUint(string(p.in[p.at:p.at+n]), 8, 32)
	return rune(v), err == nil
}

func (p *parser) reference() (*node, error) {
	end := p.at + 1
	if end < len(p.in) && p.in[end] >= '0' && p.in[end] <= '9' {
		end++
	}
	if v, _ := strconv.Atoi(string(p.in[p.at:end])); v > p.groups {
		return nil, syntax("invalid group reference %d", v)
	}
	return nil, unsupported("back references")
}

// escaped reads an escape that stands for one character, within a class or
// outside.
func (p *parser) escaped() (rune, error) {
	r := p.in[p.at]
	p.at++
	switch r {
	case 'a':
		return '\a', nil
	case 'f':
		return '\f', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'v':
		return '\v', nil
	case 'x', 'u', 'U':
		n := map[rune]int{'x': 2, 'u': 4, 'U': 8}[r]
		if p.at+n > len(p.in) {
			return 0, syntax("incomplete escape \\%c", r)
		}
		digits := string(p.in[p.at : p.at+n])
		v, err := strconv.ParseUint(digits, 16, 32)
		if err != nil || strings.ContainsAny(digits, "+-_") {
			return 0, syntax("incomplete escape \\%c", r)
		}
		if v > unicode.MaxRune {
			return 0, syntax("bad escape \\U%s", digits)
		}
		p.at += n
		return rune(v), nil
	case 'N':
		return 0, unsupported("named characters")
	case '0':
		p.at--
		n := 1
		for n < 3 && p.at+n < len(p.in) && p.in[p.at+n] >= '0' && p.in[p.at+n] <= '7' {
			n++
		}
		v, _ := p.octal(n)
		p.at += n
		return v, nil
	}
	if r < unicode.MaxASCII && unicode.IsLetter(r) {
		return 0, syntax("bad escape \\%c", r)
	}
	return r, nil
}

// set reads a character class behind its bracket.
func (p *parser) set() (*node, error) {
	s := &set{negative: p.take('^')}
	for first := true; ; first = false {
		if !p.more() {
			return nil, syntax("unterminated character set")
		}
		if p.in[p.at] == ']' && !first {
			p.at++
			return &node{op: opSet, set: s, fold: p.flags.IgnoreCase}, nil
		}
		low, is, err := p.setItem()
		if err != nil {
			return nil, err
		}
		if p.at+1 < len(p.in) && p.in[p.at] == '-' && p.in[p.at+1] != ']' {
			p.at++
			high, isHigh, err := p.setItem()
			switch {
			case err != nil:
				return nil, err
			case is != nil || isHigh != nil || high < low:
				return nil, syntax("bad character range")
			}
			s.ranges = append(s.ranges, [2]rune{low, high})
			continue
		}
		if is != nil {
			s.classes = append(s.classes, is)
		} else {
			s.ranges = append(s.ranges, [2]rune{low, low})
		}
	}
}

func (p *parser) setItem() (rune, func(rune) bool, error) {
	r := p.in[p.at]
	if r != '\\' {
		p.at++
		return r, nil, nil
	}
	if p.at++; !p.more() {
		return 0, nil, syntax("unterminated character set")
	}
	r = p.in[p.at]
	switch {
	case class(r) != nil:
		p.at++
		return 0, class(r), nil
	case r == 'b':
		p.at++
		return '\b', nil, nil
	case r >= '0' && r <= '7':
		n := 1
		for n < 3 && p.at+n < len(p.in) && p.in[p.at+n] >= '0' && p.in[p.at+n] <= '7' {
			n++
		}
		v, _ := p.octal(n)
		if v > 0o377 {
			return 0, nil, syntax("octal escape value outside of range 0-0o377")
		}
		p.at += n
		return v, nil, nil
	case r == '8' || r == '9':
		return 0, nil, syntax("bad escape \\%c", r)
	}
	v, err := p.escaped()
	return v, nil, err
}

// group reads what follows an opening parenthesis.
func (p *parser) group() (*node, error) {
	wrap := func(n *node) *node { return &node{op: opGroup, group: -1, children: []*node{n}} }
	if p.take('?') {
		switch {
		case !p.more():
			return nil, syntax("unexpected end of pattern")
		case p.take(':'):
		case p.take('>'):
			wrap = func(n *node) *node { return &node{op: opAtomic, children: []*node{n}} }
		case p.take('='), p.take('!'):
			negative := p.in[p.at-1] == '!'
			wrap = func(n *node) *node { return &node{op: opLook, negative: negative, children: []*node{n}} }
		case p.take('#'):
			for p.more() {
				if p.at++; p.in[p.at-1] == ')' {
					return nil, nil
				}
			}
			return nil, syntax("missing ), unterminated comment")
		case p.take('<'):
			if p.take('=') || p.take('!') {
				return nil, unsupported("look-behind")
			}
			return nil, syntax("unknown extension ?<")
		case p.take('('):
			return nil, unsupported("conditional groups")
		case p.take('P'):
			if err := p.name(); err != nil {
				return nil, err
			}
			wrap = p.capture()
		case strings.ContainsRune("aiLmsux-", p.in[p.at]):
			return nil, unsupported("flags within the expression")
		default:
			return nil, syntax("unknown extension ?%c", p.in[p.at])
		}
	} else {
		wrap = p.capture()
	}
	n, err := p.alternatives()
	if err != nil {
		return nil, err
	}
	if !p.take(')') {
		return nil, syntax("missing ), unterminated subpattern")
	}
	return wrap(n), nil
}

func (p *parser) capture() func(*node) *node {
	p.groups++
	number := p.groups
	return func(n *node) *node { return &node{op: opGroup, group: number, children: []*node{n}} }
}

func (p *parser) name() error {
	if p.take('=') {
		return unsupported("back references")
	}
	if !p.take('<') {
		return syntax("unknown extension ?P")
	}
	from := p.at
	for p.more() && p.in[p.at] != '>' {
		p.at++
	}
	if !p.more() {
		return syntax("missing >, unterminated name")
	}
	name := string(p.in[from:p.at])
	p.at++
	for i, r := range name {
		if !pytext.Word(r) || i == 0 && unicode.IsNumber(r) {
			return syntax("bad character in group name")
		}
	}
	if name == "" || slices.Contains(p.names, name) {
		return syntax("a group name that is missing or defined twice")
	}
	p.names = append(p.names, name)
	return nil
}
