package store

import (
	"context"
	"database/sql"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
)

// Redaction says what is taken out of a shared file. In what gradus and people
// wrote about a run, names become labels: "ada@lab-7" is "user-1@host-1"
// everywhere. In prompts and traces each byte becomes "*", so that the spans of
// rewards and notes still fit; token data of such traces is removed.
type Redaction struct {
	Paths   bool // folders of absolute paths; the last part stays
	Hosts   bool // names of machines that the run knows, and their boot ids
	Users   bool // names of users that the run knows
	Secrets bool // access tokens, private keys, passwords, by their usual forms
}

// Names are the kinds that are taken out.
func (r Redaction) Names() []string {
	var out []string
	for _, k := range []struct {
		on   bool
		name string
	}{{r.Paths, "paths"}, {r.Hosts, "hosts"}, {r.Users, "users"}, {r.Secrets, "secrets"}} {
		if k.on {
			out = append(out, k.name)
		}
	}
	return out
}

// ParseRedaction reads "all" or a list as "paths,users".
func ParseRedaction(s string) (r Redaction, err error) {
	for _, name := range strings.Split(s, ",") {
		switch strings.TrimSpace(name) {
		case "all":
			r = Redaction{true, true, true, true}
		case "paths":
			r.Paths = true
		case "hosts":
			r.Hosts = true
		case "users":
			r.Users = true
		case "secrets":
			r.Secrets = true
		default:
			return r, fmt.Errorf("cannot redact %q; want all, or some of paths,hosts,users,secrets", name)
		}
	}
	return r, nil
}

func (r Redaction) any() bool { return r != Redaction{} }

// redact takes out what r names, and returns how many values were changed.
func (in *Ingester) redact(ctx context.Context, r Redaction) (int, error) {
	if !r.any() {
		return 0, nil
	}
	red, err := newRedactor(ctx, in, r)
	if err != nil {
		return 0, fmt.Errorf("redact: %w", err)
	}
	for _, step := range []func(context.Context) error{red.machines, red.rows, red.prompts, red.traces} {
		if err := step(ctx); err != nil {
			return red.n, fmt.Errorf("redact: %w", err)
		}
	}
	return red.n, nil
}

// redactor takes names out of one database.
type redactor struct {
	Redaction
	patterns
	in    *Ingester
	names names
	n     int
}

func newRedactor(ctx context.Context, in *Ingester, r Redaction) (*redactor, error) {
	red := &redactor{Redaction: r, patterns: newPatterns(), in: in, names: names{users: map[string]string{}, hosts: map[string]string{}}}
	host, actor := red.names.host, red.names.actor
	for _, names := range []struct {
		query string
		learn func(string)
	}{
		{`SELECT host FROM attempt WHERE host <> '' ORDER BY n`, host},
		{`SELECT actor FROM control ORDER BY seq`, actor},
		{`SELECT author FROM note ORDER BY ts_us`, actor},
		{`SELECT made_by FROM comparison ORDER BY ts_us`, actor},
		{`SELECT made_by FROM layer ORDER BY n`, actor},
		{`SELECT actor FROM removal ORDER BY id`, actor},
		{`SELECT boot_id FROM attempt WHERE boot_id <> '' ORDER BY n`, host},
	} {
		found, err := columnOf(ctx, in.f.conn, names.query)
		if err != nil {
			return nil, err
		}
		for _, name := range found {
			names.learn(name)
		}
	}
	return red, nil
}

// machines removes what only the machine's owner can use.
func (r *redactor) machines(ctx context.Context) error {
	if !r.Hosts {
		return nil
	}
	_, err := r.in.f.conn.ExecContext(ctx, `UPDATE attempt SET boot_id = NULL, pid = NULL, pid_start = NULL, job_id = NULL`)
	return err
}

// closed tells of columns that hold words of ours, numbers or hashes.
func closed(table, column string) bool {
	switch table {
	case "series", "part", "tally", "cursor", "metric", "text_block", "tok_block", "sample_text", "sample_tok":
		return true
	}
	switch column {
	case "key", "kind", "state", "stage", "phase", "finish", "level", "code", "status", "outcome", "verb", "via", "hash", "prev_hash",
		"manifest_sha256", "executable_sha256", "suite_hash", "prompt_hash", "prompts_hash", "unit", "currency", "spans", "labels",
		"winner", "how", "child_kind", "parent_kind", "target_kind", "version", "backend", "non_finite", "id", "text_z":
		return true
	}
	return table == "prompt" && column == "text" // has a checksum; see prompts
}

// rows redacts every column of text but those of the traces themselves.
func (r *redactor) rows(ctx context.Context) error {
	tables, err := tableNames(ctx, r.in.f.conn)
	if err != nil {
		return err
	}
	for _, table := range tables {
		columns, err := columnOf(ctx, r.in.f.conn, `SELECT name FROM pragma_table_info(?) WHERE type IN ('TEXT', 'ANY')`, table)
		if err != nil {
			return err
		}
		keys, err := columnOf(ctx, r.in.f.conn, `SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk`, table)
		if err != nil {
			return err
		}
		for _, c := range columns {
			if closed(table, c) {
				continue
			}
			if err := r.column(ctx, table, c, keys); err != nil {
				return fmt.Errorf("%s.%s: %w", table, c, err)
			}
		}
	}
	return nil
}

