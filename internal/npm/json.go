package npm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"

	"github.com/slipway-dev/slipway/internal/problem"
)

// Sizes above which a file is not what its name says: the largest package.json
// files are some ten kilobytes, the largest lock files a few megabytes.
const (
	maxPackageBytes = 1 << 20
	maxLockBytes    = 64 << 20
)

// value is a JSON value and the line it begins at.
type value struct {
	raw  json.RawMessage
	line int
}

// member is a name in a JSON object, the line it stands at, and its value.
type member struct {
	name  string
	line  int
	value value
}

// readJSON reads a file that must hold one JSON object. It returns nil when
// there is no such file; the error is a *problem.Problem.
func readJSON(fsys fs.FS, file string, limit int64) (*value, error) {
	data, err := readFile(fsys, file, limit)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // a missing file is neither a value nor an error
	}
	if err != nil {
		return nil, err
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	var raw json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		line := 1
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			// The offset counts the byte at fault too, which may be a newline.
			line += bytes.Count(data[:max(0, min(int(syntax.Offset)-1, len(data)))], []byte("\n"))
		}
		return nil, &problem.Problem{
			File: file, Line: line, Message: "not valid JSON: " + err.Error(),
			Fix: "Correct it; JSON has no comments and no trailing commas.",
		}
	}
	whole := &value{raw: raw, line: 1}
	if whole.kind() != "an object" {
		return nil, &problem.Problem{
			File: file, Line: 1, Message: fmt.Sprintf("holds %s, not an object", whole.kind()),
			Fix: `Start from "{}", or let npm write the file.`,
		}
	}
	return whole, nil
}

// readFile reads a file of at most limit bytes. A file that is missing is
// fs.ErrNotExist, everything else a *problem.Problem.
func readFile(fsys fs.FS, file string, limit int64) ([]byte, error) {
	unreadable := func(why, fix string) error {
		return &problem.Problem{File: file, Message: "cannot be read: " + why, Fix: fix}
	}
	// Looking before opening matters: to open a pipe would wait for ever.
	info, err := fs.Stat(fsys, file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read %s: %w", file, fs.ErrNotExist)
	}
	if err != nil {
		return nil, unreadable(reason(err), "Check the file and its permissions.")
	}
	if !info.Mode().IsRegular() {
		return nil, unreadable("it is not a regular file", "Replace it with a file.")
	}
	opened, err := fsys.Open(file)
	if err != nil {
		return nil, unreadable(reason(err), "Check the file and its permissions.")
	}
	defer opened.Close()
	data, err := io.ReadAll(io.LimitReader(opened, limit+1))
	if err != nil {
		return nil, unreadable(reason(err), "Check the file and its permissions.")
	}
	if int64(len(data)) > limit {
		return nil, unreadable(fmt.Sprintf("it is larger than %d MiB", limit>>20),
			"Check that it is the file it should be.")
	}
	return data, nil
}

// reason is err without the operation and the path that the Problem names
// already.
func reason(err error) string {
	if wrapped, ok := errors.AsType[*fs.PathError](err); ok {
		return wrapped.Err.Error()
	}
	return err.Error()
}

// members walks over an object in the order of the file; a name may come more
// than once. It yields nothing for other values. One level only: it does not
// recurse, so depth costs nothing.
func (v value) members() iter.Seq[member] {
	return func(yield func(member) bool) {
		decoder := json.NewDecoder(bytes.NewReader(v.raw))
		if open, err := decoder.Token(); err != nil || open != json.Delim('{') {
			return
		}
		counted, line := 0, v.line
		lineAt := func(offset int) int {
			line += bytes.Count(v.raw[counted:offset], []byte("\n"))
			counted = offset
			return line
		}
		for decoder.More() {
			token, err := decoder.Token()
			name, isName := token.(string)
			if err != nil || !isName {
				return
			}
			found := member{name: name, line: lineAt(int(decoder.InputOffset()))}
			if err := decoder.Decode(&found.value.raw); err != nil {
				return
			}
			found.value.line = lineAt(int(decoder.InputOffset()) - len(found.value.raw))
			if !yield(found) {
				return
			}
		}
	}
}

// text returns a string's text; false for other values.
func (v value) text() (string, bool) {
	if v.kind() != "a string" {
		return "", false
	}
	var text string
	err := json.Unmarshal(v.raw, &text)
	return text, err == nil
}

// kind names the type of the value in words, such as "an array".
func (v value) kind() string {
	switch trimmed := bytes.TrimLeft(v.raw, " \t\r\n"); {
	case len(trimmed) == 0:
		return "nothing"
	case trimmed[0] == '{':
		return "an object"
	case trimmed[0] == '[':
		return "an array"
	case trimmed[0] == '"':
		return "a string"
	case trimmed[0] == 't' || trimmed[0] == 'f':
		return "a boolean"
	case trimmed[0] == 'n':
		return "null"
	default:
		return "a number"
	}
}
