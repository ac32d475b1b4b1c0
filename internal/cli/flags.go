package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/problem"
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

// checkSettings find out whether what has gone live works.
func checkSettings() []string {
	return []string{
		config.HealthCheckPath, config.HealthCheckStatus, config.HealthCheckText, config.HealthCheckHeader, config.HealthCheckTimeout,
		config.Watch, config.WatchErrors, config.RollbackOnFailure,
	}
}

// addSettings gives a command a flag for each of the settings, in the order of
// the table.
func addSettings(cmd *cobra.Command, names ...string) {
	cmd.Flags().SortFlags = false
	for _, setting := range slices.Concat(config.Settings(), config.ReleaseSettings(), config.GitHubSettings()) {
		if !slices.Contains(names, setting.Name) {
			continue
		}
		help := setting.Help
		if setting.Env != "" {
			help += " [" + setting.Env + "]"
		}
		flag := cmd.Flags().VarPF(&settingValue{setting: setting}, flagOf(setting.Name), "", help)
		if setting.Kind == config.Boolean {
			flag.NoOptDefVal = "true"
		}
	}
}

// flagOf is the flag that gives a setting: its name, but for one that needs more
// words as an input of the Action.
func flagOf(setting string) string {
	if setting == config.PromoteFrom {
		return "from"
	}
	return setting
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
func (v *settingValue) Type() string {
	if v.setting.Kind == config.Boolean {
		return "bool" // which help texts do not show
	}
	return v.setting.Placeholder
}

// explicit looks a setting up among the flags that were given.
func explicit(flags *pflag.FlagSet) func(string) (string, bool) {
	return func(name string) (string, bool) {
		flag := flags.Lookup(flagOf(name))
		if flag == nil || !flag.Changed {
			return "", false
		}
		return flag.Value.String(), true
	}
}

// boolean is a flag that takes YAML's words for true and false, and stands for
// true alone. What was given is read later, so that a wrong word is told with
// whatever else is wrong.
type boolean struct {
	name string
	text string
}

func (b *boolean) String() string { return b.text }

// Type makes help texts show no placeholder.
func (b *boolean) Type() string { return "bool" }

// Set takes the word.
func (b *boolean) Set(text string) error {
	b.text = text
	return nil
}

// read returns the value. An unknown word counts as true, so that what it might
// stand for is not asked for as well.
func (b *boolean) read(problems *problem.List) bool {
	value, ok := config.ParseBoolean(b.text)
	if !ok {
		problems.Add(fmt.Sprintf("%s %q is neither true nor false", b.name, b.text), "")
		return true
	}
	return value
}

func addBoolean(cmd *cobra.Command, name, help string) *boolean {
	value := &boolean{name: name, text: "false"}
	flag := cmd.Flags().VarPF(value, name, "", help)
	flag.NoOptDefVal = "true"
	return value
}

// placeholder gives a flag of a standard type a name for its value in help texts.
type placeholder struct {
	pflag.Value

	name string
}

func (p placeholder) Type() string { return p.name }

// namePlaceholder names what a flag takes.
func namePlaceholder(flags *pflag.FlagSet, flag, name string) {
	found := flags.Lookup(flag)
	found.Value = placeholder{found.Value, name}
}

// format is the form of a result on stdout.
type format string

const (
	formatText format = "text"
	formatJSON format = "json"
)

func (f *format) String() string { return string(*f) }
func (f *format) Type() string   { return "text|json" }

// Set takes the word; read checks it.
func (f *format) Set(text string) error {
	*f = format(text)
	return nil
}

// read returns the form, which is text when the word is not known.
func (f *format) read(problems *problem.List) format {
	if *f != formatText && *f != formatJSON {
		problems.Add(fmt.Sprintf("output %q is neither text nor json", string(*f)), "")
		return formatText
	}
	return *f
}

func addOutput(cmd *cobra.Command) *format {
	output := formatText
	cmd.Flags().Var(&output, "output", "form of the result on standard output")
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return &output
}
