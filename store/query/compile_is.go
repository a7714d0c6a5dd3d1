package query

import "strings"

// Live is a condition on a row n of table note: it was not taken back. A later
// row of the same author about the same thing takes it back by naming it, and
// a verdict by being another. What somebody else says takes nothing back.
const Live = `n.text <> '' AND NOT EXISTS(SELECT 1 FROM note r WHERE r.target_kind = n.target_kind AND r.target = n.target AND r.author = n.author
	AND (r.supersedes = n.id OR n.kind = 'verdict' AND r.kind = 'verdict' AND (r.ts_us, r.id) > (n.ts_us, n.id)))`

// noted begins the list of traces with a note that readers did not take back.
const noted = "(SELECT CAST(n.target AS INTEGER) FROM note n WHERE n.target_kind = 'sample' AND " + Live

// is writes a term about values that are not numbers.
func (c *compiler) is(n Is) string {
	plus := "+"
	if c.leading {
		plus = ""
	}
	switch n.Field {
	case PartField:
		return "EXISTS(SELECT 1 FROM reward r JOIN verdict v ON v.id = r.verdict JOIN part k ON k.id = v.part WHERE r.sample = s.id AND k.name = " +
			c.arg(n.Part) + " AND " + c.values("v.status", n.Values) + ")"
	case "reason":
		return "EXISTS(SELECT 1 FROM reward r JOIN verdict v ON v.id = r.verdict WHERE r.sample = s.id AND " + c.values("v.reason", n.Values) + ")"
	case "tag", "verdict":
		return plus + "s.id IN " + noted + " AND n.kind = '" + n.Field + "' AND " + c.each(n.Values, func(v Value) string {
			term := c.value("n.text", v)
			if v.Author != "" {
				term = "(" + term + " AND n.author = " + c.arg(v.Author) + ")"
			}
			return term
		}) + ")"
	case "author":
		return plus + "s.id IN " + noted + " AND " + c.values("n.author", n.Values) + ")"
	case "note":
		return plus + "s.id IN " + noted + " AND n.kind = 'note' AND " + c.each(n.Values, func(v Value) string {
			return "instr(lower(n.text), lower(" + c.arg(v.Text) + ")) > 0"
		}) + ")"
	case "has":
		return c.each(n.Values, func(v Value) string { return c.has(v.Text, plus) })
	case "correct":
		return c.each(n.Values, func(v Value) string {
			return map[string]string{"yes": "+s.correct = 1", "no": "+s.correct = 0", "none": "s.correct IS NULL"}[v.Text]
		})
	case "unscorable", "removed":
		f, _ := lookup(n.Field)
		return c.each(n.Values, func(v Value) string {
			return f.column + map[string]string{"yes": " <> 0", "no": " = 0"}[v.Text]
		})
	case "prompt":
		return plus + "s.prompt IN (SELECT rowid FROM prompt_fts WHERE prompt_fts MATCH " + c.arg(matchValues(n.Values)) + ")"
	case "hash":
		if v := n.Values; c.leading && len(v) == 1 && !v[0].Prefix {
			return "s.prompt = (SELECT id FROM prompt WHERE " + c.hash(v[0]) + ")" // one prompt: its traces come in order
		}
		return plus + "s.prompt IN (SELECT id FROM prompt WHERE " + c.each(n.Values, c.hash) + ")"
	case "ckpt":
		return c.each(n.Values, func(v Value) string {
			if strings.Contains(v.Text, "@") || v.Prefix {
				return c.value("b.ckpt", v)
			}
			return "substr(b.ckpt, instr(b.ckpt, '@') + 1) = " + c.arg(v.Text)
		})
	case "task", "ref":
		c.plan.Prompt = true
	}
	f, _ := lookup(n.Field)
	column := f.column
	if n.Field == "claim" {
		column = "coalesce(s.claim, '')"
	}
	return c.values("+"+column, n.Values)
}

// hash finds prompts by the beginning of their hash, through its index.
func (c *compiler) hash(v Value) string {
	if !v.Prefix {
		return "hash = " + c.arg(v.Text)
	}
	if v.Text == "" {
		return "1"
	}
	end := []byte(v.Text)
	end[len(end)-1]++ // 9 to :, f to g: no digit of a hash lies between
	return "(hash >= " + c.arg(v.Text) + " AND hash < " + c.arg(string(end)) + ")"
}

func (c *compiler) has(what, plus string) string {
	switch what {
	case "claim":
		return "coalesce(s.claim, '') <> ''"
	case "tokens":
		return "EXISTS(SELECT 1 FROM sample_tok t WHERE t.sample = s.id)"
	case "disagreement":
		return plus + "s.id IN " + noted + " AND n.kind = 'verdict' GROUP BY n.target HAVING count(DISTINCT lower(n.text)) > 1)"
	}
	return plus + "s.id IN " + noted + " AND n.kind = '" + what + "')"
}

// each joins the terms of alternatives.
func (c *compiler) each(values []Value, term func(Value) string) string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = term(v)
	}
	if len(out) == 1 {
		return out[0]
	}
	return balanced(out)
}

func balanced(terms []string) string {
	if len(terms) == 1 {
		return terms[0]
	}
	half := len(terms) / 2
	return "(" + balanced(terms[:half]) + " OR " + balanced(terms[half:]) + ")"
}

func (c *compiler) values(column string, values []Value) string {
	return c.each(values, func(v Value) string { return c.value(column, v) })
}

// value compares without regard to the case of ASCII letters.
func (c *compiler) value(column string, v Value) string {
	switch {
	case !v.Prefix:
		return column + " = " + c.arg(v.Text) + " COLLATE NOCASE"
	case v.Text == "":
		return column + " <> ''"
	}
	return "substr(" + column + ", 1, length(" + c.arg(v.Text) + ")) = " + c.arg(v.Text) + " COLLATE NOCASE"
}
