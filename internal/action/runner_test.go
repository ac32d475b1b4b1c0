package action

import (
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// runner is what the runner of GitHub makes of a step's stdout, after its
// ProcessInvoker (lines), ActionCommand (both grammars) and ActionCommandManager
// (which names are commands). It masks nothing and keeps more annotations, and
// longer ones, than the runner would, so that tests see all that came out.
type runner struct {
	log         []string // the lines shown, commands as the runner shows them
	masks       []string
	groups      []string // titles
	annotations []seenAnnotation
	commands    []runnerCommand // all, in order

	group    string // the open one
	stopped  string // the token that ends stop-commands
	register []string
}

// runnerCommand is a command with its escapes undone. Its name is in lower case.
type runnerCommand struct {
	name       string
	properties map[string]string
	data       string
}

// seenAnnotation is an annotation and the title of the group that folds it away.
type seenAnnotation struct {
	level, file, line, title, message, group string
}

// watch runs stdout through a runner.
func watch(stdout []byte) *runner {
	r := &runner{register: []string{
		"add-mask", "add-matcher", "add-path", "debug", "echo", "endgroup", "error", "group", "notice",
		"remove-matcher", "save-state", "set-env", "set-output", "stop-commands", "warning",
	}}
	for _, line := range readLines(string(stdout)) {
		if !r.process(line) {
			r.log = append(r.log, line)
		}
	}
	return r
}

// readLines reads text as a StreamReader of .NET does: bytes that are no UTF-8
// become U+FFFD; \n, \r and \r\n end a line; what is left at the end is one too.
func readLines(text string) []string {
	var found []string
	for rest := string([]rune(text)); rest != ""; {
		end := strings.IndexAny(rest, "\r\n")
		if end < 0 {
			return append(found, rest)
		}
		found = append(found, rest[:end])
		if strings.HasPrefix(rest[end:], "\r\n") {
			end++
		}
		rest = rest[end+1:]
	}
	return found
}

// process carries a line out and reports whether it was a command.
func (r *runner) process(line string) bool {
	command, ok := r.parseColons(line)
	if !ok {
		command, ok = r.parseBrackets(line)
	}
	if !ok || r.stopped != "" && command.name != r.stopped {
		return false
	}
	r.commands = append(r.commands, command)
	switch command.name {
	case r.stopped:
		r.register, r.stopped = r.register[:len(r.register)-1], ""
		r.log = append(r.log, line)
	case "stop-commands":
		r.stopped = strings.ToLower(command.data)
		r.register = append(r.register, r.stopped)
		r.log = append(r.log, line)
	case "add-mask":
		r.masks = append(r.masks, command.data)
	case "group":
		r.group = command.data
		r.groups = append(r.groups, command.data)
		r.log = append(r.log, "##[group]"+command.data)
	case "endgroup":
		r.group = ""
		r.log = append(r.log, "##[endgroup]")
	case "notice", "warning", "error":
		p := command.properties
		r.annotations = append(r.annotations, seenAnnotation{command.name, p["file"], p["line"], p["title"], command.data, r.group})
		r.log = append(r.log, strings.Split("##["+command.name+"]"+command.data, "\n")...)
	}
	return true
}

// parseColons reads "::name key=value,key=value::data", after white space.
func (r *runner) parseColons(line string) (runnerCommand, bool) {
	line, ok := strings.CutPrefix(strings.TrimLeftFunc(line, unicode.IsSpace), "::")
	head, data, found := strings.Cut(line, "::")
	if !ok || !found {
		return runnerCommand{}, false
	}
	return r.command(strings.TrimSpace(head), ",", data, "%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",", "%25", "%")
}

// parseBrackets reads "##[name key=value;key=value]data", after anything.
func (r *runner) parseBrackets(line string) (runnerCommand, bool) {
	_, line, ok := strings.Cut(line, "##[")
	head, data, found := strings.Cut(line, "]")
	if !ok || !found {
		return runnerCommand{}, false
	}
	return r.command(head, ";", data, "%3B", ";", "%0D", "\r", "%0A", "\n", "%5D", "]", "%25", "%")
}

// command makes a command of its parts, provided that it is registered. Only
// the escapes of "::" data differ from those of its properties, by : and a comma
// that nobody escapes there.
func (r *runner) command(head, separator, data string, escapes ...string) (runnerCommand, bool) {
	name, rest, _ := strings.Cut(head, " ")
	name = strings.ToLower(name)
	if !slices.Contains(r.register, name) {
		return runnerCommand{}, false
	}
	unescape := func(text string) string {
		for pair := range slices.Chunk(escapes, 2) { // one after the other, as the runner does
			text = strings.ReplaceAll(text, pair[0], pair[1])
		}
		return text
	}
	properties := make(map[string]string)
	for pair := range strings.SplitSeq(rest, separator) {
		if key, value, ok := strings.Cut(pair, "="); ok && key != "" && value != "" {
			properties[strings.TrimSpace(key)] = unescape(value)
		}
	}
	if separator == "," {
		escapes = []string{"%0D", "\r", "%0A", "\n", "%25", "%"}
	}
	return runnerCommand{name, properties, unescape(data)}, true
}

// actCommands lists the lines that act takes for commands. It ends lines with \n
// alone, looks at their very start, and takes names that it does not know.
func actCommands(stdout []byte) []string {
	var found []string
	for line := range strings.SplitSeq(string(stdout), "\n") {
		for _, marks := range [][2]string{{"::", "::"}, {"##[", "]"}} {
			inner, ok := strings.CutPrefix(line, marks[0])
			if end := strings.Index(inner, marks[1]); ok && end > 0 {
				found = append(found, line)
			}
		}
	}
	return found
}

// readOutputs reads a file of outputs as the runner does.
func readOutputs(t *testing.T, file string) map[string]string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]string)
	for rest := readLines(string(content)); len(rest) > 0; {
		line := rest[0]
		rest = rest[1:]
		equals, heredoc := strings.Index(line, "="), strings.Index(line, "<<")
		switch {
		case line == "":
		case equals >= 0 && (heredoc < 0 || equals < heredoc):
			found[line[:equals]] = line[equals+1:]
		case heredoc > 0:
			end := slices.Index(rest, line[heredoc+2:])
			if end < 0 {
				t.Fatalf("the output %q of %s has no end", line, file)
			}
			found[line[:heredoc]] = strings.Join(rest[:end], "\n")
			rest = rest[end+1:]
		default:
			t.Fatalf("%s has the line %q", file, line)
		}
	}
	return found
}

