package recipe

import (
	"fmt"
	"strings"
	"testing"

	"gradus/rewards/rules"
	"gradus/rewards/setups"
)

// Every shipped setup makes a recipe whose rewards can be made, and tells
// settings that a grpo stage takes.
func TestEverySetupMakesARecipe(t *testing.T) {
	list, err := setups.List()
	if err != nil {
		t.Fatal(err)
	}
	for _, setup := range list {
		t.Run(setup.Name, func(t *testing.T) {
			if setup.About == "" || setup.Source == "" || setup.Prompt == "" || setup.Rows == "" || len(setup.Reward) == 0 {
				t.Errorf("it does not say what it is: %+v", setup)
			}
			text := "reward_setup = \"" + setup.Name + "\"\n[task]\nname = \"chain_sum\"\n[model]\nmax_position_embeddings = 1048576\n[[stage]]\nkind = \"grpo\"\n"
			r, err := Parse("r.toml", []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			again(t, r)
			for i, w := range r.Rewards {
				of := setup.Reward[i]
				if rule, err := rules.Find(of.Name); err != nil || w.Name != rule.Name || w.Weight != of.Weight || w.Weight == 0 {
					t.Errorf("reward %d is %+v, %v; the setup has %+v", i+1, w, err, of)
				}
			}
			var sets []string
			for key, value := range setup.GRPO {
				sets = append(sets, fmt.Sprintf("grpo.%s=%v", key, value))
			}
			if _, err := Parse("r.toml", []byte(text), sets...); err != nil {
				t.Errorf("its settings: %v", err)
			}
		})
	}
}

func TestSetupAndTables(t *testing.T) {
	const head = "reward_setup = \"open-r1\"\n[task]\nname = \"chain_sum\"\n[[stage]]\nkind = \"grpo\"\n"
	weights := func(r *Recipe) string {
		var out []string
		for _, w := range r.Rewards {
			out = append(out, fmt.Sprint(w.PartName(), " ", w.Weight))
		}
		return strings.Join(out, ", ")
	}
	for _, tt := range []struct {
		name, text string
		sets       []string
		want       string
	}{
		{"alone", "", nil, "openr1.accuracy 1, openr1.format 1, openr1.tag_count 1"},
		{"a table changes one", "[[reward]]\nname = \"openr1.format\"\nweight = 0.5\n", nil, "openr1.accuracy 1, openr1.format 0.5, openr1.tag_count 1"},
		{"a table adds one", "[[reward]]\nname = \"gradus.format\"\nweight = 2\n", nil, "openr1.accuracy 1, openr1.format 1, openr1.tag_count 1, gradus.format 2"},
		{"--set changes one", "", []string{"reward.openr1.format.weight=3"}, "openr1.accuracy 1, openr1.format 3, openr1.tag_count 1"},
		{"--set stands for all", "[[reward]]\nname = \"gradus.format\"\n", []string{"reward.openr1.format.weight=3", "reward_setup=tinyzero", "reward.1.weight=2"}, "tinyzero.countdown 2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := mustParse(t, head+tt.text, tt.sets...)
			if got := weights(r); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
			again(t, r)
		})
	}
	for _, tt := range []struct {
		name, text string
		sets       []string
		want       string
	}{
		{"unknown", strings.Replace(head, "open-r1", "open-r2", 1), nil, `r.toml:1: reward_setup: reward setup "open-r2" is unknown; did you mean "open-r1"?`},
		{"no text", strings.Replace(head, `"open-r1"`, "1", 1), nil, "r.toml:1: reward_setup: is the whole number 1; give a string"},
		{"a wrong table keeps its line", head + "[[reward]]\nname = \"gradus.format\"\nweight = \"a\"\n", nil, "r.toml:8: reward.4.weight"},
		{"a wrong change of one of its functions", head, []string{"reward.1.weight=a"}, `--set "reward.1.weight=a": reward.1.weight`},
		{"by --set", head, []string{"reward_setup=r9"}, `--set "reward_setup=r9": reward_setup: reward setup "r9" is unknown`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := Parse("r.toml", []byte(tt.text), tt.sets...); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("%v, want %s", err, tt.want)
			}
		})
	}
}
