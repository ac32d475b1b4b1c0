package toolkit

import (
	"fmt"
	"maps"
	"slices"
	"strings"

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

	top := inForce{}.with(found.top).with(r.chosen(found, commands.get("deploy")))
	for _, key := range sectionKeys() {
		delete(top, key)
	}
	project := r.ofAccount(found, projects)
	name := r.environment(found.file, top.with(project))
	all := top.with(r.ofEnvironment(found, environments, name)).with(project)
	r.apply(found.file, all)
	r.warnOfUnfollowed(found.file, all)
}

// section returns one of the mappings with sections inside.
func (r *reader) section(found *settings, key string) value {
	return r.chosen(found, found.top.get(key))
}

// chosen returns a mapping that counts; null is an empty one.
func (r *reader) chosen(found *settings, m member) value {
	if m.value.kind != mapping && m.value.kind != nothing {
		r.problems.AddAt(found.file, m.line, fmt.Sprintf("%q is %s, and must be a mapping", shortened(m.name), m.value.kind),
			"Write a mapping of settings, or remove it.")
		return value{}
	}
	return m.value
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
	return r.chosen(found, r.inAccount(projects))
}

// environment returns the name of the Environment that is deployed to. Unlike in
// the Toolkit the file may choose it together with its section: there the section
// is that of the flag, even where the file then names another Environment.
func (r *reader) environment(file string, all inForce) string {
	byDefault := r.Values[config.Environment].Text
	if r.isGiven(config.Environment) {
		return byDefault
	}
	m := all[keyEnvironment]
	name := r.textOf(file, m)
	switch {
	case m.value.kind == text && m.value.text == "": // the Toolkit's name for the bare domain
		name = bareDomain
	case m.value.kind == text && strings.TrimSpace(m.value.text) == "":
		r.problems.AddAt(file, m.line, "environment is blank, which no domain suffix is", `Write "" for the bare domain, or leave it out.`)
		return byDefault
	case name == bareDomain:
		r.problems.AddAt(file, m.line, `environment is "production", which is a domain suffix to the Toolkit and the bare domain here`,
			`Write "" for the bare domain, which both tools understand; or give environment yourself.`)
	case name == "", r.NewAccount && isSID("ZE", name):
		return byDefault
	}
	r.give(config.Environment, name, file, m.line)
	return name
}

// bareDomain is the Environment without a domain suffix.
const bareDomain = "production"

// ofEnvironment returns the section for an Environment.
func (r *reader) ofEnvironment(found *settings, environments value, name string) value {
	key, suffix := name, name
	if name == bareDomain {
		key, suffix = "*", ""
		if wrong := environments.get(bareDomain); wrong.line > 0 && environments.get(key).line == 0 {
			r.warnings.AddAt(found.file, wrong.line, `the section "production" in environments is for a domain suffix, and is passed over`,
				`Call the bare domain's "*".`)
		}
	}
	section := r.chosen(found, environments.get(key))
	if m := section.get(keyEnvironment); m.value.kind != nothing && m.value.text != suffix && !r.isGiven(config.Environment) {
		r.problems.AddAt(found.file, m.line, fmt.Sprintf("environment is %q in the section for %q, and the section is chosen by it",
			shortened(m.value.text), shortened(key)), "Set it outside of environments.")
	}
	isOther := func(m member) bool { return m.name == keyEnvironment }
	section.members = slices.DeleteFunc(slices.Clone(section.members), isOther)
	return section
}
