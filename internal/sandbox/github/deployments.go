package github

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Deployment is a deployment of a commit to an environment. What became of it
// its statuses tell.
type Deployment struct {
	ID          int64
	SHA         string
	Ref         string // as it was asked for
	Task        string
	Environment string // that of its newest status that names one
	// OriginalEnvironment is the one that it was made for.
	OriginalEnvironment string
	Description         string // empty where GitHub says null
	// Payload is its JSON as it was sent: an object, or a string with its quotes.
	// Empty means none.
	Payload      string
	IsTransient  bool
	IsProduction bool
	Creator      string // login
	Created      time.Time
	Statuses     []DeploymentStatus // oldest first
}

type deploymentBody struct {
	URL                   string   `json:"url"`
	ID                    int64    `json:"id"`
	SHA                   string   `json:"sha"`
	Ref                   string   `json:"ref"`
	Task                  string   `json:"task"`
	Payload               any      `json:"payload"`
	OriginalEnvironment   string   `json:"original_environment"`
	Environment           string   `json:"environment"`
	Description           *string  `json:"description"`
	Creator               userBody `json:"creator"`
	CreatedAt             string   `json:"created_at"`
	UpdatedAt             string   `json:"updated_at"`
	StatusesURL           string   `json:"statuses_url"`
	RepositoryURL         string   `json:"repository_url"`
	TransientEnvironment  bool     `json:"transient_environment"`
	ProductionEnvironment bool     `json:"production_environment"`
}

func (c *call) deploymentBody(one *Deployment) deploymentBody {
	address, updated := c.deploymentURL(one), one.Created
	if made := len(one.Statuses); made > 0 {
		updated = one.Statuses[made-1].Created
	}
	return deploymentBody{
		URL: address, ID: one.ID, SHA: one.SHA, Ref: one.Ref, Task: one.Task, Payload: c.payload(one.Payload),
		OriginalEnvironment: one.OriginalEnvironment, Environment: one.Environment, Description: orNull(one.Description),
		Creator: c.userBody(one.Creator), CreatedAt: timestamp(one.Created), UpdatedAt: timestamp(updated),
		StatusesURL: address + "/statuses", RepositoryURL: c.repositoryURL(),
		TransientEnvironment: one.IsTransient, ProductionEnvironment: one.IsProduction,
	}
}

func (c *call) repositoryURL() string {
	in := c.repository()
	return c.url("repos", in.owner, in.name)
}

func (c *call) deploymentURL(one *Deployment) string {
	return c.repositoryURL() + "/deployments/" + strconv.FormatInt(one.ID, 10)
}

// payload is what GitHub says of a payload: an object as it is, and so is a text
// that holds one, as in the example of the page on creating a deployment.
func (c *call) payload(sent string) any {
	content := sent
	if json.Unmarshal([]byte(sent), &content) != nil {
		content = sent // an object
	}
	if c.sandbox.options.Switches.PayloadsAreText {
		return content
	}
	if content == "" {
		return map[string]any{}
	}
	var object map[string]any
	if json.Unmarshal([]byte(content), &object) == nil && object != nil {
		return object
	}
	return content
}

func createDeployment(c *call) (reply, error) {
	in, ref := c.repository(), c.body["ref"]
	if wrong := wrongDeployment(c.body); len(wrong) > 0 {
		return reply{}, &apiError{status: http.StatusUnprocessableEntity, message: "Validation Failed", errors: wrong}
	}
	c.assumeCommit(ref)
	sha, found := in.resolve(ref)
	if !found {
		return reply{}, refusal(http.StatusUnprocessableEntity, "No ref found for: %s", ref)
	}
	if err := c.mayDeploy(sha); err != nil {
		return reply{}, err
	}
	environment := orDefault(c.body["environment"], "production")
	isProduction := environment == "production"
	if given := c.body["production_environment"]; given != "" {
		isProduction = given == "true"
	}
	one := &Deployment{
		ID: c.sandbox.nextID(), SHA: sha, Ref: ref, Task: orDefault(c.body["task"], "deploy"),
		Environment: environment, OriginalEnvironment: environment, Description: c.body["description"], Payload: c.body["payload"],
		IsTransient: c.body["transient_environment"] == "true", IsProduction: isProduction,
		Creator: c.token.Login, Created: c.now.UTC(),
	}
	in.deployments = append(in.deployments, one)
	c.deployment = one
	body := c.deploymentBody(one)
	return reply{status: http.StatusCreated, body: body, header: map[string]string{"Location": body.URL}}, nil
}

