// Package langdetect guesses the language of a text as the Python package
// langdetect 1.0.9 does (Nakatani Shuyo's language-detection): letters by
// themselves, in pairs and in threes, whose frequencies in 55 languages it
// knows, drawn at random until one language is likely enough.
//
// langdetect draws otherwise in each run unless it is seeded. Here it is
// seeded with 0, as its documentation says to do for results that can be had
// again (DetectorFactory.seed = 0).
//
// The folder profiles and kanji.txt hold langdetect's tables, unchanged but
// for their form. Copyright 2010-2014 Cybozu Labs, Inc., 2014-2015 Michal
// "Mimino" Danilak; Apache License 2.0,
// http://www.apache.org/licenses/LICENSE-2.0.
package langdetect

import (
	"embed"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// Each file of profiles has the name of a language. Its first line says how
// many single letters, pairs and threes were counted; then each of them stands
// with its own count behind it.
//
//go:embed profiles kanji.txt
var files embed.FS

// gram is one letter, or two or three in a row; the rest is 0.
type gram [3]rune

// share is how frequent a gram is among those of its length in a language.
type share struct {
	language int
	part     float64
}

type profiles struct {
	languages []string // in alphabetical order
	shares    map[gram][]share
	kanji     map[rune]rune // each to the one that stands for those used alike
}

// learned reads the tables once, which takes some hundredths of a second.
var learned = sync.OnceValues(func() (*profiles, error) {
	entries, err := files.ReadDir("profiles")
	if err != nil {
		return nil, err
	}
	p := &profiles{shares: make(map[gram][]share, 90_000), kanji: make(map[rune]rune, 7_000)}
	for _, e := range entries {
		if err := p.read(e.Name()); err != nil {
			return nil, fmt.Errorf("profile %s: %w", e.Name(), err)
		}
	}
	kanji, err := fs.ReadFile(files, "kanji.txt")
	for line := range strings.Lines(string(kanji)) {
		line = strings.TrimSuffix(line, "\n")
		first, _ := utf8.DecodeRuneInString(line)
		for _, r := range line {
			p.kanji[r] = first
		}
	}
	return p, err
})

func (p *profiles) read(language string) error {
	raw, err := fs.ReadFile(files, "profiles/"+language)
	if err != nil {
		return err
	}
	number := len(p.languages)
	p.languages = append(p.languages, language)
	head, rest, _ := strings.Cut(string(raw), "\n")
	var totals [3]float64
	for i, f := range strings.Fields(head) {
		if i == len(totals) {
			return fmt.Errorf("more than %d totals", i)
		}
		if totals[i], err = strconv.ParseFloat(f, 64); err != nil {
			return err
		}
	}
	for line := range strings.SplitSeq(rest, "\n") {
		for line != "" {
			at := strings.IndexAny(line, "0123456789")
			end := at
			for end >= 0 && end < len(line) && line[end] >= '0' && line[end] <= '9' {
				end++
			}
			n := 0
			var g gram
			for _, r := range line[:max(at, 0)] {
				if n < len(g) {
					g[n] = r
				}
				n++
			}
			count, err := strconv.ParseFloat(line[max(at, 0):max(end, 0)], 64)
			if err != nil || n == 0 || n > len(g) {
				return fmt.Errorf("no letters and their count: %.20q", line)
			}
			p.shares[g] = append(p.shares[g], share{number, count / totals[n-1]})
			line = line[end:]
		}
	}
	return nil
}
