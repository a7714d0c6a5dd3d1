package recipe

import (
	"fmt"
	"math"
	"reflect"
	"sort"
	"strconv"
	"strings"
)

// bindTable fills the struct dst from table, whose path is path. Keys that the
// struct has not, wrong types and numbers out of range become problems.
func (s *source) bindTable(table map[string]any, path string, dst reflect.Value, skip ...string) {
	fields := fieldsOf(dst.Type())
	for _, f := range fields {
		v := dst.FieldByIndex(f.index)
		if f.preset != "" {
			setDefault(v, f.preset)
		}
	}
	keys := make([]string, 0, len(table))
	for k := range table {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		if contains(skip, k) {
			continue
		}
		f, ok := find(fields, k)
		if !ok {
			s.fail(join(path, k), "%s", unknownKey(k, path, fields))
			continue
		}
		s.seen[join(path, k)] = true
		s.bindValue(table[k], join(path, k), dst.FieldByIndex(f.index), f)
	}
	// Tables that are absent still have defaults inside.
	for _, f := range fields {
		v := dst.FieldByIndex(f.index)
		if _, given := table[f.key]; !given && v.Kind() == reflect.Struct {
			s.bindTable(nil, join(path, f.key), v)
		}
	}
}

func (s *source) bindValue(value any, path string, dst reflect.Value, f field) {
	switch dst.Interface().(type) {
	case []Stage:
		s.bindStages(value, path, dst)
		return
	case map[string]any:
		if m, ok := value.(map[string]any); ok && s.plain(m, path) {
			dst.Set(reflect.ValueOf(m))
		} else if !ok {
			s.fail(path, "is %s; give a table", show(value))
		}
		return
	}
	switch dst.Kind() {
	case reflect.Struct:
		t, ok := value.(map[string]any)
		if !ok {
			s.fail(path, "is %s; write it as a table: [%s]", show(value), path)
			return
		}
		s.bindTable(t, path, dst)
	case reflect.Slice:
		list, ok := tables(value)
		if !ok {
			s.fail(path, "is %s; write one [[%s]] table each", show(value), path)
			return
		}
		dst.Set(reflect.MakeSlice(dst.Type(), len(list), len(list)))
		for i, t := range list {
			s.bindTable(t, fmt.Sprintf("%s.%d", path, i+1), dst.Index(i))
		}
	case reflect.String:
		text, ok := s.text(value, path)
		if !ok {
			s.fail(path, "is %s; give a string in quotes%s", show(value), f.hint())
			return
		}
		if len(f.oneof) > 0 && !contains(f.oneof, text) {
			s.fail(path, "is %q; use one of %s%s", text, strings.Join(f.oneof, ", "), nearestHint(text, f.oneof))
			return
		}
		dst.SetString(text)
	case reflect.Bool:
		b, ok := value.(bool)
		if !ok {
			s.fail(path, "is %s; give true or false", show(value))
			return
		}
		dst.SetBool(b)
	case reflect.Int, reflect.Uint64:
		n, ok := value.(int64)
		if !ok {
			s.fail(path, "is %s; give a whole number%s", show(value), f.hint())
			return
		}
		if !f.within(float64(n)) {
			s.fail(path, "is %d; allowed is %s%s", n, f.limits, f.hint())
			return
		}
		if dst.Kind() == reflect.Int {
			dst.SetInt(n)
		} else {
			dst.SetUint(uint64(n))
		}
	case reflect.Float64:
		x, ok := value.(float64)
		if n, whole := value.(int64); whole {
			x, ok = float64(n), true
		}
		if !ok {
			s.fail(path, "is %s; give a number%s", show(value), f.hint())
			return
		}
		if math.IsNaN(x) || math.IsInf(x, 0) || !f.within(x) {
			s.fail(path, "is %v; allowed is %s%s", x, f.limits, f.hint())
			return
		}
		dst.SetFloat(x)
	default:
		s.fail(path, "this key cannot be read; report it as an error of gradus")
	}
}

// text reads the value of a key that takes a string; after --set no quotes
// are needed.
func (s *source) text(value any, path string) (string, bool) {
	if t, ok := value.(string); ok {
		return t, true
	}
	t, ok := s.raw[path]
	return t, ok
}

// bindStages reads [[stage]] tables, whose keys depend on their kind.
func (s *source) bindStages(value any, path string, dst reflect.Value) {
	list, ok := tables(value)
	if !ok {
		s.fail(path, "is %s; write one [[stage]] table each", show(value))
		return
	}
	stages := make([]Stage, len(list))
	for i, t := range list {
		p := fmt.Sprintf("%s.%d", path, i+1)
		kind, ok := s.text(t["kind"], p+".kind")
		if !ok {
			s.fail(p, "a stage needs a kind; add one of kind = \"sft\", \"grpo\", \"eval\"")
			continue
		}
		stages[i].Kind = StageKind(kind)
		switch stages[i].Kind {
		case KindSFT:
			stages[i].SFT = &SFT{Optim: Optim{LearningRate: 1e-3}}
			s.bindTable(t, p, reflect.ValueOf(stages[i].SFT).Elem(), "kind")
		case KindGRPO:
			stages[i].GRPO = &GRPO{Optim: Optim{LearningRate: 1e-6}}
			s.bindTable(t, p, reflect.ValueOf(stages[i].GRPO).Elem(), "kind")
		case KindEval:
			stages[i].Eval = &EvalStage{}
			s.bindTable(t, p, reflect.ValueOf(stages[i].Eval).Elem(), "kind")
		default:
			s.fail(p+".kind", "is %q; use one of sft, grpo, eval%s", kind, nearestHint(kind, []string{"sft", "grpo", "eval"}))
		}
	}
	dst.Set(reflect.ValueOf(stages))
}

