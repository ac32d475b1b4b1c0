package grants

import (
	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/problem"
)

// Question is what a repository asks for.
type Question struct {
	// Repository is "owner/name" in any case.
	Repository string
	// Service is what slipway.yml calls the service.
	Service string
	// IsPreview says that it is about the preview of a pull request, or about all of
	// them; PullRequest is its number, and 0 for all.
	IsPreview   bool
	PullRequest int
	// PromoteFrom is the Environment whose Build is to go live; may be empty.
	PromoteFrom string
	// Values are the settings as they would hold, by slipway.yml alone: nothing of the
	// server's own environment is among them.
	Values config.Values
}

// Grant is what server.yml lets a repository do. It holds no credentials and no
// secrets. It is as old as its File: ask anew for each thing that is done, so that what
// is allowed no more is done no more.
type Grant struct {
	// Repository and Service are as server.yml has them.
	Repository, Service string
	// Account says how to reach the account.
	Account Account
	// Target is where it goes; its Environment is empty where it is about all previews.
	Target job.Target
	// LikeService is the Service that has the Environment of variables-like; empty means
	// that of the Target.
	LikeService string
	// Variables say where the values of the keys come from that are asked for, and of no
	// others.
	Variables map[string]Reference
	// Notes say what holds in place of what was asked for, in lines of words.
	Notes []string

	values config.Values
	// path is that of the File.
	path     string
	withheld withheld
}

// Lane names where it goes: two Grants have the same Lane when they go to one
// Environment of one Service in one account, as far as server.yml tells.
func (g *Grant) Lane() string { return lane(g.Account, g.Target.Service, g.Target.Environment) }

// LaneOf is the Lane of another Environment of the same Service.
func (g *Grant) LaneOf(environment string) string {
	return lane(g.Account, g.Target.Service, environment)
}

// RefusedError says that server.yml does not allow what was asked for.
type RefusedError struct {
	// Problems are all that is not allowed, each with its line of slipway.yml where it
	// has one, in words for the people of the repository: nothing in them is about
	// another one.
	Problems problem.List
}

// Error lists the Problems.
func (e *RefusedError) Error() string { return e.Problems.Error() }

// Unwrap returns the Problems, so that they are told as those of any input.
func (e *RefusedError) Unwrap() error { return e.Problems }
