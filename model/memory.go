package model

import (
	"errors"
	"fmt"

	"gradus/kernels"
)

// MemoryItem is one part of the memory that a Model takes on its device.
type MemoryItem struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
	How   string `json:"how"` // the arithmetic, as "1000 weights x 4 B"
	// Host is memory of the machine, where the rest is memory of a GPU.
	Host bool `json:"host,omitempty"`
}

// Memory lists what New reserves for a model of shape cfg, in the order of the
// list below; parts that are not needed are left out. The error is that of New:
// cfg or l is not valid, or no buffer could hold so many weights. Nothing is
// allocated.
//
//	weights, packed weights, gradients, optimizer state (the two moments of
//	AdamW), activations, logits chunk, prompt KV cache, completion KV cache,
//	indices and tables
func (l Limits) Memory(cfg Config) ([]MemoryItem, error) {
	cfg = cfg.WithDefaults()
	if err := errors.Join(cfg.Validate(), l.Validate()); err != nil {
		return nil, err
	}
	p, err := newPlan(cfg, l)
	if err != nil {
		return nil, err
	}
	return p.memory(cfg, l), nil
}

// MemoryBytes is the device memory that New reserves for a model of shape cfg:
// the sum of Memory. It is 0 when Memory fails.
func (l Limits) MemoryBytes(cfg Config) int64 {
	list, err := l.Memory(cfg)
	if err != nil {
		return 0
	}
	var sum int64
	for _, it := range list {
		sum += it.Bytes
	}
	return sum
}

// memory itemises the buffers that alloc makes.
func (p *plan) memory(cfg Config, lim Limits) []MemoryItem {
	const elem = 4 // bytes of f32 and of i32
	var list []MemoryItem
	add := func(name string, elements int64, how string, args ...any) {
		if elements > 0 {
			list = append(list, MemoryItem{Name: name, Bytes: elem * elements, How: fmt.Sprintf(how, args...)})
		}
	}
	n := p.layout.len
	add("weights", n, "%d weights x 4 B", n)
	if lim.packed() == kernels.BF16 { // an even number, as tensors are aligned
		add("packed weights", p.layout.packLen/2, "%d weights in the order the kernels read x 2 B", p.layout.packLen)
	} else {
		add("packed weights", p.layout.packLen, "%d weights in the order the kernels read x 4 B", p.layout.packLen)
	}
	if !lim.Frozen {
		add("gradients", n, "%d weights x 4 B", n)
		add("optimizer state", 2*n+1, "%d weights x 2 moments x 4 B", n)
	}
	busiest := p.busiest()
	add("activations", p.scratch-busiest.logits, "%s, %d token rows at once", busiest.what, busiest.rows)
	add("logits chunk", busiest.logits, "%d of %d rows x %d tokens x 4 B", busiest.chunk, busiest.rows, cfg.VocabSize)
	if p.decode != nil {
		c := newCache(cfg, lim, 0)
		each, layers := int64(elem), int64(cfg.NumHiddenLayers) // bytes of a number: of an even count, as caches are aligned
		if lim.cached() == kernels.BF16 {
			each = 2
		}
		head := fmt.Sprintf("%d layers x %d heads x %d x 2 x %d B", layers, cfg.NumKeyValueHeads, cfg.HeadDim, each)
		add("prompt KV cache", 2*c.pLen*layers*each/elem, "%d prompts x %d tokens x %s", lim.PromptSlots, lim.PromptLen, head)
		add("completion KV cache", 2*c.cLen*layers*each/elem, "%d completions x %d tokens x %s", lim.Slots, lim.NewLen, head)
	}
	add("indices and tables", p.ints()+int64(p.maxPos)*int64(cfg.HeadDim), "token, position and slot numbers, rotary tables")
	return list
}

// busy is the program whose activations need the most room; the others work
// in the same memory.
type busy struct {
	what   string
	rows   int
	used   int64 // elements
	logits int64 // elements of its logits, aligned as they are reserved
	chunk  int   // rows whose logits exist at once
}

func (p *plan) busiest() busy {
	var most busy
	for _, b := range p.programs {
		if b.used > most.used {
			most = b
		}
	}
	return most
}
