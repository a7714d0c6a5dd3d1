package query

import "strings"

// Lead is what a plan begins with, which decides its speed. All of them give
// traces in the order of their ids.
type Lead int

// Leads.
const (
	ByBatch  Lead = iota // the batches, of which there are few: filters on step and phase cost nothing
	ByText               // the search index: Match is what to ask it for
	ByPrompt             // the index on prompts: a term of Where finds s.prompt
	ByID                 // trace numbers: a term of Where finds s.id
)

// Plan is a query as SQL over these tables:
//
//	b batch   s sample   p prompt, where Prompt is set   prompt_fts, the index of prompts
//
// Where is a list of terms that must all hold, with a ? for each of Args.
type Plan struct {
	Lead   Lead
	Match  string
	Where  []string
	Args   []any
	Prompt bool
}

// Compile makes the plan of a tree. few tells whether only few traces have
// prompts with some words, given as an expression for table prompt_fts: then
// the prompts lead. It is asked where nothing better leads; nil stands for no.
func Compile(n Node, few func(match string) bool) Plan {
	var parts []Node
	if a, ok := n.(And); ok {
		parts = a
	} else if n != nil {
		parts = []Node{n}
	}
	c := &compiler{few: few}
	parts = c.text(parts)
	lead := -1
	if c.plan.Lead == ByBatch {
		lead = c.lead(parts)
	}
	for i, x := range parts {
		c.leading = i == lead
		c.plan.Where = append(c.plan.Where, c.node(x))
	}
	return c.plan
}

type compiler struct {
	plan    Plan
	few     func(match string) bool
	leading bool // the term may use an index
}

func (c *compiler) arg(v any) string {
	c.plan.Args = append(c.plan.Args, v)
	return "?"
}

// text moves the terms about words that lead to the search index into Match
// and returns the others.
func (c *compiler) text(parts []Node) []Node {
	var words, rest And
	has := false
	for _, x := range parts {
		inner, neg := x, false
		if not, ok := x.(Not); ok {
			inner, neg = not.X, true
		}
		if _, ok := matchExpr(inner); !ok {
			rest = append(rest, x)
			continue
		}
		words = append(words, x)
		has = has || !neg
	}
	if !has {
		return parts
	}
	c.plan.Lead = ByText
	c.plan.Match, _ = matchExpr(words)
	return rest
}

// lead chooses the term that leads, -1 for none: a trace's number before what
// readers wrote before a prompt.
func (c *compiler) lead(parts []Node) int {
	best, lead := -1, ByBatch
	for i, x := range parts {
		switch x := x.(type) {
		case Within:
			if x.Field == "id" {
				c.plan.Lead = ByID
				return i
			}
		case Is:
			switch x.Field {
			case "tag", "verdict", "note", "author":
				best, lead = i, ByID
			case "has":
				if v := x.Values; len(v) == 1 && v[0].Text != "claim" && v[0].Text != "tokens" {
					best, lead = i, ByID
				}
			case "hash":
				if best < 0 || lead == ByPrompt {
					best, lead = i, ByPrompt
				}
			case "prompt":
				if best < 0 && c.few != nil && c.few(matchValues(x.Values)) {
					best, lead = i, ByPrompt
				}
			}
		}
	}
	c.plan.Lead = lead
	return best
}

// node writes a node as a term. Terms can be NULL where something is not
// known, which counts as false.
func (c *compiler) node(n Node) string {
	switch n := n.(type) {
	case And:
		return c.list(n, " AND ")
	case Or:
		return c.list(n, " OR ")
	case Not:
		c.leading = false
		return "(" + c.node(n.X) + ") IS NOT TRUE"
	case Words:
		return "+s.id IN (SELECT rowid FROM sample_fts WHERE sample_fts MATCH " + c.arg(matchWords(n)) + ")"
	case Within:
		return c.within(n)
	case Is:
		return c.is(n)
	}
	return "0" // a nil node inside of another: nothing says what it would ask for
}

// list joins terms as a balanced tree, because SQLite bounds the depth.
func (c *compiler) list(nodes []Node, sep string) string {
	c.leading = false
	if expr, ok := matchExprOf(nodes, sep); ok {
		return "+s.id IN (SELECT rowid FROM sample_fts WHERE sample_fts MATCH " + c.arg(expr) + ")"
	}
	if len(nodes) == 1 {
		return c.node(nodes[0])
	}
	half := len(nodes) / 2
	left := c.list(nodes[:half], sep)
	return "(" + left + sep + c.list(nodes[half:], sep) + ")"
}

func matchExprOf(nodes []Node, sep string) (string, bool) {
	if len(nodes) < 2 {
		return "", false
	}
	if sep == " OR " {
		return matchExpr(Or(nodes))
	}
	return matchExpr(And(nodes))
}

func (c *compiler) within(n Within) string {
	if n.Field == PartField {
		from := "EXISTS(SELECT 1 FROM reward r JOIN verdict v ON v.id = r.verdict JOIN part k ON k.id = v.part WHERE r.sample = s.id AND k.name = " +
			c.arg(n.Part) + " AND v.status = 'ok'"
		return from + c.range_(" AND coalesce(r.score, 0)", n, false) + ")"
	}
	f, _ := lookup(n.Field)
	column := "+" + f.column
	if f.Kind == Number {
		column = f.column // an expression, which no index is for
	}
	if c.leading {
		column = f.column
	}
	terms := strings.TrimPrefix(c.range_(" AND "+column, n, f.Kind == Whole), " AND ")
	if terms == "" {
		return f.column + " IS NOT NULL"
	}
	return "(" + terms + ")"
}

// range_ writes both bounds, each after expr.
func (c *compiler) range_(expr string, n Within, whole bool) string {
	value := func(b Bound) any {
		if whole {
			return int64(b.Value)
		}
		return b.Value
	}
	out := ""
	if n.Lo.Set && n.Hi.Set && n.Lo == n.Hi && !n.Lo.Open {
		return expr + " = " + c.arg(value(n.Lo))
	}
	if n.Lo.Set {
		out += expr + map[bool]string{true: " > ", false: " >= "}[n.Lo.Open] + c.arg(value(n.Lo))
	}
	if n.Hi.Set {
		out += expr + map[bool]string{true: " < ", false: " <= "}[n.Hi.Open] + c.arg(value(n.Hi))
	}
	return out
}