// plain refuses what cannot be written as JSON in the params of a reward:
// dates, and numbers that are not finite.
func (s *source) plain(v any, path string) bool {
	switch v := v.(type) {
	case map[string]any:
		ok := true
		for k, e := range v {
			if text, bare := e.(setText); bare { // the reward will say if it wants no text
				v[k] = string(text)
				continue
			}
			ok = s.plain(e, join(path, k)) && ok
		}
		return ok
	case []any:
		ok := true
		for i, e := range v {
			ok = s.plain(e, fmt.Sprintf("%s.%d", path, i+1)) && ok
		}
		return ok
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			s.fail(path, "is %v; give a finite number", v)
			return false
		}
	case string, bool, int64:
	default:
		s.fail(path, "is %s; give a string, number, true, false, list or table", show(v))
		return false
	}
	return true
}

// field is one key of a table as its struct tags specify it.
type field struct {
	key    string
	index  []int
	preset string
	limits string // "0 .. 10"
	low    float64
	high   float64
	oneof  []string
	help   string
	typ    reflect.Type
}

func (f field) within(x float64) bool { return x >= f.low && x <= f.high }

// hint ends a message with what the key means.
func (f field) hint() string {
	if f.help == "" {
		return ""
	}
	return " (" + f.help + ")"
}

// fieldsOf reads the specification of a table from its struct, those of
// embedded structs included.
func fieldsOf(t reflect.Type) []field {
	var list []field
	for i := range t.NumField() {
		sf := t.Field(i)
		if sf.Anonymous {
			for _, f := range fieldsOf(sf.Type) {
				f.index = append([]int{i}, f.index...)
				list = append(list, f)
			}
			continue
		}
		key := sf.Tag.Get("toml")
		if key == "" {
			continue
		}
		f := field{key: key, index: []int{i}, preset: sf.Tag.Get("default"), limits: sf.Tag.Get("range"), help: sf.Tag.Get("help"), typ: sf.Type,
			low: math.Inf(-1), high: math.Inf(1), oneof: strings.Fields(sf.Tag.Get("oneof"))}
		if lo, hi, ok := strings.Cut(f.limits, " .. "); ok {
			// The tags are constants of this package; a test parses them all.
			if x, err := strconv.ParseFloat(lo, 64); err == nil {
				f.low = x
			}
			if x, err := strconv.ParseFloat(hi, 64); err == nil {
				f.high = x
			}
			if math.IsInf(f.high, 1) {
				f.limits = lo + " or more"
			}
		} else {
			f.limits = "any finite number"
		}
		list = append(list, f)
	}
	return list
}

func setDefault(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		v.SetBool(text == "true")
	case reflect.Int:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			v.SetInt(n)
		}
	case reflect.Uint64:
		if n, err := strconv.ParseUint(text, 10, 64); err == nil {
			v.SetUint(n)
		}
	case reflect.Float64:
		if x, err := strconv.ParseFloat(text, 64); err == nil {
			v.SetFloat(x)
		}
	}
}

func find(fields []field, key string) (field, bool) {
	for _, f := range fields {
		if f.key == key {
			return f, true
		}
	}
	return field{}, false
}

// tables accepts both [[name]] and name = [{...}].
func tables(v any) ([]map[string]any, bool) {
	switch v := v.(type) {
	case []map[string]any:
		return v, true
	case []any:
		list := make([]map[string]any, len(v))
		for i, e := range v {
			t, ok := e.(map[string]any)
			if !ok {
				return nil, false
			}
			list[i] = t
		}
		return list, true
	}
	return nil, false
}

// show describes a value of the wrong type.
func show(v any) string {
	switch v := v.(type) {
	case string:
		return fmt.Sprintf("the string %q", v)
	case setText:
		return fmt.Sprintf("the text %q", string(v))
	case bool:
		return fmt.Sprintf("%t", v)
	case int64:
		return fmt.Sprintf("the whole number %d", v)
	case float64:
		return fmt.Sprintf("the number %v", v)
	case []any, []map[string]any:
		return "a list"
	case map[string]any:
		return "a table"
	}
	return fmt.Sprintf("a %T", v)
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func contains(list []string, s string) bool {
	for _, e := range list {
		if e == s {
			return true
		}
	}
	return false
}
