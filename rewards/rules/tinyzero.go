package rules

import (
	"fmt"

	"gradus/rewards"
)

func newTinyZero(params map[string]any) (rewards.Reward, error) {
	return nil, fmt.Errorf("reward tinyzero.countdown: not yet written")
}
