// Package piston speaks to Piston (https://github.com/engineer-man/piston,
// API version 2): servers that compile and run programs in a sandbox of their
// own, as open-r1's rewards for competitive programming use them.
package piston

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
)

// The packages that open-r1 adds to Piston, by the names of their languages.
const (
	CPP17  = "c++17"      // of the package codeforces
	Python = "cf_python3" // of the package codeforces
	IOI    = "cms_ioi"
)

// File is a file of a job: a path below the job's folder.
type File struct {
	Name    string `json:"name"`
	Content string `json:"content"`
}

// Job is what a server is asked to compile and run. The first file is the
// program where the language says nothing else.
type Job struct {
	Language       string   `json:"language"`
	Version        string   `json:"version"`
	Files          []File   `json:"files"`
	RunTimeout     float64  `json:"run_timeout,omitempty"`      // milliseconds on the clock; 0: the server's own
	RunMemoryLimit *float64 `json:"run_memory_limit,omitempty"` // bytes; nil: the server's own
}

// Stage is how compiling or running ended.
type Stage struct {
	Stdout string
	Stderr string
	Code   *int   // exit code; nil when a signal ended it
	Signal string // as "SIGKILL"; "" for none
}

// OK says whether it ended with exit code 0.
func (s Stage) OK() bool { return s.Code != nil && *s.Code == 0 }

// Answer is what a server says of a job.
type Answer struct {
	Language string
	Version  string
	Compile  *Stage // nil for languages that compile nothing
	Run      *Stage // nil when compiling failed
	Message  string // of a server that refuses the job
}

// wireStage is a stage as it is sent.
type wireStage struct {
	Stdout string   `json:"stdout"`
	Stderr string   `json:"stderr"`
	Code   *float64 `json:"code"`
	Signal *string  `json:"signal"`
}

func (w *wireStage) stage() (*Stage, error) {
	if w == nil {
		return nil, nil
	}
	s := &Stage{Stdout: w.Stdout, Stderr: w.Stderr}
	if w.Signal != nil {
		s.Signal = *w.Signal
	}
	if w.Code != nil {
		if math.Abs(*w.Code) > math.MaxInt32 || *w.Code != math.Trunc(*w.Code) {
			return nil, fmt.Errorf("the exit code %v is none", *w.Code)
		}
		code := int(*w.Code)
		s.Code = &code
	}
	return s, nil
}

// Read reads the answer of a server to a job.
func Read(body []byte) (Answer, error) {
	var w struct {
		Language string     `json:"language"`
		Version  string     `json:"version"`
		Compile  *wireStage `json:"compile"`
		Run      *wireStage `json:"run"`
		Message  string     `json:"message"`
	}
	if b := bytes.TrimSpace(body); len(b) == 0 || string(b) == "null" {
		return Answer{}, errors.New("the answer is empty")
	}
	if err := json.Unmarshal(body, &w); err != nil {
		return Answer{}, fmt.Errorf("the answer is not Piston's: %w", err)
	}
	a := Answer{Language: w.Language, Version: w.Version, Message: w.Message}
	var err error
	if a.Compile, err = w.Compile.stage(); err != nil {
		return Answer{}, fmt.Errorf("the answer is not Piston's: compile: %w", err)
	}
	if a.Run, err = w.Run.stage(); err != nil {
		return Answer{}, fmt.Errorf("the answer is not Piston's: run: %w", err)
	}
	if a.Compile == nil && a.Run == nil && a.Message == "" {
		return Answer{}, errors.New("the answer is not Piston's: it has no run, no compile and no message")
	}
	return a, nil
}
