package rewards

import (
	"bytes"
	"slices"
	"sync"

	"gradus/rewards/text"
)

// shared keeps what the parts of a Composite find out about one sample, so
// that it is found out once.
type shared struct {
	of    Sample // what it was found out of
	mu    sync.Mutex
	found map[string]any
}

// Once returns what find returns for the sample. Where a Composite scores it,
// parts that ask under one name get one answer, which none of them may change;
// a sample that a part has altered is another one. find must depend on what
// the model saw and wrote and on the problem alone.
func Once[T any](s Sample, name string, find func() T) T {
	m := s.shared
	if m == nil || !m.of.reads(s) {
		return find()
	}
	m.mu.Lock()
	known, ok := m.found[name]
	m.mu.Unlock()
	if ok {
		return known.(T)
	}
	// A part that is given up may find out the same beside another: nobody
	// waits for it.
	answer := find()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.found[name] = answer
	return answer
}

// Share makes the functions that judge the group find out once what several
// of them ask about a sample, as the parts of a Composite do, also where
// several Composites judge it.
func Share(g Group) Group {
	g.Samples = slices.Clone(g.Samples)
	for i := range g.Samples {
		if g.Samples[i].shared == nil {
			g.Samples[i].shared = &shared{of: g.Samples[i], found: make(map[string]any, 2)}
		}
	}
	return g
}

// reads says whether o is the same completion of the same problem.
func (s Sample) reads(o Sample) bool {
	p, q := s.Problem, o.Problem
	return s.Completion == o.Completion && s.Prompt == o.Prompt && s.Truncated == o.Truncated &&
		p.Task == q.Task && p.ID == q.ID && p.Question == q.Question && p.Gold == q.Gold && bytes.Equal(p.Data, q.Data)
}

// Segments takes the completion apart, after what its prompt ends in.
func (s Sample) Segments() text.Segments {
	return Once(s, "segments", func() text.Segments { return text.Segment(s.Completion, text.After(s.Prompt)) })
}
