// Package setups names the compositions of reward functions that published
// runs were trained with: which functions, with which weights and parameters,
// from which source.
package setups

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"gradus/rewards/text"
)

//go:embed *.toml
var files embed.FS

// Setup is one published composition.
type Setup struct {
	Name   string   `toml:"-" json:"name"`
	About  string   `toml:"about" json:"about"`
	Source string   `toml:"source" json:"source"` // where it is published: repository and file, or paper and section
	Prompt string   `toml:"prompt" json:"prompt"` // what the functions expect of the prompt
	Rows   string   `toml:"rows" json:"rows"`     // what they read of a row of the data
	Reward []Reward `toml:"reward" json:"reward"` // in the order of the sum
	// GRPO holds the settings that the source trained with, under a recipe's
	// names. They are told, not applied.
	GRPO map[string]any `toml:"grpo" json:"grpo,omitempty"`
	Text string         `toml:"-" json:"-"` // the file
}

// Reward is one function of the sum; the fields are those of a recipe's
// [[reward]] table.
type Reward struct {
	Name   string         `toml:"name" json:"name"`
	Weight float64        `toml:"weight" json:"weight"`
	Params map[string]any `toml:"params" json:"params,omitempty"`
	Label  string         `toml:"label" json:"label,omitempty"`
	Gate   string         `toml:"gate" json:"gate,omitempty"`
}

// List returns all setups by name.
func List() ([]Setup, error) {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil, err
	}
	var list []Setup
	for _, e := range entries {
		text, err := files.ReadFile(e.Name())
		if err != nil {
			return nil, err
		}
		s, err := parse(strings.TrimSuffix(e.Name(), path.Ext(e.Name())), text)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b Setup) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

func parse(name string, text []byte) (Setup, error) {
	s := Setup{Name: name, Text: string(text)}
	d := toml.NewDecoder(strings.NewReader(s.Text))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return Setup{}, fmt.Errorf("reward setup %s: %w", name, err)
	}
	return s, nil
}

// Find returns the setup of a name. An unknown name is an error that names the
// nearest known one.
func Find(name string) (Setup, error) {
	list, err := List()
	if err != nil {
		return Setup{}, err
	}
	var known []string
	for _, s := range list {
		if s.Name == name {
			return s, nil
		}
		known = append(known, s.Name)
	}
	return Setup{}, fmt.Errorf("reward setup %q is unknown; did you mean %q? Known are %s", name, text.Nearest(name, known), strings.Join(known, ", "))
}

// Tables are the reward functions as the tables that a recipe holds.
func (s Setup) Tables() []map[string]any {
	out := make([]map[string]any, len(s.Reward))
	for i, r := range s.Reward {
		out[i] = map[string]any{"name": r.Name, "weight": r.Weight}
		if r.Params != nil {
			out[i]["params"] = r.Params
		}
		if r.Label != "" {
			out[i]["label"] = r.Label
		}
		if r.Gate != "" {
			out[i]["gate"] = r.Gate
		}
	}
	return out
}
