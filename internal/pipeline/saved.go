package pipeline

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/problem"
)

// FromSaved gives the settings that a saved Plan was made with: as if they were
// given, so that nothing else takes their place. A setting that is given, by a flag
// or the environment, and says something else, is a Problem.
func FromSaved(
	saved deploy.Saved, given func(string) (string, bool), getenv func(string) string, problems *problem.List,
) func(string) (string, bool) {
	own := settingsOf(saved.Job)
	for _, setting := range config.Settings() {
		planned, isOwn := own[setting.Name]
		if !isOwn {
			continue
		}
		text, _ := given(setting.Name)
		text, source := strings.TrimSpace(text), setting.Name
		if text == "" && setting.Env != "" {
			text, source = strings.TrimSpace(getenv(setting.Env)), setting.Env
		}
		if text != "" && !isSame(setting, saved, planned, text) {
			problems.Add(fmt.Sprintf("%s is %q, and the plan was made with %s", source, text, plannedWith(planned)),
				"Leave it out, or plan again.")
		}
	}
	return func(name string) (string, bool) {
		if text, isOwn := own[name]; isOwn {
			return text, text != ""
		}
		return given(name)
	}
}

func plannedWith(text string) string {
	if text == "" {
		return "none"
	}
	return strconv.Quote(text)
}

// isSame reports whether a given text means what was planned.
func isSame(setting config.Setting, saved deploy.Saved, planned, text string) bool {
	switch setting.Name {
	case config.Service:
		return slices.Contains([]string{planned, saved.Plan.Service, string(saved.Plan.ServiceSID)}, text)
	case config.Environment:
		return text == planned || text == string(saved.Plan.EnvironmentSID)
	}
	if setting.Kind == config.Boolean {
		value, ok := config.ParseBoolean(text)
		return !ok || strconv.FormatBool(value) == planned // another word is a Problem by itself
	}
	return text == planned
}

// settingsOf are the settings that decide what a deploy makes live, by their names
// in config: those from which FolderDeploy.job makes such a Job. A setting without
// a text was not given. How long a Build may take is no part of them.
func settingsOf(asked job.Job) map[string]string {
	return map[string]string{
		config.Service:         asked.Target.Service,
		config.Environment:     asked.Target.Environment,
		config.FunctionsFolder: asked.Options.FunctionsFolder,
		config.AssetsFolder:    asked.Options.AssetsFolder,
		config.Runtime:         asked.Options.Runtime,
		config.EnvFile:         asked.Options.EnvFile,
		config.VariablesLike:   asked.Options.VariablesLike,
		config.PruneVariables:  strconv.FormatBool(asked.Options.PruneVariables),
		config.Dependencies:    asked.Options.Dependencies,
		config.Manifest:        strconv.FormatBool(!asked.Options.NoManifest),
	}
}
