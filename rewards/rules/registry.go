// Package rules holds the reward functions that need no model: accuracy,
// format and length, in our own definitions and, under the names of their
// publishers, in published ones with their published quirks.
package rules

import (
	"fmt"
	"strings"

	"gradus/rewards"
)

// List returns the names New knows, in the order to show them.
func List() []string {
	return []string{"gradus.accuracy", "gradus.format", "gradus.length",
		"r1.format", "openr1.format", "trl.think_format", "tinyzero.countdown"}
}

// New makes the reward function of a name. params may be nil; its keys are
// those of the function's parameter struct, as LengthParams. An unknown name
// or key is an error that names the nearest known one.
func New(name string, params map[string]any) (rewards.Reward, error) {
	var none struct{}
	switch name {
	case "gradus.accuracy":
		return plain(name, params, &none, accuracySpec(), accuracy)
	case "gradus.format":
		return plain(name, params, &none, binarySpec(name), strictFormat)
	case "r1.format":
		return plain(name, params, &none, binarySpec(name), r1Format)
	case "openr1.format":
		return plain(name, params, &none, binarySpec(name), openR1Format)
	case "trl.think_format":
		return plain(name, params, &none, binarySpec(name), trlThinkFormat)
	case "gradus.length":
		return newLength(params)
	case "tinyzero.countdown":
		return newTinyZero(params)
	}
	return nil, fmt.Errorf("reward %q is unknown; did you mean %q? Known are %s", name, nearest(name, List()), strings.Join(List(), ", "))
}

func plain(name string, params map[string]any, into any, spec rewards.Spec, judge judge) (rewards.Reward, error) {
	if err := decode(name, params, into); err != nil {
		return nil, err
	}
	return perSample{spec, judge}, nil
}

// binarySpec is the spec of a function with the scores 0 and 1 and no
// parameters.
func binarySpec(name string) rewards.Spec {
	return rewards.Spec{Name: name, Version: "1.0.0", Range: [2]float64{0, 1}, Deterministic: true}
}
