// Package rules reads slipway.yml: the services of a repository, where each of them
// goes on which event, and the settings that hold there. Find looks for the file,
// Parse reads it into a File, which is plain data; every text in it that is a setting
// is in a config.Layer, with its line, and comes to hold as any other file's does.
//
// Who may change the file may not choose where credentials go: accounts, addresses
// and values of variables never come from it. What the file does not know is a
// Problem, since a rule that is misspelt would deploy to another place, or not at all.
// What happens on an event is decided elsewhere. Level 1: of the project it imports
// config, document, job, problem and words.
package rules

import (
	"regexp"
	"strings"

	"github.com/slipway-dev/slipway/internal/config"
)

// File is what slipway.yml says.
type File struct {
	// Path is where it stands, from the root of the repository.
	Path string
	// Services are in the order of the file; there is at least one.
	Services []Service
}

// Service is one project of the repository, with the rules of where it goes.
type Service struct {
	// Name is what the file calls it. It is the Service's unique name as well, unless
	// the setting service says otherwise.
	Name string
	// Line is where it begins.
	Line int
	// Path is the project's folder from the root of the repository; "." is the root
	// itself.
	Path string
	// Watch are patterns of paths beside Path whose changes concern it; see Match.
	Watch []string
	// Layer is what holds in each of its Environments, service among it.
	Layer config.Layer
	// Environments are in the order of the file. Their names differ.
	Environments []Environment
	// Previews is what holds in the Environments of pull requests; nil means that they
	// have none.
	Previews config.Layer
}

// Environment is where a Service goes on some events.
type Environment struct {
	// Name is a domain suffix, "production" or an Environment's SID, and never that of
	// a preview.
	Name string
	// Line is where it begins.
	Line int
	// On are the events; the zero value is none.
	On On
	// PromoteFrom is the Environment of the same Service whose Build is to be the one
	// that goes live; empty means any.
	PromoteFrom string
	// Layer is what holds in it: its own settings over those of the Service, service
	// and environment among them.
	Layer config.Layer
}

// On are the events on which an Environment is deployed to.
type On struct {
	// Branches and Tags are patterns of names; see Match.
	Branches, Tags []string
	Releases       Releases
}

// Releases says which GitHub Releases count. The zero value is none.
type Releases string

// The sorts of GitHub Releases.
const (
	// FullReleases are those that are no pre-releases.
	FullReleases Releases = "full"
	Prereleases  Releases = "prerelease"
	AnyRelease   Releases = "any"
)

// Include reports whether a GitHub Release counts.
func (r Releases) Include(isPrerelease bool) bool {
	return r == AnyRelease || r == Prereleases && isPrerelease || r == FullReleases && !isPrerelease
}

// Environment returns the rules of the Environment of that name. Domains fold case,
// and so do names.
func (s *Service) Environment(name string) (Environment, bool) {
	for _, one := range s.Environments {
		if strings.EqualFold(one.Name, name) {
			return one, true
		}
	}
	return Environment{}, false
}

// IsPreviewName reports whether an Environment is taken for that of a pull request.
// Domains fold case.
func IsPreviewName(name string) bool { return previewName.MatchString(name) }

var previewName = regexp.MustCompile(`^(?i:pr)-[0-9]+$`)
