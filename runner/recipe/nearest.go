package recipe

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// otherNames maps what other trainers, or other versions of TRL, call a key
// to the name it has here.
func otherNames() map[string]string {
	return map[string]string{
		"lr": "learning_rate", "max_steps": "steps", "total_steps": "steps", "train_steps": "steps",
		"per_device_train_batch_size": "batch_size", "train_batch_size": "prompts_per_step", "rollout_batch_size": "prompts_per_step",
		"group_size": "num_generations", "n": "num_generations", "n_samples_per_prompt": "num_generations", "rollout_n": "num_generations",
		"max_new_tokens": "max_completion_length", "max_response_length": "max_completion_length", "max_tokens": "max_completion_length",
		"kl_coef": "beta", "kl_loss_coef": "beta", "init_kl_coef": "beta", "kl": "beta",
		"clip_ratio": "epsilon", "eps_clip": "epsilon", "clip_ratio_low": "epsilon", "clip_ratio_high": "epsilon_high", "clip_eps": "epsilon",
		"clip_ratio_c": "delta", "ppo_epochs": "num_iterations", "mu": "num_iterations", "entropy_coeff": "entropy_coef",
		"scheduler": "lr_scheduler_type", "lr_scheduler": "lr_scheduler_type", "grad_clip": "max_grad_norm", "clip_grad": "max_grad_norm",
		"n_layers": "num_hidden_layers", "num_layers": "num_hidden_layers", "dim": "hidden_size", "n_embd": "hidden_size", "n_layer": "num_hidden_layers",
		"n_heads": "num_attention_heads", "n_head": "num_attention_heads", "n_kv_heads": "num_key_value_heads", "vocab_size": "tokenizer.kind",
		"difficulty": "level", "prompt_template": "template", "eval_steps": "eval.every", "test_freq": "eval.every", "save_freq": "save_steps",
		"save_total_limit": "keep", "reward_weights": "weight", "reward_funcs": "reward", "random_seed": "seed", "stages": "stage", "rewards": "reward",
	}
}

// unknownKey says what to write instead of a key that the table at path has
// not: the same thing under our name, the place where such a key does exist,
// or the key spelled most alike.
func unknownKey(key, path string, fields []field) string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.key
	}
	if ours, ok := otherNames()[strings.ToLower(key)]; ok {
		if contains(names, ours) || strings.Contains(ours, ".") {
			return fmt.Sprintf("unknown key; here it is called %s", ours)
		}
	}
	if near := nearest(key, names); near != "" {
		return fmt.Sprintf("unknown key; did you mean %s?", near)
	}
	if places := placesOf(key); len(places) > 0 {
		return fmt.Sprintf("unknown key here; it belongs in %s", strings.Join(places, " or "))
	}
	if len(names) == 0 {
		return "unknown key; this table takes none"
	}
	return fmt.Sprintf("unknown key; the nearest is %s", closest(key, names))
}

// nearest returns the candidate that key is most likely a misspelling of, or "".
func nearest(key string, candidates []string) string {
	c := closest(key, candidates)
	if c == "" || distance(key, c) > max(1, len(c)/3) {
		return ""
	}
	return c
}

// closest returns the candidate with the fewest edits, the first of equals.
func closest(key string, candidates []string) string {
	best, least := "", 0
	for _, c := range candidates {
		if d := distance(key, c); best == "" || d < least {
			best, least = c, d
		}
	}
	return best
}

// distance counts edits; letters in the wrong order, as beat for beta, are one.
func distance(a, b string) int {
	a, b = fold(a), fold(b)
	d := levenshtein.ComputeDistance(a, b)
	if d > 1 && len(a) == len(b) {
		x, y := []byte(a), []byte(b)
		slices.Sort(x)
		slices.Sort(y)
		if slices.Equal(x, y) {
			return 1
		}
	}
	return d
}

// fold makes num-generations and NumGenerations close to num_generations. It
// also bounds the work: a key of a megabyte is nobody's misspelling.
func fold(s string) string {
	if len(s) > 64 {
		s = s[:64]
	}
	return strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(s))
}

func nearestHint(s string, candidates []string) string {
	if n := nearest(s, candidates); n != "" {
		return fmt.Sprintf("; did you mean %q?", n)
	}
	return ""
}

// placesOf names the tables that have a key.
func placesOf(key string) []string {
	var places []string
	for _, t := range Tables() {
		if _, ok := find(fieldsOf(t.typ), key); ok {
			places = append(places, t.Title)
		}
	}
	return places
}

// Table is one table of the recipe format with its keys, for documentation.
type Table struct {
	Title string `json:"title"` // as it is written: [task], [[stage]] kind = "grpo"
	Keys  []Key  `json:"keys"`
	typ   reflect.Type
}

// Key describes one key.
type Key struct {
	Name    string `json:"name"`
	Default string `json:"default"` // empty: none, or see Help
	Allowed string `json:"allowed"` // numbers: the range; strings: the choices
	Help    string `json:"help"`
}

// Tables lists everything a recipe may hold, in the order to write it.
func Tables() []Table {
	list := []Table{
		{Title: "the top of the file", typ: reflect.TypeFor[Recipe]()},
		{Title: "[model]", typ: reflect.TypeFor[Model]()},
		{Title: "[tokenizer]", typ: reflect.TypeFor[Tokenizer]()},
		{Title: "[task]", typ: reflect.TypeFor[Task]()},
		{Title: "[[reward]]", typ: reflect.TypeFor[Reward]()},
		{Title: `[[stage]] kind = "sft"`, typ: reflect.TypeFor[SFT]()},
		{Title: "[stage.style]", typ: reflect.TypeFor[StyleMix]()},
		{Title: `[[stage]] kind = "grpo"`, typ: reflect.TypeFor[GRPO]()},
		{Title: `[[stage]] kind = "eval"`, typ: reflect.TypeFor[EvalStage]()},
		{Title: "[gate]", typ: reflect.TypeFor[Gate]()},
		{Title: "[eval]", typ: reflect.TypeFor[Eval]()},
		{Title: "[checkpoint]", typ: reflect.TypeFor[Checkpoint]()},
		{Title: "[store]", typ: reflect.TypeFor[Store]()},
		{Title: "[limits]", typ: reflect.TypeFor[Limits]()},
		{Title: "[cost]", typ: reflect.TypeFor[Cost]()},
	}
	for i := range list {
		for _, f := range fieldsOf(list[i].typ) {
			k := Key{Name: f.key, Default: f.preset, Help: f.help}
			switch f.typ.Kind() {
			case reflect.Struct, reflect.Slice:
				continue // a table of its own
			case reflect.Int, reflect.Uint64, reflect.Float64:
				k.Allowed = f.limits
			case reflect.Bool:
				k.Allowed = "true, false"
			default:
				k.Allowed = strings.Join(f.oneof, ", ")
			}
			list[i].Keys = append(list[i].Keys, k)
		}
	}
	return list
}
