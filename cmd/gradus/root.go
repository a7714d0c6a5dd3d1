package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

// rootCommand assembles the command tree.
func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "gradus",
		Short: "A terminal workbench for RL reasoning experiments",
		Long: "gradus trains small reasoning models with GRPO and rule-based rewards, keeps every\n" +
			"sampled trace in SQLite, and shows reward curves and traces in the terminal.\n" +
			"Without a command it opens the workbench.",
		Example:       "  gradus demo\n  gradus run countdown --follow\n  gradus",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage(fmt.Errorf("there is no command %q; 'gradus --help' lists them", args[0]))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return a.workbench(cmd.Context(), "") },
	}
	root.Flags().BoolVar(&a.readOnly, "read-only", false, "open the workbench without the keys that change a run")
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage(fmt.Errorf("%s: %w; '%s --help' shows its flags", cmd.CommandPath(), err, cmd.CommandPath()))
	})
	root.AddCommand(
		a.demoCommand(), a.runCommand(), a.runsCommand(), a.watchCommand(),
		a.pauseCommand(), a.resumeCommand(), a.stopCommand(), a.checkpointCommand(),
		a.evalCommand(), a.gateCommand(), a.dataCommand(), a.compareCommand(), a.tracesCommand(), a.noteCommand(), a.notesCommand("notes"), a.rescoreCommand(),
		a.recipesCommand(), a.planCommand(), a.rewardCommand(), a.doctorCommand(), a.benchCommand(), a.dbCommand(), a.versionCommand(),
		a.processCommand(), a.starlarkCommand(), a.sandboxCommand(),
	)
	root.AddCommand(a.shareCommand(), a.openCommand(), a.exportCommand(), a.costCommand(), a.lineageCommand())
	for _, c := range root.Commands() {
		if !c.Runnable() {
			c.RunE = listCommands
		}
	}
	return root
}

// listCommands is what a command does that only has others below it.
func listCommands(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage(fmt.Errorf("there is no command \"%s %s\"; '%s --help' lists them", cmd.CommandPath(), args[0], cmd.CommandPath()))
	}
	return cmd.Help()
}
