package action

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/words"
)

// resolveInputs looks every setting up among the inputs and in the environment.
// Nothing is read for its meaning yet: secrets have to be masked before.
func resolveInputs(log *console, getenv func(string) string) config.Values {
	return config.Resolve(config.Inputs(), func(name string) (string, bool) {
		if setting, _ := config.Lookup(name); setting.Kind == config.Lines {
			return getenv(inputVariable(name)), true // an error names a line by its number
		}
		return log.Input(name), true
	}, getenv)
}

// hideSecrets masks every secret that the step was given, as an input or in its
// environment, whether or not it will be used.
func hideSecrets(log *console, getenv func(string) string) {
	users := map[string][]string{config.GitHubToken: {"x-access-token"}}
	for secretName, userName := range map[string]string{config.APISecret: config.APIKey, config.AuthToken: config.AccountSID} {
		users[secretName] = bothOf(log, getenv, userName)
	}
	for _, setting := range config.Inputs() {
		if setting.Kind != config.Secret {
			continue
		}
		for _, value := range bothOf(log, getenv, setting.Name) {
			log.Hide(secret.New(value), users[setting.Name]...)
		}
	}
}

// bothOf returns what a setting is given as an input and in the environment.
func bothOf(log *console, getenv func(string) string, name string) []string {
	setting, _ := config.Lookup(name)
	if name == config.GitHubToken {
		setting.Env = "GITHUB_TOKEN" // which is no way to give it, but a secret all the same
	}
	return []string{log.Input(name), getenv(setting.Env)}
}

// inputVariable is the environment variable that a runner gives an input in.
func inputVariable(name string) string { return "INPUT_" + strings.ToUpper(name) }

// checkUnknown finds inputs that the Action does not have. The runner only warns
// of them; but whoever misspells environment would deploy to another one. What
// resembles no input is a warning here, too: it may be a variable of the job
// that is called INPUT_SOMETHING.
func (r *run) checkUnknown(problems *problem.List) {
	known := []string{"args", "entrypoint"} // of every container Action
	meant := make(map[string]string)
	for _, setting := range config.Inputs() {
		known = append(known, setting.Name)
		meant[strings.ToLower(setting.Env)] = setting.Name
	}
	for _, entry := range slices.Sorted(slices.Values(r.env.Environ)) {
		variable, _, _ := strings.Cut(entry, "=")
		input, isInput := strings.CutPrefix(variable, "INPUT_")
		input = strings.ToLower(input)
		if !isInput || input == "" || slices.Contains(known, input) {
			continue
		}
		message := fmt.Sprintf("there is no input %q (%s in the environment)", input, variable)
		if similar := cmp.Or(meant[input], words.Closest(input, known)); similar != "" {
			problems.Add(message, "Did you mean "+similar+"?")
			continue
		}
		r.console.Annotate(levelWarning, place{}, "Slipway: inputs", message+". All inputs are listed in Slipway's action.yml.")
	}
}

// inWorkspace returns the project's folder, which is inside of the workspace.
// It is empty when that is a problem.
func inWorkspace(workspace, folder string, problems *problem.List) string {
	if workspace == "" {
		problems.Add("GITHUB_WORKSPACE is not set", "A runner sets it for each step; outside of a workflow use slipway deploy.")
		return ""
	}
	const checkOut = "Put a step with actions/checkout in front of this one."
	entries, err := os.ReadDir(workspace)
	if err != nil {
		problems.Add(fmt.Sprintf("the workspace %q cannot be read: %s", workspace, problem.Reason(err)), checkOut)
		return ""
	}
	if len(entries) == 0 {
		problems.Add("the workspace is empty: nothing was checked out", checkOut)
		return ""
	}
	path := folder
	if !filepath.IsAbs(path) {
		path = filepath.Join(workspace, path)
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		problems.Add(fmt.Sprintf("working-directory %q cannot be opened in the workspace: %s", folder, problem.Reason(err)),
			"Name a folder of the repository, as it was checked out.")
		return ""
	case !info.IsDir():
		problems.Add(fmt.Sprintf("working-directory %q is a file, not a folder", folder),
			"Name the folder that holds package.json, functions and assets.")
		return ""
	case !isInside(workspace, path):
		problems.Add(fmt.Sprintf("working-directory %q leads out of the workspace", folder),
			"Name a folder of the repository that was checked out.")
		return ""
	}
	return path
}

// isInside tells whether a folder is another or below it, links resolved.
func isInside(top, folder string) bool {
	top, topErr := filepath.EvalSymlinks(top)
	folder, folderErr := filepath.EvalSymlinks(folder)
	relative, err := filepath.Rel(top, folder)
	return topErr == nil && folderErr == nil && err == nil && filepath.IsLocal(relative)
}
