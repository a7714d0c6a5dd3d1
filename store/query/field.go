package query

import "strings"

// Kind says what values a field takes.
type Kind int

// Kinds of fields.
const (
	Whole  Kind = iota // whole numbers and ranges of them
	Number             // numbers and ranges of them
	Choice             // one of a few words
	Name               // any word; an asterisk at its end stands for the rest
	Label              // a tag or verdict that readers gave
	Phrase             // words that stand one after the other; an asterisk lets the last one go on
)

// Field is something of a trace that can be asked for.
type Field struct {
	Name    string
	Aliases []string
	Kind    Kind
	Choices []string // of a Choice
	Help    string   // a phrase for a reader
	Example string   // a term
	column  string   // SQL; see Compile
}

// PartField is the Field of terms about a part of the reward, which is named
// by the term's Part.
const PartField = "reward part"

// Statuses are those that a part of a reward can have instead of a score.
func Statuses() []string { return []string{"ok", "skipped", "invalid", "error", "timeout"} }

// Fields lists the fields in the order of the documentation. Besides them,
// every part of the reward is a field under its name.
func Fields() []Field {
	yesNo := []string{"yes", "no"}
	return []Field{
		{Name: "step", Help: "optimizer step", Example: "step:700..", column: "b.step"},
		{Name: "reward", Kind: Number, Help: "weighted sum of the parts; traces that could not be scored have none", Example: "reward<.2",
			column: "CASE WHEN s.flags & 1 = 0 THEN s.reward END"},
		{Name: "advantage", Aliases: []string{"adv"}, Kind: Number, Help: "what the loss used", Example: "advantage>1", column: "s.advantage"},
		{Name: "length", Aliases: []string{"len", "tokens"}, Help: "tokens of the completion", Example: "length:..40", column: "s.tokens"},
		{Name: "entropy", Kind: Number, Help: "mean entropy of its tokens in nats, where token data is stored", Example: "entropy>.7", column: "s.entropy"},
		{Name: "logprob", Aliases: []string{"logp"}, Kind: Number, Help: "mean log-probability of its tokens when sampled, where token data is stored",
			Example: "logprob<-1", column: "s.logprob"},
		{Name: "correct", Kind: Choice, Choices: []string{"yes", "no", "none"}, Help: "the checker's verdict; none where it gave none", Example: "correct:no"},
		{Name: "finish", Kind: Choice, Choices: []string{"stop", "length"}, Help: "how it ended", Example: "finish:length", column: "s.finish"},
		{Name: "claim", Aliases: []string{"answer"}, Kind: Name, Help: "the answer that was found in it", Example: "claim:42", column: "s.claim"},
		{Name: "reason", Kind: Name, Help: "reason code that a part of its reward gave", Example: "reason:format.*", column: "v.reason"},
		{Name: "tag", Kind: Label, Help: "a reader's tag", Example: "tag:hack"},
		{Name: "verdict", Kind: Label, Help: "a reader's verdict", Example: "-verdict:ok"},
		{Name: "note", Kind: Name, Help: "words in a reader's note", Example: `note:"looks copied"`},
		{Name: "author", Aliases: []string{"by"}, Kind: Name, Help: "who wrote a note, tag or verdict", Example: "author:ada*"},
		{Name: "has", Kind: Choice, Choices: []string{"note", "tag", "verdict", "disagreement", "claim", "tokens"},
			Help: "what there is at all; a disagreement is two readers with different verdicts", Example: "has:disagreement"},
		{Name: "task", Kind: Name, Help: "task of the problem", Example: "task:countdown", column: "p.task"},
		{Name: "prompt", Kind: Phrase, Help: "words of the prompt; 6 hex digits and more without quotes are its hash", Example: `prompt:"how many"`},
		{Name: "hash", Kind: Name, Help: "beginning of the prompt's hash", Example: "hash:3fa9c1", column: "p.hash"},
		{Name: "ref", Kind: Name, Help: "the problem's id in its task", Example: "ref:chain-17", column: "p.ref"},
		{Name: "group", Help: "which prompt of the step", Example: "group:3", column: "s.grp"},
		{Name: "index", Help: "which completion of its prompt, from 0", Example: "index:0", column: "s.idx"},
		{Name: "phase", Kind: Choice, Choices: []string{"train", "eval"}, Help: "sampled to train or to evaluate", Example: "phase:eval", column: "b.phase"},
		{Name: "stage", Kind: Name, Help: "stage of the recipe", Example: "stage:grpo", column: "b.stage"},
		{Name: "ckpt", Kind: Name, Help: "checkpoint that an evaluation sampled from: its step, or RUN@STEP", Example: "ckpt:1000", column: "b.ckpt"},
		{Name: "attempt", Help: "process that made it", Example: "attempt:2", column: "b.attempt"},
		{Name: "policy", Help: "optimizer updates of the policy that sampled it", Example: "policy:>=100", column: "s.policy"},
		{Name: "id", Help: "number of the trace", Example: "id:812", column: "s.id"},
		{Name: "unscorable", Kind: Choice, Choices: yesNo, Help: "no part of the reward gave a number", Example: "unscorable:yes", column: "s.flags & 1"},
		{Name: "removed", Kind: Choice, Choices: yesNo, Help: "its text was removed to save space", Example: "removed:no", column: "s.flags & 4"},
	}
}

// lookup finds a field by name or alias, in any case.
func lookup(name string) (Field, bool) {
	for _, f := range Fields() {
		if strings.EqualFold(f.Name, name) {
			return f, true
		}
		for _, a := range f.Aliases {
			if strings.EqualFold(a, name) {
				return f, true
			}
		}
	}
	return Field{}, false
}

// Known is what a run adds to the language.
type Known struct {
	Parts []string // full names of the parts of its rewards
}

// part finds a part of the reward by its name, or by what stands after the
// last dot of it where only one part has that. Several are an ambiguity.
func (k Known) part(name string) (full string, several []string) {
	var short []string
	for _, p := range k.Parts {
		if strings.EqualFold(p, name) {
			return p, nil
		}
		if strings.EqualFold(p[strings.LastIndexByte(p, '.')+1:], name) {
			short = append(short, p)
		}
	}
	if len(short) == 1 {
		return short[0], nil
	}
	return "", short
}

// names are all names that a field can be written with.
func (k Known) names() []string {
	var out []string
	for _, f := range Fields() {
		out = append(out, f.Name)
		out = append(out, f.Aliases...)
	}
	for _, p := range k.Parts {
		out = append(out, p)
		if short := p[strings.LastIndexByte(p, '.')+1:]; short != p {
			out = append(out, short)
		}
	}
	return out
}
