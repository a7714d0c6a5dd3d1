package main

import (
	"fmt"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"gradus/rewards/custom"
	"gradus/rewards/rules"
)

// starlarkCommand is the process in which a Starlark reward runs: it answers
// JSON lines and bounds its own memory. Rewards start it themselves.
func (a *app) starlarkCommand() *cobra.Command {
	return &cobra.Command{
		Use:     rules.StarlarkCommand + " FILE MAX_STEPS MEMORY_MIB",
		Short:   "The process of a Starlark reward; rewards start it themselves",
		Example: "  gradus _starlark reward.star 10000000 512",
		Hidden:  true,
		Args:    exactArgs("FILE", "MAX_STEPS", "MEMORY_MIB"),
		RunE: func(_ *cobra.Command, args []string) error {
			steps, err := strconv.ParseUint(args[1], 10, 64)
			if err != nil {
				return usage(fmt.Errorf("MAX_STEPS: %w", err))
			}
			memory, err := strconv.ParseUint(args[2], 10, 32)
			if err != nil {
				return usage(fmt.Errorf("MEMORY_MIB: %w", err))
			}
			return custom.ServeStarlark(os.Stdin, a.stdout, args[0], steps, memory)
		},
	}
}
