package model

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"gradus/kernels"
)

// SampleOptions say how Generate draws tokens.
type SampleOptions struct {
	// Temperature divides the logits. 0 is greedy decoding, whose log-probs
	// and entropies are those of temperature 1.
	Temperature float32
	// TopP keeps the most likely tokens until their mass reaches it. 0 and 1
	// turn it off. Log-probs stay those of the full distribution.
	TopP float32
	// TopK keeps the k most likely tokens. 0 turns it off.
	TopK int
	// MaxNew is the largest number of tokens of a completion, 1..Limits.NewLen.
	MaxNew int
	// Stop ends a completion after any of these tokens.
	Stop []int32
	// Seed keys the random numbers. Token i of stream s is drawn with
	// philox.Uniform(Seed, s, i), whatever else is being generated.
	Seed uint64
}

// Request asks for one completion of Prompt per stream id.
type Request struct {
	Prompt  []int32  // 1..Limits.PromptLen tokens
	Streams []uint64 // stream ids of the random generator
}

// How a completion ended.
const (
	FinishStop   = "stop"   // a stop token was drawn; it is the last token
	FinishLength = "length" // MaxNew tokens were drawn and none was a stop token
)

// Completion is what was sampled for one stream of a Request.
type Completion struct {
	Tokens    []int32   // with the stop token, if one was drawn
	LogProbs  []float32 // log-prob of each token at the sampling temperature, in nats
	Entropies []float32 // entropy of the distribution each token was drawn from, in nats
	Finish    string    // FinishStop or FinishLength
}

// Watch is told how Generate goes on, from its goroutine. Functions that are
// nil are not called.
type Watch struct {
	// Group is given the completions of request i as soon as all have ended.
	// They are those that Generate returns, which nobody may change.
	Group func(i int, group []Completion)
	// Progress is given the number of finished and of all completions whenever
	// some have finished.
	Progress func(done, total int)
}

// Generate samples the completions of all requests, result[i][j] for stream j
// of request i. Each prompt runs through the model once and its keys and
// values are shared by its streams; a completion that ends makes room for the
// next one. Neither the capacities in Limits nor the order of the requests
// change a token or a log-prob.
//
// Generate returns ctx's error when ctx ends.
func (m *Model) Generate(ctx context.Context, reqs []Request, o SampleOptions, watch Watch) ([][]Completion, error) {
	args, err := m.readyToGenerate(reqs, o)
	if err != nil {
		return nil, fmt.Errorf("generate: %w", err)
	}
	g := newGeneration(m, reqs, o, args)
	g.group = watch.Group
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := g.refill(); err != nil {
			return nil, fmt.Errorf("generate: %w", err)
		}
		if len(g.rows) == 0 {
			return g.out, nil
		}
		before := g.done
		if err := g.step(); err != nil {
			return nil, fmt.Errorf("generate: %w", err)
		}
		if watch.Progress != nil && g.done > before {
			watch.Progress(g.done, g.total)
		}
	}
}

// readyToGenerate checks the input of Generate, packs weights and returns the
// arguments of a decoding step.
func (m *Model) readyToGenerate(reqs []Request, o SampleOptions) (kernels.Args, error) {
	a := kernels.Args{Temperature: o.Temperature, TopP: o.TopP, TopK: o.TopK, Seed: o.Seed}
	switch {
	case m.plan.decode == nil:
		return a, errors.New("the model was made with Limits.Slots 0")
	case !(o.TopP >= 0 && o.TopP <= 1):
		return a, fmt.Errorf("top-p is %v, want 0..1", o.TopP)
	case o.TopK < 0:
		return a, fmt.Errorf("top-k is %d, want at least 0", o.TopK)
	case o.MaxNew < 1 || o.MaxNew > m.lim.NewLen:
		return a, fmt.Errorf("completions of %d tokens, want 1..%d (Limits.NewLen)", o.MaxNew, m.lim.NewLen)
	}
	if err := checkTemperature(&a.Temperature); err != nil {
		return a, err
	}
	if o.Temperature == 0 {
		a.TopK = 1
	}
	if a.TopP == 0 {
		a.TopP = 1
	}
	a.TopK = min(a.TopK, m.cfg.VocabSize)
	if err := m.checkTokens(o.Stop); err != nil {
		return a, fmt.Errorf("stop tokens: %w", err)
	}
	for i, r := range reqs {
		switch {
		case len(r.Prompt) < 1 || len(r.Prompt) > m.lim.PromptLen:
			return a, fmt.Errorf("request %d: prompt of %d tokens, want 1..%d (Limits.PromptLen)", i, len(r.Prompt), m.lim.PromptLen)
		case len(r.Prompt)+o.MaxNew > m.cfg.MaxPositionEmbeddings:
			return a, fmt.Errorf("request %d: prompt of %d tokens and %d new ones, the model reaches %d", i, len(r.Prompt), o.MaxNew, m.cfg.MaxPositionEmbeddings)
		}
		if err := m.checkTokens(r.Prompt); err != nil {
			return a, fmt.Errorf("request %d: %w", i, err)
		}
	}
	return a, m.ready()
}

