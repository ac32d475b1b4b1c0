package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/words"
)

// section returns the members of a mapping whose names may stand in the scope, by
// their names, and tells of the others.
func (p *parser) section(s scope, m value) map[string]member {
	found := map[string]member{}
	for _, one := range m.members {
		isThis := func(known key) bool { return known.name == one.name }
		if slices.ContainsFunc(p.keys(s), isThis) {
			found[one.name] = one
			continue
		}
		if p.odds++; p.odds <= maxOdd {
			message, fix := unknown(s, one.name)
			p.wrong(one.line, message, fix)
		}
	}
	return found
}

// keys returns those that are known in a scope.
func (p *parser) keys(s scope) []key {
	if p.known[s] == nil {
		p.known[s] = keys(s)
	}
	return p.known[s]
}

// unknown tells of a name that may not stand in a scope.
func unknown(s scope, name string) (message, fix string) {
	if setting, isSetting := settingLike(name); isSetting && !isOfFiles(setting) {
		fix := "Give it as an input or a flag"
		if setting.Env != "" {
			fix += ", or as " + setting.Env
		}
		if setting.Name == config.WorkingDirectory {
			fix = "Write path in the service"
		}
		return setting.Name + " is not for a file of the repository to say", fix + "."
	}
	message = fmt.Sprintf("%s has no setting %q", s, shortened(name))
	if other := elsewhere(s, name); other != "" {
		return message, other
	}
	var known []string
	for _, one := range keys(s) {
		known = append(known, one.name)
	}
	if len(name) <= maxNameBytes {
		if similar := words.Closest(plain(name), plainAll(known)); similar != "" {
			return message, "Did you mean " + known[slices.Index(plainAll(known), similar)] + "?"
		}
	}
	return message, "It knows " + strings.Join(known, ", ") + "."
}

// elsewhere says where a name belongs that stands in the wrong scope.
func elsewhere(s scope, name string) string {
	switch {
	case name == config.Environment:
		return "Name each environment below environments, in a service."
	case strings.HasPrefix(name, "preview-"):
		return fmt.Sprintf("Write %s below previews, in a service.", strings.TrimPrefix(name, "preview-"))
	}
	for _, other := range []struct {
		scope  scope
		belong string
	}{
		{ofEvents, "It belongs to on, in an environment."},
		{ofService, "It belongs to a service, below services."},
		{ofEnvironment, "It belongs to an environment, below environments."},
		{ofPreviews, "It belongs to previews."},
	} {
		if other.scope != s && isKnown(other.scope, name) {
			return other.belong
		}
	}
	return ""
}

// settingLike returns the setting of that name, in whatever spelling: apiKey,
// api-key and API_KEY are one.
func settingLike(name string) (config.Setting, bool) {
	for _, setting := range config.Inputs() {
		if plain(setting.Name) == plain(name) || setting.Env != "" && setting.Env == name {
			return setting, true
		}
	}
	return config.Setting{}, false
}

// isOfFiles reports whether it stands in the file somewhere.
func isOfFiles(setting config.Setting) bool {
	for _, s := range []scope{ofService, ofEnvironment, ofPreviews} {
		if isKnown(s, setting.Name) {
			return true
		}
	}
	return setting.Name == config.Environment
}

// plain is a name in one spelling.
func plain(name string) string {
	return strings.ToLower(strings.ReplaceAll(strings.ReplaceAll(name, "-", ""), "_", ""))
}

func plainAll(names []string) []string {
	made := make([]string, len(names))
	for i, name := range names {
		made[i] = plain(name)
	}
	return made
}

// layer returns the settings among the members of a scope.
func (p *parser) layer(s scope, found map[string]member) config.Layer {
	layer := config.Layer{}
	for _, one := range p.keys(s) {
		m, isThere := found[one.name]
		if !isThere || one.setting.Name == "" {
			continue
		}
		if read, line := p.setting(one, m); read != "" {
			layer[one.setting.Name] = config.Written{Text: read, File: p.file, Line: line}
		}
	}
	if len(layer) > 0 {
		_ = p.problems.Take(layer.Check()) // it is a list
	}
	return layer
}

