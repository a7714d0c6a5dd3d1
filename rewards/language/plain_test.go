package language

import (
	"bufio"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// The definitions of words, masks and votes as they read in words, without
// the tricks that make Meter fast. Meter must agree with them exactly.

// plain knows the languages of each function word.
type plain struct {
	lists map[string][]string
	codes []string
}

func newPlain() plain {
	p := plain{lists: map[string][]string{}}
	for _, l := range list() {
		if l.words == "" {
			continue
		}
		p.codes = append(p.codes, l.Code)
		for _, w := range strings.Fields(l.words) {
			if !slices.Contains(p.lists[w], l.Code) {
				p.lists[w] = append(p.lists[w], l.Code)
			}
		}
	}
	return p
}

// measure counts the words of a text for a target language.
func (p plain) measure(target Language, s string) Count {
	c := Count{Languages: map[string]int{}}
	var words []plainWord
	end := 0
	for _, at := range plainMask(s) {
		words = append(words, plainWords(s, end, at.From)...)
		c.Masked += at.To - at.From
		end = at.To
	}
	words = append(words, plainWords(s, end, len(s))...)
	kana := slices.ContainsFunc(words, func(w plainWord) bool { return w.script == Kana })
	for i, w := range words {
		code := ""
		switch {
		case w.script == Latin:
			votes := map[string]int{}
			for _, near := range words[max(0, i-window/2):min(len(words), i+window/2)] {
				if near.script == Latin {
					for _, l := range p.lists[strings.ToLower(s[near.From:near.To])] {
						votes[l]++
					}
				}
			}
			most := 0
			for _, l := range p.codes {
				if votes[l] > most {
					code, most = l, votes[l]
				}
			}
			if votes[target.Code] == most && slices.Contains(p.codes, target.Code) {
				code = target.Code // ties go to the target
				if most == 0 {
					c.Neutral++
					continue
				}
			}
			if code == "" {
				code = "latin"
			}
		case target.writes(w.script):
			code = target.Code
		case w.script == Han && kana:
			code = "ja"
		default:
			code = codeOf(w.script)
		}
		c.Languages[code]++
		if code == target.Code {
			c.Target++
			continue
		}
		c.Other++
		if n := len(c.Foreign); n > 0 && i > 0 && c.Foreign[n-1].To == words[i-1].To {
			c.Foreign[n-1].To = w.To
		} else {
			c.Foreign = append(c.Foreign, w.Span)
		}
	}
	return c
}

type plainWord struct {
	Span
	script Script
}

// plainWords are the words of s[start:end], rune by rune.
func plainWords(s string, start, end int) (words []plainWord) {
	from, script, letters := -1, NoScript, 0
	flush := func(to int) {
		if from >= 0 && (letters > 1 || script != Latin) {
			words = append(words, plainWord{Span{from, to}, script})
		}
		from, letters = -1, 0
	}
	for i, r := range s[start:end] {
		i += start
		sc := scriptInTables(r)
		switch {
		case sc == NoScript:
			if from >= 0 && unicode.Is(unicode.M, r) {
				continue
			}
			flush(i)
		case sc == Han || sc == Kana:
			flush(i)
			from, script, letters = i, sc, 1
		case from >= 0 && sc == script:
			letters++
		default:
			flush(i)
			from, script, letters = i, sc, 1
		}
	}
	flush(end)
	return words
}

// plainMask are the masked stretches of a text, found delimiter by delimiter.
func plainMask(s string) (spans []Span) {
	last := 0
	for i := 0; i < len(s); {
		from, to := i, plainEnd(s, i)
		if to <= i {
			i++
			continue
		}
		if s[i] == ':' {
			for from > last && s[from-1] >= 'a' && s[from-1] <= 'z' {
				from--
			}
		}
		spans = append(spans, Span{from, to})
		i, last = to, to
	}
	return spans
}

// plainEnd is the end of what is masked from i on, or i.
func plainEnd(s string, i int) int {
	until := func(skip int, closing string) int {
		if n := strings.Index(s[i+skip:], closing); n >= 0 {
			return i + skip + n + len(closing)
		}
		return i
	}
	onLine := func(delimiter string) int {
		line, _, _ := strings.Cut(s[i+1:], "\n")
		if n := strings.Index(line, delimiter); n >= 0 {
			return i + 1 + n + 1
		}
		return i
	}
	starts := func(prefix string) bool { return strings.HasPrefix(s[i:], prefix) }
	switch {
	case starts("```"):
		if end := until(3, "```"); end > i {
			return end
		}
		return len(s)
	case starts("`"):
		return onLine("`")
	case starts("$$"):
		return until(2, "$$")
	case starts("$"):
		end := onLine("$")
		if end > i && (end == i+2 || strings.ContainsRune(" \t\r", rune(s[i+1])) || strings.ContainsRune(" \t\r", rune(s[end-2]))) {
			return i
		}
		return end
	case starts("<"):
		n := 1
		if n < len(s)-i && s[i+n] == '/' {
			n++
		}
		if n >= len(s)-i || !isLetter(s[i+n]) {
			return i
		}
		k := strings.IndexAny(s[i+n:min(len(s), i+66)], "<>\n")
		if k < 0 || s[i+n+k] != '>' {
			return i
		}
		return i + n + k + 1
	case starts("://"):
		if i == 0 || s[i-1] < 'a' || s[i-1] > 'z' {
			return i
		}
		if n := strings.IndexAny(s[i:], " \t\r\n"); n >= 0 {
			return i + n
		}
		return len(s)
	case starts(`\(`):
		return elseCommand(s, i, until(2, `\)`), true)
	case starts(`\[`):
		return elseCommand(s, i, until(2, `\]`), true)
	case starts(`\begin{`):
		if end := until(7, `\end{`); end > i {
			if n := strings.IndexByte(s[end:min(end+32, len(s))], '}'); n >= 0 {
				return end + n + 1
			}
			return end
		}
		return elseCommand(s, i, i, false)
	case starts(`\`):
		return elseCommand(s, i, i, false)
	}
	return i
}

// elseCommand is end, or the end of the command at i where there is none.
func elseCommand(s string, i, end int, decided bool) int {
	if decided || end > i {
		return end
	}
	n := i + 1
	for n < len(s) && isLetter(s[n]) {
		n++
	}
	if n == i+1 {
		return i
	}
	return n
}

func (p plain) compare(t *testing.T, m *Meter, target Language, s string) {
	t.Helper()
	got, want := m.Measure(s), p.measure(target, s)
	if got.Target != want.Target || got.Other != want.Other || got.Neutral != want.Neutral || got.Masked != want.Masked ||
		!maps.Equal(got.Languages, want.Languages) || !slices.Equal(got.Foreign, want.Foreign) {
		t.Fatalf("%s, %.300q:\n got %+v\nwant %+v", target.Code, s, got, want)
	}
}

// meters are one for each language and for one whose script and code nothing
// else has.
func meters() (targets []Language, out []*Meter) {
	targets = append(list(), Language{Code: "xx", Scripts: []Script{Latin, OtherScript}})
	for _, l := range targets {
		out = append(out, NewMeter(l))
	}
	return targets, out
}

// TestMatchesPlain: random texts of the pieces that matter, and every tenth
// row of the data sets that are there (all with GRADUS_FAULTS=full).
func TestMatchesPlain(t *testing.T) {
	targets, ms := meters()
	p := newPlain()
	pieces := []string{" ", " ", " ", "\n", "$", "$$", "`", "```", "\\(", "\\)", "\\[", "\\]", "\\begin{x}", "\\end{x}", "\\end{", "\\frac", "\\", "<b>", "</b", "<", ">", "://", "http://", "Xhttps://a.b ",
		":", "}", "5", "a", "B", "xy", "é", "É", "e\u0301", "\u0301", "ß", "計", "まず", "합", "и", "Сумма", "α", "ع", "क", "ी", "\xff", "\xe4", "ª", "×", "K", "İ", "Ω", "ไทย",
		"naturally", "internationalisation", "antidisestablishment", "élève", "où", "für", "später"}
	for _, l := range list() {
		pieces = append(pieces, strings.Fields(l.words)...)
	}
	rng := rand.New(rand.NewPCG(7, 7))
	for range 1500 {
		var b strings.Builder
		for range rng.IntN(60) {
			n := len(pieces)
			if rng.IntN(2) == 0 {
				n = 58
			}
			piece := pieces[rng.IntN(n)]
			if rng.IntN(8) == 0 {
				piece = strings.ToUpper(piece)
			}
			b.WriteString(piece)
			if rng.IntN(3) > 0 {
				b.WriteByte(' ')
			}
		}
		k := rng.IntN(len(ms))
		p.compare(t, ms[k], targets[k], b.String())
	}
	for _, name := range []string{"math500", "gsm8k_test"} {
		f, err := os.Open("../../../shared/data/" + name + ".jsonl")
		if err != nil {
			t.Logf("without the data set: %v", err)
			continue
		}
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<20)
		for i := 0; lines.Scan(); i++ {
			if i%10 != 0 && os.Getenv("GRADUS_FAULTS") != "full" {
				continue
			}
			var row struct{ Problem, Question, Solution string }
			if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
				t.Error(err)
			}
			k := i % len(ms)
			p.compare(t, ms[k], targets[k], row.Problem+row.Question)
			p.compare(t, ms[0], targets[0], row.Solution)
		}
		if err := lines.Err(); err != nil {
			t.Error(err)
		}
		f.Close()
	}
}

// TestScriptOf: the blocks told apart by their ends are those of the tables.
func TestScriptOf(t *testing.T) {
	for r := rune(0); r < 1<<16; r++ { // the tables alone decide beyond
		if got, want := scriptOf(r), scriptInTables(r); got != want {
			t.Fatalf("%U: %d, want %d", r, got, want)
		}
	}
}

// TestLexicon: every function word is found in any case, and a window full of
// one word stays within its lane.
func TestLexicon(t *testing.T) {
	l, codes := newLexicon()
	if len(codes)*laneBits > 64 || window >= 1<<laneBits {
		t.Fatalf("%d languages of %d words each do not fit 64 bits", len(codes), window)
	}
	for w, want := range l.all {
		for _, form := range []string{w, strings.ToUpper(w)} {
			if len(form) != len(w) {
				continue
			}
			var p prose
			p.split(l, form)
			if utf8.RuneCountInString(w) > 1 && (len(p.words) != 1 || p.words[0].votes != want) {
				t.Errorf("%q: %+v, want votes %x", form, p.words, want)
			}
		}
	}
}
