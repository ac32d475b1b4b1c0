package project

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/secret"
)

// Limits of a Variable (the API's OpenAPI file): characters of the key, bytes
// of the value.
const (
	maxKeyChars   = 128
	maxValueBytes = 450
)

// maxEnvBytes is far above what a Service's variables can hold.
const maxEnvBytes = 1 << 20

// Variables reads the values that the environment file of a project sets, ready
// to be written: what Twilio sets itself and what is empty is left out. A
// missing .env holds none.
//
// The list returned holds warnings. The error is a problem.List.
func Variables(fsys fs.FS, opts Options) (map[string]secret.String, problem.List, error) {
	file, err := envFile(opts)
	if err != nil {
		return nil, nil, err
	}
	text, err := readEnv(fsys, file)
	var problems, warnings problem.List
	if linkErr := linkError(fsys, file); linkErr != nil {
		problems = append(problems, linkProblem(file, linkErr))
		return nil, nil, problems.Err()
	}
	if errors.Is(err, fs.ErrNotExist) && opts.EnvFile == "" {
		return map[string]secret.String{}, nil, nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		opts.add(&problems, "env-file", fmt.Sprintf("env-file is %q, which does not exist", opts.EnvFile),
			"Name it relative to the project's folder, or leave env-file out.")
		return nil, nil, problems.Err()
	}
	if err != nil {
		problems.AddAt(file, 0, "cannot be read: "+problem.Reason(err), "Check the file and its permissions.")
		return nil, nil, problems.Err()
	}
	assignments, odd := parseEnv(text)
	for _, line := range odd {
		warnings.AddAt(file, line, "the line is not understood and sets nothing",
			"Write KEY=VALUE on one line; values over several lines and `export` are not known here.")
	}
	values := map[string]secret.String{}
	lines := map[string]int{}
	for _, a := range assignments {
		if first, again := lines[a.key]; again {
			warnings.AddAt(file, a.line, fmt.Sprintf("%s was set in line %d already; the last one counts", a.key, first),
				"Remove one of them.")
		}
		if a.trap != "" {
			warnings.AddAt(file, a.line, fmt.Sprintf("the value of %s %s", a.key, a.trap),
				"End the line with the value; put a comment on a line of its own.")
		}
		values[a.key], lines[a.key] = secret.New(a.value), a.line
	}
	kept, notes, err := CheckVariables(values, func(key string) (string, int) { return file, lines[key] })
	return kept, append(warnings, notes...), err
}

// Where tells where a variable was set; an empty file means in no file.
type Where func(key string) (file string, line int)

// CheckVariables applies the rules that hold for variables wherever they come
// from. It returns those to write: ACCOUNT_SID and AUTH_TOKEN, which Twilio sets
// itself, and empty values are left out with a warning, as the Toolkit leaves
// them out.
//
// Where may be nil, for variables that are in no file. The list returned holds
// warnings. The error is a problem.List; no message ever shows a value.
func CheckVariables(values map[string]secret.String, where Where) (map[string]secret.String, problem.List, error) {
	if where == nil {
		where = func(string) (string, int) { return "", 0 }
	}
	kept := make(map[string]secret.String, len(values))
	var problems, warnings problem.List
	var credentials, empty []string
	for key := range sortedKeys(values) {
		value := values[key]
		file, line := where(key)
		switch {
		case key == "ACCOUNT_SID" || key == "AUTH_TOKEN":
			credentials = append(credentials, key)
			continue
		case value.IsZero():
			empty = append(empty, key)
			continue
		case slices.Contains([]string{"SERVICE_SID", "ENVIRONMENT_SID", "DOMAIN_NAME", "PATH"}, key):
			warnings.AddAt(file, line, key+" overrides the value that Twilio gives every Function",
				"Use another name, unless that is what you want.")
		}
		if key != "" && key[0] >= '0' && key[0] <= '9' {
			warnings.AddAt(file, line, fmt.Sprintf("the key %q begins with a digit, which many programs do not take", key),
				"Put a letter or an underscore first, if it is not meant so.")
		}
		for _, p := range checkVariable(key, value) {
			problems.AddAt(file, line, p.Message, p.Fix)
		}
		kept[key] = value
	}
	// One note for each reason: almost every project has these in its .env.
	note := func(keys []string, format, fix string) {
		if len(keys) > 0 {
			file, line := where(keys[0])
			warnings.AddAt(file, line, fmt.Sprintf(format, strings.Join(keys, ", ")), fix)
		}
	}
	note(credentials, "left out: %s; Twilio sets the account's own in every Function", "")
	note(empty, "left out, because they have no value: %s", "")
	if err := problems.Err(); err != nil {
		return nil, warnings, err
	}
	return kept, warnings, nil
}

