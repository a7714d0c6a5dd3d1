package recipe

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"sort"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"gradus/runner/algo"
	"gradus/runner/stats"
)

func typeOfModel() reflect.Type { return reflect.TypeFor[Model]() }

// JSON is the recipe, complete, in canonical form: keys sorted, no spaces,
// numbers in their shortest form, fractions always with a point or exponent.
// Equal recipes have equal bytes. FromJSON reads it back unchanged.
func (r *Recipe) JSON() []byte {
	var b bytes.Buffer
	writeJSON(&b, tree(reflect.ValueOf(*r)))
	return b.Bytes()
}

// TOML is the recipe, complete, as a file that Parse reads back unchanged.
func (r *Recipe) TOML() string {
	var b strings.Builder
	writeTable(&b, "", reflect.ValueOf(*r), nil)
	return b.String()
}

// Steps is the number of steps over all training stages.
func (r *Recipe) Steps() int {
	n := 0
	for _, st := range r.Stages {
		switch {
		case st.SFT != nil:
			n += st.SFT.Steps
		case st.GRPO != nil:
			n += st.GRPO.Steps
		}
	}
	return n
}

// Purpose is what store.RunHeader calls it: eval when nothing is trained.
func (r *Recipe) Purpose() string {
	if r.Steps() == 0 {
		return "eval"
	}
	return "train"
}

// AdvantageOptions are the stage's knobs of algo.Advantages.
func (g *GRPO) AdvantageOptions() algo.AdvantageOptions {
	return algo.AdvantageOptions{Scale: g.ScaleRewards, Std: g.Std, Eps: g.AdvantageEps}
}

// LossOptions are the stage's knobs of algo.Loss.
func (g *GRPO) LossOptions() algo.Options {
	return algo.Options{Loss: g.LossType, Level: g.ImportanceSamplingLevel, Epsilon: g.Epsilon, EpsilonHigh: g.EpsilonHigh, Delta: g.Delta,
		Beta: g.Beta, EntropyCoef: g.EntropyCoef, MaxCompletionLength: g.MaxCompletionLength, MaskTruncated: g.MaskTruncatedCompletions}
}

// body is the struct of the stage's kind.
func (st Stage) body() reflect.Value {
	switch {
	case st.SFT != nil:
		return reflect.ValueOf(*st.SFT)
	case st.GRPO != nil:
		return reflect.ValueOf(*st.GRPO)
	case st.Eval != nil:
		return reflect.ValueOf(*st.Eval)
	}
	return reflect.ValueOf(struct{}{})
}

// omitted says whether a value is left out of the encodings: what was not
// given and has no default.
func omitted(v reflect.Value, f field) bool {
	switch v.Kind() {
	case reflect.String:
		return v.Len() == 0
	case reflect.Map, reflect.Slice:
		return v.Len() == 0
	case reflect.Int, reflect.Float64:
		// The shape keys of a model that comes from a checkpoint.
		return v.IsZero() && !f.within(0)
	}
	return false
}

// tree turns a struct of the recipe into plain maps.
func tree(v reflect.Value) map[string]any {
	t := map[string]any{}
	for _, f := range fieldsOf(v.Type()) {
		x := v.FieldByIndex(f.index)
		if omitted(x, f) || fromCheckpoint(v) && f.key != "from" {
			continue
		}
		switch y := x.Interface().(type) {
		case []Stage:
			list := make([]any, len(y))
			for i, st := range y {
				m := tree(st.body())
				m["kind"] = string(st.Kind)
				list[i] = m
			}
			t[f.key] = list
		case []Reward:
			list := make([]any, len(y))
			for i := range y {
				list[i] = tree(reflect.ValueOf(y[i]))
			}
			t[f.key] = list
		default:
			t[f.key] = plainValue(x)
		}
	}
	return t
}

// fromCheckpoint says whether v is a Model without a shape of its own.
func fromCheckpoint(v reflect.Value) bool {
	m, ok := v.Interface().(Model)
	return ok && m.From != ""
}

