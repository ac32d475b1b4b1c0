package toolkit

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/slipway-dev/slipway/internal/problem"
)

// maxBytes is far above what settings need, and what a package.json has.
const maxBytes = 1 << 20

// packageFile may hold settings, under packageKey.
const (
	packageFile = "package.json"
	packageKey  = "twilioserverless"
)

// settingsFiles names where the Toolkit looks for settings, in its order: that of
// cosmiconfig 8, with which twilio-run 5 finds them.
func settingsFiles() []string {
	files := []string{packageFile}
	for _, base := range []string{".twilioserverlessrc", ".config/twilioserverlessrc"} {
		for _, ending := range []string{"", ".json", ".yaml", ".yml", ".js", ".ts", ".cjs"} {
			files = append(files, base+ending)
		}
	}
	return append(files, "twilioserverless.config.js", "twilioserverless.config.ts", "twilioserverless.config.cjs")
}

// settings is a file with settings, or the part of it that holds them.
type settings struct {
	file string
	top  value
}

// find looks for settings, in the project's folder first. It returns nil when
// there are none, or none that can be read.
func (r *reader) find() *settings {
	for folder := r.Folder; ; folder = path.Dir(folder) {
		for _, base := range settingsFiles() {
			if found, isThere := r.open(folder, base); isThere {
				return found
			}
		}
		if folder == "." {
			return nil
		}
	}
}

// open reads a file with settings in a folder. As in the Toolkit one that holds
// nothing is passed over; one that cannot be read ends the search.
func (r *reader) open(folder, base string) (found *settings, isThere bool) {
	file := path.Join(folder, base)
	source, err := r.text(file)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && isBlank(source):
		return nil, false
	case base == packageFile:
		return r.openPackage(file, source, err)
	case err != nil:
		r.addUnreadable(file, err)
		return nil, true
	case slices.Contains([]string{".js", ".cjs", ".ts"}, path.Ext(base)):
		r.problems.AddAt(file, 0, "holds settings as a program, and Slipway runs no code of a repository",
			fmt.Sprintf("Write them as JSON into %s, which the Toolkit reads first, too.", path.Join(folder, settingsFiles()[1])))
		return nil, true
	}
	top, err := parse(file, source)
	if broken, ok := errors.AsType[*syntaxError](err); ok {
		r.addBroken(file, source, broken)
		return nil, true
	}
	switch top.kind {
	case mapping:
		return &settings{file: file, top: top}, true
	case nothing:
		return nil, false
	default:
		r.problems.AddAt(file, top.line, fmt.Sprintf("holds %s, and settings are a mapping", top.kind), startFresh)
		return nil, true
	}
}

// startFresh is what to do about settings that are no mapping.
const startFresh = `Start from "{}".`

// isBlank reports whether a text holds nothing, as JavaScript has it.
func isBlank(source string) bool {
	return strings.TrimFunc(source, func(r rune) bool { return unicode.IsSpace(r) || r == byteOrderMark }) == ""
}

// byteOrderMark may begin a text, and means nothing.
const byteOrderMark = '\ufeff'

// parse reads a text in the language of its file.
func parse(file, source string) (value, error) {
	if isYAML(file, source) {
		return parseYAML(source)
	}
	return parseJSON5(source)
}

// isYAML tells the language of a file. Without an ending that is JSON5 to the
// Toolkit; what does not begin like it is read as YAML.
func isYAML(file, source string) bool {
	switch path.Ext(file) {
	case ".yaml", ".yml":
		return true
	case ".json":
		return false
	default:
		begin := strings.TrimLeft(source, string(byteOrderMark)+" \t\r\n")
		return !strings.HasPrefix(begin, "{") && !strings.HasPrefix(begin, "/")
	}
}

// addBroken adds a Problem about the place where a text stops being what it is.
func (r *reader) addBroken(file, source string, broken *syntaxError) {
	language, fix := "JSON5", "Correct it."
	switch {
	case path.Base(file) == packageFile:
		language = "JSON"
	case isYAML(file, source):
		language = "YAML"
		if strings.Contains(source, " *:") {
			fix = `Correct it; the name "*" needs quotes.`
		}
	}
	r.problems.AddAt(file, broken.line, "is not valid "+language+": "+broken.message, fix)
}

// addUnreadable adds a Problem about a file that is there.
func (r *reader) addUnreadable(file string, err error) {
	if info, lookErr := fs.Lstat(r.fsys, file); lookErr == nil && info.Mode().Type() == fs.ModeSymlink {
		r.problems.AddAt(file, 0, "is a link that cannot be followed: "+problem.Reason(err), "Replace it with the file itself, or remove it.")
		return
	}
	r.problems.AddAt(file, 0, "cannot be read: "+problem.Reason(err), "Check the file and its permissions.")
}

// openPackage reads the settings in a package.json. What is wrong with the rest
// of the project's own is not asked here: who reads its dependencies says so.
func (r *reader) openPackage(file, source string, err error) (found *settings, isThere bool) {
	if err != nil {
		return nil, false
	}
	whole, err := parseJSON5(source)
	if broken, ok := errors.AsType[*syntaxError](err); ok {
		if path.Dir(file) == r.Folder || !strings.Contains(source, packageKey) {
			return nil, false
		}
		r.addBroken(file, source, broken)
		return nil, true
	}
	switch inside := whole.get(packageKey); inside.value.kind {
	case mapping:
		return &settings{file: file, top: inside.value}, true
	case nothing:
		return nil, false
	default:
		r.problems.AddAt(file, inside.line, fmt.Sprintf("%s is %s, and must be a mapping", packageKey, inside.value.kind), startFresh)
		return nil, true
	}
}

// text reads a regular file. What is none counts as missing, as in the Toolkit,
// and so does one in what is no folder, or one that lies outside of the Source.
func (r *reader) text(file string) (string, error) {
	if _, err := fs.Lstat(r.fsys, file); err != nil && !errors.Is(err, fs.ErrPermission) {
		return "", fs.ErrNotExist
	}
	info, err := fs.Stat(r.fsys, file)
	if err != nil {
		return "", err //nolint:wrapcheck // callers name the file.
	}
	if !info.Mode().IsRegular() {
		return "", fs.ErrNotExist
	}
	opened, err := r.fsys.Open(file)
	if err != nil {
		return "", err //nolint:wrapcheck // callers name the file.
	}
	defer opened.Close()
	data, err := io.ReadAll(io.LimitReader(opened, maxBytes+1))
	if err != nil {
		return "", err //nolint:wrapcheck // callers name the file.
	}
	if len(data) > maxBytes {
		return "", fmt.Errorf("it is larger than %d MiB", maxBytes>>20)
	}
	return string(data), nil
}

// warnOfLegacy warns of the settings of a Toolkit before version 3, as today's
// does.
func (r *reader) warnOfLegacy() {
	file := path.Join(r.Folder, ".twilio-functions")
	if info, err := fs.Stat(r.fsys, file); err == nil && info.Mode().IsRegular() {
		r.warnings.AddAt(file, 0, "is of a Toolkit before version 3, and neither Slipway nor today's Toolkit reads it",
			"Move what still holds into .twilioserverlessrc, and remove it.")
	}
}
