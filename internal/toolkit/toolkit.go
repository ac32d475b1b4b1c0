// Package toolkit reads what Twilio's own Serverless Toolkit keeps beside a
// project: its settings (.twilioserverlessrc in its many forms) and the Service
// that it deployed to last (.twiliodeployinfo). Read makes a config.Layer of
// them, so that a project made for the Toolkit deploys to the same place in the
// same way.
//
// The files are shared with that tool, so what Slipway does not know is a warning
// and no error. Where the Toolkit would do what nobody expects, Read says so.
// Nothing is ever written, and settings in JavaScript are refused: no code of a
// repository is run. Level 1: of the project it imports config, problem and words.
package toolkit

import (
	"fmt"
	"io/fs"
	"strings"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/problem"
)

// Question is what the files are read for.
type Question struct {
	// Folder is the project's folder from the root of the Source; "." for the
	// root itself.
	Folder string
	// Values are the settings as the front door resolved them. They name the
	// Environment and the account whose sections count.
	Values config.Values
	// NewAccount says that the account holds nothing yet, as that of a sandbox
	// made for one command: SIDs in files name nothing in it, and are passed over.
	NewAccount bool
}

// Read returns what the Toolkit's files say about the settings. Of the files
// with settings the nearest counts, in the project's folder or above it, up to
// the root of the Source.
//
// The list returned holds warnings, also beside an error. The error is a
// problem.List; what was understood is returned with it.
func Read(fsys fs.FS, question Question) (config.Layer, problem.List, error) {
	r := &reader{fsys: fsys, Question: question, layer: config.Layer{}}
	r.warnOfLegacy()
	r.readSettings()
	r.readDeployInfo()
	return r.layer, r.warnings, r.problems.Err()
}

// reader collects what the files say, and what is wrong with them.
type reader struct {
	Question

	fsys     fs.FS
	layer    config.Layer
	problems problem.List
	warnings problem.List
}

// account is the account's SID; empty when only an API key is known.
func (r *reader) account() string { return r.Values[config.AccountSID].Text }

// region is the region in which the account is deployed to.
func (r *reader) region() string {
	if region := r.Values[config.Region].Text; region != "" {
		return region
	}
	return defaultRegion
}

// defaultRegion is Twilio's when none is named.
const defaultRegion = "us1"

// inAccount returns the member that is for the account: with the region in its
// name, or without where that is the default. In .twiliodeployinfo the Toolkit
// takes one without for any region; but it is of a time when there was one only,
// and its Service is in no other.
func (r *reader) inAccount(sections value) member {
	found := sections.get(r.account() + ":" + r.region())
	if found.value.kind == nothing && r.region() == defaultRegion {
		found = sections.get(r.account())
	}
	return found
}

// give adds a setting to the layer.
func (r *reader) give(name, text, file string, line int) {
	if text != "" {
		r.layer[name] = config.Written{Text: text, File: file, Line: line}
	}
}

// isGiven reports whether a setting is given more strongly than by these files: a
// file of Slipway's own is stronger, too.
func (r *reader) isGiven(name string) bool { return r.Values[name].Origin != config.FromDefault }

// maxTextBytes is more than any setting needs, which are names and paths.
const maxTextBytes = 1024

// textOf returns the text of a setting; as everywhere in Slipway blank counts as
// not set. Null does, too, and anything else than text is a Problem.
func (r *reader) textOf(file string, m member) string {
	switch {
	case m.value.kind == nothing:
		return ""
	case m.value.kind != text:
		r.problems.AddAt(file, m.line, fmt.Sprintf("%s is %s, and must be text", m.name, m.value.kind), "Put it in quotes.")
		return ""
	case len(m.value.text) > maxTextBytes:
		r.problems.AddAt(file, m.line, fmt.Sprintf("%s has %d bytes, and can have %d", m.name, len(m.value.text), maxTextBytes), "Shorten it.")
		return ""
	default:
		return strings.TrimSpace(m.value.text)
	}
}

// isSID reports whether a text is a SID with that prefix.
func isSID(prefix, text string) bool {
	digits, hasPrefix := strings.CutPrefix(text, prefix)
	return hasPrefix && len(digits) == 32 && strings.Trim(digits, "0123456789abcdefABCDEF") == ""
}
