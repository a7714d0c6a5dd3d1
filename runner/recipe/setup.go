package recipe

import (
	"fmt"
	"maps"
	"strings"

	"gradus/rewards/setups"
)

// takeSetup puts the reward functions of the setup that the tree names into
// its list of rewards. A [[reward]] table of the file stands for the function
// of its name (or label) in the setup, or adds one. replace: the setup came by
// --set, and stands for all rewards of the file.
func (s *source) takeSetup(replace bool) {
	value, ok := s.tree["reward_setup"]
	if !ok {
		return
	}
	name, ok := s.text(value, "reward_setup")
	if !ok || name == "" {
		return // bind says what is wrong
	}
	setup, err := setups.Find(name)
	if err != nil {
		s.fail("reward_setup", "%v", err)
		return
	}
	var own []map[string]any
	if given, ok := s.tree["reward"]; ok && !replace {
		if own, ok = tables(given); !ok {
			return
		}
	}
	list := setup.Tables()
	fixed := len(list)
	places := make([]int, len(own)) // where each of the file's tables stands in the list
	for i, table := range own {
		if places[i] = placeOf(list[:fixed], table); places[i] < 0 {
			places[i] = len(list)
			list = append(list, nil)
		}
		list[places[i]] = table
	}
	s.renumber(places)
	all := make([]any, len(list))
	for i, t := range list {
		all[i] = t
	}
	s.tree["reward"] = all
}

// placeOf finds the table that is called as the given one; -1: none.
func placeOf(list []map[string]any, table map[string]any) int {
	called := func(t map[string]any) any {
		if label, ok := t["label"]; ok {
			return label
		}
		return t["name"]
	}
	for i, t := range list {
		if called(t) == called(table) {
			return i
		}
	}
	return -1
}

// renumber moves what is known of where the file's [[reward]] tables stand to
// their new places. What the setup brought stands where reward_setup does.
func (s *source) renumber(places []int) {
	moved := map[string]int{}
	for i, to := range places {
		from := fmt.Sprintf("reward.%d", i+1)
		for path, line := range s.lines {
			if rest, ok := strings.CutPrefix(path, from); ok && (rest == "" || rest[0] == '.') {
				moved[fmt.Sprintf("reward.%d%s", to+1, rest)] = line
			}
		}
	}
	beginsReward := func(path string) bool { return path == "reward" || strings.HasPrefix(path, "reward.") }
	maps.DeleteFunc(s.lines, func(path string, _ int) bool { return beginsReward(path) })
	maps.DeleteFunc(s.sets, func(path, _ string) bool { return beginsReward(path) })
	maps.DeleteFunc(s.raw, func(path, _ string) bool { return beginsReward(path) })
	maps.Copy(s.lines, moved)
	if set, ok := s.sets["reward_setup"]; ok {
		s.sets["reward"] = set
	} else {
		s.lines["reward"] = s.lines["reward_setup"]
	}
}

// SetupRewards are the rewards of a published setup, as a recipe that names it
// has them.
func SetupRewards(name string) ([]Reward, error) {
	setup, err := setups.Find(name)
	if err != nil {
		return nil, err
	}
	out := make([]Reward, len(setup.Reward))
	for i, r := range setup.Reward {
		out[i] = Reward{Name: r.Name, Weight: r.Weight, Params: r.Params, Label: r.Label, Gate: r.Gate}
	}
	return out, nil
}
