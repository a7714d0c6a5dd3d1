// Package keys is the one table of the workbench's keys. The help screen, the
// footer, docs and the dispatch of keys are all made from it.
//
// Lower case reads, upper case acts: the keys that change a run are P and X
// and nothing else; the only other capitals are G and N, as in less. A
// read-only workbench does not have the acting keys at all.
package keys

import (
	"fmt"
	"sort"
	"strings"
)

// ID names what a key does.
type ID string

// Scope is the place where a binding works.
type Scope string

// The scopes: one for each screen, and Everywhere.
const (
	Everywhere Scope = "everywhere"
	Runs       Scope = "runs"
	Live       Scope = "live run"
	Traces     Scope = "traces"
	Trace      Scope = "trace"
	Pick       Scope = "compare: choose"
	Flips      Scope = "compare: list"
	Pair       Scope = "compare: pair"
)

// Scopes lists all scopes in the order of the help.
func Scopes() []Scope { return []Scope{Everywhere, Runs, Live, Traces, Trace, Pick, Flips, Pair} }

// Binding is one row of the table.
type Binding struct {
	ID   ID
	Keys []string // as Bubble Tea spells them
	Name string   // one or two words, for the footer
	Help string   // what it does, for the help screen
	In   []Scope
	Foot int  // place in the footer, 1 first; 0 not shown there
	Acts bool // changes a run
}

// Show writes the keys for a reader: arrows for arrow keys, "/" between keys.
func (b Binding) Show() string {
	var out []string
	for _, k := range b.Keys {
		switch k {
		case "up":
			k = "↑"
		case "down":
			k = "↓"
		case "left":
			k = "←"
		case "right":
			k = "→"
		}
		out = append(out, k)
	}
	return strings.Join(out, " ")
}

// Writes tells whether a key adds to the record of a run, which changes nothing
// that the run does.
func (b Binding) Writes() bool { return b.ID == Verdict || b.ID == AddTag || b.ID == AddNote }

// Map is the table as one workbench uses it.
type Map struct{ rows []Binding }

// NewMap makes the map of a workbench; a read-only one has no keys that act or
// write.
func NewMap(readOnly bool) Map {
	var m Map
	for _, b := range Table() {
		if readOnly && (b.Acts || b.Writes()) {
			continue
		}
		m.rows = append(m.rows, b)
	}
	return m
}

// NewAnnotatorMap makes the map of a workbench for those who read and write
// notes and change no run.
func NewAnnotatorMap() Map {
	var m Map
	for _, b := range Table() {
		if !b.Acts {
			m.rows = append(m.rows, b)
		}
	}
	return m
}

// For lists the bindings that work in scope, its own before those that work
// everywhere.
func (m Map) For(scope Scope) []Binding {
	var own, all []Binding
	for _, b := range m.rows {
		for _, s := range b.In {
			switch s {
			case scope:
				own = append(own, b)
			case Everywhere:
				all = append(all, b)
			}
		}
	}
	if scope == Everywhere {
		return own
	}
	return append(own, all...)
}

// Match finds what key does in scope; "" when it does nothing there.
func (m Map) Match(scope Scope, key string) ID {
	for _, b := range m.For(scope) {
		for _, k := range b.Keys {
			if k == key {
				return b.ID
			}
		}
	}
	return ""
}

// Footer lists the bindings that the footer of scope shows, most wanted first.
func (m Map) Footer(scope Scope) []Binding {
	var out []Binding
	for _, b := range m.For(scope) {
		if b.Foot > 0 {
			out = append(out, b)
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Foot < out[j].Foot })
	return out
}

// Markdown writes the whole table for the documentation.
func Markdown() string {
	var out strings.Builder
	out.WriteString("# Keys of the workbench\n\nMade from the table in `tui/keys/table.go`; a test holds that they agree.\n" +
		"Keys marked * change a run, those marked + add to its record; a read-only workbench has neither.\n")
	for _, scope := range Scopes() {
		fmt.Fprintf(&out, "\n## %s\n\n| key | does |\n|---|---|\n", scope)
		for _, b := range NewMap(false).For(scope) {
			if scope != Everywhere && b.In[0] == Everywhere {
				continue
			}
			mark := ""
			if b.Acts {
				mark = " *"
			} else if b.Writes() {
				mark = " +"
			}
			var ks []string
			for _, k := range strings.Split(b.Show(), " ") {
				ks = append(ks, "`"+strings.ReplaceAll(k, "|", `\|`)+"`")
			}
			fmt.Fprintf(&out, "| %s | %s%s |\n", strings.Join(ks, " "), b.Help, mark)
		}
	}
	return out.String()
}
