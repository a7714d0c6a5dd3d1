package feed

import (
	"fmt"
	"sort"

	"gradus/model"
	"gradus/rewards/prompt"
	"gradus/rewards/tasks"
	"gradus/rewards/text"
)

// EOS is the special token that ends a completion of a model made here.
const EOS = "<eos>"

// NewTokenizer makes the tokenizer of a new model: kind "chars" knows the
// bytes of the task and of the template, kind "bytes" all bytes. Both know
// the tags of the R1 template and EOS as one token each.
func NewTokenizer(kind string, spec tasks.Spec, template string) (*model.Tokenizer, error) {
	special := append([]string{EOS}, text.Tags()...)
	switch kind {
	case "chars", "":
		frame, err := prompt.Render(template, "")
		if err != nil {
			return nil, err
		}
		return model.NewCharTokenizer(alphabet(spec.Alphabet+frame), special)
	case "bytes":
		return model.NewByteTokenizer(special)
	}
	return nil, fmt.Errorf("tokenizer.kind is %q; use chars or bytes", kind)
}

// alphabet is every byte of s once, in order.
func alphabet(s string) string {
	var seen [256]bool
	for i := range len(s) {
		seen[s[i]] = true
	}
	var all []byte
	for b, ok := range seen {
		if ok {
			all = append(all, byte(b))
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i] < all[j] })
	return string(all)
}