// wrongDeployment tells everything that GitHub would refuse in a deployment.
// That its description has the bounds of a status's is an assumption on the safe
// side: its page tells none.
func wrongDeployment(body map[string]string) []fieldError {
	var wrong []fieldError
	add := func(field, message string) {
		wrong = append(wrong, fieldError{Resource: "Deployment", Code: "custom", Field: field, Message: message})
	}
	if strings.TrimSpace(body["ref"]) == "" {
		wrong = append(wrong, fieldError{Resource: "Deployment", Code: "missing_field", Field: "ref"})
	}
	for _, message := range wrongDescription(body["description"]) {
		add("description", message)
	}
	if utf8.RuneCountInString(body["environment"]) > maxEnvironmentName {
		add("environment", "environment is too long (maximum is 255 characters)")
	}
	return wrong
}

// mayDeploy holds a commit to what is asked of it unless the request says
// otherwise: that all of its statuses are successes, and that it has all of the
// default branch. Where GitHub would merge that into a branch (202), the
// Sandbox, which merges nothing, has a conflict. The texts are as in
// simplytestme/website issue 130.
func (c *call) mayDeploy(sha string) error {
	in, ref := c.repository(), c.body["ref"]
	tip, hasTip := in.branches[in.defaultBranch]
	if c.body["auto_merge"] != "false" && hasTip && !slices.Contains(in.history(sha), tip) {
		return refusal(http.StatusConflict, "Conflict merging %s into %s.", in.defaultBranch, ref)
	}
	latest := latestOfEach(in.statusesOf(sha, ""))
	isWanting := slices.ContainsFunc(latest, func(one *Status) bool { return one.State != "success" })
	if sent, isGiven := c.body["required_contexts"]; isGiven {
		var required []string
		_ = json.Unmarshal([]byte(sent), &required) // it was looked at when it was read
		isWanting = slices.ContainsFunc(required, func(context string) bool {
			of := latestOfEach(in.statusesOf(sha, context))
			return context == "" || len(of) == 0 || of[0].State != "success"
		})
	}
	if isWanting {
		return &apiError{
			status: http.StatusConflict, message: "Conflict: Commit status checks failed for " + ref + ".",
			errors: []fieldError{{Resource: "Deployment", Code: "invalid", Field: "required_contexts"}},
		}
	}
	return nil
}

// listDeployments lists the newest first. Names of environments have no case:
// docs.github.com/actions/how-tos/deploy/configure-and-manage-deployments/manage-environments.
func listDeployments(c *call) (reply, error) {
	query := c.request.URL.Query()
	fits := func(name, value string) bool { return !query.Has(name) || query.Get(name) == value }
	var found []deploymentBody
	for _, one := range slices.Backward(c.repository().deployments) {
		isThere := !query.Has("environment") || strings.EqualFold(query.Get("environment"), one.Environment)
		if isThere && fits("sha", one.SHA) && fits("ref", one.Ref) && fits("task", one.Task) {
			found = append(found, c.deploymentBody(one))
		}
	}
	return listing(c, found)
}

func getDeployment(c *call) (reply, error) {
	one := c.findDeployment()
	if one == nil {
		return reply{}, notFound()
	}
	return ok(c.deploymentBody(one))
}

// findDeployment finds the deployment that the path names; nil when it is not
// there.
func (c *call) findDeployment() *Deployment {
	for _, one := range c.repository().deployments {
		if strconv.FormatInt(one.ID, 10) == c.params["deployment_id"] {
			return one
		}
	}
	return nil
}
