package screen

import (
	"fmt"
	"strconv"
	"strings"

	"gradus/store"
	"gradus/tui/text"
)

// Short abbreviates the name of a reward for a column: the last part of a
// dotted name, cut to four letters.
func Short(name string) string {
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		name = name[i+1:]
	}
	switch name {
	case "accuracy":
		return "acc"
	case "format":
		return "fmt"
	case "length":
		return "len"
	}
	r := []rune(text.Line(name))
	return string(r[:min(len(r), 4)])
}

// Score writes a score in few cells: 1, 0, 0.5, -0.33.
func Score(v float64) string {
	s := strconv.FormatFloat(v, 'f', 2, 64)
	s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	if s == "-0" || s == "" {
		return "0"
	}
	return s
}

// Verdict is the checker's word on a trace.
func Verdict(correct *bool) (string, Role) {
	switch {
	case correct == nil:
		return "?", Dim
	case *correct:
		return "right", Good
	}
	return "wrong", Bad
}

// Excerpt is a text as one line: blanks and line feeds become one space.
func Excerpt(s string) string { return strings.Join(strings.Fields(text.Clean(s)), " ") }

// partsFrom is the width from which on a row shows the parts of its reward.
const partsFrom = 74

// Gist is the line of a prompt that tells it from others: the last one that is
// no role or tag alone, since templates begin alike.
func Gist(prompt string) string {
	lines := strings.Split(prompt, "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		if l := strings.TrimSpace(lines[i]); len(l) > 24 {
			return l
		}
	}
	return Excerpt(prompt)
}

// TraceHead names the columns of TraceRow.
func (e *Env) TraceHead(w int) string {
	s := "  " + e.FitRight("step", 5) + "  " + e.Fit("prompt", 8) + e.FitRight("reward", 6) + "  right  "
	if w >= partsFrom {
		s += e.Fit("parts", 14)
	}
	if w >= 100 {
		s += e.FitRight("adv", 7) + "  "
	}
	return e.Line(w, P(Dim, s+e.FitRight("len", 4)+"  answer"))
}

// TraceRow shows a trace as one line of w cells.
func (e *Env) TraceRow(r store.SampleRow, w int, selected bool) string {
	verdict, role := Verdict(r.Correct)
	pieces := []Piece{
		P(Plain, e.FitRight(strconv.Itoa(r.Step), 5)+"  "),
		P(Dim, e.Fit(fmt.Sprintf("#%d.%d", r.Group, r.Index+1), 8)),
		P(Plain, e.FitRight(Reward(r), 6)+"  "),
		P(role, e.Fit(verdict, 5)+"  "),
	}
	if w >= partsFrom {
		pieces = append(pieces, P(Dim, e.Fit(partScores(r.Parts), 14)))
	}
	if w >= 100 {
		pieces = append(pieces, P(Dim, e.FitRight(fmt.Sprintf("%+.2f", r.Advantage), 7)+"  "))
	}
	pieces = append(pieces, P(Plain, e.FitRight(strconv.Itoa(r.Tokens), 4)+"  "))
	pieces = append(pieces, answer(r, w)...)
	used := 2
	for _, p := range pieces {
		used += e.Method.StringWidth(p.Text)
	}
	if room := w - used; r.Claim == "" || room >= 12 { // the end of a text that has an answer is the answer
		pieces = append(pieces, P(Dim, e.Ending(Excerpt(r.Text), room)))
	}
	return e.Row(w, selected, pieces...)
}

// Reward is the reward of a trace in a list, "-" where no function gave a score.
func Reward(r store.SampleRow) string {
	if r.Unscorable {
		return "-"
	}
	return fmt.Sprintf("%.2f", r.Reward)
}

// Ending is the end of a clean line in at most w cells: of a text that is where
// the answer stands, of a name what tells it from its neighbours.
func (e *Env) Ending(s string, w int) string {
	n := e.Method.StringWidth(s)
	if n <= w {
		return s
	}
	if w < 4 {
		return ""
	}
	return "…" + e.Method.TruncateLeft(s, n-w+1, "")
}

// partScores is "acc 1 fmt 0"; a part without a score shows its status.
func partScores(parts []store.PartScore) string {
	var out []string
	for _, p := range parts {
		v := Score(p.Score)
		if p.Status != "ok" {
			v = text.Line(p.Status)
		}
		out = append(out, Short(p.Name)+" "+v)
	}
	return strings.Join(out, " ")
}

// answer is what was extracted, or why there is nothing.
func answer(r store.SampleRow, w int) []Piece {
	var out []Piece
	if r.Phase == "eval" && w >= 100 {
		out = append(out, P(Dim, "eval  "))
	}
	if s := Said(r.Notes); s != "" {
		out = append(out, P(Noted, s+"  "))
	}
	if r.Finish == "length" {
		out = append(out, P(Caution, "cut  "))
	}
	if r.Claim != "" {
		out = append(out, P(Strong, Excerpt(r.Claim)+"  "))
	}
	return out
}
