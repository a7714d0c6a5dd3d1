package parquet

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Rows calls each for every row, in order, with its values as JSON: null where
// there is none, an array for a list, an object for a struct; a text that is not
// UTF-8 makes a value that NotUTF8 tells. Only the wanted columns are read; nil
// wants all that can be. A wanted column that the file lacks is absent from the
// rows. An error of each ends it. The map is used again for the next row; the
// values are not.
func (f *File) Rows(wanted []string, each func(number int, row map[string]json.RawMessage) error) (err error) {
	defer func() {
		// Every length is checked where it is used; a file that gets past that
		// must not take a night of training with it.
		if p := recover(); p != nil {
			err = fmt.Errorf("the file contradicts itself: %v", p)
		}
	}()
	if wanted == nil {
		wanted = f.Columns()
	}
	var names []string
	var columns []column
	for _, name := range wanted {
		c, ok := f.column(name)
		if c.why != "" {
			return fmt.Errorf("column %q: %s", name, c.why)
		}
		if ok && !slices.Contains(names, name) {
			names, columns = append(names, name), append(columns, c)
		}
	}
	number := 0
	row := map[string]json.RawMessage{}
	for _, g := range f.groups {
		readers := make([]reader, len(columns))
		for k, c := range columns {
			r := reader{leaves: map[int]*columnReader{}, column: c}
			for _, i := range c.leaves {
				r.leaves[i] = &columnReader{file: f, leaf: f.leaves[i], chunk: g.chunks[i], at: g.chunks[i].from}
			}
			readers[k] = r
		}
		for range g.rows {
			number++
			for k := range readers {
				v, err := readers[k].row()
				if err != nil {
					return fmt.Errorf("row %d, column %q: %w", number, names[k], err)
				}
				row[names[k]] = v
			}
			if len(readers) == 0 {
				break // nothing to say of the rows
			}
			if err := each(number, row); err != nil {
				return err
			}
		}
	}
	return nil
}

// row returns the value of the next row.
func (c *columnReader) row() (json.RawMessage, error) {
	if c.leaf.maxRep == 0 {
		v, _, def, err := c.next()
		if err != nil || def < c.leaf.maxDef {
			return json.RawMessage("null"), err
		}
		return v, nil
	}
	list := json.RawMessage("[")
	var other json.RawMessage // a text of the list that is not UTF-8
	for first := true; ; first = false {
		if !first {
			rep, _, more, err := c.peek()
			if err != nil {
				return nil, err
			}
			switch {
			case more && rep != 0:
			case other != nil:
				return other, nil
			default:
				return append(list, ']'), nil
			}
		}
		v, rep, def, err := c.next()
		switch {
		case err != nil:
			return nil, err
		case first && rep != 0:
			return nil, fmt.Errorf("a row begins within a list")
		case first && def < c.leaf.listDef-1:
			return json.RawMessage("null"), nil
		case def < c.leaf.listDef:
			continue // an empty list
		case len(list) > maxText:
			return nil, fmt.Errorf("a list is longer than %d MiB", maxText>>20)
		}
		if _, bad := NotUTF8(v); bad && def == c.leaf.maxDef && other == nil {
			other = v
		}
		if len(list) > 1 {
			list = append(list, ',')
		}
		if def < c.leaf.maxDef {
			v = json.RawMessage("null")
		}
		list = append(list, v...)
	}
}