func (r *redactor) column(ctx context.Context, table, column string, keys []string) error {
	edit := r.label
	switch {
	case slices.Contains([]string{"sample", "prompt", "reward", "verdict", "layer_trace", "layer_reward"}, table): // they quote traces
		edit = r.mask
	case column == "actor" || column == "author" || column == "made_by":
		edit = r.person
	}
	type change struct {
		key  []any
		text any
	}
	var found []change
	rows, err := r.in.f.conn.QueryContext(ctx, `SELECT "`+strings.Join(keys, `", "`)+`", "`+column+`" FROM "`+table+`" WHERE typeof("`+column+`") IN ('text', 'blob')`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		vals := make([]any, len(keys)+1)
		refs := make([]any, len(vals))
		for i := range vals {
			refs[i] = &vals[i]
		}
		if err := rows.Scan(refs...); err != nil {
			return err
		}
		var old string
		switch v := vals[len(keys)].(type) {
		case string:
			old = v
		case []byte:
			old = string(v)
		}
		if text := edit(old); text != old {
			found = append(found, change{vals[:len(keys)], sqlText(text)})
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	rows.Close()
	for _, c := range found {
		_, err := r.in.f.conn.ExecContext(ctx, `UPDATE OR REPLACE "`+table+`" SET "`+column+`" = ? WHERE "`+strings.Join(keys, `" = ? AND "`)+`" = ?`, append([]any{c.text}, c.key...)...)
		if err != nil {
			return err
		}
	}
	r.n += len(found)
	return nil
}

// prompts masks the prompts, whose checksums change with them.
func (r *redactor) prompts(ctx context.Context) error {
	type row struct {
		id       int64
		plain, z []byte
	}
	var list []row
	rows, err := r.in.f.conn.QueryContext(ctx, `SELECT id, text, text_z FROM prompt ORDER BY id`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var v row
		if err := rows.Scan(&v.id, &v.plain, &v.z); err != nil {
			return err
		}
		list = append(list, v)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	rows.Close()
	for _, v := range list {
		old, err := unpackText(r.in.dec, v.plain, v.z)
		if err != nil {
			return fmt.Errorf("prompt %d: %w", v.id, err)
		}
		text := r.mask(old)
		if text == old {
			continue
		}
		plain, z := packText(r.in.enc, text)
		if _, err := r.in.f.conn.ExecContext(ctx, `UPDATE prompt SET text = ?, text_z = ?, crc = ? WHERE id = ?`, plain, z, textSum(text), v.id); err != nil {
			return err
		}
		r.n++
	}
	return nil
}

// traces masks the completions, and what was noted of them.
func (r *redactor) traces(ctx context.Context) error {
	noted, err := r.noted(ctx)
	if err != nil {
		return err
	}
	changed, _, _, err := r.in.rewriteTexts(ctx, func(id int64, text string) (string, bool) {
		masked := r.mask(text)
		if masked != text && noted[id] != nil {
			noted[id].text = masked
		}
		return masked, true
	})
	if err != nil {
		return err
	}
	r.n += len(changed)
	was := make(map[int64]bool, len(changed))
	for _, id := range changed {
		was[id] = true
		if noted[id] == nil {
			continue
		}
		for _, q := range noted[id].quotes {
			if q.from < 0 || q.from > q.to || q.to > len(noted[id].text) {
				continue
			}
			crc := crc32.Checksum([]byte(noted[id].text[q.from:q.to]), crc32.MakeTable(crc32.Castagnoli))
			if _, err := r.in.f.conn.ExecContext(ctx, `UPDATE note SET quote_crc = ? WHERE id = ?`, int64(crc), q.note); err != nil {
				return err
			}
		}
	}
	_, err = r.in.dropTokens(ctx, func(id int64) bool { return was[id] })
	return err
}

type notedText struct {
	text   string
	quotes []noteQuote
}

type noteQuote struct {
	note     string
	from, to int
}

// noted are the traces of which a span was noted.
func (r *redactor) noted(ctx context.Context) (map[int64]*notedText, error) {
	rows, err := r.in.f.conn.QueryContext(ctx, `SELECT CAST(target AS INTEGER), id, span_from, span_to FROM note WHERE target_kind = 'sample' AND span_from IS NOT NULL`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[int64]*notedText{}
	for rows.Next() {
		var id int64
		var q noteQuote
		var to sql.NullInt64
		if err := rows.Scan(&id, &q.note, &q.from, &to); err != nil {
			return nil, err
		}
		if q.to = int(to.Int64); out[id] == nil {
			out[id] = &notedText{}
		}
		out[id].quotes = append(out[id].quotes, q)
	}
	return out, rows.Err()
}
