// Package lineage walks what went into what over all runs: from a checkpoint
// back to the data, models and filters it was made of, and from those forward
// to everything that was made of them.
package lineage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gradus/runner/client"
	"gradus/store"
)

// Runs is where runs are found; *client.Client is one.
type Runs interface {
	Runs(ctx context.Context) ([]client.Run, error)
	OpenDB(ctx context.Context, runID string) (*store.DB, error)
}

// Node is a thing that something was made of, or made into.
type Node struct {
	Kind string `json:"kind"` // ckpt, dataset, teacher, model, filter, run
	Name string `json:"name"` // RUN@STEP, the path of a file or folder, task:NAME, RUN
}

// Edge says that Parent went into Child.
type Edge struct {
	Child   Node            `json:"child"`
	Parent  Node            `json:"parent"`
	How     string          `json:"how"`               // trained_on, distilled_from, written_by, started_from, filtered_by, evaluated
	Hash    string          `json:"hash,omitempty"`    // of the parent
	Licence string          `json:"licence,omitempty"` // of the parent
	Detail  json.RawMessage `json:"detail,omitempty"`
	// Derived says that nobody recorded the edge: the run was made by a gradus
	// that recorded no lineage, and its recipe tells; or a policy that wrote data
	// was not saved, and the checkpoint before it was.
	Derived bool `json:"derived,omitempty"`
}

// Graph is what is known of all runs.
type Graph struct {
	up, down map[Node][]Edge
	saved    map[string][]int // steps of the checkpoints of a run, ascending
	Unread   []string         // runs whose record could not be read, with why
}

// Load reads the records of all runs.
func Load(ctx context.Context, runs Runs) (*Graph, error) {
	list, err := runs.Runs(ctx)
	if err != nil {
		return nil, err
	}
	g := &Graph{up: map[Node][]Edge{}, down: map[Node][]Edge{}, saved: map[string][]int{}}
	for i := len(list) - 1; i >= 0; i-- { // oldest first
		r := list[i]
		if err := g.run(ctx, runs, r); errors.Is(err, client.ErrNoRecord) {
			continue
		} else if err != nil {
			if ctx.Err() != nil {
				return nil, err
			}
			g.Unread = append(g.Unread, fmt.Sprintf("%s: %v", r.ID, err))
		}
	}
	g.linkPolicies()
	return g, nil
}

func (g *Graph) add(e Edge) {
	for _, old := range g.up[e.Child] {
		if old.Parent == e.Parent && old.How == e.How {
			return
		}
	}
	g.up[e.Child] = append(g.up[e.Child], e)
	g.down[e.Parent] = append(g.down[e.Parent], e)
}

func (g *Graph) run(ctx context.Context, runs Runs, r client.Run) error {
	if r.Problem != "" {
		return errors.New(r.Problem)
	}
	db, err := runs.OpenDB(ctx, r.ID)
	if err != nil {
		return err
	}
	defer db.Close()
	rows, err := db.Lineage(ctx)
	if err != nil {
		return err
	}
	known := map[string]bool{} // checkpoints with records of their own
	for _, l := range rows {
		known[l.Child] = known[l.Child] || l.ChildKind == "ckpt"
		g.add(Edge{Child: Node{l.ChildKind, l.Child}, Parent: Node{l.ParentKind, l.Parent}, How: l.How, Hash: l.Hash, Licence: l.Licence, Detail: l.Detail})
	}
	h, err := db.Header(ctx)
	if err != nil {
		return err
	}
	if h.Purpose == "eval" {
		if h.Parent != "" {
			g.add(Edge{Child: Node{"run", h.ID}, Parent: Node{"ckpt", h.Parent}, How: "evaluated"})
		}
		return nil
	}
	saved, err := db.Checkpoints(ctx)
	if err != nil {
		return err
	}
	for _, c := range saved {
		g.saved[h.ID] = append(g.saved[h.ID], c.Step)
	}
	slices.Sort(g.saved[h.ID])
	return g.derive(h, saved, known)
}

// derive adds what the recipe says of checkpoints without records.
func (g *Graph) derive(h store.RunHeader, saved []store.CheckpointRow, known map[string]bool) error {
	var recipe struct {
		Model struct {
			From string `json:"from"`
		} `json:"model"`
		Task struct {
			Name  string `json:"name"`
			Level int    `json:"level"`
			File  string `json:"file"`
		} `json:"task"`
	}
	if err := json.Unmarshal(h.Config, &recipe); err != nil {
		return fmt.Errorf("its recipe: %w", err)
	}
	before := Node{}
	for _, c := range saved {
		n := Node{"ckpt", fmt.Sprintf("%s@%d", h.ID, c.Step)}
		if n == before || known[n.Name] {
			before = n
			continue
		}
		from := before
		switch {
		case from.Name != "":
		case strings.Contains(h.Parent, "@"):
			from = Node{"ckpt", h.Parent}
		case recipe.Model.From != "":
			from = Node{"model", recipe.Model.From}
		default:
			from = Node{"model", fmt.Sprintf("random weights, %d parameters, seed %d", h.Params, h.Seed)}
		}
		g.add(Edge{Child: n, Parent: from, How: "started_from", Derived: true})
		data := Node{"dataset", recipe.Task.File}
		if data.Name == "" {
			data.Name = "task:" + recipe.Task.Name
		}
		g.add(Edge{Child: n, Parent: data, How: "trained_on", Derived: true})
		before = n
	}
	return nil
}

