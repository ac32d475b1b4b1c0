package deploy

import (
	"fmt"
	"strings"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// Production is the name of the Environment on a Service's bare domain.
const Production = job.Production

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
	if fault, fix := job.CheckEnvironment(name); fault != "" {
		return Environment{}, &problem.Problem{Message: fault, Fix: fix}
	}
	switch {
	case twilio.IsSID("ZE", name):
		return Environment{Name: name, SID: twilio.EnvironmentSID(name)}, nil
	case name == Production:
		return Environment{Name: name, UniqueName: Production}, nil
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
