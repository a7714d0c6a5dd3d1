// Package rule says what a reward function of the catalogue is, and makes one
// of a function that judges a completion or a group.
package rule

import (
	"fmt"
	"slices"
	"strings"

	"gradus/rewards"
	"gradus/rewards/text"
)

// Rule is an entry of the catalogue.
type Rule struct {
	Name    string   // as "openr1.format"
	Aliases []string // other names New takes, among them the published ones
	About   string   // one line
	Notes   []string // further lines: what it reads of a row, where it can run
	Fixed   string   // the repaired form of a published function; "" when there is none
	// Needed are the parameters without a default, with example values.
	Needed map[string]any
	// Custom: the function is the user's own; making it may read files, and
	// it may have to be closed (io.Closer).
	Custom bool
	// Wants are the keyword arguments without which the published function is
	// not called: "solution" (or another column with the gold answer),
	// "completion_ids".
	Wants []string
	// Arguments are parameters that callers of the published function give
	// among its keyword arguments, beside the columns.
	Arguments []string
	// Make makes the function; params may be nil.
	Make     func(params map[string]any) (rewards.Reward, error)
	Defaults any // struct with the parameters' defaults; nil when there are none
}

// Params lists the parameters in alphabetical order.
func (r Rule) Params() []string {
	if r.Defaults == nil {
		return nil
	}
	names, err := Keys(r.Defaults)
	if err != nil {
		return nil
	}
	return names
}

// Published lists the other names of a publisher's function: as it is called
// in the publisher's code ("_reward"), as the maker of it is ("get_…"), and
// so for each other stem.
func Published(name string, stems ...string) []string {
	publisher, stem, _ := strings.Cut(name, ".")
	var out []string
	for _, s := range append([]string{stem}, stems...) {
		for _, n := range []string{s, s + "_reward", "get_" + s, "get_" + s + "_reward"} {
			if n := publisher + "." + n; n != name {
				out = append(out, n)
			}
		}
	}
	return out
}

// Find returns the rule of a name or alias in a catalogue. A published
// function is also found by the way to it in the publisher's code, as
// "trl.rewards.…" or "open_r1.rewards.…", and by its name alone where only one
// publisher has it.
func Find(catalogue []Rule, name string) (Rule, error) {
	full := strings.NewReplacer("open-r1.", "openr1.", "open_r1.", "openr1.").Replace(name)
	full = strings.Replace(full, ".rewards.", ".", 1)
	var alone []Rule
	for _, r := range catalogue {
		names := append([]string{r.Name}, r.Aliases...)
		switch {
		case slices.Contains(names, full):
			return r, nil
		case !strings.Contains(full, ".") && slices.ContainsFunc(names, func(n string) bool {
			_, stem, _ := strings.Cut(n, ".")
			return stem == full
		}):
			alone = append(alone, r)
		}
	}
	switch len(alone) {
	case 0:
	case 1:
		return alone[0], nil
	default:
		var which []string
		for _, r := range alone {
			which = append(which, r.Name)
		}
		return Rule{}, fmt.Errorf("reward %q is of several publishers; say which: %s", name, strings.Join(which, ", "))
	}
	var known []string
	for _, r := range catalogue {
		known = append(known, r.Name)
	}
	return Rule{}, fmt.Errorf("reward %q is unknown; did you mean %q? Known are %s", name, text.Nearest(name, known), strings.Join(known, ", "))
}

// New makes the reward function of a name or alias in a catalogue. params may
// be nil; its keys are those of the function's parameter struct. An unknown
// name or key is an error that names the nearest known one.
func New(catalogue []Rule, name string, params map[string]any) (rewards.Reward, error) {
	r, err := Find(catalogue, name)
	if err != nil {
		return nil, err
	}
	return r.Make(params)
}
