package toolkit

import (
	"fmt"
	"maps"

	"github.com/slipway-dev/slipway/internal/config"
)

// inForce are the settings that count, by their names.
type inForce map[string]member

// with returns the settings with those of a stronger section over them. Null
// takes one back, as in the Toolkit.
func (weaker inForce) with(section value) inForce {
	merged := maps.Clone(weaker)
	for _, m := range section.members {
		merged[m.name] = m
	}
	return merged
}

// readSettings reads the file with settings. Of its sections the stronger come
// later (the Toolkit's config/global.ts): the top of the file, the command, the
// Environment, the account.
func (r *reader) readSettings() {
	found := r.find()
	if found == nil {
		return
	}
	commands, environments, projects := r.section(found, commandsKey), r.section(found, environmentsKey), r.section(found, projectsKey)
	r.checkNames(found, commands, environments, projects)

	top := inForce{}.with(found.top).with(commands.get("deploy").value)
	for _, key := range []string{commandsKey, environmentsKey, projectsKey} {
		delete(top, key)
	}
	project := r.ofAccount(found, projects)
	name := r.environment(found.file, top.with(project))
	all := top.with(r.ofEnvironment(found, environments, name)).with(project)
	r.apply(found.file, all)
	r.warnOfUnfollowed(found.file, all)
}

// section returns one of the sections with further ones inside.
func (r *reader) section(found *settings, key string) value {
	section := found.top.get(key).value
	isSection := func(m member) bool { return m.value.kind == mapping || m.value.kind == nothing }
	if whole := found.top.get(key); !isSection(whole) {
		r.problems.AddAt(found.file, whole.line, fmt.Sprintf("%s is %s, and must be a mapping", key, section.kind), "")
		return value{}
	}
	for _, m := range section.members {
		if !isSection(m) {
			r.problems.AddAt(found.file, m.line, fmt.Sprintf("%s in %s is %s, and must be a mapping", shortened(m.name), key, m.value.kind), "")
		}
	}
	return section
}

// ofAccount returns the section for the account. Without an account none can be
// chosen.
func (r *reader) ofAccount(found *settings, projects value) value {
	if r.account() == "" && len(projects.members) > 0 && !r.NewAccount {
		r.warnings.AddAt(found.file, found.top.get(projectsKey).line,
			"the settings in projects are passed over, since an API key does not tell its account",
			"Give account-sid (TWILIO_ACCOUNT_SID) to have them followed.")
	}
	if r.account() == "" {
		return value{}
	}
	return r.inAccount(projects).value
}

// environment returns the name of the Environment that is deployed to. Unlike in
// the Toolkit the file may choose it together with its section: there the section
// is that of the flag, even where the file then names another Environment.
func (r *reader) environment(file string, all inForce) string {
	if r.isGiven(config.Environment) {
		return r.Values[config.Environment].Text
	}
	m, isSet := all[keyEnvironment]
	if !isSet || !r.isText(file, m) {
		return r.Values[config.Environment].Text
	}
	name := m.value.text
	switch {
	case name == "": // the Toolkit's name for the bare domain
		name = bareDomain
	case name == bareDomain:
		r.problems.AddAt(file, m.line, `environment is "production", which is a domain suffix to the Toolkit and the bare domain here`,
			`Write "" for the bare domain, which both tools understand; or give environment yourself.`)
	case r.NewAccount && isSID("ZE", name):
		return r.Values[config.Environment].Text
	}
	r.give(config.Environment, name, file, m.line)
	return name
}

// bareDomain is the Environment without a domain suffix.
const bareDomain = "production"

// ofEnvironment returns the section for an Environment.
func (r *reader) ofEnvironment(found *settings, environments value, name string) value {
	key := name
	if name == bareDomain {
		key = "*"
		if wrong := environments.get(bareDomain); wrong.line > 0 && environments.get(key).line == 0 {
			r.warnings.AddAt(found.file, wrong.line, `the section "production" in environments is for a domain suffix, and is passed over`,
				`Call the bare domain's "*".`)
		}
	}
	section := environments.get(key).value
	own := section
	own.members = nil
	for _, m := range section.members {
		if m.name != keyEnvironment {
			own.members = append(own.members, m)
		} else if m.value.text != name {
			r.warnings.AddAt(found.file, m.line, "environment is passed over in the section for "+shortened(name),
				"Set it outside of environments.")
		}
	}
	return own
}

// isText reports whether a setting is a text, as it has to be; null is none.
func (r *reader) isText(file string, m member) bool {
	if m.value.kind != text && m.value.kind != nothing {
		r.problems.AddAt(file, m.line, fmt.Sprintf("%s is %s, and must be text", m.name, m.value.kind), "Put it in quotes.")
	}
	return m.value.kind == text
}