// generation is the state of one call of Generate.
type generation struct {
	m    *Model
	reqs []Request
	o    SampleOptions
	args kernels.Args
	out  [][]Completion

	rows        []running
	slots       []int // free
	promptSlots []int // free
	prompts     []held

	group func(i int, group []Completion) // told of each whole group, if not nil

	nextReq, nextStream int // the first completion that has not started
	filled              int // requests before it have, or had, a prompt slot
	done, total         int

	// What the running completions have so far, slot s at s*MaxNew.
	tokens    []int32
	logp, ent []float32
}

// running is a completion that takes a row of each step.
type running struct {
	req, stream int
	slot        int
	last        int32 // token that the next step feeds
	n           int   // tokens drawn so far
}

// held is the state of a request's prompt.
type held struct {
	slot int // prompt slot
	left int // completions that have not finished
}

func newGeneration(m *Model, reqs []Request, o SampleOptions, args kernels.Args) *generation {
	g := &generation{m: m, reqs: reqs, o: o, args: args, out: make([][]Completion, len(reqs)), prompts: make([]held, len(reqs))}
	for i, r := range reqs {
		g.out[i] = make([]Completion, len(r.Streams))
		g.prompts[i].left = len(r.Streams)
		g.total += len(r.Streams)
	}
	n := min(m.lim.Slots, g.total)
	g.rows = make([]running, 0, n)
	g.tokens, g.logp, g.ent = make([]int32, n*o.MaxNew), make([]float32, n*o.MaxNew), make([]float32, n*o.MaxNew)
	for s := n - 1; s >= 0; s-- {
		g.slots = append(g.slots, s)
	}
	for s := m.lim.PromptSlots - 1; s >= 0; s-- {
		g.promptSlots = append(g.promptSlots, s)
	}
	return g
}

// refill starts waiting completions, in order, while a slot is free and their
// prompt can be held.
func (g *generation) refill() error {
	for {
		for g.nextReq < len(g.reqs) && g.nextStream == len(g.reqs[g.nextReq].Streams) {
			g.nextReq, g.nextStream = g.nextReq+1, 0
		}
		if g.nextReq == len(g.reqs) || len(g.slots) == 0 {
			return nil
		}
		if g.nextReq >= g.filled {
			if len(g.promptSlots) == 0 {
				return nil
			}
			if err := g.fill(); err != nil {
				return err
			}
		}
		prompt := g.reqs[g.nextReq].Prompt
		g.rows = append(g.rows, running{
			req: g.nextReq, stream: g.nextStream, slot: g.pop(&g.slots), last: prompt[len(prompt)-1],
		})
		g.nextStream++
	}
}

// fill runs the next prompts through the model, one for each free slot.
func (g *generation) fill() error {
	var prompts [][]int32
	var slots []int
	for g.filled = g.nextReq; g.filled < len(g.reqs) && len(g.promptSlots) > 0; g.filled++ {
		if len(g.reqs[g.filled].Streams) == 0 {
			continue
		}
		s := g.pop(&g.promptSlots)
		g.prompts[g.filled].slot = s
		prompts, slots = append(prompts, g.reqs[g.filled].Prompt), append(slots, s)
	}
	return g.m.fillPrompts(prompts, slots)
}

func (*generation) pop(free *[]int) int {
	n := len(*free) - 1
	s := (*free)[n]
	*free = (*free)[:n]
	return s
}

// step draws tokens for every running completion, one each or, on a device that
// the host waits for at some cost, several, and ends those that are complete.
func (g *generation) step() error {
	m, p := g.m, g.m.plan.decode
	if err := g.load(); err != nil {
		return err
	}
	most := 1
	if r, ok := m.exec.decode.(kernels.Repeater); ok {
		for _, r := range g.rows {
			most = max(most, min(g.o.MaxNew-r.n, decodeAhead))
		}
		if err := r.Repeat(&g.args, most); err != nil {
			return err
		}
	} else if err := m.exec.decode.Run(&g.args); err != nil {
		return err
	}
	n := len(g.rows)
	read := m.host.drawn[:2*p.slots+n*decodeAhead]
	if err := m.dev.ReadI32(read, m.decodeInts, int64(p.count())); err != nil {
		return err
	}
	count, tokens := read[:n], read[2*p.slots:]
	for i := range count {
		if count[i] < 1 || int(count[i]) > most {
			return fmt.Errorf("device %s took %d steps of a row that was to take 1..%d", m.dev.Name(), count[i], most)
		}
	}
	logp, ent := m.host.logp[:n*decodeAhead], m.host.ent[:n*decodeAhead]
	if err := m.dev.ReadF32(logp, m.scratch, p.logps.off); err != nil {
		return err
	}
	if err := m.dev.ReadF32(ent, m.scratch, p.ents.off); err != nil {
		return err
	}
	for step := range most {
		if i := g.firstNotFinite(step, count, logp, ent); i >= 0 {
			return g.blame(step, tokens)
		}
	}
	keep := g.rows[:0]
	for i, r := range g.rows {
		why := ""
		for at := i * decodeAhead; at < i*decodeAhead+int(count[i]) && why == ""; at++ {
			to := r.slot*g.o.MaxNew + r.n
			g.tokens[to], g.logp[to], g.ent[to] = tokens[at], logp[at], ent[at]
			r.last = tokens[at]
			r.n++
			why = g.ends(r)
		}
		if why != "" {
			g.finish(r, why)
		} else {
			keep = append(keep, r)
		}
	}
	g.rows = keep
	return nil
}

