package npm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strings"
	"unicode/utf8"

	"github.com/slipway-dev/slipway/internal/problem"
)

// Sizes above which a file is not what its name says: the largest package.json
// files are some ten kilobytes, the largest lock files of workspaces some ten
// megabytes.
const (
	maxPackageBytes = 1 << 20
	maxLockBytes    = 32 << 20
)

// value is a valid JSON value and the line it begins at.
type value struct {
	raw  []byte
	line int
}

type member = memberOf[value]

// readJSON reads a file that must hold one JSON object. It returns nil when
// there is no such file; the error is a *problem.Problem.
func readJSON(fsys fs.FS, file string, limit int64) (*value, error) {
	return readParsed(fsys, file, limit, parseJSON)
}

// readJSONC does the same for a file that may have comments, and commas behind
// last elements.
func readJSONC(fsys fs.FS, file string, limit int64) (*value, error) {
	return readParsed(fsys, file, limit, func(file string, data []byte) (*value, error) {
		return parseJSON(file, plainJSON(data))
	})
}

// parseJSON reads a text that must hold one JSON object.
func parseJSON(file string, data []byte) (*value, error) {
	if !json.Valid(data) {
		return nil, syntaxProblem(file, data)
	}
	raw := bytes.TrimLeft(data, spaces)
	whole := &value{raw: raw, line: 1 + bytes.Count(data[:len(data)-len(raw)], []byte("\n"))}
	if whole.kind() != "an object" {
		return nil, &problem.Problem{
			File: file, Line: whole.line, Message: fmt.Sprintf("holds %s, not an object", whole.kind()),
			Fix: `Start from "{}", or let npm write the file.`,
		}
	}
	return whole, nil
}

// syntaxProblem says where a text stops being JSON.
func syntaxProblem(file string, data []byte) *problem.Problem {
	found := &problem.Problem{
		File: file, Line: 1, Message: "not valid JSON",
		Fix: "Correct it; JSON has no comments and no trailing commas.",
	}
	var nothing json.RawMessage
	if err := json.Unmarshal(data, &nothing); err != nil {
		found.Message += ": " + err.Error()
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			// The offset counts the byte at fault too, which may be a newline.
			found.Line += bytes.Count(data[:max(0, min(int(syntax.Offset)-1, len(data)))], []byte("\n"))
		}
	}
	return found
}

// readFile reads a file of at most limit bytes, less a byte order mark. A file that is missing is
// fs.ErrNotExist, everything else a *problem.Problem.
func readFile(fsys fs.FS, file string, limit int64) ([]byte, error) {
	// Looking before opening matters: to open a pipe would wait for ever.
	info, err := fs.Stat(fsys, file)
	if _, lstatErr := fs.Lstat(fsys, file); errors.Is(err, fs.ErrNotExist) && lstatErr == nil {
		return nil, &problem.Problem{
			File: file, Message: "the link leads to nothing",
			Fix: "Replace it with the file or folder itself, or remove it.",
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read %s: %w", file, fs.ErrNotExist)
	}
	if err != nil {
		return nil, unreadable(file, problem.Reason(err), "Check the file and its permissions.")
	}
	if !info.Mode().IsRegular() {
		return nil, unreadable(file, "it is not a regular file", "Replace it with a file.")
	}
	opened, err := fsys.Open(file)
	if err != nil {
		return nil, unreadable(file, problem.Reason(err), "Check the file and its permissions.")
	}
	defer opened.Close()
	var content bytes.Buffer
	content.Grow(int(min(info.Size(), limit)) + bytes.MinRead)
	if _, err := content.ReadFrom(io.LimitReader(opened, limit+1)); err != nil {
		return nil, unreadable(file, problem.Reason(err), "Check the file and its permissions.")
	}
	if int64(content.Len()) > limit {
		return nil, tooLarge(file, limit)
	}
	return bytes.TrimPrefix(content.Bytes(), []byte("\ufeff")), nil
}

func unreadable(file, why, fix string) error {
	return &problem.Problem{File: file, Message: "cannot be read: " + why, Fix: fix}
}

// tooLarge is the Problem of a file above a limit in bytes.
func tooLarge(file string, limit int64) error {
	return unreadable(file, fmt.Sprintf("it is larger than %d MiB", limit>>20), "Check that it is the file it should be.")
}

// members keeps nothing of the object, so a file of millions of members costs no
// memory.
func (v value) members() iter.Seq[member] {
	return func(yield func(member) bool) {
		if v.kind() != "an object" {
			return
		}
		walk := walker{raw: v.raw, line: v.line}
		walk.skipSpace()
		walk.at++ // the brace
		for walk.skipSpace(); walk.raw[walk.at] == '"'; walk.skipSpace() {
			found := member{line: walk.lineHere(), name: unquoted(walk.take())}
			walk.skipSpace()
			walk.at++ // the colon
			walk.skipSpace()
			found.value.line = walk.lineHere()
			found.value.raw = walk.take()
			if !yield(found) {
				return
			}
			if walk.skipSpace(); walk.raw[walk.at] == ',' {
				walk.at++
			}
		}
	}
}

// walker goes through JSON that is known to be valid.
type walker struct {
	raw []byte
	at  int
	// line is that of the byte at counted.
	line, counted int
}

// spaces is what JSON allows between its tokens.
const spaces = " \t\r\n"

func (w *walker) skipSpace() {
	for w.at < len(w.raw) && strings.IndexByte(spaces, w.raw[w.at]) >= 0 {
		w.at++
	}
}

func (w *walker) lineHere() int {
	w.line += bytes.Count(w.raw[w.counted:w.at], []byte("\n"))
	w.counted = w.at
	return w.line
}

// take returns the value that begins here, and goes past it.
func (w *walker) take() []byte {
	start := w.at
	switch w.raw[w.at] {
	case '"':
		w.skipString()
	case '{', '[':
		w.skipNested()
	default: // a number, true, false or null
		for w.at < len(w.raw) && strings.IndexByte(",]}"+spaces, w.raw[w.at]) < 0 {
			w.at++
		}
	}
	return w.raw[start:w.at]
}

func (w *walker) skipNested() {
	for depth := 0; ; {
		switch w.raw[w.at] {
		case '"':
			w.skipString()
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		if w.at++; depth == 0 {
			return
		}
	}
}

func (w *walker) skipString() {
	for w.at++; w.raw[w.at] != '"'; w.at++ {
		if w.raw[w.at] == '\\' {
			w.at++
		}
	}
	w.at++
}

// unquoted returns the text of a JSON string.
func unquoted(raw []byte) string {
	if inner := raw[1 : len(raw)-1]; bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		return string(inner)
	}
	var text string
	_ = json.Unmarshal(raw, &text) // it is a valid string
	return text
}

// text takes strings alone for plain values.
func (v value) text() (string, bool) {
	if v.kind() != "a string" {
		return "", false
	}
	return unquoted(bytes.Trim(v.raw, spaces)), true
}

// kind names the type of the value in words, such as "an array".
func (v value) kind() string {
	switch trimmed := bytes.TrimLeft(v.raw, spaces); {
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
