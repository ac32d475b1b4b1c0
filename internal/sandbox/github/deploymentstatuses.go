package github

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// DeploymentStatus is what became of a deployment at some time. Like commit
// statuses they are never changed: the newest counts.
type DeploymentStatus struct {
	ID             int64
	State          string // error, failure, inactive, in_progress, pending, queued or success
	Description    string
	Environment    string
	LogURL         string // target_url says the same
	EnvironmentURL string
	Creator        string // login
	Created        time.Time
}

type deploymentStatusBody struct {
	URL            string   `json:"url"`
	ID             int64    `json:"id"`
	State          string   `json:"state"`
	Creator        userBody `json:"creator"`
	Description    string   `json:"description"`
	Environment    string   `json:"environment"`
	TargetURL      string   `json:"target_url"`
	LogURL         string   `json:"log_url"`
	EnvironmentURL string   `json:"environment_url"`
	CreatedAt      string   `json:"created_at"`
	UpdatedAt      string   `json:"updated_at"`
	DeploymentURL  string   `json:"deployment_url"`
	RepositoryURL  string   `json:"repository_url"`
}

func (c *call) deploymentStatusBody(of *Deployment, one DeploymentStatus) deploymentStatusBody {
	address := c.deploymentURL(of)
	return deploymentStatusBody{
		URL: address + "/statuses/" + strconv.FormatInt(one.ID, 10), ID: one.ID, State: one.State, Creator: c.userBody(one.Creator),
		Description: one.Description, Environment: one.Environment, TargetURL: one.LogURL, LogURL: one.LogURL, EnvironmentURL: one.EnvironmentURL,
		CreatedAt: timestamp(one.Created), UpdatedAt: timestamp(one.Created), DeploymentURL: address, RepositoryURL: c.repositoryURL(),
	}
}

func createDeploymentStatus(c *call) (reply, error) {
	of := c.findDeployment()
	if of == nil {
		return reply{}, notFound()
	}
	if wrong := wrongDeploymentStatus(c.body); len(wrong) > 0 {
		return reply{}, &apiError{status: http.StatusUnprocessableEntity, message: "Validation Failed", errors: wrong}
	}
	of.Environment = orDefault(c.body["environment"], of.Environment)
	made := DeploymentStatus{
		ID: c.sandbox.nextID(), State: c.body["state"], Description: c.body["description"], Environment: of.Environment,
		LogURL: orDefault(c.body["log_url"], c.body["target_url"]), EnvironmentURL: c.body["environment_url"],
		Creator: c.token.Login, Created: c.now.UTC(),
	}
	of.Statuses = append(of.Statuses, made)
	c.deployment = of
	if made.State == "success" && c.body["auto_inactive"] != "false" {
		c.retireOthers(of)
	}
	body := c.deploymentStatusBody(of, made)
	return reply{status: http.StatusCreated, body: body, header: map[string]string{"Location": body.URL}}, nil
}

// retireOthers sets the earlier deployments of the same environment inactive
// that are a success, and neither transient nor production:
// docs.github.com/rest/deployments/statuses.
func (c *call) retireOthers(of *Deployment) {
	for _, one := range c.repository().deployments {
		if one.ID >= of.ID || one.IsTransient || one.IsProduction || !strings.EqualFold(one.Environment, of.Environment) || one.state() != "success" {
			continue
		}
		one.Statuses = append(one.Statuses, DeploymentStatus{
			ID: c.sandbox.nextID(), State: "inactive", Environment: one.Environment, Creator: c.token.Login, Created: c.now.UTC(),
		})
	}
}

// state is that of the newest status; empty when there is none.
func (d *Deployment) state() string {
	if made := len(d.Statuses); made > 0 {
		return d.Statuses[made-1].State
	}
	return ""
}

// wrongDeploymentStatus tells everything that GitHub would refuse in a status of
// a deployment. The text on addresses is as the tests of public actions have it.
func wrongDeploymentStatus(body map[string]string) []fieldError {
	var wrong []fieldError
	add := func(field, message string) {
		wrong = append(wrong, fieldError{Resource: "DeploymentStatus", Code: "custom", Field: field, Message: message})
	}
	if !slices.Contains([]string{"error", "failure", "inactive", "in_progress", "pending", "queued", "success"}, body["state"]) {
		add("state", "state is not included in the list")
	}
	for _, message := range wrongDescription(body["description"]) { // Shopify/shipit-engine issue 1004
		add("description", message)
	}
	for _, field := range []string{"target_url", "log_url", "environment_url"} {
		if target := body[field]; target != "" && !isWebAddress(target) {
			add(field, field+" must use http(s) scheme")
		}
	}
	return wrong
}

// listDeploymentStatuses lists all statuses that a deployment ever had, newest
// first.
func listDeploymentStatuses(c *call) (reply, error) {
	of := c.findDeployment()
	if of == nil {
		return reply{}, notFound()
	}
	var found []deploymentStatusBody
	for _, one := range slices.Backward(of.Statuses) {
		found = append(found, c.deploymentStatusBody(of, one))
	}
	return listing(c, found)
}
