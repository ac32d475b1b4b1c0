package rules_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/rules"
)

func TestFind(t *testing.T) {
	t.Parallel()
	const good, bad = "version: 1\nservices: {voice: }\n", "version: 1\n"
	tests := map[string]struct {
		files        map[string]string
		named        string
		path         string // of the file that was read
		warned, told string
	}{
		"none":             {},
		"in the root":      {files: map[string]string{"slipway.yml": good}, path: "slipway.yml"},
		"in .github":       {files: map[string]string{".github/slipway.yml": good}, path: ".github/slipway.yml"},
		"in both places":   {files: map[string]string{"slipway.yml": good, ".github/slipway.yml": bad}, path: "slipway.yml", warned: ".github/slipway.yml: is passed over, because there is slipway.yml as well. Remove one of them."},
		"named":            {files: map[string]string{"slipway.yml": bad, "ops/rules.yml": good}, named: "./ops/rules.yml", path: "ops/rules.yml"},
		"named, not there": {files: map[string]string{"slipway.yml": good}, named: "rules.yml", told: "rules.yml: is not there, and config names it. Correct config, or add the file."},
		"named outside":    {named: "../slipway.yml", told: `config "../slipway.yml" leads out of the repository, or may. Name a file of the repository from its root.`},
		"wrong":            {files: map[string]string{"slipway.yml": bad}, told: "slipway.yml: there are no services. Name one or more below services, each with its path and environments."},
		"wrong in .github": {files: map[string]string{".github/slipway.yml": bad}, told: ".github/slipway.yml: there are no services. Name one or more below services, each with its path and environments."},
		"empty":            {files: map[string]string{"slipway.yml": ""}, told: "slipway.yml: is empty. Begin with version: 1, and put the services below services."},
		"a folder":         {files: map[string]string{"slipway.yml/a": ""}, told: "slipway.yml: is no file. Put a file with rules in its place, or remove it."},
		"with another ending": {
			files:  map[string]string{"slipway.yaml": good, ".github/slipway.yaml": good},
			warned: ".github/slipway.yaml: is passed over, because of its ending. Call it .github/slipway.yml.\nslipway.yaml: is passed over, because of its ending. Call it slipway.yml.",
		},
		"too large": {
			files: map[string]string{"slipway.yml": good + strings.Repeat("#", rules.MaxBytes)},
			told:  "slipway.yml: is larger than 256.0 KB. Check that it is the file it should be.",
		},
		"as large as it may be": {
			files: map[string]string{"slipway.yml": good + strings.Repeat("#", rules.MaxBytes-len(good))}, path: "slipway.yml",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fsys := fstest.MapFS{}
			for path, text := range test.files {
				fsys[path] = &fstest.MapFile{Data: []byte(text)}
			}
			file, warnings, err := rules.Find(rules.In(fsys), test.named)
			path, told, warned := "", "", ""
			if file != nil {
				path = file.Path
			}
			if err != nil {
				told = err.Error()
				if _, isList := errors.AsType[problem.List](err); !isList {
					t.Errorf("the error is no problem.List: %T", err)
				}
			}
			if sorted := warnings.Err(); sorted != nil {
				warned = sorted.Error()
			}
			if path != test.path || told != test.told || warned != test.warned {
				t.Errorf("got  %q, told %q, warned %q\nwant %q, told %q, warned %q", path, told, warned, test.path, test.told, test.warned)
			}
		})
	}
}

// Whether there are rules is not known when a file cannot be read.
func TestFindWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	errDown := errors.New("HTTP 502")
	for _, unreadable := range []string{rules.Path, rules.GitHubPath} {
		file, _, err := rules.Find(func(path string) ([]byte, error) {
			if path == unreadable {
				return nil, errDown
			}
			return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
		}, "")
		if !errors.Is(err, errDown) || file != nil || !strings.HasPrefix(err.Error(), unreadable+": ") {
			t.Errorf("%s: %v, %v", unreadable, file, err)
		}
	}
}
