// Package prompt renders a problem's question into the text a policy
// continues.
package prompt

import "fmt"

// List returns the names of the templates.
func List() []string { return []string{"r1-zero", "short"} }

// Render puts the question into a template. An unknown template is an error.
func Render(template, question string) (string, error) {
	return "", fmt.Errorf("prompt template %q: not yet written", template)
}
