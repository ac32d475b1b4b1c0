package twilio

import (
	"context"
	"fmt"
	"iter"
	"net/url"
	"slices"
	"time"
)

// Deployment is one activation of a Build in an Environment.
type Deployment struct {
	SID            DeploymentSID  `json:"sid"`
	EnvironmentSID EnvironmentSID `json:"environment_sid"`
	// BuildSID is empty for a Deployment that took the live Build away.
	BuildSID    BuildSID   `json:"build_sid"`
	DateCreated *time.Time `json:"date_created"`
}

func (d Deployment) check() error { return checkSID("ZD", string(d.SID)) }

// DeploymentOption adds to what CreateDeployment asks for, or knows.
type DeploymentOption func(*newDeployment)

type newDeployment struct {
	form url.Values
	// behind is a Deployment that was there before; empty when none is known.
	behind DeploymentSID
}

// AsPlugin marks a Deployment as that of a plugin. The OpenAPI file says no more
// of it; twilio/flex-plugin-builder sets it for plugins of Flex.
func AsPlugin() DeploymentOption {
	return func(asked *newDeployment) { asked.form.Set("IsPlugin", "true") }
}

// Behind names the newest Deployment that the Environment had before. Should an
// answer be lost, what is newer can then be told from an activation of the same Build
// a moment ago, which the platform's times, of whole seconds, do not tell.
func Behind(newest DeploymentSID) DeploymentOption {
	return func(asked *newDeployment) { asked.behind = newest }
}

// FetchDeployment returns a Deployment of an Environment.
func (c *Client) FetchDeployment(ctx context.Context, service ServiceSID, environment EnvironmentSID, deployment DeploymentSID) (Deployment, error) {
	return get[Deployment](ctx, c, "fetch deployment", deploymentPath(service, environment, string(deployment))...)
}

// Deployments lists an Environment's Deployments, newest first.
func (c *Client) Deployments(ctx context.Context, service ServiceSID, environment EnvironmentSID) iter.Seq2[Deployment, error] {
	return list[Deployment](ctx, c, "list deployments", nil, deploymentPath(service, environment)...)
}

// CreateDeployment makes a Build live in an Environment; the empty BuildSID
// leaves the Environment without one. A state that holds already is success,
// with the Deployment that brought it about. So is an activation that took
// effect, whose answer was lost, and that another Deployment has replaced by
// then: it is not done again, which would take the newer Build away. What is
// live now is the Environment's BuildSID.
func (c *Client) CreateDeployment(
	ctx context.Context, service ServiceSID, environment EnvironmentSID, build BuildSID, options ...DeploymentOption,
) (Deployment, error) {
	asked := newDeployment{form: url.Values{}}
	for _, option := range options {
		option(&asked)
	}
	if build != "" {
		asked.form.Set("BuildSid", string(build))
	}
	path := deploymentPath(service, environment)
	began := time.Now()
	// Ours is told from older Deployments of the same Build by its age, on the
	// platform's own clock, unless Behind names one that was there before: to read
	// that first would cost a call for every activation that goes well.
	find := func(ctx context.Context) (Deployment, bool, error) {
		now, err := c.FetchEnvironment(ctx, service, environment)
		if err != nil {
			return Deployment{}, false, err
		}
		deployments, err := newest(ctx, c, "list deployments", func(Deployment) bool { return true }, path...)
		if err != nil {
			return Deployment{}, false, err
		}
		holds := now.BuildSID == build
		older := slices.IndexFunc(deployments, func(d Deployment) bool { return d.SID == asked.behind })
		at := slices.IndexFunc(deployments, func(d Deployment) bool {
			return d.BuildSID == build && (holds || older >= 0 || c.clock.isSince(d.DateCreated, began))
		})
		if !holds && older >= 0 && at > older {
			at = -1 // it was there before
		}
		switch {
		case at >= 0:
			return deployments[at], true, nil
		case holds:
			return Deployment{}, false, fmt.Errorf("the state holds, but no Deployment among the newest %d brought it about", len(deployments))
		default:
			return Deployment{}, false, nil
		}
	}
	return create(ctx, c, OpCreateDeployment, asked.form, lookUp[Deployment]{find: find}, path...)
}

func deploymentPath(service ServiceSID, environment EnvironmentSID, rest ...string) []string {
	return append([]string{"Services", string(service), "Environments", string(environment), "Deployments"}, rest...)
}
