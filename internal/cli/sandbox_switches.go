package cli

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/words"
)

// switchList is the JSON of the command.
type switchList struct {
	Version  int         `json:"version"`
	Switches []switchRow `json:"switches"`
}

type switchRow struct {
	Name string `json:"name"`
	Off  string `json:"off"`
	On   string `json:"on"`
}

func newSwitches(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "switches",
		Short: "List what the sandbox can do in two ways",
		Long: `List what the sandbox can do in two ways, because no public source tells which
of them is Twilio's. Each switch is off unless slipway sandbox --switch turns it
on; what works in both positions works with Twilio.

slipway doctor --live finds out which positions are those of an account.`,
		Example: `  slipway sandbox switches
  slipway sandbox --switch shuffled-builds --switch late-logs`,
		Args: noArguments,
	}
	output := addOutput(cmd)
	cmd.RunE = func(*cobra.Command, []string) error {
		var problems problem.List
		form := output.read(&problems)
		if err := problems.Err(); err != nil {
			return err
		}
		if form == formatText {
			return printSwitches(env)
		}
		list := switchList{Version: 1}
		for _, one := range twilio.SwitchTable() {
			list.Switches = append(list.Switches, switchRow{one.Name, one.Off, one.On})
		}
		return printJSON(env, list)
	}
	return cmd
}

func printSwitches(env Env) error {
	for _, one := range twilio.SwitchTable() {
		if _, err := fmt.Fprintf(env.Stdout, "%s\n  off  %s\n  on   %s\n", one.Name, one.Off, one.On); err != nil {
			return err //nolint:wrapcheck // nothing to add.
		}
	}
	return nil
}

// readSwitches turns on what is named. Every name that there is not is a problem.
func readSwitches(names []string, problems *problem.List) twilio.Switches {
	table := twilio.SwitchTable()
	var switches twilio.Switches
	for _, name := range names {
		at := slices.IndexFunc(table, func(one twilio.Switch) bool { return one.Name == name })
		if at >= 0 {
			switches = table[at].TurnOn(switches)
			continue
		}
		known := switchNames()
		fix := "slipway sandbox switches lists them."
		if meant := words.Closest(name, known); meant != "" {
			fix = fmt.Sprintf("Did you mean %s? %s", meant, fix)
		}
		problems.Add(fmt.Sprintf("switch %q: the sandbox has none of that name", name), fix)
	}
	return switches
}

func switchNames() []string {
	var names []string
	for _, one := range twilio.SwitchTable() {
		names = append(names, one.Name)
	}
	return names
}
