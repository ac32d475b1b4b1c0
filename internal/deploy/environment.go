package deploy

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// Production is the name of the Environment on a Service's bare domain.
const Production = "production"

// maxSuffix is the API's limit on a domain suffix (Twilio's OpenAPI file).
const maxSuffix = 16

// Environment names an Environment the way the official Toolkit does, so that
// both tools can share a Service: the suffix "x" belongs to the unique name
// "x-environment", and no suffix to "production".
type Environment struct {
	// Name is what the user wrote.
	Name string `json:"name"`
	// SID is set when the user named the Environment by its SID; then
	// UniqueName and DomainSuffix are empty.
	SID twilio.EnvironmentSID `json:"sid,omitempty"`
	// UniqueName and DomainSuffix are what a new Environment is created with.
	UniqueName   string `json:"unique_name,omitempty"`
	DomainSuffix string `json:"domain_suffix,omitempty"`
}

// ParseEnvironment reads the name of an Environment: "production", a domain
// suffix, or a SID. The error is a *problem.Problem.
func ParseEnvironment(name string) (Environment, error) {
	switch {
	case twilio.IsSID("ZE", name):
		return Environment{Name: name, SID: twilio.EnvironmentSID(name)}, nil
	case name == Production:
		return Environment{Name: name, UniqueName: Production}, nil
	case name == "":
		return Environment{}, &problem.Problem{
			Message: "the environment has no name",
			Fix:     "Give a domain suffix such as dev, production for the bare domain, or a SID (ZE…).",
		}
	case len(name) > maxSuffix:
		return Environment{}, &problem.Problem{
			Message: fmt.Sprintf("environment %q has %d characters; a domain suffix has at most %d", name, len(name), maxSuffix),
			Fix:     "Choose a shorter one.",
		}
	case !regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?$`).MatchString(name):
		return Environment{}, &problem.Problem{
			Message: fmt.Sprintf("environment %q cannot be part of a domain", name),
			Fix:     "Use letters, digits and dashes, with a letter or digit at both ends.",
		}
	}
	return Environment{Name: name, UniqueName: name + "-environment", DomainSuffix: name}, nil
}

// is reports whether both names mean the same Environment, as far as names tell.
func (e Environment) is(other Environment) bool {
	return strings.EqualFold(string(e.SID), string(other.SID)) && strings.EqualFold(e.DomainSuffix, other.DomainSuffix)
}

// among finds the Environment in a Service's listing: by its SID, or by its
// domain as the Toolkit does. Domains fold case. Should several have the domain,
// which early Services can, the one with the unique name is meant.
func (e Environment) among(environments []twilio.Environment) (found twilio.Environment, ok bool, err error) {
	var candidates []twilio.Environment
	var suffixIsProduction twilio.EnvironmentSID
	for _, environment := range environments {
		hasDomain := e.SID == "" && strings.EqualFold(environment.DomainSuffix, e.DomainSuffix)
		if hasDomain && environment.UniqueName == e.UniqueName || e.SID != "" && strings.EqualFold(string(environment.SID), string(e.SID)) {
			return environment, true, nil
		}
		if hasDomain {
			candidates = append(candidates, environment)
		}
		if environment.DomainSuffix == Production {
			suffixIsProduction = environment.SID
		}
	}
	switch len(candidates) {
	case 0:
	case 1:
		return candidates[0], true, nil
	default:
		return found, false, &problem.Problem{
			Message: fmt.Sprintf("environment %s could be each of %s and %s, which have the same domain", e.Name, candidates[0].SID, candidates[1].SID),
			Fix:     "Name the one that is meant by its SID.",
		}
	}
	switch {
	case e.SID != "":
		return found, false, &problem.Problem{
			Message: fmt.Sprintf("environment %s is not one of this Service's", e.SID),
			Fix:     "Name one of the Service's own, or name the Service that it belongs to.",
		}
	case e.UniqueName == Production && suffixIsProduction != "":
		return found, false, &problem.Problem{
			Message: "environment production means the bare domain, for which this Service has no Environment, but it has one with the suffix production",
			Fix:     fmt.Sprintf("If that one is meant, name it by its SID, %s; to use the bare domain, create its Environment first.", suffixIsProduction),
		}
	}
	return found, false, nil
}
