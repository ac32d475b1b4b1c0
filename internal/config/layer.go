package config

import (
	"maps"
	"slices"
)

// inFiles returns the names of the settings that a file may give. What leads to
// an account is not among them, and must not be: whoever may change a file of the
// repository could send the credentials elsewhere.
func inFiles() []string {
	return []string{
		Service, Environment, FunctionsFolder, AssetsFolder, Runtime, EnvFile, Variables, VariablesLike, PruneVariables, Dependencies,
		HealthCheckPath, HealthCheckStatus, HealthCheckText, HealthCheckHeader, HealthCheckTimeout, Watch, WatchErrors, RollbackOnFailure,
		BuildTimeout, Manifest, PreviewService, PreviewMax, PreviewTTL, GitHubEnvironment, ReleaseNotes,
	}
}

// FileSettings returns the rows of the settings that a file may give.
func FileSettings() []Setting {
	isElsewhere := func(setting Setting) bool { return !slices.Contains(inFiles(), setting.Name) }
	return slices.DeleteFunc(slices.Concat(Settings(), GitHubSettings(), ActionSettings()), isElsewhere)
}

// Written is what a file says about a setting.
type Written struct {
	Text string `json:"text"`
	// File is the file's path from the root of the Source, Line the 1-based line;
	// 0 when it is not known.
	File string `json:"file"`
	Line int    `json:"line,omitempty"`
}

// Layer is what the files of a repository say, by the names of the settings.
type Layer map[string]Written

// Over returns the layer with a weaker one below it. Neither is changed.
func (layer Layer) Over(weaker Layer) Layer {
	merged := make(Layer, len(layer)+len(weaker))
	maps.Copy(merged, weaker)
	maps.Copy(merged, layer)
	return merged
}

// Without returns the layer without some settings. It is not changed.
func (layer Layer) Without(names ...string) Layer {
	left := maps.Clone(layer)
	for _, name := range names {
		delete(left, name)
	}
	return left
}

// Check finds what is wrong with each text by itself. Values of variables and what
// only the platform knows are not looked at. The error is a problem.List.
func (layer Layer) Check() error {
	notGiven := func(string) (string, bool) { return "", false }
	checked := maps.Clone(layer)
	delete(checked, Variables) // whose values are elsewhere
	none := func(string) string { return "" }
	r := reader{values: Resolve(FileSettings(), notGiven, none).WithFiles(checked)}
	r.singleLines(inFiles())
	r.project(none)
	r.previews()
	return r.problems.Err()
}

// IdleDetails returns the names of the settings in the layer that say how a check is
// made which the layer does not ask for, sorted.
func (layer Layer) IdleDetails() []string {
	var idle []string
	for _, name := range checkDetails() {
		_, isThere := layer[name]
		if _, isChecked := layer[wholeOf(name)]; isThere && !isChecked {
			idle = append(idle, name)
		}
	}
	slices.Sort(idle)
	return idle
}

// WithFiles returns the values with what a Layer says in place of defaults. Blank
// text counts as not given, and so does a setting that files may not give. What was
// put there by another Layer stays: the stronger one comes first. The values
// themselves stay as they are.
func (values Values) WithFiles(layer Layer) Values {
	layered := maps.Clone(values)
	for _, name := range inFiles() {
		value, isKnown := values[name]
		written, isWritten := layer[name]
		if !isKnown || !isWritten || value.Origin != FromDefault {
			continue
		}
		if value = value.with(written.Text, FromFile); value.Origin == FromFile {
			value.File, value.Line = written.File, written.Line
			layered[name] = value
		}
	}
	return layered
}

// With returns the values with another text for one setting, which beats whatever
// gave it, and is as if it were given. The values themselves stay as they are.
func (values Values) With(name string, written Written) Values {
	chosen := maps.Clone(values)
	value := chosen[name]
	value.Setting.Name = name
	value.Text, value.Origin, value.File, value.Line = written.Text, Explicit, written.File, written.Line
	chosen[name] = value
	return chosen
}

// Where tells where in the repository a setting stands; an empty file means that
// no file gives it.
func (values Values) Where(name string) (file string, line int) {
	return values[name].File, values[name].Line
}
