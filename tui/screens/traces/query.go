package traces

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/agnivade/levenshtein"

	"gradus/store"
)

// Parse reads the filter box:
//
//	step:10..20 reward<.2 finish:length correct:no "double check"
//
// Each term narrows the list. A term is a field with a value, or a word or a
// "quoted phrase" that must occur in the completion. Ranges are 10, 10.., ..20
// and 10..20, both ends included; <, <=, > and >= work too. An error names what
// it does not understand and what would do.
func Parse(s string) (store.SampleQuery, error) {
	var q store.SampleQuery
	terms, err := split(s)
	if err != nil {
		return q, err
	}
	var words []string
	for _, t := range terms {
		field, op, value := cut(t)
		if op == "" {
			words = append(words, t)
			continue
		}
		if err := set(&q, field, op, strings.Trim(value, `"`)); err != nil {
			return q, err
		}
	}
	q.Text = strings.Join(words, " ")
	return q, nil
}

// Fields names the fields of the filter box.
func Fields() []string {
	return []string{"step", "reward", "finish", "correct", "phase", "stage", "task", "group", "attempt", "prompt", "ckpt"}
}

// split cuts s at blanks that do not stand between quotes.
func split(s string) ([]string, error) {
	var out []string
	var term strings.Builder
	quoted := false
	for _, r := range s {
		switch {
		case r == '"':
			quoted = !quoted
			term.WriteRune(r)
		case r == ' ' && !quoted:
			if term.Len() > 0 {
				out = append(out, term.String())
				term.Reset()
			}
		default:
			term.WriteRune(r)
		}
	}
	if quoted {
		return nil, fmt.Errorf("a quote is open; close it with \"")
	}
	if term.Len() > 0 {
		out = append(out, term.String())
	}
	return out, nil
}

// cut divides a term into field, operator and value; a word has no operator.
func cut(term string) (field, op, value string) {
	if strings.HasPrefix(term, `"`) {
		return "", "", ""
	}
	i := strings.IndexAny(term, ":<>=")
	if i < 1 {
		return "", "", ""
	}
	op = term[i : i+1]
	if op != ":" && strings.HasPrefix(term[i+1:], "=") {
		op += "="
	}
	return strings.ToLower(term[:i]), op, term[i+len(op):]
}

func set(q *store.SampleQuery, field, op, value string) error {
	if value == "" {
		return fmt.Errorf("%s%s wants a value", field, op)
	}
	switch field {
	case "step":
		return setInts(&q.MinStep, &q.MaxStep, field, op, value)
	case "reward":
		return setFloats(&q.MinReward, &q.MaxReward, op, value)
	}
	if op != ":" && op != "=" {
		return fmt.Errorf("%s takes a colon: %s:%s", field, field, value)
	}
	switch field {
	case "finish":
		return oneOf(&q.Finish, field, value, "stop", "length")
	case "phase":
		return oneOf(&q.Phase, field, value, "train", "eval")
	case "correct":
		return setVerdict(q, value)
	case "stage":
		q.Stage = value
	case "task":
		q.Task = value
	case "prompt":
		q.PromptHash = value
	case "ckpt":
		q.Ckpt = value
	case "group":
		return setInt(&q.Group, field, value)
	case "attempt":
		return setInt(&q.Attempt, field, value)
	default:
		return unknown(field, op, value)
	}
	return nil
}

func unknown(field, op, value string) error {
	hint := "fields are " + strings.Join(Fields(), ", ")
	least := 3
	for _, f := range Fields() {
		if d := levenshtein.ComputeDistance(field, f); d < least && 2*d <= len(field) {
			hint, least = "did you mean "+f+"?", d
		}
	}
	return fmt.Errorf("%q is not a field; %s To search the text for it, quote it: \"%s%s%s\"", field, hint, field, op, value)
}

func oneOf(to *string, field, value string, values ...string) error {
	for _, v := range values {
		if strings.EqualFold(v, value) {
			*to = v
			return nil
		}
	}
	return fmt.Errorf("%s is %s, not %q", field, strings.Join(values, " or "), value)
}

func setVerdict(q *store.SampleQuery, value string) error {
	var v bool
	switch strings.ToLower(value) {
	case "yes", "right", "true", "ok", "1":
		v = true
	case "no", "wrong", "false", "0":
	default:
		return fmt.Errorf("correct is yes or no, not %q", value)
	}
	q.Correct = &v
	return nil
}

func setInt(to **int, field, value string) error {
	n, err := strconv.Atoi(value)
	if err != nil {
		return fmt.Errorf("%s wants a whole number, not %q", field, value)
	}
	*to = &n
	return nil
}

// setInts reads an operator or a range of whole numbers.
func setInts(lo, hi **int, field, op, value string) error {
	from, to, err := bounds(op, value)
	if err != nil {
		return fmt.Errorf("%s: %w", field, err)
	}
	if from != "" {
		if err := setInt(lo, field, from); err != nil {
			return err
		}
		if op == ">" {
			**lo++
		}
	}
	if to != "" {
		if err := setInt(hi, field, to); err != nil {
			return err
		}
		if op == "<" {
			**hi--
		}
	}
	return nil
}

func setFloats(lo, hi **float64, op, value string) error {
	from, to, err := bounds(op, value)
	if err != nil {
		return fmt.Errorf("reward: %w", err)
	}
	for _, b := range []struct {
		s  string
		to **float64
		by float64 // where a strict bound moves to
	}{{from, lo, math.Inf(1)}, {to, hi, math.Inf(-1)}} {
		if b.s == "" {
			continue
		}
		v, err := strconv.ParseFloat(b.s, 64)
		if err != nil || math.IsNaN(v) {
			return fmt.Errorf("reward wants a number, not %q", b.s)
		}
		if op == "<" || op == ">" {
			v = math.Nextafter(v, b.by)
		}
		*b.to = &v
	}
	return nil
}

// bounds gives the ends of a range, each "" where it is open.
func bounds(op, value string) (from, to string, err error) {
	switch op {
	case "<", "<=":
		return "", value, nil
	case ">", ">=":
		return value, "", nil
	}
	from, to, isRange := strings.Cut(value, "..")
	if !isRange {
		return value, value, nil
	}
	if from == "" && to == "" {
		return "", "", fmt.Errorf("a range needs an end: 10.., ..20 or 10..20")
	}
	return from, to, nil
}
