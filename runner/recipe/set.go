package recipe

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// apply puts an override, as grpo.beta=0.04, into the tree before it is
// checked, so that it is held to the same rules as the file. The part before
// the first = is a path:
//
//	seed, task.level, eval.samples        keys and tables of the file
//	grpo.beta, sft.style.terse            every stage of that kind
//	stage.2.steps                         the second stage of the file
//	reward.gradus.format.weight           the reward of that label or name
//	reward_setup                          all rewards
//
// The value is TOML, or, for keys that take a string, any text as it stands.
func (s *source) apply(set string) {
	path, text, ok := strings.Cut(set, "=")
	path, text = strings.TrimSpace(path), strings.TrimSpace(text)
	bad := func(format string, args ...any) {
		s.bad = append(s.bad, Problem{Where: "--set " + strconv.Quote(set), Message: fmt.Sprintf(format, args...)})
	}
	if !ok || path == "" {
		bad("write it as KEY=VALUE, as --set grpo.beta=0.04")
		return
	}
	for _, part := range strings.Split(path, ".") {
		if part == "" {
			bad("the key %q has an empty part", path)
			return
		}
	}
	value, isTOML := tomlValue(text)
	if !isTOML {
		value = setText(text)
	}
	targets, err := s.targets(path)
	if err != nil {
		bad("%s", err)
		return
	}
	for _, t := range targets {
		if err := put(t.table, t.keys, value); err != nil {
			bad("%s", err)
			return
		}
		full := join(t.path, strings.Join(t.keys, "."))
		s.sets[full] = strconv.Quote(set)
		s.raw[full] = text
	}
	if path == "reward_setup" {
		s.takeSetup(true)
	}
}

// setText is a --set value that is no TOML: fine for a key that takes a
// string (which reads source.raw), wrong for all others.
type setText string

// tomlValue reads text as one TOML value. Text with a line break in it is
// none: it could smuggle in further keys.
func tomlValue(text string) (any, bool) {
	if strings.ContainsAny(text, "\r\n") {
		return nil, false
	}
	doc := map[string]any{}
	if toml.Unmarshal([]byte("v = "+text), &doc) != nil || len(doc) != 1 {
		return nil, false
	}
	return doc["v"], true
}

type setTarget struct {
	table map[string]any
	path  string // of table
	keys  []string
}

// targets finds the tables that a path names.
func (s *source) targets(path string) ([]setTarget, error) {
	head, rest, deep := strings.Cut(path, ".")
	if !deep {
		return []setTarget{{s.tree, "", []string{path}}}, nil
	}
	switch head {
	case "sft", "grpo":
		return s.stagesOf(head, rest)
	case "stage":
		return s.numbered("stage", rest)
	case "reward":
		return s.rewardOf(rest)
	}
	return []setTarget{{s.tree, "", strings.Split(path, ".")}}, nil
}

func (s *source) stagesOf(kind, rest string) ([]setTarget, error) {
	list, _ := tables(s.tree["stage"])
	var targets []setTarget
	for i, t := range list {
		if t["kind"] == kind {
			targets = append(targets, setTarget{t, fmt.Sprintf("stage.%d", i+1), strings.Split(rest, ".")})
		}
	}
	if len(targets) == 0 {
		return nil, fmt.Errorf("the recipe has no %s stage", kind)
	}
	return targets, nil
}

// rewardOf finds the reward whose label, or else whose name, begins the path.
func (s *source) rewardOf(path string) ([]setTarget, error) {
	list, _ := tables(s.tree["reward"])
	var names []string
	var named []setTarget
	for i, t := range list {
		name, _ := t["name"].(string)
		label, _ := t["label"].(string)
		at := fmt.Sprintf("reward.%d", i+1)
		if key, ok := strings.CutPrefix(path, label+"."); ok && label != "" {
			return []setTarget{{t, at, strings.Split(key, ".")}}, nil
		}
		if key, ok := strings.CutPrefix(path, name+"."); ok && name != "" {
			named = append(named, setTarget{t, at, strings.Split(key, ".")})
		}
		names = append(names, cmp.Or(label, name))
	}
	switch first, _, _ := strings.Cut(path, "."); {
	case len(named) == 1:
		return named, nil
	case len(named) > 1:
		return nil, fmt.Errorf("the recipe has %d rewards of that name; say which by its label: it has %s", len(named), orNone(names))
	case isNumber(first):
		return s.numbered("reward", path)
	}
	return nil, fmt.Errorf("the recipe has no reward of that name; it has %s", orNone(names))
}

func (s *source) numbered(name, rest string) ([]setTarget, error) {
	list, _ := tables(s.tree[name])
	number, key, ok := strings.Cut(rest, ".")
	n, err := strconv.Atoi(number)
	if err != nil || !ok {
		return nil, fmt.Errorf("write %s.N.KEY with N from 1", name)
	}
	if n < 1 || n > len(list) {
		return nil, fmt.Errorf("there is no %s %d; the recipe has %d", name, n, len(list))
	}
	return []setTarget{{list[n-1], fmt.Sprintf("%s.%d", name, n), strings.Split(key, ".")}}, nil
}

// put sets a key of a table, making the tables on the way.
func put(table map[string]any, keys []string, value any) error {
	for _, k := range keys[:len(keys)-1] {
		next, ok := table[k]
		if !ok {
			next = map[string]any{}
			table[k] = next
		}
		t, ok := next.(map[string]any)
		if !ok {
			return fmt.Errorf("%s is not a table, so %s cannot be set in it", k, keys[len(keys)-1])
		}
		table = t
	}
	table[keys[len(keys)-1]] = value
	return nil
}

func isNumber(s string) bool {
	_, err := strconv.Atoi(s)
	return err == nil
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
