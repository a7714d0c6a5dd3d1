package parquet

import (
	"fmt"
	"slices"
	"strings"
)

// node is an element of the schema's tree.
type node struct {
	field    string // its name within its group
	repeated bool
	list     bool // its one child is repeated and holds the elements of a list
	wraps    bool // a repeated node whose one child is the element
	def, rep int  // levels from which on it is there, or has an element
	leaf     int  // which one, -1 for a group
	children []*node
}

// schema reads the tree of schema elements and its leaves.
func (f *File) schema(list []any) error {
	f.nodes, f.named = map[string]*node{}, map[string]int{}
	at := 0
	var walk func(path []string, def, rep, listDef, depth int, inList bool) (*node, error)
	walk = func(path []string, def, rep, listDef, depth int, inList bool) (*node, error) {
		if at >= len(list) || depth > maxDepth {
			return nil, fmt.Errorf("it names more elements than it has, or nests deeper than %d", maxDepth)
		}
		e, _ := list[at].(fields)
		root := at == 0
		at++
		n := &node{field: e.text(4), leaf: -1}
		children := int(e.int(5))
		if !root {
			switch e.int(3) {
			case 1:
				def++
			case 2:
				def, rep, n.repeated = def+1, rep+1, true
				listDef = def
			}
			// "list" and "element" are how lists are written down, not names.
			if !(n.repeated && len(path) > 0) && !(inList && elementName(n.field)) {
				path = append(slices.Clone(path), n.field)
			}
		}
		n.def, n.rep = def, rep
		name := strings.Join(path, ".")
		if _, there := f.nodes[name]; !there && !root {
			f.nodes[name] = n
		}
		if children < 0 || children > len(list) {
			return nil, fmt.Errorf("element %q has %d children", n.field, children)
		}
		if _, group := e[5]; group && children > 0 {
			for range children {
				child, err := walk(path, def, rep, listDef, depth+1, n.repeated)
				if err != nil {
					return nil, err
				}
				n.children = append(n.children, child)
			}
			n.asList(e)
			return n, nil
		}
		if len(f.leaves) == maxLeaves {
			return nil, fmt.Errorf("it has more than %d columns", maxLeaves)
		}
		l := leaf{name: name, kind: e.int(1), length: int(e.int(2)), maxDef: def, maxRep: rep, listDef: listDef}
		if l.means, l.why = meaningOf(e); l.kind < 0 || l.kind > 7 || l.kind == 7 && (l.length < 1 || l.length > maxText) {
			l.why = fmt.Sprintf("values of type %d are not read", l.kind)
		}
		f.named[name]++
		n.leaf = len(f.leaves)
		f.leaves = append(f.leaves, l)
		return n, nil
	}
	if _, err := walk(nil, 0, 0, 0, 0, false); err != nil {
		return err
	}
	if at != len(list) || len(f.leaves) == 0 {
		return fmt.Errorf("it has %d elements beyond its tree, and %d columns", len(list)-at, len(f.leaves))
	}
	return nil
}

// asList notes how a group holds a list, or the keys and values of a map (the
// format's LogicalTypes document, on lists and on older writers).
func (n *node) asList(e fields) {
	logical := e.sub(10)
	converted, said := e[6].(int64)
	annotated := logical[2] != nil || logical[3] != nil || said && converted >= 1 && converted <= 3
	if !annotated || len(n.children) != 1 || !n.children[0].repeated {
		return
	}
	n.list = true
	elements := n.children[0]
	elements.wraps = len(elements.children) == 1 && !elements.children[0].repeated && elements.field != "array" && !strings.HasSuffix(elements.field, "_tuple")
}

// elementName says whether a group or value in a list is called as writers call
// the elements of lists.
func elementName(s string) bool {
	return s == "element" || s == "item" || s == "array" || s == "array_element"
}

// column is what rows have under a name.
type column struct {
	node   *node
	leaves []int // below node, in order
	single bool  // one leaf, whose values or lists of values are the column
	why    string
}

// column finds what a name stands for; ok is false if it is nothing.
func (f *File) column(name string) (c column, ok bool) {
	n := f.nodes[name]
	if n == nil {
		return column{}, false
	}
	c = column{node: n, leaves: n.below(nil)}
	first := f.leaves[c.leaves[0]]
	c.single = len(c.leaves) == 1 && first.name == name
	outside := n.rep
	if n.repeated {
		outside--
	}
	switch {
	case f.named[name] > 1:
		c.why = "the file has two columns of this name"
	case c.single && first.maxRep <= 1:
		c.why = first.why
	case outside > 0:
		c.why = "a list or struct within a list is not read alone; name the column that holds the list"
	default:
		c.single = false
		for _, i := range c.leaves {
			if why := f.leaves[i].why; why != "" {
				c.why = fmt.Sprintf("%s (%s)", why, f.leaves[i].name)
			}
		}
	}
	return c, true
}

// below appends the leaves of a node.
func (n *node) below(to []int) []int {
	if n.leaf >= 0 {
		return append(to, n.leaf)
	}
	for _, child := range n.children {
		to = child.below(to)
	}
	return to
}

// Columns are the names of the columns that hold values, or lists of them, and
// can be read. A column within a struct is called "struct.column".
func (f *File) Columns() []string {
	var out []string
	for _, l := range f.leaves {
		if c, ok := f.column(l.name); ok && c.why == "" {
			out = append(out, l.name)
		}
	}
	return out
}

// Has says whether rows have a column of this name, which may also be a struct
// or a list of structs; why says what hinders reading it.
func (f *File) Has(name string) (there bool, why string) {
	c, ok := f.column(name)
	return ok, c.why
}
