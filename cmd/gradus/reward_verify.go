package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/spf13/cobra"

	"gradus/rewards/mathans"
	"gradus/tui/text"
)

// maxAnswerLine bounds the bytes of one row of answers; a longer one is
// reported and the rows after it are still read.
const maxAnswerLine = 8 << 20

func (a *app) rewardVerifyCommand() *cobra.Command {
	var policy, in, out string
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Compare answers with gold answers",
		Long: "Reads rows {\"gold\": …, \"pred\": …}, or {\"gold\": …, \"completion\": …} to find the answer in a whole text first, and\n" +
			"writes each row with a field \"verdict\": status, equal, rung (the method that decided), basis, certainty, why.\n" +
			"A row may set match_types, precision, strict and allow_set_relation_comp, with Math-Verify's meaning.\n" +
			"A row that cannot be judged gets a verdict with status \"error\" and a line on standard error; the exit code is then 1.",
		Example: "  gradus reward verify --policy mathverify --in answers.jsonl --out verdicts.jsonl\n" +
			"  echo '{\"gold\":\"1/2\",\"pred\":\"0.5\"}' | gradus reward verify --policy r1",
		Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := mathans.ParsePolicy(policy)
			if err != nil {
				return usage(err)
			}
			return a.rewardVerify(cmd.Context(), p, in, out)
		},
	}
	cmd.Flags().StringVar(&policy, "policy", string(mathans.PolicyR1), "where the answer stands and what counts as equal: r1, gsm8k, mathverify, lenient")
	cmd.Flags().StringVar(&in, "in", "-", "JSONL file; - is the standard input")
	cmd.Flags().StringVar(&out, "out", "-", "file to write; - is the standard output")
	return cmd
}

func (a *app) rewardVerify(ctx context.Context, p mathans.Policy, in, out string) (err error) {
	source, w, done, err := a.rowFiles(in, out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	rows, bad := 0, 0
	err = eachLine(ctx, source, maxAnswerLine, func(number int, line []byte, err error) error {
		rows++
		var row jsonRow
		if err == nil {
			row, err = parseRow(line)
		}
		var v any
		if err == nil {
			v, err = verifyRow(p, row)
		}
		if err != nil {
			bad++
			a.complain(fmt.Errorf("line %d: %w", number, err))
			v = map[string]any{"status": "error", "equal": false, "why": text.Line(err.Error())}
			if row.keys == nil {
				row.set("line", number)
			}
		}
		row.set("verdict", v)
		return row.write(w)
	})
	switch {
	case err != nil:
		return fmt.Errorf("rows of %s: %w", inputName(in), err)
	case bad > 0:
		return fmt.Errorf("%s could not be judged", text.Count(bad, "row"))
	case rows == 0:
		return noRows(in)
	}
	return nil
}

// verifyRow judges one row. A fault of the verifier is an error of that row.
func verifyRow(p mathans.Policy, row jsonRow) (v mathans.Verdict, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			v, err = mathans.Verdict{}, fmt.Errorf("the verifier failed on it, which is a fault of gradus: %v", fault)
		}
	}()
	golds, err := row.texts("gold")
	if err != nil {
		return mathans.Verdict{}, err
	}
	judge := p.VerifyAnswer
	preds, err := row.texts("pred")
	if row.has("completion") {
		judge = p.Verify
		preds, err = row.texts("completion")
	}
	if err != nil {
		return mathans.Verdict{}, err
	}
	if len(preds) != 1 {
		return mathans.Verdict{}, fmt.Errorf("%d answers in one row; want one", len(preds))
	}
	adjust, err := row.adjust()
	if err != nil {
		return mathans.Verdict{}, err
	}
	for i, gold := range golds {
		// Several gold answers: any of them will do.
		if w := judge(gold, preds[0], adjust); i == 0 || w.Equal || v.Status == mathans.GoldUnparsed {
			v = w
		}
		if v.Equal {
			break
		}
	}
	return v, nil
}

// jsonRow is a JSON object that keeps its fields in order.
type jsonRow struct {
	keys   []string
	fields map[string]json.RawMessage
}

// parseRow splits an object into its fields, which stay parts of line.
func parseRow(line []byte) (jsonRow, error) {
	if !json.Valid(line) {
		return jsonRow{}, errors.New("not JSON")
	}
	if line[0] != '{' {
		return jsonRow{}, errors.New("not a JSON object")
	}
	row := jsonRow{keys: []string{}, fields: map[string]json.RawMessage{}}
	for i := 1; ; {
		// line is valid, so what stands here is a key, a comma or the end.
		i = skipJSONSpace(line, i)
		switch line[i] {
		case '}':
			return row, nil
		case ',':
			i++
			continue
		}
		end := jsonValueEnd(line, i)
		var key string
		if err := json.Unmarshal(line[i:end], &key); err != nil {
			return jsonRow{}, fmt.Errorf("not JSON: %w", err)
		}
		i = skipJSONSpace(line, end) + 1 // over the colon
		i = skipJSONSpace(line, i)
		end = jsonValueEnd(line, i)
		if _, twice := row.fields[key]; !twice {
			row.keys = append(row.keys, key)
		}
		row.fields[key] = json.RawMessage(line[i:end])
		i = end
	}
}

