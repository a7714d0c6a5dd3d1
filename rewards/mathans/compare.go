package mathans

import (
	"fmt"
	"strings"
	"unicode"
)

// maxAnswer bounds the bytes of an answer that is compared at all.
const maxAnswer = 4096

// Compare decides whether pred equals gold. It depends on nothing but its
// arguments, and its time and memory are bounded.
//
// Rules, first that decides wins:
//  1. both are numbers: exact rationals. A percent is a number of its own kind:
//     gold 28% accepts 28% (rational) and the bare 28 (percent_as_number,
//     heuristic); gold 28 or 0.28 never accepts 28%. A currency mark is only
//     dropped.
//  2. gold is a number and pred is not: PredUnparsed.
//  3. otherwise the normalised texts must be the same. Letters keep their case
//     unless gold is a word of two letters or more.
func Compare(gold, pred string) Verdict {
	switch {
	case strings.TrimSpace(gold) == "":
		return Verdict{Status: GoldUnparsed, Why: "the gold answer is empty"}
	case len(gold) > maxAnswer:
		return Verdict{Status: GoldUnparsed, Why: fmt.Sprintf("the gold answer has %d bytes; at most %d are read", len(gold), maxAnswer)}
	case strings.TrimSpace(pred) == "":
		return Verdict{Status: NoAnswer, Why: "the answer is empty"}
	case len(pred) > maxAnswer:
		return Verdict{Status: Budget, Why: fmt.Sprintf("the answer has %d bytes; at most %d are read", len(pred), maxAnswer)}
	}
	if g, ok := parseNumber(gold); ok {
		return compareNumbers(g, pred)
	}
	g, p := normalise(gold), normalise(pred)
	if g == "" {
		return Verdict{Status: GoldUnparsed, Why: fmt.Sprintf("nothing is left of the gold answer %q when it is normalised", shorten(gold))}
	}
	if isWord(g) {
		g, p = strings.ToLower(g), strings.ToLower(p)
	}
	v := Verdict{Rung: "text", Certainty: Heuristic, Gold: shorten(g), Pred: shorten(p)}
	if g == p {
		v.Status = Equal
		if gold == pred {
			v.Rung, v.Certainty = "identical", Exact
		}
		v.Why = fmt.Sprintf("claimed %q, the same text as the gold answer", v.Pred)
		return v
	}
	v.Status = Different
	v.Why = fmt.Sprintf("claimed %q; gold %q; the texts differ", v.Pred, v.Gold)
	return v
}

func compareNumbers(g number, pred string) Verdict {
	p, ok := parseNumber(pred)
	if !ok {
		return Verdict{Status: PredUnparsed, Rung: "rational", Certainty: Exact, Gold: g.String(),
			Why: fmt.Sprintf("claimed %q, which is no number; gold %s", shorten(pred), g)}
	}
	v := Verdict{Rung: "rational", Certainty: Exact, Gold: g.String(), Pred: p.String()}
	same := g.value.Cmp(p.value) == 0
	switch {
	case same && g.percent == p.percent:
		v.Status = Equal
		v.Why = fmt.Sprintf("claimed %s; gold %s; equal as rationals", v.Pred, v.Gold)
	case same && g.percent:
		v.Status, v.Rung, v.Certainty = Equal, "percent_as_number", Heuristic
		v.Why = fmt.Sprintf("claimed %s; gold %s; taken as the same percentage", v.Pred, v.Gold)
	case same:
		v.Status = Different
		v.Why = fmt.Sprintf("claimed %s; gold %s; a percentage is not the plain number", v.Pred, v.Gold)
	default:
		v.Status = Different
		v.Why = fmt.Sprintf("claimed %s; gold %s; different as rationals", v.Pred, v.Gold)
	}
	return v
}

// normalise brings a text answer to a form that can be compared: without
// math delimiters, sizing and spacing commands, text wrappers, white space
// and a full stop at the end.
func normalise(s string) string {
	s = strip(s)
	s = strings.NewReplacer(`\left`, "", `\right`, "", `\dfrac`, `\frac`, `\tfrac`, `\frac`,
		`\displaystyle`, "", `{,}`, ",", `\quad`, "", "−", "-").Replace(keepArrows(s))
	for _, wrapper := range []string{`\text{`, `\textbf{`, `\mathrm{`, `\mbox{`} {
		s = unwrap(s, wrapper)
	}
	s = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
	return s
}

// keepArrows guards commands that begin like \left and \right but are others.
func keepArrows(s string) string {
	if !strings.Contains(s, "arrow") {
		return s
	}
	return strings.NewReplacer(`\leftarrow`, `\larrow`, `\rightarrow`, `\rarrow`, `\leftrightarrow`, `\lrarrow`).Replace(s)
}

// unwrap replaces each \command{body} by its body; an unclosed one stays.
func unwrap(s, open string) string {
	if !strings.Contains(s, open) {
		return s
	}
	var b strings.Builder
	for {
		at := strings.Index(s, open)
		if at < 0 {
			break
		}
		end := strings.IndexByte(s[at:], '}')
		if end < 0 {
			break
		}
		b.WriteString(s[:at])
		b.WriteString(s[at+len(open) : at+end])
		s = s[at+end+1:]
	}
	b.WriteString(s)
	return b.String()
}

// isWord says whether a text is a word of at least two letters.
func isWord(s string) bool {
	n := 0
	for _, r := range s {
		if !unicode.IsLetter(r) {
			return false
		}
		n++
	}
	return n >= 2
}

// shorten cuts a text for a sentence.
func shorten(s string) string {
	const limit = 80
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}
