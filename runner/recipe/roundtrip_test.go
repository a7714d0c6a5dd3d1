package recipe

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// again checks that a recipe survives both encodings.
func again(t interface{ Fatalf(string, ...any) }, r *Recipe) {
	j := r.JSON()
	if !json.Valid(j) {
		t.Fatalf("not JSON: %s", j)
	}
	fromJSON, err := FromJSON(j)
	if err != nil {
		t.Fatalf("JSON does not read back: %v\n%s", err, j)
	}
	fromTOML, err := Parse("r.toml", []byte(r.TOML()))
	if err != nil {
		t.Fatalf("TOML does not read back: %v\n%s", err, r.TOML())
	}
	for from, got := range map[string]*Recipe{"JSON": fromJSON, "TOML": fromTOML} {
		if !reflect.DeepEqual(got, r) {
			t.Fatalf("from %s:\n%+v\nwant\n%+v\n%s", from, got, r, r.TOML())
		}
		if !bytes.Equal(got.JSON(), j) {
			t.Fatalf("JSON is not canonical:\n%s\n%s", got.JSON(), j)
		}
	}
}

func TestShippedRecipesRoundTrip(t *testing.T) {
	list, err := List()
	if err != nil {
		t.Fatal(err)
	}
	for _, info := range list {
		var sets []string
		if info.Name == "gsm8k" {
			sets = []string{"task.file=/data/train.jsonl"}
		}
		r, err := Load(info.Name, sets...)
		if err != nil {
			t.Fatal(err)
		}
		again(t, r)
	}
	from := mustParse(t, small, "model.from=demo@12")
	again(t, from)
	if strings.Contains(from.TOML(), "hidden_size") {
		t.Errorf("a model from a checkpoint has a shape:\n%s", from.TOML())
	}
}

func TestRandomRecipesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sets := []string{
			fmt.Sprintf("seed=%d", rapid.Int64Min(0).Draw(t, "seed")),
			fmt.Sprintf("grpo.learning_rate=%v", rapid.Float64Range(0, 1).Draw(t, "lr")),
			fmt.Sprintf("grpo.entropy_coef=%v", rapid.Float64Range(-100, 100).Draw(t, "ent")),
			fmt.Sprintf("reward.1.weight=%v", rapid.Float64Range(0.1, 1000).Draw(t, "weight")),
			fmt.Sprintf("grpo.mask_truncated_completions=%v", rapid.Bool().Draw(t, "mask")),
		}
		about := rapid.String().Draw(t, "about")
		quoted, err := json.Marshal(about) // a TOML basic string is written alike, but for DEL
		if err != nil {
			t.Fatal(err)
		}
		if bytes.ContainsAny(quoted, "\x7f") {
			return
		}
		r, err := Parse("x.toml", []byte(small), append(sets, "about="+string(quoted))...)
		if err != nil {
			t.Fatal(err)
		}
		again(t, r)
	})
}

// Parameters of rewards keep their types: 1.0 stays a fraction, 1 a count.
func TestParamsRoundTrip(t *testing.T) {
	s := &source{raw: map[string]string{}, seen: map[string]bool{}}
	params := map[string]any{"a": int64(1), "b": 1.0, "c": "x\n\"y\"", "d": []any{int64(1), 2.5, "z", true}, "e": map[string]any{"odd key.": 1e300, "f": false}}
	if !s.plain(params, "params") {
		t.Fatal(s.bad)
	}
	r := mustParse(t, small)
	r.Rewards[0].Params = params
	var b bytes.Buffer
	writeJSON(&b, params)
	if want := `{"a":1,"b":1.0,"c":"x\n\"y\"","d":[1,2.5,"z",true],"e":{"f":false,"odd key.":1e+300}}`; b.String() != want {
		t.Errorf("JSON is %s, want %s", b.String(), want)
	}
	back, err := parseTOML("x", []byte(r.TOML()))
	if err != nil {
		t.Fatalf("%v\n%s", err, r.TOML())
	}
	list, _ := tables(back.tree["reward"])
	if !reflect.DeepEqual(list[0]["params"], any(params)) {
		t.Errorf("params are %#v, want %#v", list[0]["params"], params)
	}
	d := json.NewDecoder(bytes.NewReader(r.JSON()))
	d.UseNumber()
	var tree map[string]any
	if err := d.Decode(&tree); err != nil {
		t.Fatal(err)
	}
	n, err := withNumbers(tree)
	if err != nil {
		t.Fatal(err)
	}
	got := n.(map[string]any)["reward"].([]any)[0].(map[string]any)["params"]
	if !reflect.DeepEqual(got, any(params)) {
		t.Errorf("params from JSON are %#v, want %#v", got, params)
	}
}

func TestFromJSONIsStrict(t *testing.T) {
	good := string(mustParse(t, small).JSON())
	for text, want := range map[string]string{
		"":                                "recipe as JSON",
		"[]":                              "recipe as JSON",
		good + "{}":                       "more after the end",
		good[:len(good)-1] + `,"sede":3}`: "did you mean seed?",
		strings.Replace(good, `"seed":1`, `"seed":99999999999999999999`, 1): "recipe as JSON",
		strings.Replace(good, `"seed":1`, `"seed":1.5`, 1):                  "give a whole number",
	} {
		if _, err := FromJSON([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.30q gives %v, want %q", text, err, want)
		}
	}
}

// Whatever a file or an override holds, reading it ends with a recipe that
// round-trips or with an error on clean lines.
func FuzzParse(f *testing.F) {
	list, err := List()
	if err != nil {
		f.Fatal(err)
	}
	for _, info := range list {
		f.Add([]byte(info.Text), "grpo.beta=0.1")
	}
	f.Add([]byte(small), "reward.gradus.accuracy.weight=3")
	f.Add([]byte(small), "\x18=1")
	f.Add([]byte("a.b.c = [[{x = [1]}]]\n[[stage]]\n[stage.style]\n[[stage.style.x]]"), "stage.1.style.careful=1")
	f.Add([]byte("stage = [{kind = 'grpo'}, {kind = 'sft', style = {careful = 1}}]"), "a=1")
	f.Fuzz(func(t *testing.T, text []byte, set string) {
		r, err := Parse("fuzz.toml", text, set)
		if err == nil {
			again(t, r)
			return
		}
		for _, line := range strings.Split(err.Error(), "\n") {
			for _, c := range line {
				if c < ' ' || c == 0x7f {
					t.Errorf("control character %q in %q", c, line)
				}
			}
		}
	})
}
