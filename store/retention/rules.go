// Package retention reads the rules by which old checkpoints and old texts of
// traces are removed, and plans what they would remove. It removes nothing.
package retention

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
)

// Rules say what is kept. A table that is missing keeps everything.
type Rules struct {
	Checkpoints *Checkpoints `toml:"checkpoints"`
	Traces      *Traces      `toml:"traces"`
}

// Checkpoints says which checkpoints stay. Besides, the newest stays, the last
// of each stage, and each that another run was started from.
type Checkpoints struct {
	KeepLast  int    `toml:"keep_last"`  // the newest; at least 1
	KeepEvery int    `toml:"keep_every"` // and every so many steps; 0: none
	KeepBest  int    `toml:"keep_best"`  // and the best by Metric
	Metric    string `toml:"metric"`     // of the checkpoint; default eval/accuracy
	Lower     bool   `toml:"lower_is_better"`
}

// Traces says which completions lose their text. What was measured of them
// stays, and so do evaluations and traces that are flagged, noted, compared or
// scored again.
type Traces struct {
	OlderThan     Age `toml:"older_than"`      // since the run ended
	KeepLastSteps int `toml:"keep_last_steps"` // stay whole
	KeepEvery     int `toml:"keep_every"`      // every so many steps stay whole; 0: none
	KeepBest      int `toml:"keep_best"`       // of each other step, by reward
	KeepWorst     int `toml:"keep_worst"`
}

// Age is a time as "30d", "12h" or "90m".
type Age time.Duration

// UnmarshalText reads an age.
func (a *Age) UnmarshalText(b []byte) error {
	s := string(b)
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.ParseFloat(days, 64)
		if err != nil || !(n >= 0 && n < 36500) {
			return fmt.Errorf("%q is no age; write it as 30d or 12h", s)
		}
		*a = Age(n * 24 * float64(time.Hour))
		return nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return fmt.Errorf("%q is no age; write it as 30d or 12h", s)
	}
	*a = Age(d)
	return nil
}

// maxRules bounds the file.
const maxRules = 1 << 20

// Load reads a file of rules.
func Load(path string) (Rules, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return Rules{}, fmt.Errorf("read retention rules: %w", err)
	}
	r, err := Parse(b)
	if err != nil {
		return r, fmt.Errorf("retention rules %s: %w", path, err)
	}
	return r, nil
}

// Parse reads rules. A key that is not known is an error, so that a mistake
// never removes more than was meant.
func Parse(b []byte) (Rules, error) {
	var r Rules
	if len(b) > maxRules {
		return r, fmt.Errorf("the file has %d bytes; at most %d are read", len(b), maxRules)
	}
	err := toml.NewDecoder(bytes.NewReader(b)).DisallowUnknownFields().Decode(&r)
	var unknown *toml.StrictMissingError
	var bad *toml.DecodeError
	switch {
	case errors.As(err, &unknown) && len(unknown.Errors) > 0:
		line, _ := unknown.Errors[0].Position()
		return Rules{}, fmt.Errorf("line %d: unknown key %s", line, strings.Join(unknown.Errors[0].Key(), "."))
	case errors.As(err, &bad):
		line, column := bad.Position()
		return Rules{}, fmt.Errorf("line %d, column %d: %w", line, column, err)
	case err != nil:
		return Rules{}, err
	}
	return r, r.check()
}

func (r *Rules) check() error {
	if r.Checkpoints == nil && r.Traces == nil {
		return errors.New("there is no [checkpoints] and no [traces], so nothing would be removed")
	}
	if c := r.Checkpoints; c != nil {
		if c.KeepLast < 1 {
			return fmt.Errorf("checkpoints.keep_last is %d; at least the newest must stay, or the run could not be resumed", c.KeepLast)
		}
		if c.KeepEvery < 0 || c.KeepBest < 0 {
			return errors.New("checkpoints: keep_every and keep_best cannot be negative")
		}
		if c.Metric == "" {
			c.Metric = "eval/accuracy"
		}
	}
	if t := r.Traces; t != nil {
		if t.OlderThan == 0 {
			return errors.New("traces.older_than is missing; write how long after its end a run keeps all texts, as \"30d\"")
		}
		if t.KeepLastSteps < 0 || t.KeepEvery < 0 || t.KeepBest < 0 || t.KeepWorst < 0 {
			return errors.New("traces: what is kept cannot be negative")
		}
	}
	return nil
}
