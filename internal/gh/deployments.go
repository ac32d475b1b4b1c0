package gh

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/go-github/v60/github"
)

const (
	// maxEnvironmentName is in characters:
	// docs.github.com/actions/reference/workflows-and-actions/deployments-and-environments.
	maxEnvironmentName = 255
	// defaultTask is what GitHub takes for a task that is not given.
	defaultTask = "deploy"
	// markField is where a payload has its mark.
	markField = "mark"
	// defaultDeployments and wholePage bound how many GitHub Deployments are read
	// at once; each costs a call more, for its newest status.
	defaultDeployments = 10
)

// DeploymentID names a GitHub Deployment in its repository.
type DeploymentID int64

// NewDeployment is a GitHub Deployment that is to be made.
type NewDeployment struct {
	// SHA is the full SHA of a commit of the repository. Required.
	SHA string
	// Environment is the name of the GitHub environment, at most 255 characters;
	// it has no case. Required. GitHub makes one that it does not know.
	Environment string
	// Task is what is done to it; empty means "deploy".
	Task string
	// Description is shown beside it, in one line; what is longer than 140
	// characters is cut.
	Description string
	// Payload is handed on with it and is public with its repository. Nothing of
	// it can be changed later. The field "mark" is this package's own.
	Payload map[string]string
	// Mark tells it from others of the same commit, environment and task, so that
	// one that is there already is found and not made again. Empty means a new one
	// for each call.
	Mark string
	// IsTransient says that the environment will be gone one day, IsProduction that
	// its users are people.
	IsTransient, IsProduction bool
}

func (d NewDeployment) check() error {
	wrong := []error{checkSHA(d.SHA), checkEnvironment(d.Environment)}
	if _, isTaken := d.Payload[markField]; isTaken {
		wrong = append(wrong, fmt.Errorf("the field %q of a payload is not to be given", markField))
	}
	return errors.Join(wrong...)
}

func checkEnvironment(name string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return errors.New("a GitHub environment needs a name")
	case utf8.RuneCountInString(name) > maxEnvironmentName:
		return fmt.Errorf("the name of a GitHub environment has at most %d characters; %q has more", maxEnvironmentName, oneLine(name, 50))
	case !isPrintable(name) || name == "." || name == "..":
		return fmt.Errorf("%q cannot be the name of a GitHub environment", oneLine(name, 50))
	}
	return nil
}

// CreateDeployment makes a GitHub Deployment, which merges nothing and waits for
// no status, and has no status of its own yet. It needs the permission
// "deployments: write".
//
// A lost answer does not double it: it is looked for, for the 10 s in which the
// request may still take effect, before it is made again. With an error it may
// be there all the same, as with SetCommitStatus.
func (c *Client) CreateDeployment(ctx context.Context, repository Repository, wanted NewDeployment) (DeploymentID, error) {
	op := operation{name: "create GitHub Deployment", repository: repository, permission: "deployments: write"}
	if err := errors.Join(repository.check(), wanted.check()); err != nil {
		return 0, fmt.Errorf("%s: %w", op.name, err)
	}
	isKnown := wanted.Mark != ""
	wanted.Mark = orDefault(wanted.Mark, rand.Text())
	wanted.Task = orDefault(wanted.Task, defaultTask)
	var id DeploymentID
	_, err := c.create(ctx, creation{
		operation:  op,
		looksFirst: isKnown,
		settles:    lateness,
		isThere: func(ctx context.Context) (isThere bool, came outcome) {
			id, came = c.findMark(ctx, op, wanted)
			return id != 0, came
		},
		send: func(ctx context.Context) (came outcome) {
			id, came = c.sendDeployment(ctx, op, wanted)
			return came
		},
	})
	return id, err
}

// sendDeployment makes a GitHub Deployment once.
func (c *Client) sendDeployment(ctx context.Context, op operation, wanted NewDeployment) (DeploymentID, outcome) {
	made, came := attempt(ctx, c, op, func(ctx context.Context, sdk *github.Client) (*github.Deployment, *github.Response, error) {
		made, response, err := sdk.Repositories.CreateDeployment(ctx, op.repository.Owner, op.repository.Name, wanted.forSDK())
		if err == nil && (made.GetID() == 0 || made.GetSHA() != wanted.SHA) {
			err = errShape
		}
		return made, response, err
	})
	if came.err != nil {
		return 0, came
	}
	return DeploymentID(made.GetID()), came
}

// forSDK asks for neither of what GitHub does by default: a merge of the default
// branch, and a look at all statuses of the commit, of which ours is pending.
func (d NewDeployment) forSDK() *github.DeploymentRequest {
	payload := maps.Clone(d.Payload)
	if payload == nil {
		payload = map[string]string{}
	}
	payload[markField] = d.Mark
	return &github.DeploymentRequest{
		Ref: new(d.SHA), Task: new(d.Task), AutoMerge: new(false), RequiredContexts: &[]string{}, Payload: payload,
		Environment: new(d.Environment), Description: new(fitDescription(d.Description)),
		TransientEnvironment: new(d.IsTransient), ProductionEnvironment: new(d.IsProduction),
	}
}

