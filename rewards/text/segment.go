// Package text finds the parts of a completion: think, answer, boxes, and
// what lies outside. Everything is a byte span; the text is never changed.
package text

import "gradus/rewards"

// Tags of the R1 template.
const (
	ThinkOpen   = "<think>"
	ThinkClose  = "</think>"
	AnswerOpen  = "<answer>"
	AnswerClose = "</answer>"
)

// Tags returns the four tags in the order they appear in a completion. A
// character tokenizer does well to make each one token.
func Tags() []string { return []string{ThinkOpen, ThinkClose, AnswerOpen, AnswerClose} }

var _ rewards.Span
