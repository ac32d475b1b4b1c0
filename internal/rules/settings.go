package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/document"
)

// section returns the members of a mapping whose names may stand in the scope, by
// their names, and tells of the others.
func (p *parser) section(s scope, of document.Value) map[string]document.Member {
	isKnown := func(name string) bool {
		return slices.ContainsFunc(p.keys(s), func(one key) bool { return one.name == name })
	}
	return p.Section(of, isKnown, func(name string) (message, fix string) { return unknown(s, name) })
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
	message = fmt.Sprintf("%s has no setting %q", s, document.Shortened(name))
	if other := elsewhere(s, name); other != "" {
		return message, other
	}
	var known []string
	for _, one := range keys(s) {
		known = append(known, one.name)
	}
	return message, document.Meant(name, known)
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
		if document.Spelled(setting.Name) == document.Spelled(name) || setting.Env != "" && setting.Env == name {
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

// layer returns the settings among the members of a scope.
func (p *parser) layer(s scope, found map[string]document.Member) config.Layer {
	layer := config.Layer{}
	for _, one := range p.keys(s) {
		m, isThere := found[one.name]
		if !isThere || one.setting.Name == "" {
			continue
		}
		if read, line := p.setting(one, m); read != "" {
			layer[one.setting.Name] = config.Written{Text: read, File: p.File, Line: line}
		}
	}
	if len(layer) > 0 {
		_ = p.Problems.Take(layer.Check()) // it is a list
	}
	return layer
}

// setting returns a setting's text and where it begins; empty when it is a Problem.
func (p *parser) setting(one key, m document.Member) (read string, line int) {
	mustBe := func(what, fix string) (string, int) {
		if m.Value.Kind != document.Unusable {
			p.Wrong(m.Line, fmt.Sprintf("%s is %s, and must be %s", m.Name, m.Value.Kind, what), fix)
		}
		return "", 0
	}
	line = m.Value.Line
	switch one.form {
	case plainText:
		return p.Text(m), line
	case textOrNumber:
		if m.Value.Kind == document.Number {
			return m.Value.Text, line
		}
		return p.Text(m), line
	case trueOrFalse:
		if m.Value.Kind != document.Boolean {
			return mustBe("true or false", "Write true or false, without quotes.")
		}
	case length:
		if m.Value.Kind == document.List && one.setting.Name == config.Watch {
			return mustBe("how long to follow the logs, such as 2m", "Patterns of paths belong to the service, not to its environments.")
		}
		if m.Value.Kind != document.Text {
			return mustBe("a length of time", "Give a number and a unit, such as 90s, 15m or 7d.")
		}
		return p.Text(m), line
	case wholeNumber:
		if m.Value.Kind != document.Number {
			return mustBe("a number", "")
		}
	case texts:
		return strings.Join(p.lines(one, m), "\n"), line
	case own:
	}
	return strings.TrimSpace(m.Value.Text), line
}

// lines returns the entries of a setting that has several, each of which is a line.
func (p *parser) lines(one key, m document.Member) []string {
	if one.setting.Name == config.Variables && m.Value.Kind == document.Mapping {
		p.Wrong(m.Line, "variables is a mapping, and names keys alone", noValues)
		return nil
	}
	var read []string
	for _, item := range p.Texts(m, maxEntries) {
		switch entry := item.Value.Text; {
		case one.setting.Name == config.Variables && !p.isKey(entry, item.Line):
		case strings.ContainsAny(entry, "\r\n"):
			p.Wrong(item.Line, item.Name+" has an entry of more than one line", "Write each entry as one of a list.")
		case one.setting.Name == config.HealthCheckHeader && p.leaks(entry, item.Line):
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
		p.Wrong(line, "variables has an entry with a value, which whoever reads the repository would know", noValues)
	case !variableKey.MatchString(entry):
		p.Wrong(line, "variables has an entry that is no key", "A key is letters, digits, underscores, dots and dashes.")
	case config.HoldsCredential(entry):
		p.Wrong(line, "variables names "+entry+", which holds a credential that no file of the repository may hand out",
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
			p.Wrong(line, "health-check-header names "+named[1]+", which holds a credential that no file of the repository may send",
				"Use a secret of the project's own.")
			return true
		}
	}
	return false
}
