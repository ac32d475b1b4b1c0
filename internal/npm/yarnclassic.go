package npm

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/slipway-dev/slipway/internal/problem"
)

// readClassicLock reads the lock of yarn 1, a format of its own:
//
//	lodash@4.17.20, "lodash@>=4 <5":
//	  version "4.17.20"
//	  resolved "https://registry.yarnpkg.com/lodash/-/lodash-4.17.20.tgz#b44a"
//	  dependencies:
//	    other "^1.0.0"
//
// It knows nothing of workspaces: it holds what all members need, less the
// members themselves.
func readClassicLock(q query, data []byte) (*lock, error) {
	if q.folder != "." && !q.isMember {
		return nil, nil //nolint:nilnil // the lock of something else
	}
	reading := classicReader{query: q, wanted: q.names(), patterns: map[string]lockEntry{}, other: map[string]string{}}
	reading.parse(data)
	if err := reading.problems.Err(); err != nil {
		return nil, err
	}
	var forced overrides
	if q.isMember || len(readPatterns(q.fsys, q.dir()).list) > 0 { // else yarn 1 leaves direct dependencies as they are
		var err error
		isMember := func(name string, isAnywhere bool) bool { return isAnywhere && name == q.project.name }
		if forced, err = readResolutions(q, isMember); err != nil {
			return nil, err
		}
	}
	found := q.lock()
	for _, request := range q.requests {
		if entry, ok := reading.find(request, forced); ok {
			found.entries[request.name] = entry
		}
	}
	return found, nil
}

// classicReader parses a lock line by line, and keeps what is about the wanted
// packages.
type classicReader struct {
	query
	wanted map[string]bool
	// patterns is the entries by name and range, "lodash@^4.17.0".
	patterns map[string]lockEntry
	// other is one of the ranges that the lock has, by name.
	other    map[string]string
	problems problem.List
	// current is the entry that is being parsed, and its patterns. Its line is 0
	// between entries.
	current   lockEntry
	patterned []string
	// members is the folders of the workspace by name, once somebody asks.
	members map[string]string
}

// find returns what a dependency resolves to. What is not there may be a member
// of the workspace.
func (r *classicReader) find(wanted request, forced overrides) (lockEntry, bool) {
	spec := strings.TrimSpace(wanted.spec)
	if force, ok := forced.of(wanted.name, spec, isSame); ok {
		if entry, ok := r.patterns[wanted.name+"@"+force]; ok {
			entry.forced = force
			return entry, true
		}
	}
	if entry, ok := r.patterns[wanted.name+"@"+spec]; ok {
		return entry, true
	}
	if r.members == nil {
		r.members = findMembers(r.fsys, r.dir())
	}
	if folder, ok := r.members[wanted.name]; ok {
		return lockEntry{isLink: true, resolved: folder}, true
	}
	stale, ok := r.other[wanted.name]
	return lockEntry{stale: stale}, ok
}

func (r *classicReader) parse(data []byte) {
	line := 0
	for raw := range bytes.Lines(data) {
		line++
		text := strings.TrimRight(string(raw), "\r\n \t")
		content := strings.TrimLeft(text, " ")
		switch indent := len(text) - len(content); {
		case content == "" || strings.HasPrefix(content, "#"):
		case indent == 0:
			r.close()
			r.open(line, content)
		case r.current.line == 0 || indent%2 != 0:
			r.problems.AddAt(r.file, line, "the line belongs to no entry", r.by.mend())
		case indent == 2:
			r.field(line, content)
		}
	}
	r.close()
}

// open begins an entry at the line of its patterns.
func (r *classicReader) open(line int, content string) {
	r.current = lockEntry{line: line}
	list, ok := strings.CutSuffix(content, ":")
	for ok && list != "" {
		var pattern string
		pattern, list, ok = classicWord(list, ",")
		r.patterned = append(r.patterned, pattern)
		list = strings.TrimLeft(strings.TrimPrefix(list, ","), " ")
	}
	if !ok {
		r.patterned = r.patterned[:0]
		r.problems.AddAt(r.file, line, "the line is none that begins an entry", r.by.mend())
	}
}

// field takes over one line of an entry.
func (r *classicReader) field(line int, content string) {
	key, rest, _ := classicWord(content, " ")
	text, _, ok := classicWord(strings.TrimLeft(rest, " "), " ")
	switch {
	case key != "version" && key != "resolved":
		return
	case !ok:
		r.problems.AddAt(r.file, line, fmt.Sprintf("%q is not followed by a text", key), r.by.mend())
	case key == "version":
		r.current.version = text
	case strings.ContainsAny(text, "/:"):
		r.current.resolved, _, _ = strings.Cut(text, "#")
	default: // the name of a file in a mirror, which does not say where that is from
	}
}

// close ends the entry that is being parsed.
func (r *classicReader) close() {
	for _, pattern := range r.patterned {
		name, spec := locatorOf(pattern)
		if !r.wanted[name] {
			continue
		}
		if r.current.version == "" {
			r.problems.AddAt(r.file, r.current.line, fmt.Sprintf("the entry %q has no version", pattern), r.by.refresh())
		}
		entry := r.current
		if strings.HasPrefix(spec, "npm:") {
			entry.name, _ = aliasOf(spec)
		}
		r.patterns[name+"@"+strings.TrimSpace(spec)] = entry
		r.other[name] = cmp.Or(r.other[name], spec)
	}
	r.current, r.patterned = lockEntry{}, r.patterned[:0]
}

// classicWord returns the first word of a text, with or without double quotes,
// and what follows it. A word without ends at the separator.
func classicWord(text, separator string) (word, rest string, ok bool) {
	if !strings.HasPrefix(text, `"`) {
		end := strings.Index(text, separator)
		if end < 0 {
			end = len(text)
		}
		return text[:end], text[end:], end > 0
	}
	end := 1
	for end < len(text) && text[end] != '"' {
		if text[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(text) || json.Unmarshal([]byte(text[:end+1]), &word) != nil {
		return "", "", false
	}
	return word, text[end+1:], true
}
