package latextext

import (
	"slices"
	"strings"

	"gradus/rewards/rules/pytext"
)

type nodeKind uint8

const (
	charsNode nodeKind = iota
	commentNode
	groupNode
	macroNode
	environmentNode
	specialNode
	mathNode
)

// node is a part of the text.
type node struct {
	kind    nodeKind
	text    string // characters; name of a macro, an environment, a special
	post    string // white space behind a macro or comment
	args    []*node
	parsed  bool // args were read, if there are none
	alone   bool // a macro that is itself an argument: its arguments are not read
	bare    bool // a macro with no argument at all
	list    []*node
	display bool
}

// until is where a list of nodes ends, beside the end of the input.
type until struct {
	brace       rune   // '}' or ']'
	environment string // \end of it
	math        string // closing delimiter
}

// most nesting of groups and environments that Python's stack takes.
const mostDepth = 240

// walker reads LaTeX into nodes and forgives what is wrong.
type walker struct {
	s            []rune
	depth        int
	deep, failed bool
}

// nodes reads up to the end that is asked for and returns where it is.
func (w *walker) nodes(at int, stop until, st state) (list []*node, to int) {
	w.depth++
	defer func() { w.depth-- }()
	if w.depth > mostDepth {
		w.deep = true
		return nil, len(w.s)
	}
	var brace [2]rune
	if stop.brace == ']' {
		brace = [2]rune{'[', ']'}
	}
	var chars strings.Builder
	flush := func(more string) {
		chars.WriteString(more)
		if chars.Len() > 0 {
			list = append(list, &node{kind: charsNode, text: chars.String()})
			chars.Reset()
		}
	}
	for {
		t := w.token(at, brace, true, st)
		if t.kind == end {
			flush(t.text)
			return list, t.at
		}
		at = t.at + t.size
		if t.kind == char {
			chars.WriteString(t.pre)
			chars.WriteString(t.text)
			continue
		}
		flush(t.pre)
		switch t.kind {
		case closeBrace:
			if t.text == string(stop.brace) {
				return list, at
			}
		case endEnvironment:
			if stop.environment != "" && t.text == stop.environment {
				return list, at
			}
		case mathInline, mathDisplay:
			if stop.math != "" && t.text == stop.math {
				return list, at
			}
			if t.text == `\)` || t.text == `\]` {
				break
			}
			closing := t.text
			switch t.text {
			case `\(`:
				closing = `\)`
			case `\[`:
				closing = `\]`
			}
			n := &node{kind: mathNode, display: t.kind == mathDisplay}
			n.list, at = w.nodes(at, until{math: closing}, state{true, t.text})
			list = append(list, n)
		case comment:
			list = append(list, &node{kind: commentNode, text: t.text, post: t.post})
		case openBrace:
			n := &node{kind: groupNode}
			n.list, at = w.nodes(at, until{brace: closing(t.text)}, st)
			list = append(list, n)
		case beginEnvironment:
			n := &node{kind: environmentNode, text: t.text}
			spec := environments[t.text]
			n.args, at, n.parsed = w.environmentArguments(t.text, spec.args, at, st)
			inner := st
			if spec.math {
				inner = state{true, "{" + t.text + "}"}
			}
			n.list, at = w.nodes(at, until{environment: t.text}, inner)
			list = append(list, n)
		case macro:
			n := &node{kind: macroNode, text: t.text, post: t.post}
			n.args, at, n.parsed = w.macroArguments(t.text, at, st)
			given := n.args
			if spec := strings.TrimLeft(macros[t.text], "*"); strings.HasPrefix(spec, "[") && strings.Trim(spec[1:], "{") == "" && len(given) > 0 {
				given = given[len(given)-len(spec):]
				if given[0] == nil {
					given = given[1:]
				}
			}
			n.bare = len(given) == 0
			list = append(list, n)
		case special:
			list = append(list, &node{kind: specialNode, text: t.text})
		}
		if w.deep {
			return list, len(w.s)
		}
	}
}

