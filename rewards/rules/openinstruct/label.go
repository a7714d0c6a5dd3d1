package openinstruct

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"

	"gradus/rewards/rules/pytext"
)

func decimal(r rune) bool { return unicode.Is(unicode.Nd, r) }

// labels reads a gold answer as json.loads does: the texts of a list's
// elements, or the one text of what is no list, each as str() writes it. ok is
// false where it is no JSON; why is not "" for what only Python writes.
func labels(gold string) (texts []string, ok bool, why string) {
	value, ok := loads(gold)
	if !ok {
		return nil, false, ""
	}
	list, many := value.([]any)
	if !many {
		list = []any{value}
	}
	texts = make([]string, 0, len(list))
	for _, v := range list {
		switch v := v.(type) {
		case string:
			texts = append(texts, v)
		case json.Number:
			texts = append(texts, numberText(v))
		case bool:
			texts = append(texts, map[bool]string{true: "True", false: "False"}[v])
		case nil:
			texts = append(texts, "None")
		default:
			return nil, true, fmt.Sprintf("the gold answer %q holds lists or objects; give texts or numbers", short(gold))
		}
	}
	return texts, true, ""
}

// loads is json.loads, which also reads NaN and the infinities (as numbers).
func loads(s string) (any, bool) {
	d := json.NewDecoder(strings.NewReader(unconstant(s)))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, false
	}
	if _, err := d.Token(); err == nil || err.Error() != "EOF" {
		return nil, false
	}
	return v, true
}

// beyond are numbers that stand for Python's constants: out of the range of
// float64, so that they are read as infinities.
const beyond = "1e999999"

// unconstant writes NaN, Infinity and -Infinity outside of strings as numbers
// that JSON has.
func unconstant(s string) string {
	if !strings.Contains(s, "NaN") && !strings.Contains(s, "Infinity") {
		return s
	}
	var b bytes.Buffer
	inside := false
	for i := 0; i < len(s); i++ {
		switch {
		case inside && s[i] == '\\' && i+1 < len(s):
			b.WriteByte(s[i])
			i++
		case s[i] == '"':
			inside = !inside
		case !inside && strings.HasPrefix(s[i:], "NaN"):
			b.WriteString(beyond + "1")
			i += len("NaN") - 1
			continue
		case !inside && strings.HasPrefix(s[i:], "Infinity"):
			b.WriteString(beyond)
			i += len("Infinity") - 1
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// numberText is str() of a JSON number: whole numbers as they are, others as
// repr writes a float.
func numberText(n json.Number) string {
	s := n.String()
	if strings.Trim(s, "-0123456789") == "" {
		if s == "-0" {
			return "0"
		}
		return s
	}
	if s == beyond+"1" {
		return "nan"
	}
	f, _ := strconv.ParseFloat(s, 64)
	return pytext.Repr(f)
}

// integer is a JSON number as Python compares it with a count; ok is false for
// what is no number.
func integer(v any) (float64, bool) {
	switch v := v.(type) {
	case json.Number:
		if v.String() == beyond+"1" {
			return math.NaN(), true
		}
		f, _ := strconv.ParseFloat(v.String(), 64)
		return f, true
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}
