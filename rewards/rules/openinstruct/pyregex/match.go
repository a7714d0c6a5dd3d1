package pyregex

import "strings"

// A choice that was tried at a position and did not lead to a match will not
// do so when it is reached again, for nothing but the position decides what
// follows (there are no back references). Remembering them bounds the work by
// the choices of the expression times the length of the text.

// mostMemory is how many choices at a position are remembered, in bits;
// mostSteps bounds what look-ahead and atomic groups cost, which begin anew at
// each position, and whose memory is a map, as slow as that many steps.
const (
	mostMemory = 1 << 28
	mostSteps  = 1 << 27
	mapSteps   = 256
)

type matcher struct {
	*Regexp
	text    *Text
	tried   []uint64
	few     map[int]bool // in place of tried, for parts, which see little of the text
	saved   []int
	begin   int
	advance bool // an empty match at begin is none
	steps   *int
	stack   []frame
}

// frame is a choice to come back to, or a group's offset to restore.
type frame struct {
	pc, at int
	slot   int // -1 for a choice
}

// newMatcher is nil where text and expression are too long.
func newMatcher(r *Regexp, t *Text) *matcher {
	bits := r.splits * (len(t.runes) + 1)
	if bits > mostMemory || len(t.runes) > mostMemory {
		return nil
	}
	return &matcher{Regexp: r, text: t, tried: make([]uint64, bits/64+1), saved: make([]int, 2*(r.groups+1)), steps: new(int)}
}

// next is the first match from a position on.
func (m *matcher) next(from int, advance bool) (Match, bool, error) {
	m.begin, m.advance = from, advance
	// What led to the last match has not failed: what it tried where that one
	// ended is open again.
	for s := range m.splits {
		m.forget(s, from)
	}
	// The character that every match begins with, where there is one: groups
	// and assertions before it take none.
	k := 0
	for m.program[k].code == codeSave || m.program[k].code == codeAssert {
		k++
	}
	first := &m.program[k]
	for at := from; at <= len(m.text.runes); at++ {
		if first.code == codeRune && (at == len(m.text.runes) || !m.consumes(first, at)) {
			continue
		}
		for i := range m.saved {
			m.saved[i] = -1
		}
		end, ok, err := m.run(at)
		if err != nil {
			return nil, false, err
		}
		if ok {
			out := make(Match, m.groups+1)
			for g := range out {
				out[g] = [2]int{m.saved[2*g], m.saved[2*g+1]}
				if out[g][0] < 0 || out[g][1] < 0 {
					out[g] = [2]int{-1, -1}
				}
			}
			out[0] = [2]int{at, end}
			return out, true, nil
		}
	}
	return nil, false, nil
}

func (m *matcher) index(split, at int) (word int, bit uint64) {
	i := split*(len(m.text.runes)+1) + at
	return i / 64, 1 << (i % 64)
}

func (m *matcher) forget(split, at int) {
	word, bit := m.index(split, at)
	m.tried[word] &^= bit
}

// first says whether a choice is tried at a position for the first time.
func (m *matcher) first(split, at int) bool {
	if m.few != nil {
		*m.steps += mapSteps
		i := split*(len(m.text.runes)+1) + at
		seen := m.few[i]
		m.few[i] = true
		return !seen
	}
	word, bit := m.index(split, at)
	if m.tried[word]&bit != 0 {
		return false
	}
	m.tried[word] |= bit
	return true
}

func (m *matcher) consumes(i *instruction, at int) bool {
	r := m.text.runes[at]
	switch i.code {
	case codeRune:
		if i.fold {
			small := m.text.lower()[at]
			return small == i.rune || i.alike != "" && strings.ContainsRune(i.alike, small)
		}
		return r == i.rune
	case codeSet:
		return i.set.matches(r, i.fold)
	case codeAnyButNewline:
		return r != '\n'
	}
	return true
}

// run matches from a position; the stack holds what is to be tried next.
func (m *matcher) run(start int) (end int, ok bool, err error) {
	m.stack = append(m.stack[:0], frame{pc: 0, at: start, slot: -1})
	for len(m.stack) > 0 {
		f := m.stack[len(m.stack)-1]
		m.stack = m.stack[:len(m.stack)-1]
		if f.slot >= 0 {
			m.saved[f.slot] = f.at
			continue
		}
		if end, ok, err = m.thread(f.pc, f.at, start); ok || err != nil {
			return end, ok, err
		}
	}
	return 0, false, nil
}

// thread follows one way until it matches or fails.
func (m *matcher) thread(pc, at, start int) (end int, ok bool, err error) {
	for {
		if *m.steps++; *m.steps > mostSteps {
			return 0, false, ErrTooMuch
		}
		i := &m.program[pc]
		switch i.code {
		case codeMatch:
			return at, !(m.advance && at == start && start == m.begin), nil
		case codeAssert:
			if !i.assert(m.text.runes, at) {
				return 0, false, nil
			}
			pc++
		case codeJump:
			pc = i.x
		case codeSplit:
			if !m.first(i.split, at) {
				return 0, false, nil
			}
			m.stack = append(m.stack, frame{pc: i.y, at: at, slot: -1})
			pc = i.x
		case codeSave:
			m.stack = append(m.stack, frame{at: m.saved[i.x], slot: i.x})
			m.saved[i.x] = at
			pc++
		case codePart:
			to, matched, err := m.part(i, at)
			if err != nil || matched == (i.kind == partNotAhead) {
				return 0, false, err
			}
			if i.kind == partAtomic {
				at = to
			}
			pc++
		default:
			if at == len(m.text.runes) || !m.consumes(i, at) {
				return 0, false, nil
			}
			at++
			pc++
		}
	}
}

// part matches a look-ahead or an atomic group by itself; its first match is
// the only one.
func (m *matcher) part(i *instruction, at int) (end int, ok bool, err error) {
	sub := &matcher{Regexp: i.part, text: m.text, few: map[int]bool{}, saved: append([]int(nil), m.saved...), steps: m.steps, begin: -1}
	end, ok, err = sub.run(at)
	if ok && i.kind != partNotAhead {
		for slot, v := range sub.saved {
			if v != m.saved[slot] {
				m.stack = append(m.stack, frame{at: m.saved[slot], slot: slot})
				m.saved[slot] = v
			}
		}
	}
	return end, ok, err
}
