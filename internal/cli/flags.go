package cli

import (
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/slipway-dev/slipway/internal/config"
)

// accountSettings reach an account; every command that calls the API has them.
func accountSettings() []string {
	return []string{
		config.AccountSID, config.APIKey, config.APISecret, config.AuthToken, config.Region, config.Edge,
		config.APIURL, config.UploadURL, config.LiveURL,
	}
}

// commonSettings are the settings of every command.
func commonSettings() []string { return []string{config.Timeout, config.LogLevel} }

// addSettings gives a command a flag for each of the settings.
func addSettings(cmd *cobra.Command, names ...string) {
	for _, name := range names {
		setting, ok := config.Lookup(name)
		if !ok {
			panic("cli: no setting is called " + name)
		}
		help := setting.Help
		if setting.Env != "" {
			help += " [" + setting.Env + "]"
		}
		value := &settingValue{setting: setting}
		cmd.Flags().Var(value, name, help)
	}
}

// settingValue is the text of a setting's flag. A flag of several lines may be
// repeated; any other counts the last time.
type settingValue struct {
	setting config.Setting
	given   []string
}

// String shows the default in help texts.
func (v *settingValue) String() string {
	if v == nil {
		return ""
	}
	if len(v.given) == 0 {
		return v.setting.Default
	}
	return strings.Join(v.given, "\n")
}

// Set takes one occurrence of the flag.
func (v *settingValue) Set(text string) error {
	if v.setting.Kind != config.Lines {
		v.given = nil
	}
	v.given = append(v.given, text)
	return nil
}

// Type is the placeholder that help texts show.
func (v *settingValue) Type() string { return v.setting.Placeholder }

// explicit looks a setting up among the flags that were given.
func explicit(flags *pflag.FlagSet) func(string) (string, bool) {
	return func(name string) (string, bool) {
		flag := flags.Lookup(name)
		if flag == nil || !flag.Changed {
			return "", false
		}
		return flag.Value.String(), true
	}
}

// boolean is a flag that takes YAML's words for true and false, and stands for
// true alone.
type boolean struct{ value bool }

func (b *boolean) String() string { return strconv.FormatBool(b.value) }
func (b *boolean) Type() string   { return "true|false" }

// Set reads the word.
func (b *boolean) Set(text string) error {
	value, ok := config.ParseBoolean(text)
	if !ok {
		return fmt.Errorf("%q is neither true nor false", text)
	}
	b.value = value
	return nil
}

func addBoolean(cmd *cobra.Command, name, help string) *boolean {
	value := &boolean{}
	flag := cmd.Flags().VarPF(value, name, "", help)
	flag.NoOptDefVal = "true"
	return value
}

// format is the form of a result on stdout.
type format string

const (
	formatText format = "text"
	formatJSON format = "json"
)

func (f *format) String() string { return string(*f) }
func (f *format) Type() string   { return "text|json" }

// Set reads the word.
func (f *format) Set(text string) error {
	switch format(text) {
	case formatText, formatJSON:
		*f = format(text)
		return nil
	default:
		return fmt.Errorf("%q is neither text nor json", text)
	}
}

func addOutput(cmd *cobra.Command) *format {
	output := formatText
	cmd.Flags().Var(&output, "output", "form of the result on standard output")
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return &output
}

// logOrigins tells where each setting came from, at debug level.
func logOrigins(logger *slog.Logger, values config.Values) {
	for _, setting := range config.Settings() {
		if value := values[setting.Name]; value.Text != "" {
			logger.Debug("setting", "name", setting.Name, "value", value.Shown(), "origin", value.Origin.String())
		}
	}
}
