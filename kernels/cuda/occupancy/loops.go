//go:build cuda && linux

package main

import (
	"fmt"
	"os/exec"
	"regexp"
	"strings"
)

// loop is an innermost loop of a kernel's machine code.
type loop struct {
	kernel string
	size   int            // instructions
	counts map[string]int // by the first word of the instruction
}

var (
	section     = regexp.MustCompile(`^\.text\.(\w+):`)
	label       = regexp.MustCompile(`^(\.L_x_\d+):`)
	branch      = regexp.MustCompile("\\bBRA\\b.*`\\((\\.L_x_\\d+)\\)")
	instruction = regexp.MustCompile(`/\*[0-9a-f]{4,}\*/\s+(?:@!?U?P\w+ )?([A-Z][A-Z0-9]*)`)
)

// loops disassembles machine code and returns its innermost loops: backward
// branches that no other one lies in.
func loops(code string) ([]loop, error) {
	tool, err := find("nvdisasm")
	if err != nil {
		return nil, err
	}
	out, err := exec.Command(tool, "-c", code).Output()
	if err != nil {
		return nil, fmt.Errorf("occupancy: %s %s: %w", tool, code, err)
	}
	return innermost(string(out)), nil
}

func innermost(text string) []loop {
	var all []loop
	kernel, lines, at := "", []string(nil), map[string]int{}
	end := -1 // of the last loop that was found: one around it is none
	for line := range strings.Lines(text) {
		if m := section.FindStringSubmatch(line); m != nil {
			kernel, lines, end = m[1], nil, -1
			clear(at)
		}
		lines = append(lines, line)
		if m := label.FindStringSubmatch(line); m != nil {
			at[m[1]] = len(lines)
		}
		m := branch.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		from, backward := at[m[1]]
		if !backward || from <= end {
			continue
		}
		l := loop{kernel: kernel, counts: map[string]int{}}
		for _, line := range lines[from:] {
			if i := instruction.FindStringSubmatch(line); i != nil {
				l.size++
				l.counts[i[1]]++
			}
		}
		end = len(lines)
		if l.size > 1 { // a branch to itself ends every kernel
			all = append(all, l)
		}
	}
	return all
}