func closing(open string) rune {
	if open == "[" {
		return ']'
	}
	return '}'
}

func (w *walker) environmentArguments(name, spec string, at int, st state) ([]*node, int, bool) {
	if name != "verbatim" {
		return w.arguments(spec, at, nil, false, st)
	}
	rest := string(w.s[at:])
	n := strings.Index(rest, `\end{verbatim}`)
	if n < 0 {
		return nil, at, false
	}
	return []*node{{kind: charsNode, text: rest[:n]}}, at + len([]rune(rest[:n])), true
}

func (w *walker) macroArguments(name string, at int, st state) ([]*node, int, bool) {
	if name == "verb" {
		return w.verb(at)
	}
	var math *bool
	switch name {
	case "mbox", "textrm", "textit", "textbf", "textmd", "textsc", "textsf", "textsl", "texttt", "textup", "text":
		math = new(bool)
	case "ensuremath":
		math = new(bool)
		*math = true
	}
	return w.arguments(macros[name], at, math, name == `\`, st)
}

// verb reads the argument of \verb between two equal signs.
func (w *walker) verb(from int) ([]*node, int, bool) {
	at := from
	for at < len(w.s) && pytext.Space(w.s[at]) {
		at++
	}
	if at >= len(w.s) {
		w.failed = w.failed || from >= len(w.s)
		return nil, from, false
	}
	n := slices.Index(w.s[at+1:], w.s[at])
	if n < 0 {
		return nil, from, false
	}
	return []*node{{kind: charsNode, text: string(w.s[at+1 : at+1+n])}}, at + n + 2, true
}

// arguments reads those of a specification: { an expression, [ an optional
// part in brackets, * an optional star. Where the input ends first, none is
// read. math is the mode of the arguments, if not that around them; near says
// that no white space may stand before brackets.
func (w *walker) arguments(spec string, at int, math *bool, near bool, st state) (args []*node, to int, ok bool) {
	inner := st
	if math != nil && *math != st.math {
		inner = state{*math, ""}
	}
	to = at
	for _, kind := range spec {
		var arg *node
		switch kind {
		case '{':
			if arg, to, ok = w.expression(to, inner); !ok {
				return nil, at, false
			}
		case '[':
			if near && to < len(w.s) && pytext.Space(w.s[to]) {
				break
			}
			if t := w.token(to, [2]rune{'[', ']'}, false, inner); t.kind == openBrace && t.text == "[" {
				arg = &node{kind: groupNode}
				arg.list, to = w.nodes(t.at+t.size, until{brace: ']'}, inner)
			}
		case '*':
			t := w.token(to, [2]rune{}, true, state{})
			if t.kind == end {
				return nil, at, false
			}
			if t.kind == char && t.text == "*" {
				arg, to = &node{kind: charsNode, text: "*"}, t.at+1
			}
		}
		args = append(args, arg)
	}
	return args, to, true
}

// expression reads one token or group. ok is false at the end of the input.
func (w *walker) expression(at int, st state) (n *node, to int, ok bool) {
	t := w.token(at, [2]rune{}, false, st)
	to = t.at + t.size
	switch t.kind {
	case end:
		return nil, at, false
	case macro:
		if t.text == "end" {
			return &node{kind: charsNode}, t.at, true
		}
		return &node{kind: macroNode, text: t.text, post: t.post, alone: true}, to, true
	case special:
		return &node{kind: specialNode, text: t.text}, to, true
	case comment:
		return w.expression(to, st)
	case openBrace:
		n = &node{kind: groupNode}
		n.list, to = w.nodes(to, until{brace: '}'}, st)
		return n, to, true
	case closeBrace:
		return &node{kind: charsNode}, t.at, true
	case mathInline, mathDisplay:
		if strings.HasPrefix(t.text, `\`) {
			return &node{kind: macroNode, text: t.text, alone: true}, to, true
		}
	}
	return &node{kind: charsNode, text: t.text}, to, true
}
