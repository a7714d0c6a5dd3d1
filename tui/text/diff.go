package text

import (
	"strings"
	"unicode"

	"github.com/aymanbagabas/go-udiff/lcs"
)

// Change says how a line of a Pair differs.
type Change uint8

const (
	Same    Change = iota
	Changed        // both sides have a line, and the lines differ
	OnlyA          // the line was taken away
	OnlyB          // the line was added
)

// Pair is one row of a side-by-side view: a line of each text, or of one.
// AMarks and BMarks are byte ranges within the lines that differ word by word.
type Pair struct {
	Change         Change
	A, B           string
	AMarks, BMarks [][2]int
}

// DiffLines pairs the lines of two clean texts. Where a run of lines was
// replaced by another, they are paired in order and compared word by word.
func DiffLines(a, b string) []Pair {
	la, lb := lines(a), lines(b)
	var out []Pair
	at := 0
	same := func(to int) {
		for ; at < to; at++ {
			out = append(out, Pair{Change: Same, A: la[at], B: la[at]})
		}
	}
	for _, d := range joinDiffs(lcs.DiffLines(la, lb)) {
		same(d.Start)
		out = replaced(out, la[d.Start:d.End], lb[d.ReplStart:d.ReplEnd])
		at = d.End
	}
	same(len(la))
	return out
}

// joinDiffs merges a deletion and an insertion at one place into one.
func joinDiffs(diffs []lcs.Diff) []lcs.Diff {
	var out []lcs.Diff
	for _, d := range diffs {
		if k := len(out) - 1; k >= 0 && out[k].End == d.Start && out[k].ReplEnd == d.ReplStart {
			out[k].End, out[k].ReplEnd = d.End, d.ReplEnd
			continue
		}
		out = append(out, d)
	}
	return out
}

func lines(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(s, "\n"), "\n")
}

func replaced(out []Pair, a, b []string) []Pair {
	for i := 0; i < max(len(a), len(b)); i++ {
		switch {
		case i >= len(a):
			out = append(out, Pair{Change: OnlyB, B: b[i]})
		case i >= len(b):
			out = append(out, Pair{Change: OnlyA, A: a[i]})
		default:
			p := Pair{Change: Changed, A: a[i], B: b[i]}
			p.AMarks, p.BMarks = DiffWords(a[i], b[i])
			out = append(out, p)
		}
	}
	return out
}

// DiffWords compares two texts word by word and returns the byte ranges of
// each that the other does not have.
func DiffWords(a, b string) (inA, inB [][2]int) {
	wa, wb := words(a), words(b)
	fromA, fromB := offsets(wa), offsets(wb)
	for _, d := range lcs.DiffLines(wa, wb) {
		inA = addRange(inA, fromA[d.Start], fromA[d.End])
		inB = addRange(inB, fromB[d.ReplStart], fromB[d.ReplEnd])
	}
	return inA, inB
}

func addRange(out [][2]int, from, to int) [][2]int {
	if from == to {
		return out
	}
	if k := len(out) - 1; k >= 0 && out[k][1] == from {
		out[k][1] = to
		return out
	}
	return append(out, [2]int{from, to})
}

// words cuts s into runs of letters and digits, runs of spaces, and single
// other characters.
func words(s string) []string {
	var out []string
	start, kind := 0, -1
	for i, r := range s {
		k := 2
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r):
			k = 0
		case unicode.IsSpace(r):
			k = 1
		}
		if i > 0 && (k != kind || k == 2) {
			out = append(out, s[start:i])
			start = i
		}
		kind = k
	}
	if start < len(s) {
		out = append(out, s[start:])
	}
	return out
}

// offsets gives the byte at which each word begins, and the end.
func offsets(words []string) []int {
	out := make([]int, len(words)+1)
	for i, w := range words {
		out[i+1] = out[i] + len(w)
	}
	return out
}
