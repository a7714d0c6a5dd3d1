// Package hygiene looks over data sets before a policy is trained or judged on
// them: gold answers that cannot be read or do not equal themselves, problems
// that come twice or with two answers, and test problems that stand in the
// training set.
package hygiene

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"gradus/rewards/mathans"
	"gradus/rewards/tasks"
)

// NGram is the length of the overlaps that are looked for, in words: 13, as in
// GPT-3 (arXiv 2005.14165, appendix C).
const NGram = 13

const (
	maxNGrams = 20_000_000 // kept of all files together; of more a report says so
	// MaxUnread is the share of gold answers that may be unreadable.
	MaxUnread = 0.01
)

// Options say how files are read and how much is listed.
type Options struct {
	Preset   string
	Columns  tasks.Columns
	Examples int // of each finding
	MaxGolds int // gold answers that are tried in a file; 0: all
}

// Report is what was found.
type Report struct {
	Files    []File    `json:"files"`
	Overlaps []Overlap `json:"overlaps"` // of each two files, in their order
	// Partial says that the overlaps are of a part of the words only.
	Partial bool `json:"partial,omitempty"`
}

// File is what was found in one file.
type File struct {
	Path string `json:"path"`
	Rows int    `json:"rows"` // good ones
	Bad  Found  `json:"bad"`  // no problems: broken, or a column missing or empty
	// Golds counts the gold answers that were tried.
	Golds      int   `json:"golds"`
	Unread     Found `json:"gold_unparsed"`        // no answer can equal them
	NotItself  Found `json:"gold_not_itself"`      // the answer in a box is not accepted
	Worded     Found `json:"gold_worded"`          // words with a number in them: only the same words equal them
	Unfit      Found `json:"gold_not_in_solution"` // the row's own solution does not give it
	Several    Found `json:"gold_several"`         // several values joined by "or": an answer must give all of them
	Duplicates Found `json:"duplicates"`           // the same question and answer again
	Conflicts  Found `json:"conflicts"`            // the same question with another answer
	SameIDs    Found `json:"same_ids"`             // an id again
	Short      int   `json:"short,omitempty"`      // questions of fewer than NGram words: compared as a whole only
}

// Overlap is what two files share.
type Overlap struct {
	A     string `json:"a"`
	B     string `json:"b"`
	Exact Found  `json:"exact"` // questions of B that are questions of A
	Any   Found  `json:"any"`   // other questions of B that share a run of NGram words with one of A
	Half  int    `json:"half"`  // of those: half of their runs or more
	// Numbers are other questions of B that are one of A but for their numbers,
	// of minShape words or more.
	Numbers Found `json:"numbers"`
}

// Found is a number of findings with some of them.
type Found struct {
	N        int       `json:"n"`
	Examples []Example `json:"examples,omitempty"`
}

// Example is a finding.
type Example struct {
	Row   int    `json:"row"`             // in the file
	Other int    `json:"other,omitempty"` // the row that it is like
	What  string `json:"what"`
}

func (f *Found) add(most int, e Example) {
	if f.N++; len(f.Examples) < most {
		f.Examples = append(f.Examples, e)
	}
}

// Check looks over files, the training set first.
func Check(paths []string, opt Options) (Report, error) {
	r := Report{Files: []File{}, Overlaps: []Overlap{}}
	var seen []*words
	total := 0
	for _, path := range paths {
		f, w, err := check(path, opt, maxNGrams-total)
		if err != nil {
			return r, err
		}
		r.Files = append(r.Files, f)
		r.Partial = r.Partial || w.full
		total += len(w.runs)
		seen = append(seen, w)
	}
	for b := range paths {
		for a := range b {
			r.Overlaps = append(r.Overlaps, overlap(paths[a], paths[b], seen[a], seen[b], opt.Examples))
		}
	}
	return r, nil
}

// check looks over one file; its words are kept for comparisons with others.
func check(path string, opt Options, room int) (File, *words, error) {
	f := File{Path: path}
	w := &words{whole: map[string]int{}, shapes: map[uint64]int32{}, runs: map[uint64]int32{}, room: room}
	answers, ids := map[string]string{}, map[string]int{}
	err := tasks.EachRow(path, opt.Preset, opt.Columns, func(row tasks.Row) error {
		if row.Err != nil {
			f.Bad.add(opt.Examples, Example{Row: row.Number, What: row.Err.Error()})
			return nil
		}
		f.Rows++
		if first, again := ids[row.ID]; again && row.ID != "" {
			f.SameIDs.add(opt.Examples, Example{Row: row.Number, Other: first, What: row.ID})
		} else {
			ids[row.ID] = row.Number
		}
		if opt.MaxGolds == 0 || f.Golds < opt.MaxGolds {
			f.gold(row, opt.Examples)
		}
		q := whole(row.Question)
		if first, again := w.whole[q]; again {
			e := Example{Row: row.Number, Other: first, What: row.Question}
			if before := answers[q]; before == row.Answer || mathans.Compare(before, row.Answer).Status == mathans.Equal {
				f.Duplicates.add(opt.Examples, e)
			} else {
				e.What = fmt.Sprintf("%s: %s, before %s", row.Question, row.Answer, before)
				f.Conflicts.add(opt.Examples, e)
			}
			return nil
		}
		answers[q] = row.Answer
		if w.add(q, row) {
			f.Short++
		}
		return nil
	})
	if err != nil {
		return f, w, fmt.Errorf("%s%w", path, err)
	}
	if f.Rows == 0 && f.Bad.N == 0 {
		return f, w, fmt.Errorf("%s: the file has no rows", path)
	}
	return f, w, nil
}

// whole is a question as it is compared with others: without white space, case
// and the sign at its end. Other signs count: 1+1 is not 1-1.
func whole(s string) string {
	return strings.TrimRight(strings.Join(strings.Fields(strings.ToLower(s)), ""), ".?!:")
}

// plain is a text as its words, for runs of them: lower case, without signs.
func plain(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) }), " ")
}

// Problems says what must not be left as it is; nothing if there is nothing.
func (r Report) Problems() error {
	var out []error
	for _, f := range r.Files {
		say := func(n int, format string, args ...any) {
			if n > 0 {
				out = append(out, fmt.Errorf("%s: "+format, append([]any{f.Path}, args...)...))
			}
		}
		say(f.Bad.N, "%d rows are no problems", f.Bad.N)
		if bad := f.Unread.N + f.NotItself.N; f.Golds > 0 && float64(bad) > MaxUnread*float64(f.Golds) {
			say(bad, "%d of %d gold answers cannot be judged", bad, f.Golds)
		}
		say(f.Conflicts.N, "%d questions come again with another answer", f.Conflicts.N)
		say(f.SameIDs.N, "%d ids come again", f.SameIDs.N)
	}
	for _, o := range r.Overlaps {
		if o.Exact.N > 0 {
			out = append(out, fmt.Errorf("%d questions of %s stand in %s", o.Exact.N, o.B, o.A))
		}
	}
	return errors.Join(out...)
}
