package main

import "github.com/spf13/cobra"

// rewardCommand is the parent of the commands about reward functions.
func (a *app) rewardCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "reward",
		Short: "List reward functions, score texts with them, compare answers",
		Long: "Reward functions judge completions by rules: accuracy, format, length, repetition,\n" +
			"language. Published ones are there under their publishers' names, with their quirks,\n" +
			"beside repaired ones (gradus.*).",
		Example: "  gradus reward list\n  gradus reward show openr1.cosine\n  gradus reward setup open-r1\n  gradus reward score --reward openr1.format --in rows.jsonl\n" +
			"  gradus reward verify --policy mathverify --in answers.jsonl\n  gradus reward fuzz",
	}
	cmd.AddCommand(a.rewardListCommand(), a.rewardShowCommand(), a.rewardSetupCommand(), a.rewardScoreCommand(), a.rewardVerifyCommand(), a.rewardFuzzCommand(), a.rewardAttackCommand())
	return cmd
}
