package recipe

import (
	"errors"
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// Problem is one thing that is wrong with a recipe.
type Problem struct {
	Where   string // file:line, or the --set that brought it in
	Key     string // as task.level or stage.2.beta; empty for the file as a whole
	Message string // what was found, what is allowed, what to do
	line    int
}

// Error is one line. Keys and file names come from elsewhere, so whatever
// could move a cursor or hide text is shown as an escape.
func (p Problem) Error() string {
	parts := []string{p.Where, p.Key, p.Message}
	if p.Key == "" {
		parts = []string{p.Where, p.Message}
	}
	for i := range parts {
		parts[i] = printable(parts[i])
	}
	return strings.Join(parts, ": ")
}

// printable escapes what does not print and cuts what is too long to read.
func printable(s string) string {
	const most = 600
	var b strings.Builder
	for _, r := range s {
		if b.Len() > most {
			b.WriteString("...")
			break
		}
		if strconv.IsPrint(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
	}
	return b.String()
}

// Problems are all that is wrong with a recipe, in the order of the file.
type Problems []Problem

// Error is one line a problem.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// source is a parsed document that remembers where each key stands.
type source struct {
	file  string
	tree  map[string]any
	lines map[string]int    // path, as stage.2.beta, to line
	sets  map[string]string // path to the --set that gave its value
	raw   map[string]string // path to the text of that value, for keys that take strings
	bad   Problems
	seen  map[string]bool // paths that were present
}

// maxSource bounds a recipe file; real ones have 2 KB.
const maxSource = 1 << 20

func parseTOML(file string, text []byte) (*source, error) {
	if len(text) > maxSource {
		return nil, Problems{{Where: file, Message: fmt.Sprintf("%d bytes are too many for a recipe (at most %d); is this the right file?", len(text), maxSource)}}
	}
	s := &source{file: file, tree: map[string]any{}, lines: map[string]int{}, sets: map[string]string{}, raw: map[string]string{}, seen: map[string]bool{}}
	if err := toml.Unmarshal(text, &s.tree); err != nil {
		where := file
		var de *toml.DecodeError
		if errors.As(err, &de) {
			line, _ := de.Position()
			where = fmt.Sprintf("%s:%d", file, line)
		}
		return nil, Problems{{Where: where, Message: "not valid TOML: " + strings.TrimPrefix(err.Error(), "toml: ")}}
	}
	s.index(text)
	return s, nil
}

// index walks the document once more for the lines of its keys, which the
// decoded values no longer have.
func (s *source) index(text []byte) {
	var p unstable.Parser
	p.Reset(text)
	counts := map[string]int{} // arrays of tables seen so far
	table := ""
	for p.NextExpression() {
		e := p.Expression()
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			table, _ = s.indexKey(&p, e, "", counts, e.Kind == unstable.ArrayTable)
		case unstable.KeyValue:
			s.indexPair(&p, e, table, counts)
		}
	}
}

func (s *source) indexPair(p *unstable.Parser, e *unstable.Node, table string, counts map[string]int) {
	path, line := s.indexKey(p, e, table, counts, false)
	s.indexValue(p, e.Value(), path, line, counts)
}

func (s *source) indexValue(p *unstable.Parser, v *unstable.Node, path string, line int, counts map[string]int) {
	switch v.Kind {
	case unstable.InlineTable:
		for it := v.Children(); it.Next(); {
			s.indexPair(p, it.Node(), path, counts)
		}
	case unstable.Array:
		for i, it := 1, v.Children(); it.Next(); i++ {
			element := fmt.Sprintf("%s.%d", path, i)
			s.note(element, line)
			s.indexValue(p, it.Node(), element, line, counts)
		}
	}
}

func (s *source) note(path string, line int) {
	if _, ok := s.lines[path]; !ok {
		s.lines[path] = line
	}
}

// indexKey notes the key of a table header, or of a pair under table, and all
// tables on the way to it. Elements of arrays of tables are numbered from 1.
func (s *source) indexKey(p *unstable.Parser, e *unstable.Node, table string, counts map[string]int, array bool) (string, int) {
	path, line := table, 0
	it := e.Key()
	for it.Next() {
		n := it.Node()
		if line == 0 {
			line = p.Shape(n.Raw).Start.Line
		}
		if path != "" {
			path += "."
		}
		path += string(n.Data)
		if array && it.IsLast() {
			counts[path]++
		}
		if c := counts[path]; c > 0 {
			s.note(path, line)
			path += fmt.Sprintf(".%d", c)
		}
		s.note(path, line)
	}
	return path, line
}

// where says where the value of path came from: its own line, or that of the
// nearest table around it.
func (s *source) where(path string) (string, int) {
	for p := path; ; {
		if set, ok := s.sets[p]; ok {
			return "--set " + set, 0
		}
		if _, ok := s.lines[p]; !ok {
			first := "" // of the overrides that began this table
			for key := range s.sets {
				if strings.HasPrefix(key, p+".") && (first == "" || key < first) {
					first = key
				}
			}
			if first != "" {
				return "--set " + s.sets[first], 0
			}
		}
		if line, ok := s.lines[p]; ok {
			return fmt.Sprintf("%s:%d", s.file, line), line
		}
		i := strings.LastIndexByte(p, '.')
		if i < 0 {
			return s.file, 0
		}
		p = p[:i]
	}
}

// fail notes a problem with the value of path. What one --set did wrong in
// several stages is one problem.
func (s *source) fail(path, format string, args ...any) {
	where, line := s.where(path)
	if n := len(s.bad); n > 0 && line == 0 && where != s.file && s.bad[n-1].Where == where && s.bad[n-1].Message == fmt.Sprintf(format, args...) {
		return
	}
	s.bad = append(s.bad, Problem{Where: where, Key: path, Message: fmt.Sprintf(format, args...), line: line})
}

// err is nil or the Problems, in the order of the file.
func (s *source) err() error {
	if len(s.bad) == 0 {
		return nil
	}
	sort.SliceStable(s.bad, func(i, j int) bool { return s.bad[i].line < s.bad[j].line })
	return s.bad
}
