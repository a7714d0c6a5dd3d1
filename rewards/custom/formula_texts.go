package custom

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/vm/runtime"
)

// The language bounds the lists that an expression makes, not the texts: by
// reduce(1..40, #acc + #acc, completion) one would take all of a machine's
// memory. So what joins texts takes from a budget.

// maxTexts is how many bytes of text, and elements of joined lists, one
// evaluation may make.
const maxTexts = 64 << 20

// plus is the name of the function that + becomes; no expression can say it.
const plus = "$plus"

var errTexts = errors.New("makes more than 64 MiB of text")

// texts is the budget of one evaluation.
type texts struct{ left int }

func (t *texts) take(n int) error {
	if n < 0 || n > t.left {
		return errTexts
	}
	t.left -= n
	return nil
}

// joiners are the functions that take from the budget.
func joiners() []string { return []string{plus, "repeat", "replace", "join", "concat"} }

// options replaces what joins texts.
func (t *texts) options() []expr.Option {
	return []expr.Option{
		expr.DisableBuiltin("repeat"), expr.DisableBuiltin("replace"), expr.DisableBuiltin("join"), expr.DisableBuiltin("concat"),
		expr.Function(plus, t.plus), expr.Function("repeat", t.repeat), expr.Function("replace", t.replace),
		expr.Function("join", t.join), expr.Function("concat", t.concat),
		expr.Patch(visitor(func(n *ast.Node) {
			if b, ok := (*n).(*ast.BinaryNode); ok && b.Operator == "+" {
				ast.Patch(n, &ast.CallNode{Callee: &ast.IdentifierNode{Value: plus}, Arguments: []ast.Node{b.Left, b.Right}})
			}
		})),
	}
}

func (t *texts) plus(args ...any) (any, error) {
	a, isText := args[0].(string)
	if b, ok := args[1].(string); ok && isText {
		if err := t.take(len(a) + len(b)); err != nil {
			return nil, err
		}
		return a + b, nil
	}
	return runtime.Add(args[0], args[1]), nil
}

func (t *texts) repeat(args ...any) (any, error) {
	s, ok := textOf(args, 0)
	n, isInt := numberOf(args, 1)
	if !ok || !isInt || len(args) != 2 || n < 0 {
		return nil, errors.New("repeat wants a text and how often, 0 or more")
	}
	if len(s) > 0 && n > maxTexts/len(s) {
		return nil, errTexts
	}
	if err := t.take(n * len(s)); err != nil {
		return nil, err
	}
	return strings.Repeat(s, n), nil
}

func (t *texts) replace(args ...any) (any, error) {
	s, ok := textOf(args, 0)
	old, ok1 := textOf(args, 1)
	by, ok2 := textOf(args, 2)
	most, isInt := -1, true
	if len(args) == 4 {
		most, isInt = numberOf(args, 3)
	}
	if !ok || !ok1 || !ok2 || !isInt || len(args) > 4 {
		return nil, errors.New("replace wants three texts, and perhaps how often")
	}
	n := utf8.RuneCountInString(s) + 1
	if old != "" {
		n = strings.Count(s, old)
	}
	if most >= 0 {
		n = min(n, most)
	}
	if len(by) > 0 && n > maxTexts/len(by) {
		return nil, errTexts
	}
	if err := t.take(len(s) + n*len(by)); err != nil {
		return nil, err
	}
	return strings.Replace(s, old, by, most), nil
}

func (t *texts) join(args ...any) (any, error) {
	between, ok := "", true
	if len(args) == 2 {
		between, ok = textOf(args, 1)
	}
	if !ok || len(args) < 1 || len(args) > 2 {
		return nil, errors.New("join wants a list of texts, and perhaps a text between them")
	}
	var list []string
	switch given := args[0].(type) {
	case []string:
		list = given
	case []any:
		for _, e := range given {
			s, ok := e.(string)
			if !ok {
				return nil, fmt.Errorf("join wants a list of texts; it holds a %T", e)
			}
			list = append(list, s)
		}
	default:
		return nil, fmt.Errorf("join wants a list of texts, not a %T", args[0])
	}
	for _, s := range list {
		if err := t.take(len(s) + len(between)); err != nil {
			return nil, err
		}
	}
	return strings.Join(list, between), nil
}

func (t *texts) concat(args ...any) (any, error) {
	var out []any
	for _, a := range args {
		switch list := a.(type) {
		case []any:
			if err := t.take(16 * len(list)); err != nil {
				return nil, err
			}
			out = append(out, list...)
		case []string:
			if err := t.take(16 * len(list)); err != nil {
				return nil, err
			}
			for _, s := range list {
				out = append(out, s)
			}
		default:
			return nil, fmt.Errorf("concat wants lists, not a %T", a)
		}
	}
	return out, nil
}

func textOf(args []any, i int) (string, bool) {
	if i >= len(args) {
		return "", false
	}
	s, ok := args[i].(string)
	return s, ok
}

func numberOf(args []any, i int) (int, bool) {
	if i >= len(args) {
		return 0, false
	}
	n, ok := args[i].(int)
	return n, ok
}
