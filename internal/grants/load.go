package grants

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/slipway-dev/slipway/internal/document"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/words"
)

// Load reads the file at path, and makes sure that everything that it refers to is
// there; getenv looks the server's environment up. No value is kept. Nothing may refer
// to one of the server's own secrets, which are given, wherever it stands: whoever may
// deploy could read it there.
//
// The list returned holds warnings: of files that others on the machine may read, or
// change. The error is a problem.List of everything that is wrong, or of why the file
// cannot be read.
func Load(path string, getenv func(string) string, secrets ...secret.String) (*File, problem.List, error) {
	var problems problem.List
	text, err := readSmall(path, MaxBytes)
	if err != nil {
		fix := "Give its path with server-config."
		if err == errTooLarge { //nolint:errorlint // it is never wrapped.
			fix = fmt.Sprintf("It may have %s. Check that it is the file it should be.", words.Size(MaxBytes))
		}
		problems.AddAt(path, 0, "cannot be read: "+why(err), fix)
		return nil, nil, problems.Err()
	}
	file, err := Parse(path, text)
	if err != nil {
		return nil, nil, err
	}
	file.withheld = newWithheld(secrets)
	c := checker{source: source{filepath.Dir(path), getenv, file.withheld}, file: path, met: map[lookedUp]error{}}
	if mode, isKnown := modeOf(path); isKnown && mode&0o002 != 0 {
		c.warnings.AddAt(path, 0, "can be changed by everybody on this machine, and with it what is allowed", "Take their permission with chmod o-w.")
	}
	for _, repository := range file.Repositories {
		c.repository(repository)
	}
	if err := c.problems.Err(); err != nil {
		return nil, c.warnings, err
	}
	return file, c.warnings, nil
}

// checker makes sure that what a File refers to is there.
type checker struct {
	source

	file               string
	problems, warnings problem.List
	// met is what came of each that was looked up, since many repositories share them.
	met map[lookedUp]error
}

// lookedUp is a reference without its line, and what it is for.
type lookedUp struct {
	reference Reference
	setting   string
}

func (c *checker) repository(repository Repository) {
	for _, account := range repository.Accounts {
		for _, name := range slices.Sorted(maps.Keys(account.Settings)) {
			c.check(account.Settings[name], name, fmt.Sprintf("%s of account %s", name, document.Shown(account.Name)))
		}
	}
	for _, service := range repository.Services {
		for _, one := range service.Environments {
			c.variables(one.Variables)
		}
		if service.Previews != nil {
			c.variables(service.Previews.Variables)
		}
	}
}

func (c *checker) variables(variables map[string]Reference) {
	for _, key := range slices.Sorted(maps.Keys(variables)) {
		c.check(variables[key], "", "variable "+key)
	}
}

// check looks a reference up, and tells what is wrong with it.
func (c *checker) check(reference Reference, setting, what string) {
	line := reference.Line
	reference.Line = 0
	at := lookedUp{reference, setting}
	err, isMet := c.met[at]
	if !isMet {
		_, err = c.setting(reference, setting)
		c.met[at] = err
		c.checkMode(reference, line)
	}
	var found problem.List
	_ = found.Take(err) // it is a Problem
	for _, one := range found {
		c.problems.AddAt(c.file, line, what+": "+one.Message, one.Fix)
	}
}

// checkMode warns of a file that everybody may read.
func (c *checker) checkMode(reference Reference, line int) {
	if reference.File == "" {
		return
	}
	if mode, isKnown := modeOf(c.path(reference)); isKnown && mode&0o004 != 0 {
		c.warnings.AddAt(c.file, line, reference.String()+" can be read by everybody on this machine", "Take their permission with chmod o-r.")
	}
}

// modeOf returns the permissions of a file, where they mean something.
func modeOf(path string) (mode fs.FileMode, isKnown bool) {
	if runtime.GOOS == "windows" {
		return 0, false
	}
	info, err := os.Stat(path)
	if err != nil {
		return 0, false
	}
	return info.Mode().Perm(), true
}
