package tasks

import (
	"errors"
	"fmt"
	"math/big"
)

// Budgets of the expression parser. A claim beyond them is wrong, with the
// reason "budget": a right answer to four numbers has about 20 bytes.
const (
	maxExprBytes = 1024
	maxExprDepth = 64 // nested parentheses and signs
)

// Errors of parseExpr, each with its own reason code.
var (
	errBudget    = errors.New("the expression is too long or too deeply nested")
	errDivZero   = errors.New("the expression divides by zero")
	errCharacter = errors.New("only whole numbers, + - * / and parentheses may be used")
	errSyntax    = errors.New("the expression is malformed")
)

// exprNode is a node of an arithmetic expression: a number (op 0), a sign
// (op 'n', left only) or a binary operation.
type exprNode struct {
	op          byte
	value       int64
	left, right *exprNode
}

// exprParser is a recursive-descent parser:
//
//	expr   = term { ("+" | "-") term }
//	term   = factor { ("*" | "/") factor }
//	factor = "-" factor | number | "(" expr ")"
//	number = 1 to 9 ASCII digits
//
// There is no power, no integer division, no decimal point, no implicit
// multiplication. White space may stand between tokens.
type exprParser struct {
	s       string
	pos     int
	depth   int
	numbers []int64
}

// parseExpr parses a whole claim and returns the numbers in it, in order.
func parseExpr(s string) (*exprNode, []int64, error) {
	if len(s) > maxExprBytes {
		return nil, nil, errBudget
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= '0' && c <= '9', c == '+', c == '-', c == '*', c == '/', c == '(', c == ')', c == ' ', c == '\t', c == '\n', c == '\r':
		default:
			return nil, nil, errCharacter
		}
	}
	p := &exprParser{s: s}
	n, err := p.expr()
	if err != nil {
		return nil, nil, err
	}
	if p.peek() != 0 {
		return nil, nil, fmt.Errorf("%w: unexpected %q at byte %d", errSyntax, p.s[p.pos], p.pos)
	}
	return n, p.numbers, nil
}

// peek skips white space and returns the next byte, 0 at the end.
func (p *exprParser) peek() byte {
	for p.pos < len(p.s) {
		switch c := p.s[p.pos]; c {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return c
		}
	}
	return 0
}

func (p *exprParser) expr() (*exprNode, error) {
	n, err := p.term()
	for err == nil && (p.peek() == '+' || p.peek() == '-') {
		n, err = p.binary(n, p.term)
	}
	return n, err
}

func (p *exprParser) term() (*exprNode, error) {
	n, err := p.factor()
	for err == nil && (p.peek() == '*' || p.peek() == '/') {
		n, err = p.binary(n, p.factor)
	}
	return n, err
}

func (p *exprParser) binary(left *exprNode, operand func() (*exprNode, error)) (*exprNode, error) {
	op := p.s[p.pos]
	p.pos++
	right, err := operand()
	if err != nil {
		return nil, err
	}
	return &exprNode{op: op, left: left, right: right}, nil
}

func (p *exprParser) factor() (*exprNode, error) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxExprDepth {
		return nil, errBudget
	}
	switch c := p.peek(); {
	case c == '-':
		p.pos++
		n, err := p.factor()
		if err != nil {
			return nil, err
		}
		return &exprNode{op: 'n', left: n}, nil
	case c == '(':
		p.pos++
		n, err := p.expr()
		if err != nil {
			return nil, err
		}
		if p.peek() != ')' {
			return nil, fmt.Errorf("%w: a parenthesis is never closed", errSyntax)
		}
		p.pos++
		return n, nil
	case c >= '0' && c <= '9':
		var v int64
		start := p.pos
		for p.pos < len(p.s) && p.s[p.pos] >= '0' && p.s[p.pos] <= '9' {
			if p.pos-start == 9 {
				return nil, errBudget
			}
			v = v*10 + int64(p.s[p.pos]-'0')
			p.pos++
		}
		p.numbers = append(p.numbers, v)
		return &exprNode{value: v}, nil
	case c == 0:
		return nil, fmt.Errorf("%w: it ends where a number should stand", errSyntax)
	default:
		return nil, fmt.Errorf("%w: unexpected %q at byte %d", errSyntax, c, p.pos)
	}
}

// eval computes the exact value. The caller bounds the size of the tree.
func (n *exprNode) eval() (*big.Rat, error) {
	if n.op == 0 {
		return new(big.Rat).SetInt64(n.value), nil
	}
	a, err := n.left.eval()
	if err != nil {
		return nil, err
	}
	if n.op == 'n' {
		return a.Neg(a), nil
	}
	b, err := n.right.eval()
	if err != nil {
		return nil, err
	}
	switch n.op {
	case '+':
		return a.Add(a, b), nil
	case '-':
		return a.Sub(a, b), nil
	case '*':
		return a.Mul(a, b), nil
	}
	if b.Sign() == 0 {
		return nil, errDivZero
	}
	return a.Quo(a, b), nil
}
