package hygiene

import (
	"strings"

	"gradus/rewards/tasks"
)

// words are the questions of a file, each once.
type words struct {
	whole map[string]int // questions, to their first row
	all   []question
	runs  map[uint64]int32 // hashes of runs of NGram words, to the first row with them
	room  int              // runs that may be kept
	full  bool
	// shapes are hashes of questions without their numbers, to their first row.
	shapes map[uint64]int32
}

// add keeps a question; short says that it has no run.
func (w *words) add(key string, row tasks.Row) (short bool) {
	w.whole[key] = row.Number
	text := plain(row.Question)
	w.all = append(w.all, question{key, text, row.Number})
	if h, ok := shape(text); ok {
		if _, there := w.shapes[h]; !there {
			w.shapes[h] = int32(row.Number)
		}
	}
	n := 0
	each(text, func(h uint64, _ string) {
		n++
		if _, there := w.runs[h]; there {
			return
		}
		if len(w.runs) >= w.room {
			w.full = true
			return
		}
		w.runs[h] = int32(row.Number)
	})
	return n == 0
}

// each calls f for every run of NGram words.
func each(plain string, f func(hash uint64, run string)) {
	var starts [NGram]int // of the last words
	n := 0
	for at := 0; at <= len(plain); {
		end := strings.IndexByte(plain[at:], ' ')
		if end < 0 {
			end = len(plain)
		} else {
			end += at
		}
		starts[n%NGram] = at
		if n++; n >= NGram {
			run := plain[starts[n%NGram]:end]
			f(hash(run), run)
		}
		at = end + 1
	}
}

// minShape is how many words a question needs, numbers not counted, to be
// compared without its numbers: "What is 7 + 5?" says nothing without them.
const minShape = 8

// shape is the hash of a question without its numbers; ok is false for one that
// has none, or hardly anything else.
func shape(plain string) (h uint64, ok bool) {
	words, numbers := 0, 0
	var b strings.Builder
	for _, w := range strings.Fields(plain) {
		if strings.Trim(w, "0123456789") == "" {
			if numbers++; strings.HasSuffix(b.String(), "0 ") {
				continue // 1,200 is two
			}
			w = "0"
		} else {
			words++
		}
		b.WriteString(w)
		b.WriteByte(' ')
	}
	return hash(b.String()), words >= minShape && numbers > 0
}

// hash is FNV-1a over 64 bits: two of the 20 million runs that are kept at
// most share one by accident with a chance of about 1e-5.
func hash(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

// overlap compares the questions of b with those of a.
func overlap(pathA, pathB string, a, b *words, examples int) Overlap {
	o := Overlap{A: pathA, B: pathB}
	for _, q := range b.all {
		if other, same := a.whole[q.key]; same {
			o.Exact.add(examples, Example{Row: q.row, Other: other, What: q.text})
			continue
		}
		if h, ok := shape(q.text); ok {
			if other, there := a.shapes[h]; there {
				o.Numbers.add(examples, Example{Row: q.row, Other: int(other), What: q.text})
			}
		}
		runs, hits := 0, 0
		var first Example
		each(q.text, func(h uint64, run string) {
			runs++
			if other, hit := a.runs[h]; hit {
				if hits++; hits == 1 {
					first = Example{Row: q.row, Other: int(other), What: run}
				}
			}
		})
		if hits == 0 {
			continue
		}
		o.Any.add(examples, first)
		if 2*hits >= runs {
			o.Half++
		}
	}
	return o
}

// question is one question: as it is compared as a whole, and its words.
type question struct {
	key, text string
	row       int
}
