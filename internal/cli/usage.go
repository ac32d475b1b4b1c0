package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/slipway-dev/slipway/internal/words"
)

// usageError is a command line that cannot be understood.
type usageError struct {
	message string
	command string // whose help tells more, such as "slipway deploy"
}

func (e *usageError) Error() string { return e.message }

// Hint says where to read on.
func (e *usageError) Hint() string { return "See " + e.command + " --help." }

func newUsageError(cmd *cobra.Command, format string, arguments ...any) error {
	return &usageError{message: fmt.Sprintf(format, arguments...), command: cmd.CommandPath()}
}

// flagError puts what is wrong with a flag into words.
func flagError(cmd *cobra.Command, err error) error {
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		name := unknown.GetSpecifiedName()
		if letters := unknown.GetSpecifiedShortnames(); letters != "" {
			return newUsageError(cmd, "there is no flag -%s", name)
		}
		return newUsageError(cmd, "there is no flag --%s%s", name, didYouMean("--", name, flagNames(cmd)))
	}
	if bare, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		return newUsageError(cmd, "--%s needs a value", bare.GetSpecifiedName())
	}
	if wrong, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		flag := wrong.GetFlag()
		return newUsageError(cmd, "--%s is %q, which is not %s", flag.Name, wrong.GetValue(), kindOf(flag))
	}
	return newUsageError(cmd, "%v", err)
}

// kindOf names what a flag takes, by its placeholder.
func kindOf(flag *pflag.Flag) string {
	switch flag.Value.Type() {
	case "DURATION":
		return "a length of time such as 80ms or 15m"
	case "SHARE":
		return "a number"
	default:
		return "a whole number"
	}
}

func flagNames(cmd *cobra.Command) []string {
	var names []string
	cmd.Flags().VisitAll(func(flag *pflag.Flag) { names = append(names, flag.Name) })
	return names
}

// noArguments is the check of commands that take flags alone.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return newUsageError(cmd, "%s takes no argument, and was given %q", cmd.CommandPath(), args[0])
}

// oneFolder is the check of commands that take a folder or none.
func oneFolder(cmd *cobra.Command, args []string) error {
	if len(args) <= 1 {
		return nil
	}
	return newUsageError(cmd, "%s takes one folder, and was given %d: %s", cmd.CommandPath(), len(args), strings.Join(args, ", "))
}

// unknownCommand is the check of commands that only have other commands.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, command := range cmd.Commands() {
		if command.IsAvailableCommand() {
			names = append(names, command.Name())
		}
	}
	return newUsageError(cmd, "there is no command %q%s", args[0], didYouMean("", args[0], names))
}

// knownCommand is the check of help, whose arguments name a command.
func knownCommand(cmd *cobra.Command, args []string) error {
	found, rest, err := cmd.Root().Find(args)
	if err != nil || len(rest) == 0 {
		return err //nolint:wrapcheck // Find fails for nothing that has checks of its own.
	}
	return unknownCommand(found, rest)
}

// didYouMean names what is closest to a word, when anything is close.
func didYouMean(prefix, word string, known []string) string {
	best := words.Closest(word, known)
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %s%s?", prefix, best)
}