// checkVariable lists what is wrong with one variable.
func checkVariable(key string, value secret.String) []problem.Problem {
	var problems []problem.Problem
	add := func(fix, format string, args ...any) {
		problems = append(problems, problem.Problem{Message: fmt.Sprintf(format, args...), Fix: fix})
	}
	shown := key
	if chars := utf8.RuneCountInString(key); chars > maxKeyChars {
		shown = string([]rune(key)[:32]) + "…"
		add("Shorten it.", "the key %q has %d characters, and Twilio takes %d", shown, chars, maxKeyChars)
	}
	if key == "" || strings.ContainsFunc(key, isNoKeyChar) {
		add("Use letters, digits, underscores, dots and dashes.", "%q cannot be the key of a variable", shown)
	}
	if value.Len() > maxValueBytes {
		add("Shorten it, or keep it in a private Asset.", "the value of %s has %d bytes, and Twilio takes %d",
			shown, value.Len(), maxValueBytes)
	}
	if !utf8.ValidString(value.Reveal()) || strings.ContainsRune(value.Reveal(), 0) {
		add("Save it as UTF-8 text; encode other data, for instance in base64.", "the value of %s is not text", shown)
	}
	return problems
}

// envFile is the path of the environment file from the root of the Source.
func envFile(opts Options) (string, error) {
	folder, err := inside(".", opts.Folder, "the project's folder")
	if err != nil {
		return "", err
	}
	if opts.EnvFile == "" {
		return inside(folder, ".env", "the environment file")
	}
	return opts.inside(folder, opts.EnvFile, "env-file")
}

// environmentFile is a file that holds variables, whatever its name.
type environmentFile struct {
	real string
	info fs.FileInfo
}

// environmentFiles finds those that a project has: the one that is named, and
// its .env in any case.
func environmentFiles(fsys fs.FS, opts Options) []environmentFile {
	var found []environmentFile
	for _, named := range []string{opts.EnvFile, ""} {
		file, err := envFile(Options{Folder: opts.Folder, EnvFile: named})
		if err != nil {
			continue // Variables says what is wrong
		}
		real, err := realPath(fsys, file)
		if err != nil {
			continue
		}
		if info, err := fs.Stat(fsys, file); err == nil {
			found = append(found, environmentFile{real: real, info: info})
		}
	}
	return found
}

// isEnvironment reports whether a file holds variables. Hard links, and names
// that differ in case alone where that makes no difference, count too.
func (f *finder) isEnvironment(real string, info fs.FileInfo) bool {
	return slices.ContainsFunc(f.environment, func(env environmentFile) bool {
		return env.real == real || os.SameFile(env.info, info)
	})
}

// readEnv reads the text of an environment file.
func readEnv(fsys fs.FS, file string) (string, error) {
	opened, err := openRegular(fsys, file)
	if err != nil {
		return "", err
	}
	defer opened.Close()
	data, err := io.ReadAll(io.LimitReader(opened, maxEnvBytes+1))
	if err != nil {
		return "", fmt.Errorf("read %s: %w", file, err)
	}
	if len(data) > maxEnvBytes {
		return "", fmt.Errorf("it is larger than %d MiB", maxEnvBytes>>20)
	}
	return string(data), nil
}
