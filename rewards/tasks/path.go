package tasks

import (
	"math/rand/v2"
	"slices"
	"strings"
)

// pathKind is a shortest path in an undirected graph: "ab bd ac:a>d" asks for
// the way from a to d and is worked by the nodes first reached in 0, 1, 2 …
// edges, "a;bc;d". Any path of the least length is right; "-" says that
// there is none.
func pathKind() kind {
	return kind{
		name: "path", version: "1.1.0", summary: "find a shortest path in a small graph",
		alphabet: lowercase[:10] + " :>-",
		same: func(q string) string {
			edges, ends, _ := strings.Cut(q, ":")
			return anyOrder(edges, " ", "") + ":" + anyOrder(ends, ">")
		},
		levels: []kindLevel{{"five nodes, five edges", 0.31}, {"six nodes, seven edges", 0.25}, {"seven nodes, nine edges", 0.21},
			{"eight nodes, eleven edges", 0.17}, {"ten nodes, fourteen edges", 0.11}},
		draw: func(level int, rng *rand.Rand) string {
			return drawGraph([]int{5, 6, 7, 8, 10}[level-1], []int{5, 7, 9, 11, 14}[level-1], rng)
		},
		work: layers,
		check: func(q, claim string) (correct, valid bool) {
			g, ok := parseGraph(q)
			if !ok {
				return false, false
			}
			if claim == "-" {
				return g.distance() < 0, true
			}
			way := strings.Map(func(r rune) rune {
				if strings.ContainsRune(" ->,", r) {
					return -1
				}
				return r
			}, claim)
			if way == "" || strings.Trim(way, lowercase) != "" {
				return false, false
			}
			if way[0] != g.from || way[len(way)-1] != g.to || len(way)-1 != g.distance() {
				return false, true
			}
			for i := 1; i < len(way); i++ {
				if !slices.Contains(g.next[way[i-1]], way[i]) {
					return false, true
				}
			}
			return true, true
		},
		miss: func(q, _ string, rng *rand.Rand) string {
			g, _ := parseGraph(q)
			way := []byte{g.from}
			for range rng.IntN(3) {
				if next := g.next[way[len(way)-1]]; len(next) > 0 {
					way = append(way, next[rng.IntN(len(next))])
				}
			}
			return string(append(way, g.to))
		},
	}
}

type graph struct {
	next     map[byte][]byte // neighbours in alphabetical order
	from, to byte
}

func parseGraph(q string) (g graph, ok bool) {
	edges, ends, found := strings.Cut(q, ":")
	if !found || len(q) > 400 || len(ends) != 3 || ends[1] != '>' || !word(ends[:1]) || !word(ends[2:]) || ends[0] == ends[2] {
		return graph{}, false
	}
	g = graph{next: map[byte][]byte{}, from: ends[0], to: ends[2]}
	for _, e := range strings.Split(edges, " ") {
		if len(e) != 2 || !word(e) || e[0] == e[1] || slices.Contains(g.next[e[0]], e[1]) {
			return graph{}, false
		}
		g.next[e[0]] = append(g.next[e[0]], e[1])
		g.next[e[1]] = append(g.next[e[1]], e[0])
	}
	for _, list := range g.next {
		slices.Sort(list)
	}
	return g, true
}

// distance is the number of edges of a shortest path, -1 without one.
func (g graph) distance() int {
	_, parent := g.search(exactly)
	if parent[g.to] == 0 {
		return -1
	}
	n := 0
	for at := g.to; at != g.from; at = parent[at] {
		n++
	}
	return n
}

// search goes out from the start in layers until the target is reached. The
// number that may slip is the size of a layer: a smaller one loses its last
// nodes.
func (g graph) search(slip slip) (layers [][]byte, parent map[byte]byte) {
	parent = map[byte]byte{g.from: g.from}
	layer := []byte{g.from}
	for len(layer) > 0 {
		layers = append(layers, layer)
		if slices.Contains(layer, g.to) {
			break
		}
		var after []byte
		for _, a := range layer {
			for _, b := range g.next[a] {
				if parent[b] == 0 {
					parent[b] = a
					after = append(after, b)
				}
			}
		}
		slices.Sort(after)
		kept := min(slip(len(after), len(after)), len(after))
		for _, lost := range after[kept:] {
			delete(parent, lost)
		}
		layer = after[:kept]
	}
	return layers, parent
}

func layers(q string, slip slip) (steps []string, answer string, ok bool) {
	g, ok := parseGraph(q)
	if !ok {
		return nil, "", false
	}
	found, parent := g.search(slip)
	for _, layer := range found {
		steps = append(steps, string(layer))
	}
	if parent[g.to] == 0 {
		return append(steps, "-"), "-", true
	}
	way := []byte{g.to}
	for at := g.to; at != g.from; at = parent[at] {
		way = append(way, parent[at])
	}
	slices.Reverse(way)
	return steps, string(way), true
}

// drawGraph draws a graph whose ends are joined by a path of two edges or
// more.
func drawGraph(nodes, edges int, rng *rand.Rand) string {
	for {
		seen := map[string]bool{}
		var list []string
		for len(list) < edges {
			a, b := rng.IntN(nodes), rng.IntN(nodes)
			if a > b {
				a, b = b, a
			}
			e := string([]byte{lowercase[a], lowercase[b]})
			if a != b && !seen[e] {
				seen[e] = true
				list = append(list, e)
			}
		}
		from, to := rng.IntN(nodes), rng.IntN(nodes)
		if from == to {
			continue
		}
		q := strings.Join(list, " ") + ":" + string([]byte{lowercase[from], '>', lowercase[to]})
		if g, ok := parseGraph(q); ok && g.distance() >= 2 {
			return q
		}
	}
}