// setting returns a setting's text and where it begins; empty when it is a Problem.
func (p *parser) setting(one key, m member) (read string, line int) {
	mustBe := func(what, fix string) (string, int) {
		if m.value.kind != unusable {
			p.wrong(m.line, fmt.Sprintf("%s is %s, and must be %s", m.name, m.value.kind, what), fix)
		}
		return "", 0
	}
	line = m.value.line
	switch one.form {
	case plainText:
		return p.text(m), line
	case textOrNumber:
		if m.value.kind == number {
			return m.value.text, line
		}
		return p.text(m), line
	case trueOrFalse:
		if m.value.kind != boolean {
			return mustBe("true or false", "Write true or false, without quotes.")
		}
	case length:
		if m.value.kind == list && one.setting.Name == config.Watch {
			return mustBe("how long to follow the logs, such as 2m", "Patterns of paths belong to the service, not to its environments.")
		}
		if m.value.kind != text {
			return mustBe("a length of time", "Give a number and a unit, such as 90s, 15m or 7d.")
		}
		return p.text(m), line
	case wholeNumber:
		if m.value.kind != number {
			return mustBe("a number", "")
		}
	case texts:
		return strings.Join(p.lines(one, m), "\n"), line
	case own:
	}
	return strings.TrimSpace(m.value.text), line
}

// text returns the text of a member; empty when it is a Problem.
func (p *parser) text(m member) string {
	trimmed := strings.TrimSpace(m.value.text)
	switch {
	case m.value.kind == unusable:
		return ""
	case m.value.kind == number:
		p.wrong(m.line, m.name+" is a number, and must be text", "Put it in quotes.")
		return ""
	case m.value.kind == nothing, m.value.kind == text && trimmed == "":
		p.wrong(m.line, m.name+" says nothing", "Give a value, or remove the line.")
		return ""
	case m.value.kind != text:
		p.wrong(m.line, fmt.Sprintf("%s is %s, and must be text", m.name, m.value.kind), "")
		return ""
	case len(trimmed) > maxTextBytes:
		p.wrong(m.line, fmt.Sprintf("%s has %d bytes, and can have %d", m.name, len(trimmed), maxTextBytes), "")
		return ""
	}
	return trimmed
}

// list returns the texts of a member that is one text or a list of them, each as a
// member of its own.
func (p *parser) list(m member) []member {
	if m.line == 0 || m.value.kind == unusable {
		return nil
	}
	items := []value{m.value}
	if m.value.kind == list {
		if items = m.value.items; len(items) == 0 {
			p.wrong(m.line, m.name+" is an empty list", "Name one or more, or remove the line.")
		}
		if p.isTooMany(m, len(items), maxEntries) {
			return nil
		}
	}
	var read []member
	for _, item := range items {
		one := member{name: m.name, line: item.line, value: item}
		if text := p.text(one); text != "" {
			one.value.text = text
			read = append(read, one)
		}
	}
	return read
}

// lines returns the entries of a setting that has several, each of which is a line.
func (p *parser) lines(one key, m member) []string {
	if one.setting.Name == config.Variables && m.value.kind == mapping {
		p.wrong(m.line, "variables is a mapping, and names keys alone", noValues)
		return nil
	}
	var read []string
	for _, item := range p.list(m) {
		switch entry := item.value.text; {
		case one.setting.Name == config.Variables && !p.isKey(entry, item.line):
		case strings.ContainsAny(entry, "\r\n"):
			p.wrong(item.line, item.name+" has an entry of more than one line", "Write each entry as one of a list.")
		case one.setting.Name == config.HealthCheckHeader && p.leaks(entry, item.line):
		default:
			read = append(read, entry)
		}
	}
	return read
}

// noValues says where the values of variables belong.
const noValues = "Write a list of the keys, and put the values where Slipway runs: in a workflow under env of the step, from secrets."

var (
	variableKey  = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$`)
	namedInValue = regexp.MustCompile(`\$\{([^}]*)\}`)
)

// isKey reports whether an entry of variables is a key that may be handed out. What
// else it is is not repeated.
func (p *parser) isKey(entry string, line int) bool {
	switch {
	case strings.Contains(entry, "="):
		p.wrong(line, "variables has an entry with a value, which whoever reads the repository would know", noValues)
	case !variableKey.MatchString(entry):
		p.wrong(line, "variables has an entry that is no key", "A key is letters, digits, underscores, dots and dashes.")
	case config.HoldsCredential(entry):
		p.wrong(line, "variables names "+entry+", which holds a credential that no file of the repository may hand out",
			"Give it with the input variables, if Functions are to have it.")
	default:
		return true
	}
	return false
}

// leaks reports whether a header would send a credential to what is deployed.
func (p *parser) leaks(header string, line int) bool {
	for _, named := range namedInValue.FindAllStringSubmatch(header, -1) {
		if config.HoldsCredential(strings.TrimSpace(named[1])) {
			p.wrong(line, "health-check-header names "+named[1]+", which holds a credential that no file of the repository may send",
				"Use a secret of the project's own.")
			return true
		}
	}
	return false
}
