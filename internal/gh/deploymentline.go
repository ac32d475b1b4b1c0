package gh

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/go-github/v60/github"
)

// DeploymentState is what a status of a GitHub Deployment says.
type DeploymentState string

// The states that GitHub knows.
const (
	DeploymentQueued     DeploymentState = "queued"
	DeploymentInProgress DeploymentState = "in_progress"
	DeploymentPending    DeploymentState = "pending"
	DeploymentSuccess    DeploymentState = "success"
	// DeploymentFailure says that the user's part failed.
	DeploymentFailure DeploymentState = "failure"
	// DeploymentError says that the platform's part failed.
	DeploymentError DeploymentState = "error"
	// DeploymentInactive says that another one took its place, or that its
	// environment is gone.
	DeploymentInactive DeploymentState = "inactive"
)

// DeploymentStatus is what became of a GitHub Deployment so far.
type DeploymentStatus struct {
	State DeploymentState
	// Description is shown beside it, in one line; what is longer than 140
	// characters is cut.
	Description string
	// LogURL is where it is told how it went, EnvironmentURL where the result is:
	// http or https, or empty.
	LogURL, EnvironmentURL string
	// RetiresOthers lets a success set the earlier GitHub Deployments of the same
	// environment inactive, as far as they are successes, neither transient nor for
	// production. It is not read back.
	RetiresOthers bool
	// Created is when it was written, in whole seconds. It is only read.
	Created time.Time
}

func (s DeploymentStatus) check() error {
	var wrong []error
	known := []DeploymentState{
		DeploymentQueued, DeploymentInProgress, DeploymentPending, DeploymentSuccess, DeploymentFailure, DeploymentError, DeploymentInactive,
	}
	if !slices.Contains(known, s.State) {
		wrong = append(wrong, fmt.Errorf("a GitHub Deployment cannot be %q", oneLine(string(s.State), 50)))
	}
	if !isLink(s.LogURL) || !isLink(s.EnvironmentURL) {
		wrong = append(wrong, errors.New("a GitHub Deployment can link to http and https addresses only"))
	}
	return errors.Join(wrong...)
}

func (s DeploymentStatus) equals(other DeploymentStatus) bool {
	s.RetiresOthers, s.Created = other.RetiresOthers, other.Created
	return s == other
}

func (s DeploymentStatus) isOver() bool {
	return !slices.Contains([]DeploymentState{DeploymentQueued, DeploymentInProgress, DeploymentPending}, s.State)
}

// SetDeploymentState gives a GitHub Deployment a status, unless its newest one
// says the same already; written tells which. It needs the permission
// "deployments: write". Who writes several statuses of one uses a
// DeploymentLine. Lost answers and errors are as with SetCommitStatus.
func (c *Client) SetDeploymentState(ctx context.Context, repository Repository, id DeploymentID, status DeploymentStatus) (written bool, err error) {
	return c.DeploymentLine(repository, id).Set(ctx, status)
}

// DeploymentLine is the line of statuses that one GitHub Deployment has while a
// job goes on, in the order in which they were set.
//
// Make one with Client.DeploymentLine and keep it for the whole job. It is safe
// for concurrent use.
type DeploymentLine struct {
	line *line[DeploymentStatus]
	id   DeploymentID
}

// DeploymentLine returns the line of a GitHub Deployment. It sends nothing; Set
// refuses what is wrong with the arguments.
func (c *Client) DeploymentLine(repository Repository, id DeploymentID) *DeploymentLine {
	op := operation{name: "set the state of a GitHub Deployment", repository: repository, permission: "deployments: write"}
	return &DeploymentLine{
		line: newLine(c, op,
			func(ctx context.Context, status DeploymentStatus) outcome {
				return c.createDeploymentStatus(ctx, op, id, status)
			},
			func(ctx context.Context) (DeploymentStatus, bool, outcome) {
				return c.newestDeploymentStatus(ctx, op, id)
			}),
		id: id,
	}
}

// Set writes a status and returns when it is the newest one. written is false
// where it was so already. Queued, in progress and pending have no place after
// another state; in all else it does as StatusLine.Set.
func (l *DeploymentLine) Set(ctx context.Context, status DeploymentStatus) (written bool, err error) {
	status.Description = fitDescription(status.Description)
	op := l.line.op
	wrong := []error{op.repository.check(), status.check()}
	if l.id < 1 {
		wrong = append(wrong, errors.New("there is no GitHub Deployment to set the state of"))
	}
	if err := errors.Join(wrong...); err != nil {
		return false, fmt.Errorf("%s: %w", op.name, err)
	}
	return l.line.set(ctx, status)
}

// createDeploymentStatus writes a status once.
func (c *Client) createDeploymentStatus(ctx context.Context, op operation, id DeploymentID, status DeploymentStatus) outcome {
	_, came := attempt(ctx, c, op, func(ctx context.Context, sdk *github.Client) (*github.DeploymentStatus, *github.Response, error) {
		made, response, err := sdk.Repositories.CreateDeploymentStatus(ctx, op.repository.Owner, op.repository.Name, int64(id), status.forSDK())
		if err == nil && (made.GetID() == 0 || made.GetState() != string(status.State)) {
			err = errShape
		}
		return made, response, err
	})
	return came
}

// forSDK leaves empty addresses out, which GitHub has answered oddly
// (bobheadxi/deployments pull request 172).
func (s DeploymentStatus) forSDK() *github.DeploymentStatusRequest {
	sent := &github.DeploymentStatusRequest{State: new(string(s.State)), Description: new(s.Description), AutoInactive: new(s.RetiresOthers)}
	if s.LogURL != "" {
		sent.LogURL = new(s.LogURL)
	}
	if s.EnvironmentURL != "" {
		sent.EnvironmentURL = new(s.EnvironmentURL)
	}
	return sent
}

// newestDeploymentStatus reads the newest status of a GitHub Deployment. The
// listing has the newest first.
func (c *Client) newestDeploymentStatus(ctx context.Context, op operation, id DeploymentID) (newest DeploymentStatus, found bool, came outcome) {
	listed, came := attempt(ctx, c, op, func(ctx context.Context, sdk *github.Client) ([]*github.DeploymentStatus, *github.Response, error) {
		listed, response, err := sdk.Repositories.ListDeploymentStatuses(ctx, op.repository.Owner, op.repository.Name, int64(id), &github.ListOptions{PerPage: 1})
		isWhole := listed != nil && (len(listed) == 0 || listed[0].GetID() != 0 && listed[0].GetState() != "")
		if err == nil && !isWhole {
			err = errShape
		}
		return listed, response, err
	})
	if came.err != nil || len(listed) == 0 {
		return DeploymentStatus{}, false, came
	}
	one := listed[0]
	return DeploymentStatus{
		State: DeploymentState(one.GetState()), Description: one.GetDescription(),
		LogURL: orDefault(one.GetLogURL(), one.GetTargetURL()), EnvironmentURL: one.GetEnvironmentURL(),
		Created: one.GetCreatedAt().Time,
	}, true, came
}
