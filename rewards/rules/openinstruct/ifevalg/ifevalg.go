// Package ifevalg judges completions by the verifiable instructions of
// open-instruct's IFEvalG (open_instruct/IFEvalG of commit e6c3044), which
// IFEval (Zhou and others 2023) began and IFBench's training set went on with:
// what each of them decides, its mistakes among it.
package ifevalg

import (
	"fmt"
	"maps"
	"slices"

	"gradus/rewards/rules/openinstruct/nltk"
	"gradus/rewards/rules/openinstruct/pyregex"
	"gradus/rewards/rules/pytext"
	"gradus/rewards/text"
)

// Check says whether a text follows an instruction. An error is what
// open-instruct raises, or why nothing can be said here.
type Check func(t *Text) (bool, error)

// Text is a text to be judged, with what several instructions ask of it.
type Text struct {
	whole     string
	searched  *pyregex.Text
	words     []string // split at white space
	tokens    []string // nltk's words
	sentences []string // as split_into_sentences cuts them
	has       struct{ words, tokens, sentences bool }
}

// NewText prepares a text.
func NewText(s string) *Text { return &Text{whole: s} }

func (t *Text) regex() *pyregex.Text {
	if t.searched == nil {
		t.searched = pyregex.NewText(t.whole)
	}
	return t.searched
}

func (t *Text) split() []string {
	if !t.has.words {
		t.words, t.has.words = pytext.Words(t.whole), true
	}
	return t.words
}

func (t *Text) tokenized() []string {
	if !t.has.tokens {
		t.tokens, t.has.tokens = nltk.Words(t.whole), true
	}
	return t.tokens
}

func (t *Text) cut() []string {
	if !t.has.sentences {
		t.sentences, t.has.sentences = sentences(t.whole), true
	}
	return t.sentences
}

// instruction is a class of IFEvalG: the arguments of its build_description,
// and that and check_following in one.
type instruction struct {
	takes []string
	build func(a arguments) (Check, error)
}

// always is an instruction without arguments.
func always(follows func(t *Text) bool) instruction {
	return instruction{build: func(arguments) (Check, error) { return plain(follows), nil }}
}

func plain(follows func(t *Text) bool) Check {
	return func(t *Text) (bool, error) { return follows(t), nil }
}

// Instructions is the registry by the names of instructions_registry.py.
type Instructions map[string]instruction

// Known is the whole registry.
func Known() Instructions {
	out := Instructions{}
	for _, part := range []Instructions{keywords(), lengths(), formats(), copies(), places(), letters(), languages()} {
		maps.Copy(out, part)
	}
	return out
}

// Names are the instructions' names in alphabetical order.
func (in Instructions) Names() []string { return slices.Sorted(maps.Keys(in)) }

// Build makes the check of an instruction with the arguments of its kwargs,
// without those that are None. An error is what open-instruct raises, or says
// that it would draw an argument at random.
func (in Instructions) Build(id string, given map[string]any) (Check, error) {
	known, ok := in[id]
	if !ok {
		return nil, fmt.Errorf("open-instruct has no instruction %.60q; the nearest is %q", id, text.Nearest(id, in.Names()))
	}
	for _, key := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(known.takes, key) {
			return nil, fmt.Errorf("it takes no argument %.60q", key)
		}
	}
	return known.build(given)
}