func TestRunner(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		stdout string
		want   []string // commands as "name data"
		act    int
	}{
		"plain":                    {"a\nb ::error::c\n", nil, 0},
		"colons":                   {"::error file=a::b::c\n", []string{"error b::c"}, 1},
		"white space":              {"\u2003\t\u0085::ERROR::b", []string{"error b"}, 0},
		"after a carriage return":  {"10%\r::add-mask::b\r\n", []string{"add-mask b"}, 0},
		"brackets anywhere":        {"x ##[error]b\n", []string{"error b"}, 0},
		"brackets first":           {"##[error]b\n", []string{"error b"}, 1},
		"unknown":                  {"::nothing::b\n##[nothing]b\n", nil, 2},
		"escapes":                  {"::error::a%0Ab%3A%250A\n", []string{"error a\nb%3A%0A"}, 1},
		"stopped":                  {"::stop-commands::Token\n::error::b\n::token::\n::error::c", []string{"stop-commands Token", "token ", "error c"}, 4},
		"brackets inside of colon": {"::notice::##[error]b", []string{"notice ##[error]b"}, 1},
		"unfinished":               {"::error b\n##[error b", nil, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, command := range watch([]byte(test.stdout)).commands {
				got = append(got, command.name+" "+command.data)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("commands %q, want %q", got, test.want)
			}
			if act := actCommands([]byte(test.stdout)); len(act) != test.act {
				t.Errorf("act sees %q, want %d", act, test.act)
			}
		})
	}
}
