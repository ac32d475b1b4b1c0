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

// DeploymentOption adds to what CreateDeployment asks for.
type DeploymentOption func(form url.Values)

// AsPlugin marks a Deployment as that of a plugin. The OpenAPI file says no more
// of it; twilio/flex-plugin-builder sets it for plugins of Flex.
func AsPlugin() DeploymentOption {
	return func(form url.Values) { form.Set("IsPlugin", "true") }
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
	form := url.Values{}
	for _, option := range options {
		option(form)
	}
	if build != "" {
		form.Set("BuildSid", string(build))
	}
	path := deploymentPath(service, environment)
	began := time.Now()
	// Ours is told from older Deployments of the same Build by its age, on the
	// platform's own clock. To read the newest Deployment beforehand would tell
	// as much, at the price of a call for every activation that goes well.
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
		at := slices.IndexFunc(deployments, func(d Deployment) bool {
			return d.BuildSID == build && (holds || c.clock.isSince(d.DateCreated, began))
		})
		switch {
		case at >= 0:
			return deployments[at], true, nil
		case holds:
			return Deployment{}, false, fmt.Errorf("the state holds, but no Deployment among the newest %d brought it about", len(deployments))
		default:
			return Deployment{}, false, nil
		}
	}
	return create(ctx, c, "create deployment", form, lookUp[Deployment]{find: find}, path...)
}

func deploymentPath(service ServiceSID, environment EnvironmentSID, rest ...string) []string {
	return append([]string{"Services", string(service), "Environments", string(environment), "Deployments"}, rest...)
}
