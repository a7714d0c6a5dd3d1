package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"gradus/store"
	"gradus/store/query"
	"gradus/tui/text"
)

// fieldHelp lists the fields of the query language.
func fieldHelp() string {
	var b strings.Builder
	b.WriteString("Fields:\n")
	for _, f := range query.Fields() {
		fmt.Fprintf(&b, "  %-20s %s\n", f.Example, f.Help)
	}
	b.WriteString("  format<1             score of a part of the reward, by its name; format:error finds those that gave none")
	return b.String()
}

// parseQuery reads a query with the names that the run adds to the language.
func parseQuery(ctx context.Context, db *store.DB, in string) (query.Node, error) {
	parts, err := db.RewardNames(ctx)
	if err != nil {
		return nil, err
	}
	n, err := query.Parse(in, query.Known{Parts: parts})
	var e *query.Error
	if errors.As(err, &e) {
		line, caret := e.Marked(func(s string) int { return ansi.StringWidth(text.Line(s)) })
		return nil, usage(fmt.Errorf("%w\n  %s\n  %s", err, line, caret))
	}
	return n, err
}

func (a *app) countTraces(ctx context.Context, db *store.DB, q store.SampleQuery, asJSON bool) error {
	n, err := db.CountSamples(ctx, q, 0)
	if errors.Is(err, store.ErrSearch) {
		return usage(err)
	}
	if err != nil {
		return err
	}
	if asJSON {
		return a.printJSON(map[string]int{"count": n})
	}
	a.printf("%d\n", n)
	return nil
}