func skipJSONSpace(line []byte, i int) int {
	for line[i] == ' ' || line[i] == '\t' || line[i] == '\n' || line[i] == '\r' {
		i++
	}
	return i
}

// jsonValueEnd returns where the value that begins at i ends, in valid JSON.
func jsonValueEnd(line []byte, i int) int {
	depth := 0
	for ; i < len(line); i++ {
		switch line[i] {
		case '"':
			for i++; line[i] != '"'; i++ {
				if line[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i // the end of a number in an object
			}
			depth--
		case ',', ' ', '\t', '\n', '\r', ':':
			if depth == 0 {
				return i
			}
			continue
		default:
			continue // part of a number or a word
		}
		if depth == 0 {
			return i + 1
		}
	}
	return i
}

func (r *jsonRow) has(key string) bool {
	v, ok := r.fields[key]
	return ok && string(v) != "null"
}

// set adds or replaces a field.
func (r *jsonRow) set(key string, value any) {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		b.Reset()
		b.WriteString("null")
	}
	if r.fields == nil {
		r.fields = map[string]json.RawMessage{}
	}
	if _, ok := r.fields[key]; !ok {
		r.keys = append(r.keys, key)
	}
	r.fields[key] = json.RawMessage(strings.TrimSpace(b.String()))
}

func (r *jsonRow) write(w *bufio.Writer) error {
	w.WriteByte('{')
	for i, k := range r.keys {
		if i > 0 {
			w.WriteByte(',')
		}
		name, err := json.Marshal(k)
		if err != nil {
			return err
		}
		w.Write(name)
		w.WriteByte(':')
		w.Write(r.fields[k])
	}
	_, err := w.WriteString("}\n")
	return err
}

// texts reads a field that holds a text or a number, or a list of them.
func (r *jsonRow) texts(key string) ([]string, error) {
	raw, ok := r.fields[key]
	if !ok {
		return nil, fmt.Errorf("no field %q", key)
	}
	one := func(raw json.RawMessage) (string, bool) {
		var s string
		if json.Unmarshal(raw, &s) == nil && string(raw) != "null" {
			return s, true
		}
		var n json.Number
		if json.Unmarshal(raw, &n) == nil && n != "" {
			return n.String(), true
		}
		return "", false
	}
	if s, ok := one(raw); ok {
		return []string{s}, nil
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) == nil && len(list) > 0 {
		var out []string
		for _, e := range list {
			s, ok := one(e)
			if !ok {
				return nil, fmt.Errorf("field %q holds something that is no text", key)
			}
			out = append(out, s)
		}
		return out, nil
	}
	return nil, fmt.Errorf("field %q is no text", key)
}

// adjust reads the parameters that Math-Verify's tests and callers set. null, as
// data frames write what a row has not, leaves a parameter as it is.
func (r *jsonRow) adjust() (a mathans.Adjust, err error) {
	if r.has("precision") {
		var n float64 // data frames write 6 as 6.0
		if json.Unmarshal(r.fields["precision"], &n) != nil || n != math.Trunc(n) || n < 0 || n > 30 {
			return a, fmt.Errorf("precision is %s; want a whole number of decimals from 0 to 30", r.fields["precision"])
		}
		decimals := int(n)
		a.Decimals = &decimals
	}
	if r.has("strict") {
		var strict bool
		if json.Unmarshal(r.fields["strict"], &strict) != nil {
			return a, fmt.Errorf("strict is %s; want true or false", r.fields["strict"])
		}
		a.Lax = !strict
	}
	if r.has("allow_set_relation_comp") && json.Unmarshal(r.fields["allow_set_relation_comp"], &a.RelationForSet) != nil {
		return a, fmt.Errorf("allow_set_relation_comp is %s; want true or false", r.fields["allow_set_relation_comp"])
	}
	if r.has("match_types") {
		var kinds []string
		if json.Unmarshal(r.fields["match_types"], &kinds) != nil {
			return a, fmt.Errorf(`match_types is %s; want a list of "latex" and "expr"`, r.fields["match_types"])
		}
		for _, k := range kinds {
			if k == "latex" || k == "expr" {
				a.Targets = append(a.Targets, k)
			}
		}
	}
	return a, nil
}
