package pyregex

// instruction is a step of the matcher.
type instruction struct {
	code   code
	rune   rune
	fold   bool
	alike  string // codeRune that folds: the other small letters that are the same
	set    *set
	assert func([]rune, int) bool
	x, y   int // codeJump: x; codeSplit: x before y; codeSave: slot x; codePart: x is behind it
	split  int // codeSplit: its number
	part   *Regexp
	kind   partKind
}

type code int

const (
	codeRune code = iota
	codeSet
	codeAny
	codeAnyButNewline
	codeAssert
	codeJump
	codeSplit
	codeSave
	codePart // a part that is matched by itself: look-ahead, atomic groups
	codeMatch
)

type partKind int

const (
	partAhead partKind = iota
	partNotAhead
	partAtomic
)

// longest is the length of a program.
const longest = 20_000

// Compile reads an expression. What Python refuses is an ErrSyntax, what is
// not built in here an ErrUnsupported.
func Compile(pattern string, flags Flags) (*Regexp, error) {
	n, groups, err := parse(pattern, flags)
	if err != nil {
		return nil, err
	}
	r := &Regexp{groups: groups}
	if err := r.build(n); err != nil {
		return nil, err
	}
	return r, nil
}

func (r *Regexp) build(n *node) error {
	if err := r.emit(n); err != nil {
		return err
	}
	r.add(instruction{code: codeMatch})
	return nil
}

func (r *Regexp) add(i instruction) int {
	r.program = append(r.program, i)
	return len(r.program) - 1
}

func (r *Regexp) split(x, y int) int {
	r.splits++
	return r.add(instruction{code: codeSplit, x: x, y: y, split: r.splits - 1})
}

func (r *Regexp) emit(n *node) error {
	if len(r.program) > longest {
		return unsupported("so many repetitions of parts")
	}
	switch n.op {
	case opRune:
		i := instruction{code: codeRune, rune: n.rune, fold: n.fold}
		if n.fold {
			i.alike = alike(n.rune)
		}
		r.add(i)
	case opSet:
		r.add(instruction{code: codeSet, set: n.set, fold: n.fold})
	case opAny:
		if n.dotAll {
			r.add(instruction{code: codeAny})
		} else {
			r.add(instruction{code: codeAnyButNewline})
		}
	case opAssert:
		r.add(instruction{code: codeAssert, assert: n.assert})
	case opConcat:
		for _, c := range n.children {
			if err := r.emit(c); err != nil {
				return err
			}
		}
	case opAlternate:
		return r.alternate(n.children)
	case opRepeat:
		return r.repeat(n)
	case opGroup:
		if n.group < 0 {
			return r.emit(n.children[0])
		}
		r.add(instruction{code: codeSave, x: 2 * n.group})
		if err := r.emit(n.children[0]); err != nil {
			return err
		}
		r.add(instruction{code: codeSave, x: 2*n.group + 1})
	case opLook:
		kind := partAhead
		if n.negative {
			kind = partNotAhead
		}
		return r.part(n.children[0], kind)
	case opAtomic:
		return r.part(n.children[0], partAtomic)
	}
	return nil
}

func (r *Regexp) part(n *node, kind partKind) error {
	part := &Regexp{groups: r.groups}
	if err := part.build(n); err != nil {
		return err
	}
	r.add(instruction{code: codePart, part: part, kind: kind})
	return nil
}

func (r *Regexp) alternate(parts []*node) error {
	var ends []int
	for i, p := range parts {
		at := -1
		if i+1 < len(parts) {
			at = r.split(len(r.program)+1, 0)
		}
		if err := r.emit(p); err != nil {
			return err
		}
		if at >= 0 {
			ends = append(ends, r.add(instruction{code: codeJump}))
			r.program[at].y = len(r.program)
		}
	}
	for _, e := range ends {
		r.program[e].x = len(r.program)
	}
	return nil
}

func (r *Regexp) repeat(n *node) error {
	if n.mode == possessive {
		plain := *n
		plain.mode = greedy
		return r.part(&plain, partAtomic)
	}
	body := n.children[0]
	for range n.min {
		if err := r.emit(body); err != nil {
			return err
		}
	}
	// choose makes a split whose way on is patched afterwards.
	choose := func() int { return r.split(len(r.program)+1, 0) }
	leave := func(at, to int) {
		r.program[at].y = to
		if n.mode == lazy {
			r.program[at].x, r.program[at].y = to, r.program[at].x
		}
	}
	if n.max < 0 && n.mode == greedy && n.min == 0 && body.empty() {
		// Python goes through a part that may be empty once, even so.
		at := choose()
		begin := len(r.program)
		if err := r.emit(body); err != nil {
			return err
		}
		again := r.split(begin, 0)
		r.program[at].y, r.program[again].y = len(r.program), len(r.program)
		return nil
	}
	if n.max < 0 {
		at := choose()
		if err := r.emit(body); err != nil {
			return err
		}
		r.add(instruction{code: codeJump, x: at})
		leave(at, len(r.program))
		return nil
	}
	var open []int
	for range n.max - n.min {
		open = append(open, choose())
		if err := r.emit(body); err != nil {
			return err
		}
	}
	for _, at := range open {
		leave(at, len(r.program))
	}
	return nil
}

// empty says whether a part may match nothing.
func (n *node) empty() bool {
	switch n.op {
	case opRune, opSet, opAny:
		return false
	case opConcat:
		for _, c := range n.children {
			if !c.empty() {
				return false
			}
		}
	case opAlternate:
		for _, c := range n.children {
			if c.empty() {
				return true
			}
		}
		return false
	case opRepeat:
		return n.min == 0 || n.children[0].empty()
	case opGroup, opAtomic:
		return n.children[0].empty()
	}
	return true
}
