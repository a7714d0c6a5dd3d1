package rules

import (
	_ "embed"
	"fmt"
	"strconv"

	"gradus/rewards"
	"gradus/rewards/custom"
)

//go:embed repetition_zh.py
var repetitionZH string

// newZHRepetition is open-r1's repetition_penalty_reward for language "zh",
// over the words of jieba.cut. Their dictionary has 350,000 entries and the
// unknown words a model of their own, so the user's jieba cuts, in Python.
func newZHRepetition(p WordRepetitionParams, spec rewards.Spec) (rewards.Reward, error) {
	python := p.Python
	if python == "" {
		python = "python3"
	}
	source := fmt.Sprintf("%s\nNGRAM_SIZE, MAX_PENALTY = %d, %s\n", repetitionZH, p.NgramSize, strconv.FormatFloat(p.MaxPenalty, 'e', -1, 64))
	processes := custom.DefaultProcess()
	processes.DeadlineMS, processes.Range = 30_000, spec.Range
	return custom.NewBuiltin(spec, source, "repetition", python, processes)
}