// findMark looks for a GitHub Deployment by its mark among the newest; 0 means
// that it is not there.
func (c *Client) findMark(ctx context.Context, op operation, wanted NewDeployment) (DeploymentID, outcome) {
	listed, _, came := c.deploymentPage(ctx, op, &github.DeploymentsListOptions{
		SHA: wanted.SHA, Environment: wanted.Environment, Task: wanted.Task, ListOptions: github.ListOptions{PerPage: wholePage},
	})
	for _, one := range listed {
		if texts(one.Payload)[markField] == wanted.Mark {
			return DeploymentID(one.GetID()), came
		}
	}
	return 0, came
}

// Deployment is a GitHub Deployment as it stands.
type Deployment struct {
	ID          DeploymentID
	SHA         string
	Environment string
	Task        string
	Description string
	// Payload holds the texts of a payload that is an object; others' may hold
	// more.
	Payload map[string]string
	// Creator is a login.
	Creator string
	Created time.Time
	// Status is the newest one; its State is empty when there is none.
	Status DeploymentStatus
}

// DeploymentFilter chooses among the GitHub Deployments of a repository. What is
// empty does not matter.
type DeploymentFilter struct {
	SHA         string
	Environment string // has no case
	Task        string
	// Most is how many there are at most, the newest, up to 100. 0 means 10. Each
	// costs a call.
	Most int
}

// Deployments reads GitHub Deployments with their newest statuses, the newest
// first. It needs the permission "deployments: read".
func (c *Client) Deployments(ctx context.Context, repository Repository, filter DeploymentFilter) ([]Deployment, error) {
	op := operation{name: "read GitHub Deployments", repository: repository, permission: "deployments: read"}
	if err := repository.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", op.name, err)
	}
	most := min(orDefault(filter.Most, defaultDeployments), wholePage)
	options := &github.DeploymentsListOptions{SHA: filter.SHA, Environment: filter.Environment, Task: filter.Task, ListOptions: github.ListOptions{PerPage: most}}
	var found []Deployment
	for len(found) < most {
		var listed []*github.Deployment
		var next int
		err := c.repeat(ctx, op, func(ctx context.Context) (came outcome) {
			listed, next, came = c.deploymentPage(ctx, op, options)
			return came
		})
		if err != nil {
			return nil, err
		}
		for _, one := range listed {
			found = append(found, deploymentFromSDK(one))
		}
		if options.Page = next; next == 0 {
			break
		}
	}
	found = found[:min(len(found), most)]
	for i := range found {
		err := c.repeat(ctx, op, func(ctx context.Context) (came outcome) {
			found[i].Status, _, came = c.newestDeploymentStatus(ctx, op, found[i].ID)
			return came
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// deploymentPage reads a page once; next is 0 on the last one.
func (c *Client) deploymentPage(ctx context.Context, op operation, options *github.DeploymentsListOptions) (listed []*github.Deployment, next int, came outcome) {
	listed, came = attempt(ctx, c, op, func(ctx context.Context, sdk *github.Client) ([]*github.Deployment, *github.Response, error) {
		listed, response, err := sdk.Repositories.ListDeployments(ctx, op.repository.Owner, op.repository.Name, options)
		if err != nil {
			return nil, response, err //nolint:wrapcheck // judge reads it.
		}
		next = response.NextPage
		for _, one := range listed {
			if one.GetID() == 0 || one.GetSHA() == "" {
				return nil, response, errShape
			}
		}
		if listed == nil { // an empty body, or null
			err = errShape
		}
		return listed, response, err
	})
	return listed, next, came
}

func deploymentFromSDK(one *github.Deployment) Deployment {
	return Deployment{
		ID: DeploymentID(one.GetID()), SHA: one.GetSHA(), Environment: one.GetEnvironment(), Task: one.GetTask(),
		Description: one.GetDescription(), Payload: texts(one.Payload), Creator: one.GetCreator().GetLogin(), Created: one.GetCreatedAt().Time,
	}
}

// texts reads the fields of a payload that are texts. A payload is an object, or
// a text that holds one.
func texts(payload json.RawMessage) map[string]string {
	var held string
	if json.Unmarshal(payload, &held) == nil {
		payload = json.RawMessage(held)
	}
	var object map[string]any
	if json.Unmarshal(payload, &object) != nil {
		return nil
	}
	read := map[string]string{}
	for name, value := range object {
		if text, isText := value.(string); isText {
			read[name] = text
		}
	}
	return read
}