// load writes the state of the running completions to the device.
func (g *generation) load() error {
	m, p, in := g.m, g.m.plan.decode, g.m.host.decode
	for i, r := range g.rows {
		prompt, stream := len(g.reqs[r.req].Prompt), g.reqs[r.req].Streams[r.stream]
		in[p.tok()+i] = r.last
		in[p.pos()+i] = int32(prompt - 1 + r.n)
		in[p.len()+i] = int32(prompt + r.n)
		in[p.pslot()+i] = int32(g.prompts[r.req].slot)
		in[p.plen()+i] = int32(prompt - 1)
		in[p.slot()+i] = int32(r.slot)
		in[p.at()+i] = int32(r.n)
		in[p.stream()+2*i] = int32(uint32(stream))
		in[p.stream()+2*i+1] = int32(uint32(stream >> 32))
		in[p.left()+i] = int32(g.o.MaxNew - r.n)
		in[p.count()+i] = 0
	}
	for i := range decodeStops {
		in[p.stop()+i] = -1
		if i < len(g.o.Stop) {
			in[p.stop()+i] = g.o.Stop[i]
		}
	}
	g.args.Rows = len(g.rows)
	return m.dev.WriteI32(m.decodeInts, 0, in)
}

// ends tells whether the last token of r ends it, and how.
func (g *generation) ends(r running) string {
	switch {
	case slices.Contains(g.o.Stop, r.last):
		return FinishStop
	case r.n == g.o.MaxNew:
		return FinishLength
	}
	return ""
}

// firstNotFinite is the first row that drew a token in the given step whose
// log-prob or entropy is not finite, -1 without one.
func (g *generation) firstNotFinite(step int, count []int32, logp, ent []float32) int {
	for i := range g.rows {
		at := i*decodeAhead + step
		if step < int(count[i]) && (anyNotFinite(logp[at:at+1]) || anyNotFinite(ent[at:at+1])) {
			return i
		}
	}
	return -1
}

// finish stores a completion and frees its slot, and its prompt's if it was
// the last one.
func (g *generation) finish(r running, why string) {
	lo, hi := r.slot*g.o.MaxNew, r.slot*g.o.MaxNew+r.n
	g.out[r.req][r.stream] = Completion{
		Tokens:    slices.Clone(g.tokens[lo:hi]),
		LogProbs:  slices.Clone(g.logp[lo:hi]),
		Entropies: slices.Clone(g.ent[lo:hi]),
		Finish:    why,
	}
	g.done++
	g.slots = append(g.slots, r.slot)
	h := &g.prompts[r.req]
	if h.left--; h.left == 0 {
		g.promptSlots = append(g.promptSlots, h.slot)
		if g.group != nil {
			g.group(r.req, g.out[r.req])
		}
	}
}

// blame explains a step whose log-probs are not finite: the one that follows the
// given number of steps since the rows were loaded. It puts the device where it
// stood before that step; rows that had ended are left out.
func (g *generation) blame(step int, tokens []int32) error {
	keep := g.rows[:0]
	for i, r := range g.rows {
		why := ""
		for _, t := range tokens[i*decodeAhead : i*decodeAhead+step] {
			if why == "" {
				r.last = t
				r.n++
				why = g.ends(r)
			}
		}
		if why == "" {
			keep = append(keep, r)
		}
	}
	g.rows = keep
	if err := g.load(); err != nil {
		return err
	}
	seen := map[int]bool{}
	var prompts [][]int32
	var slots []int
	for _, r := range g.rows {
		if !seen[r.req] {
			seen[r.req] = true
			prompts, slots = append(prompts, g.reqs[r.req].Prompt), append(slots, g.prompts[r.req].slot)
		}
	}
	return g.m.blameSampling(prompts, slots, &g.args)
}
