package parquet

import (
	"encoding/json"
	"fmt"
)

// reader reads one column of a row group, whatever is in it: the record
// assembly of Dremel (Melnik et al. 2010, section 4.3) by the tree of the
// schema. Each leaf has as many entries as every other for the same list, so the
// levels of the first leaf below a node say what the node is.
type reader struct {
	column column
	leaves map[int]*columnReader
	other  json.RawMessage // a text of the row that is not UTF-8
	size   int             // of the row's value so far
}

// row returns the value of the next row.
func (r *reader) row() (json.RawMessage, error) {
	if r.column.single {
		return r.leaves[r.column.leaves[0]].row()
	}
	r.other, r.size = nil, 0
	for _, c := range r.leaves {
		if rep, _, more, err := c.peek(); err != nil || !more || rep != 0 {
			if err == nil {
				err = fmt.Errorf("its columns do not have the same rows")
			}
			return nil, err
		}
	}
	v, err := r.value(r.column.node, nil)
	if err == nil && r.other != nil {
		v = r.other
	}
	return v, err
}

// first is the first leaf below a node.
func (r *reader) first(n *node) *columnReader {
	for n.leaf < 0 {
		n = n.children[0]
	}
	return r.leaves[n.leaf]
}

// value appends the value of a node at its place.
func (r *reader) value(n *node, to json.RawMessage) (json.RawMessage, error) {
	if n.repeated {
		return r.list(n, to)
	}
	_, def, _, err := r.first(n).peek()
	if err != nil {
		return nil, err
	}
	if def < n.def {
		return append(to, "null"...), r.skip(n)
	}
	if n.list {
		return r.list(n.children[0], to)
	}
	return r.inner(n, to)
}

// inner appends what a node that is there holds.
func (r *reader) inner(n *node, to json.RawMessage) (json.RawMessage, error) {
	if n.leaf >= 0 {
		v, _, _, err := r.leaves[n.leaf].next()
		if err != nil {
			return nil, err
		}
		if r.size += len(v); r.size > maxText {
			return nil, fmt.Errorf("a value is longer than %d MiB", maxText>>20)
		}
		if _, bad := NotUTF8(v); bad {
			if r.other == nil {
				r.other = v
			}
			v = json.RawMessage("null")
		}
		return append(to, v...), nil
	}
	to = append(to, '{')
	for i, child := range n.children {
		if i > 0 {
			to = append(to, ',')
		}
		name, err := json.Marshal(child.field)
		if err != nil {
			return nil, err
		}
		if to, err = r.value(child, append(append(to, name...), ':')); err != nil {
			return nil, err
		}
	}
	return append(to, '}'), nil
}

// list appends the elements of a repeated node.
func (r *reader) list(n *node, to json.RawMessage) (json.RawMessage, error) {
	c := r.first(n)
	_, def, _, err := c.peek()
	if err != nil {
		return nil, err
	}
	if def < n.def {
		return append(to, "[]"...), r.skip(n)
	}
	to = append(to, '[')
	for first := true; ; first = false {
		if !first {
			rep, _, more, err := c.peek()
			if err != nil {
				return nil, err
			}
			if !more || rep < n.rep {
				return append(to, ']'), nil
			}
			to = append(to, ',')
		}
		if r.size++; r.size > maxText {
			return nil, fmt.Errorf("a list is longer than %d MiB", maxText>>20)
		}
		if n.wraps {
			to, err = r.value(n.children[0], to)
		} else {
			to, err = r.inner(n, to)
		}
		if err != nil {
			return nil, err
		}
	}
}

// skip takes the one entry that every leaf below a node has where it is not
// there.
func (r *reader) skip(n *node) error {
	if n.leaf >= 0 {
		_, _, _, err := r.leaves[n.leaf].next()
		return err
	}
	for _, child := range n.children {
		if err := r.skip(child); err != nil {
			return err
		}
	}
	return nil
}