// linkPolicies ties policies that wrote training data to the checkpoints of
// their runs: a record of a teacher names its newest policy, and in detail all
// of them. Those that were saved get edges of their own; the newest one, if it
// was not, was made of the checkpoint before it.
func (g *Graph) linkPolicies() {
	var taught []Edge
	for _, edges := range g.up {
		for _, e := range edges {
			if e.Parent.Kind == "ckpt" && (e.How == "distilled_from" || e.How == "written_by") {
				taught = append(taught, e)
			}
		}
	}
	slices.SortFunc(taught, func(a, b Edge) int { return strings.Compare(a.Child.Name+a.Parent.Name, b.Child.Name+b.Parent.Name) })
	for _, e := range taught {
		run, last, ok := checkpoint(e.Parent.Name)
		if !ok {
			continue
		}
		var wrote struct {
			Policies [][2]int `json:"policies"`
		}
		if len(e.Detail) > 0 && json.Unmarshal(e.Detail, &wrote) != nil {
			continue // of another form; the edge itself stands
		}
		before := -1
		for i, step := range g.saved[run] {
			if step <= last {
				before = step
			}
			if step == last || i > 0 && g.saved[run][i-1] == step {
				continue
			}
			for _, p := range wrote.Policies {
				if p[0] <= step && step <= p[1] {
					another := e
					another.Parent.Name, another.Hash = fmt.Sprintf("%s@%d", run, step), ""
					g.add(another)
				}
			}
		}
		if before >= 0 && before < last {
			g.add(Edge{Child: e.Parent, Parent: Node{"ckpt", fmt.Sprintf("%s@%d", run, before)}, How: "started_from", Derived: true})
		}
	}
}

// checkpoint reads RUN@STEP.
func checkpoint(name string) (run string, step int, ok bool) {
	run, at, ok := strings.Cut(name, "@")
	step, err := strconv.Atoi(at)
	return run, step, ok && err == nil
}

// Ancestors are the edges from n to everything that went into it, nearest
// first, each once.
func (g *Graph) Ancestors(n Node) []Edge {
	return walk(n, g.up, func(e Edge) Node { return e.Parent })
}

// Descendants are the edges to everything that n went into, nearest first,
// each once.
func (g *Graph) Descendants(n Node) []Edge {
	return walk(n, g.down, func(e Edge) Node { return e.Child })
}

// walk goes breadth first. Records can hold a circle; it is gone through once.
func walk(n Node, edges map[Node][]Edge, next func(Edge) Node) []Edge {
	var out []Edge
	seen := map[Node]bool{n: true}
	for todo := []Node{n}; len(todo) > 0; todo = todo[1:] {
		for _, e := range edges[todo[0]] {
			out = append(out, e)
			if to := next(e); !seen[to] {
				seen[to] = true
				todo = append(todo, to)
			}
		}
	}
	return out
}

// Datasets are the data sets that are named so, or have this hash, or a hash
// that begins with it, of 8 digits or more.
func (g *Graph) Datasets(name string) []Node {
	var out []Node
	seen := map[Node]bool{}
	for parent, list := range g.down {
		for _, e := range list {
			hash := len(name) >= 8 && e.Hash != "" && strings.HasPrefix(e.Hash, strings.ToLower(name))
			if parent.Kind != "ckpt" && parent.Kind != "filter" && (parent.Name == name || hash) && !seen[parent] {
				seen[parent] = true
				out = append(out, parent)
			}
		}
	}
	slices.SortFunc(out, func(a, b Node) int { return strings.Compare(a.Kind+" "+a.Name, b.Kind+" "+b.Name) })
	return out
}

// Licences are those of what the edges come from, each with what it is on, and
// the data, models and teachers of which none is recorded. Both are sorted.
func Licences(edges []Edge) (known map[string][]string, unknown []string) {
	known = map[string][]string{}
	put := func(to []string, name string) []string {
		i, found := slices.BinarySearch(to, name)
		if found {
			return to
		}
		return slices.Insert(to, i, name)
	}
	for _, e := range edges {
		made := e.Parent.Kind == "filter" || e.Parent.Kind == "ckpt" || strings.HasPrefix(e.Parent.Name, "task:") || strings.HasPrefix(e.Parent.Name, "random weights")
		switch {
		case e.Licence != "":
			known[e.Licence] = put(known[e.Licence], e.Parent.Name)
		case !made: // what gradus makes itself has none
			unknown = put(unknown, e.Parent.Name)
		}
	}
	return known, unknown
}
