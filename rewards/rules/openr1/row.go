package openr1

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"gradus/rewards/code/piston"
	"gradus/rewards/rules/pytext"
)

// row holds the columns of a sample.
type row map[string]json.RawMessage

// isNull says whether a value is JSON's null.
func isNull(raw json.RawMessage) bool { return string(bytes.TrimSpace(raw)) == "null" }

// str reads a text; ok is false for anything else.
func str(raw json.RawMessage) (s string, ok bool) {
	if raw == nil || isNull(raw) {
		return "", false
	}
	return s, json.Unmarshal(raw, &s) == nil
}

// number reads a number, or what Python counts as one: true and false.
func number(raw json.RawMessage) (v float64, ok bool) {
	switch string(bytes.TrimSpace(raw)) {
	case "true":
		return 1, true
	case "false":
		return 0, true
	case "null", "":
		return 0, false
	}
	return v, json.Unmarshal(raw, &v) == nil
}

// list reads a list; ok is false for anything else.
func list(raw json.RawMessage) (l []json.RawMessage, ok bool) {
	if raw == nil || isNull(raw) {
		return nil, false
	}
	return l, json.Unmarshal(raw, &l) == nil
}

// truthy says whether Python takes a value for true.
func truthy(raw json.RawMessage) bool {
	switch s := string(bytes.TrimSpace(raw)); s {
	case "null", "false", `""`, "[]", "{}":
		return false
	default:
		v, ok := number(raw)
		return !ok || v != 0
	}
}

// formatted is what Python's format makes of a plain value.
func formatted(raw json.RawMessage) string {
	if s, ok := str(raw); ok {
		return s
	}
	text := string(bytes.TrimSpace(raw))
	switch text {
	case "null":
		return "None"
	case "true":
		return "True"
	case "false":
		return "False"
	}
	if strings.ContainsAny(text, ".eE") {
		if v, err := strconv.ParseFloat(text, 64); err == nil {
			return pytext.Repr(v)
		}
	}
	return text
}

// stderrOf is a program's standard error, whichever stage it is of.
func stderrOf(a piston.Answer) string {
	switch {
	case a.Run != nil:
		return a.Run.Stderr
	case a.Compile != nil:
		return a.Compile.Stderr
	}
	return a.Message
}
