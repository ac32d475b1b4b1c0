package grants

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/document"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/words"
)

// byReference says how a credential is given.
const byReference = "Write {env: NAME}, a variable of the server's environment, or {file: PATH}."

// maxValue is how large a value may be, in bytes: far above what Twilio takes for a
// variable.
const maxValue = 64 << 10

var (
	variableKey = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$`)
	envName     = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,127}$`)
)

// variables reads where the values of variables come from.
func (p *parser) variables(m document.Member) map[string]Reference {
	if m.Value.Kind == document.List || m.Value.Kind == document.Text {
		p.Wrong(m.Line, "variables names keys alone, and says here where their values come from", "Write each as KEY: {env: NAME}, {file: PATH} or {value: TEXT}.")
		return nil
	}
	if m.Value.Kind == document.Nothing || !p.IsMapping(m) || p.IsTooMany(m, len(m.Value.Members), maxVariables) {
		return nil
	}
	read := map[string]Reference{}
	for _, one := range m.Value.Members {
		switch {
		case !variableKey.MatchString(one.Name):
			p.Wrong(one.Line, "variables has a key that is none", "A key is letters, digits, underscores, dots and dashes.")
		case config.HoldsCredential(one.Name):
			p.Wrong(one.Line, "variables names "+one.Name+", which holds a credential of Slipway's own, and no slipway.yml may ask for it", "Use another name, if Functions are to have it.")
		case one.Value.Kind != document.Mapping && one.Value.Kind != document.Unusable:
			p.Wrong(one.Line, "variable "+one.Name+" does not say where its value comes from", "Write {env: NAME}, {file: PATH} or, where it is no secret, {value: TEXT}.")
		default:
			if found, isRead := p.reference(one, ofVariable); isRead {
				read[one.Name] = found
			}
		}
	}
	return read
}

// reference reads where one value comes from.
func (p *parser) reference(m document.Member, s scope) (read Reference, isRead bool) {
	before := len(p.Problems)
	found := p.section(s, m.Value)
	if len(p.Problems) > before || m.Value.Kind != document.Mapping {
		return Reference{}, false
	}
	if len(found) != 1 {
		p.Wrong(m.Line, fmt.Sprintf("%s names %s, and must name one", m.Name, words.Count(len(found), "place")), "Keep one of "+strings.Join(names(keys(s)), ", ")+".")
		return Reference{}, false
	}
	read.Line = m.Line
	for name, at := range found {
		text := at.Value.Text
		switch name {
		case keyValue:
			if at.Value.Kind == document.List || at.Value.Kind == document.Mapping || strings.TrimSpace(text) == "" || at.Value.Kind == document.Nothing {
				p.Wrong(at.Line, "value of "+m.Name+" says nothing, or more than one thing", "Give a text, or remove the variable.")
				return Reference{}, false
			}
			read.Value = text
		case keyEnv:
			if read.Env = p.Text(at); read.Env != "" && !envName.MatchString(read.Env) {
				p.Wrong(at.Line, "env of "+m.Name+" is not the name of an environment variable", "Write its name, without $; the value itself stands nowhere in the file.")
				return Reference{}, false
			}
		case keyFile:
			if read.File = p.Text(at); strings.ContainsFunc(read.File, unicode.IsControl) {
				p.Wrong(at.Line, "file of "+m.Name+" is no path", "Write the path of a file that holds the value.")
				return Reference{}, false
			}
		}
	}
	return read, read.place() != ""
}

// source is where references are looked up.
type source struct {
	// folder is that of server.yml.
	folder   string
	getenv   func(string) string
	withheld withheld
}

// read returns the value that a Reference stands for, as it is now, without white
// space around it. The error is a *problem.Problem without a place, and never shows
// the value.
func (s source) read(reference Reference) (string, error) {
	value := reference.Value
	switch {
	case isOwnName(reference.Env):
		return "", ownError(reference)
	case reference.Env != "":
		value = s.getenv(reference.Env)
	case reference.File != "":
		content, err := readSmall(s.path(reference), maxValue)
		if err != nil {
			return "", &problem.Problem{Message: fmt.Sprintf("%s cannot be read: %s", reference, why(err)), Fix: "Put the value there, readable to the server."}
		}
		value = string(content)
	}
	value = strings.TrimSpace(value)
	switch {
	case s.withheld.has(value):
		return "", ownError(reference)
	case value == "" && reference.Env != "":
		return "", &problem.Problem{Message: reference.String() + " is not set", Fix: "Set it for the server, or name another place."}
	case value == "":
		return "", &problem.Problem{Message: reference.String() + " is empty", Fix: "Put the value there."}
	case len(value) > maxValue:
		return "", &problem.Problem{Message: fmt.Sprintf("%s holds more than %s", reference, words.Size(maxValue)), Fix: "Check that it is the one it should be."}
	}
	return value, nil
}

// setting returns the value of an account's setting, or of a variable where it is
// called nothing. The error is that of read, and of a value that cannot be one.
func (s source) setting(reference Reference, name string) (string, error) {
	value, err := s.read(reference)
	if err != nil || reference.Value != "" { // which was looked at when the file was read
		return value, err
	}
	if fault, fix := faultOfSetting(name, value); fault != "" {
		return "", &problem.Problem{Message: "what is in " + reference.String() + " " + fault, Fix: fix}
	}
	return value, nil
}

// path is where a Reference's file is.
func (s source) path(reference Reference) string {
	if filepath.IsAbs(reference.File) {
		return reference.File
	}
	return filepath.Join(s.folder, reference.File)
}

var (
	errNoFile   = errors.New("it is no file")
	errTooLarge = errors.New("it is too large")
)

// readSmall reads a file of at most so many bytes. What is no file is not opened, since
// a pipe would never end.
func readSmall(path string, most int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err //nolint:wrapcheck // why says what it is.
	}
	if !info.Mode().IsRegular() {
		return nil, errNoFile
	}
	opened, err := os.Open(path) //nolint:gosec // who runs the server names it.
	if err != nil {
		return nil, err //nolint:wrapcheck // as above.
	}
	defer func() { _ = opened.Close() }()
	content, err := io.ReadAll(io.LimitReader(opened, most+1))
	if err == nil && int64(len(content)) > most {
		return nil, errTooLarge
	}
	return content, err //nolint:wrapcheck // as above.
}

// why is an error of the file system without the path, which was named.
func why(err error) string {
	if met, isPath := errors.AsType[*fs.PathError](err); isPath {
		return met.Err.Error()
	}
	return err.Error()
}
