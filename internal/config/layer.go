package config

import "maps"

// Project is the settings that the project's own files may give.
type Project struct {
	Service, Environment string
	FunctionsFolder      string
	AssetsFolder         string
	Runtime, EnvFile     string
}

// inFiles returns the names of the settings that a file may give. What leads to
// an account is not among them, and must not be: whoever may change a file of the
// repository could send the credentials elsewhere.
func inFiles() []string {
	return []string{Service, Environment, FunctionsFolder, AssetsFolder, Runtime, EnvFile}
}

// Written is what a file says about a setting.
type Written struct {
	Text string
	// File is the file's path from the root of the Source, Line the 1-based line;
	// 0 when it is not known.
	File string
	Line int
}

// Layer is what the files of a repository say, by the names of the settings.
type Layer map[string]Written

// WithFiles returns the values with what a Layer says in place of defaults. Blank
// text counts as not given, and so does a setting that files may not give. The
// values themselves stay as they are.
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

// Where tells where in the repository a setting stands; an empty file means that
// no file gives it.
func (values Values) Where(name string) (file string, line int) {
	return values[name].File, values[name].Line
}

// ReadProject reads values as a Project, for a second time when WithFiles made
// them. The error is a problem.List.
func ReadProject(values Values) (Project, error) {
	r := reader{values: values}
	r.singleLines(inFiles())
	read := r.project()
	return read, r.problems.Err()
}

func (r *reader) project() Project {
	return Project{
		Service:         r.text(Service),
		Environment:     r.text(Environment),
		FunctionsFolder: r.text(FunctionsFolder),
		AssetsFolder:    r.text(AssetsFolder),
		Runtime:         r.text(Runtime),
		EnvFile:         r.text(EnvFile),
	}
}
