package ifevalg

import (
	"os"
	"strings"
	"testing"
	"time"

	"gradus/rewards/rules/openinstruct/literaleval"
)

func number(n float64) literaleval.Number { return literaleval.Number{Float: n, Whole: "1"} }

// follow are arguments with which each instruction of the registry can be
// asked.
func follow() map[string]map[string]any {
	prompt := map[string]any{"prompt_to_repeat": "Say it. ", "N": number(2), "n_start": number(1), "n_end": number(3)}
	all := map[string]any{"keywords": []any{"a(b|c)*d"}, "forbidden_words": []any{"a.*b"}, "keyword": "a*b", "frequency": number(3), "relation": "at least", "keyword1": "a", "keyword2": "b+c", "num_sentences": number(3), "num_words": number(3), "num_paragraphs": number(2),
		"nth_paragraph": number(1), "first_word": "a", "last_word": "a", "n_sent": number(2), "n_words": number(2), "num_placeholders": number(1), "postscript_marker": "PS", "num_bullets": number(1), "num_highlights": number(1), "section_spliter": "S", "num_sections": number(1),
		"end_phrase": "a", "phrase": "a b a", "small_n": number(2), "letter": "a", "let_frequency": number(1), "let_relation": "at least", "capital_frequency": number(1), "capital_relation": "less than", "language": "en", "n": number(1), "m": number(1)}
	for k, v := range prompt {
		all[k] = v
	}
	out := map[string]map[string]any{}
	for name, in := range Known() {
		args := map[string]any{}
		for _, key := range in.takes {
			if v, ok := all[key]; ok {
				args[key] = v
			}
		}
		out[name] = args
	}
	return out
}

// Much of anything is judged, or refused in one line, before long. With
// GRADUS_FAULTS=full it is a megabyte.
func TestHostile(t *testing.T) {
	size := 1 << 11
	switch {
	case os.Getenv("GRADUS_FAULTS") == "full":
		size = 1 << 20
	case testing.Short():
		size = 1 << 9
	}
	known := Known()
	for _, piece := range []string{"a", "a ", "ab", "*", "* ", "***", "\n", "-\n", "<<", "[", "\"", ". ", "a. ", " ", "{\"a\":[", "\xff", "İ", "S1", "P.", "a b a"} {
		text := NewText(strings.Repeat(piece, size/len(piece)) + "x")
		for name, args := range follow() {
			check, err := known.Build(name, args)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			begin := time.Now()
			if _, err := check(text); err != nil && strings.ContainsAny(err.Error(), "\n") {
				t.Errorf("%s of %q: %v", name, piece, err)
			}
			t.Logf("%s of %q: %v", name, piece, time.Since(begin))
		}
	}
}

// What open-instruct draws at random or raises is told in one line.
func TestRefused(t *testing.T) {
	known := Known()
	if len(known) != 54 {
		t.Errorf("%d instructions", len(known))
	}
	for _, tt := range []struct {
		name string
		args map[string]any
		why  string
	}{
		{"keywords:frequency", map[string]any{"keyword": "a", "frequency": number(1)}, "relation is missing, and open-instruct draws it at random"},
		{"keywords:frequency", map[string]any{"keyword": "a", "frequency": "1", "relation": "at least"}, "frequency is a text, not a number"},
		{"keywords:frequency", map[string]any{"keyword": "a", "frequency": number(1), "relation": "at most"}, "neither"},
		{"keywords:frequency", map[string]any{"keyword": "a", "frequency": number(-1), "relation": "at least"}, "frequency is negative"},
		{"keywords:existence", map[string]any{"keywords": []any{"a", number(1)}}, "keywords is an int, not a list of texts alone"},
		{"new:copy_span_idx", map[string]any{"prompt_to_repeat": "abc", "n_start": number(0), "n_end": number(2)}, "n_start is empty or 0"},
		{"copy:copy", nil, "prompt_to_repeat must be set"},
		{"language:response_language", map[string]any{"language": "zh"}, "open-instruct has en"},
		{"punctuation:no_comma", map[string]any{"N": number(1)}, "it takes no argument"},
		{"punctuation:no_commas", nil, `nearest is "punctuation:no_comma"`},
		{"letters:letter_counting2", map[string]any{"letter": "ab", "let_frequency": number(1), "let_relation": "at least"}, "letter is more than one letter"},
	} {
		if _, err := known.Build(tt.name, tt.args); err == nil || !strings.Contains(err.Error(), tt.why) {
			t.Errorf("%s %v: %v; want %q", tt.name, tt.args, err, tt.why)
		}
	}
	check, err := known.Build("keywords:word_once", map[string]any{"keyword": "(a"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := check(NewText("a")); err == nil || !strings.Contains(err.Error(), "missing )") {
		t.Errorf("a broken expression: %v", err)
	}
}

// Each instruction on a completion of 8 kB.
func BenchmarkInstructions(b *testing.B) {
	known := Known()
	whole := strings.Repeat("This is a plain sentence, with words in it. It can't be (very) long, isn't it? Mr. Smith says *so*.\n", 80)
	for name, args := range follow() {
		check, err := known.Build(name, args)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := check(NewText(whole)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