func plainValue(x reflect.Value) any {
	switch x.Kind() {
	case reflect.Struct:
		return tree(x)
	case reflect.String:
		return x.String()
	case reflect.Bool:
		return x.Bool()
	case reflect.Int:
		return x.Int()
	case reflect.Uint64:
		return int64(x.Uint())
	case reflect.Float64:
		return x.Float()
	}
	return x.Interface()
}

func writeJSON(b *bytes.Buffer, v any) {
	switch v := v.(type) {
	case map[string]any:
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		sort.Strings(keys)
		b.WriteByte('{')
		for i, k := range keys {
			if i > 0 {
				b.WriteByte(',')
			}
			writeJSON(b, k)
			b.WriteByte(':')
			writeJSON(b, v[k])
		}
		b.WriteByte('}')
	case []any:
		b.WriteByte('[')
		for i, e := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			writeJSON(b, e)
		}
		b.WriteByte(']')
	case float64:
		b.WriteString(number(v))
	default: // string, bool, int64: what bind lets in
		text, err := json.Marshal(v)
		if err != nil {
			text = []byte("null")
		}
		b.Write(text)
	}
}

// number writes a float so that it reads back as one.
func number(x float64) string {
	s := strconv.FormatFloat(x, 'g', -1, 64)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return s
}

// writeTable writes the pairs of a struct, then its tables; TOML wants them in
// that order. extra are lines to begin with.
func writeTable(b *strings.Builder, path string, v reflect.Value, extra []string) {
	for _, line := range extra {
		b.WriteString(line)
	}
	var tables []field
	for _, f := range fieldsOf(v.Type()) {
		x := v.FieldByIndex(f.index)
		if omitted(x, f) || fromCheckpoint(v) && f.key != "from" {
			continue
		}
		if k := x.Kind(); k == reflect.Struct || k == reflect.Slice {
			tables = append(tables, f)
			continue
		}
		fmt.Fprintf(b, "%s = %s\n", f.key, tomlText(plainValue(x)))
	}
	for _, f := range tables {
		x := v.FieldByIndex(f.index)
		p := join(path, f.key)
		switch y := x.Interface().(type) {
		case []Stage:
			for _, st := range y {
				fmt.Fprintf(b, "\n[[%s]]\n", p)
				writeTable(b, p, st.body(), []string{fmt.Sprintf("kind = %q\n", st.Kind)})
			}
		case []Reward:
			for i := range y {
				fmt.Fprintf(b, "\n[[%s]]\n", p)
				writeTable(b, p, reflect.ValueOf(y[i]), nil)
			}
		default:
			fmt.Fprintf(b, "\n[%s]\n", p)
			writeTable(b, p, x, nil)
		}
	}
}

// tomlText writes one value, tables inline. Strings are quoted by the library.
func tomlText(v any) string {
	switch v := v.(type) {
	case float64:
		return number(v)
	case map[string]any:
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		sort.Strings(keys)
		parts := make([]string, len(keys))
		for i, k := range keys {
			parts[i] = tomlKey(k) + " = " + tomlText(v[k])
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = tomlText(e)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	text, _ := tomlPair("v", v)
	return text
}

func tomlKey(k string) string {
	if _, key := tomlPair(k, true); key != "" {
		return key
	}
	return strconv.Quote(k)
}

// tomlPair lets the library write one pair and takes it apart.
func tomlPair(key string, v any) (value, written string) {
	out, err := toml.Marshal(map[string]any{key: v})
	if err != nil {
		return "", ""
	}
	line := strings.TrimSuffix(string(out), "\n")
	if s, ok := v.(bool); ok {
		suffix := " = " + strconv.FormatBool(s)
		return strconv.FormatBool(s), strings.TrimSuffix(line, suffix)
	}
	_, value, _ = strings.Cut(line, " = ")
	return value, key
}

// Bounds are what the gate holds a difficulty to.
func (g Gate) Bounds() stats.Bounds {
	return stats.Bounds{MinPass1: g.MinPass1, MaxPass1: g.MaxPass1, MinHeadroom: g.MinHeadroom}
}
