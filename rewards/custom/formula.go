package custom

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/vm"

	"gradus/rewards"
)

// Formula is a compiled expression over a completion and the reward parts
// before it, as in
//
//	0.9*gradus.accuracy + 0.1*(gradus.format > 0 ? 1 : 0) - 0.2*max(0, (tokens-256)/256)
//
// Expressions read and compute only: no files, no clock, no loops without an
// end; their size, and the texts and lists that they make, are bounded. Their
// time is not: loops in loops over a long completion take theirs.
type Formula struct {
	source  string
	program *vm.Program
	parts   []string // names of the parts it reads

	mu   sync.Mutex // of an evaluation, and so of made
	made *texts
}

// formulaNames are the variables about the completion itself.
func formulaNames() []string {
	return []string{"completion", "prompt", "question", "gold", "think", "answer", "tokens", "characters", "truncated", "step"}
}

// maxNodes bounds the size of an expression.
const maxNodes = 1000

// Compile compiles an expression. Names that are no variables of a completion
// are taken for parts; Parts lists them.
func Compile(source string) (*Formula, error) {
	made := &texts{left: maxTexts}
	options := append(made.options(), expr.AllowUndefinedVariables(), expr.AsAny(), expr.MaxNodes(maxNodes), expr.DisableBuiltin("now"))
	program, err := expr.Compile(source, options...)
	if err != nil {
		// The module's message shows the place over several lines.
		return nil, fmt.Errorf("expression %q: %s", cut(source, 80), strings.Join(strings.Fields(err.Error()), " "))
	}
	f := &Formula{source: source, program: program, made: made}
	tree := program.Node()
	var own []string // of let
	ast.Walk(&tree, visitor(func(n *ast.Node) {
		if let, ok := (*n).(*ast.VariableDeclaratorNode); ok {
			own = append(own, let.Name)
		}
	}))
	ast.Walk(&tree, visitor(func(n *ast.Node) {
		name, ok := dotted(*n)
		first, _, _ := strings.Cut(name, ".")
		if ok && !slices.Contains(own, first) && !slices.Contains(joiners(), name) && !slices.Contains(formulaNames(), name) && !slices.Contains(f.parts, name) {
			f.parts = append(f.parts, name)
		}
	}))
	// The walk meets "gradus" of "gradus.accuracy" too.
	f.parts = slices.DeleteFunc(f.parts, func(name string) bool {
		return slices.ContainsFunc(f.parts, func(longer string) bool { return strings.HasPrefix(longer, name+".") })
	})
	return f, nil
}

type visitor func(*ast.Node)

func (v visitor) Visit(n *ast.Node) { v(n) }

// dotted returns the name of an identifier or of a chain of members.
func dotted(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		return n.Value, true
	case *ast.ChainNode:
		return dotted(n.Node)
	case *ast.MemberNode:
		key, ok := n.Property.(*ast.StringNode)
		if !ok {
			return "", false
		}
		base, ok := dotted(n.Node)
		return base + "." + key.Value, ok
	}
	return "", false
}

// Parts returns the names of the parts that the expression reads.
func (f *Formula) Parts() []string { return slices.Clone(f.parts) }

// Value evaluates the expression for a completion. absent names a part that it
// reads and that gave no score; then there is no value.
func (f *Formula) Value(s rewards.Sample) (value float64, absent string, err error) {
	for _, name := range f.parts {
		r, ok := s.Earlier[name]
		if !ok {
			return 0, "", fmt.Errorf("expression %q: %q is neither a variable (%s) nor a reward listed before it", cut(f.source, 80), name, strings.Join(formulaNames(), ", "))
		}
		if r.Status != rewards.OK {
			return 0, name, nil
		}
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("expression %q: %v", cut(f.source, 80), p)
		}
	}()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.made.left = maxTexts
	out, err := expr.Run(f.program, f.env(s))
	if err != nil {
		return 0, "", fmt.Errorf("expression %q: %s", cut(f.source, 80), strings.Join(strings.Fields(err.Error()), " "))
	}
	switch v := out.(type) {
	case float64:
		value = v
	case int:
		value = float64(v)
	case bool:
		if v {
			value = 1
		}
	default:
		return 0, "", fmt.Errorf("expression %q gives a %T; want a number or a truth value", cut(f.source, 80), out)
	}
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return 0, "", fmt.Errorf("expression %q gives %v; want a finite number", cut(f.source, 80), value)
	}
	return value, "", nil
}

// env holds the variables; a part's name with dots is a map in a map.
func (f *Formula) env(s rewards.Sample) map[string]any {
	var think, answer string
	g := s.Segments()
	if len(g.Think) > 0 {
		think = g.Think[0].Body.In(s.Completion)
	}
	if n := len(g.Answer); n > 0 {
		answer = g.Answer[n-1].Body.In(s.Completion)
	}
	env := map[string]any{"completion": s.Completion, "prompt": s.Prompt, "question": s.Problem.Question, "gold": s.Problem.Gold,
		"think": think, "answer": answer, "tokens": len(s.TokenIDs), "characters": utf8.RuneCountInString(s.Completion),
		"truncated": s.Truncated, "step": s.Step}
	for _, name := range f.parts {
		at := env
		path := strings.Split(name, ".")
		for _, key := range path[:len(path)-1] {
			inner, ok := at[key].(map[string]any)
			if !ok {
				inner = map[string]any{}
				at[key] = inner
			}
			at = inner
		}
		at[path[len(path)-1]] = s.Earlier[name].Score
	}
	return env
}
