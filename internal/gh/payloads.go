package gh

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// commonPayload is what nearly all events have. (The SDK has two types for a
// repository, one of which is for pushes alone.)
type commonPayload struct {
	Action     string            `json:"action"`
	Repository repositoryPayload `json:"repository"`
	Sender     struct {
		Login string `json:"login"`
	} `json:"sender"`
}

type repositoryPayload struct {
	Name  string `json:"name"`
	Owner struct {
		Login string `json:"login"`
		Name  string `json:"name"` // older pushes have this instead
	} `json:"owner"`
	DefaultBranch string `json:"default_branch"`
}

func (p repositoryPayload) repository() Repository {
	return Repository{Owner: orDefault(p.Owner.Login, p.Owner.Name), Name: p.Name}
}

func (p *commonPayload) lacks() []string {
	return missing("repository.owner.login", p.Repository.repository().Owner, "repository.name", p.Repository.Name)
}

func (p *commonPayload) fill(event *Event) error {
	event.Action, event.Sender = oneLine(p.Action, 100), oneLine(p.Sender.Login, 100)
	event.Repository, event.DefaultBranch = p.Repository.repository(), p.Repository.DefaultBranch
	var wrong []error
	if p.Repository != (repositoryPayload{}) {
		wrong = append(wrong, event.Repository.check())
	}
	if p.Repository.DefaultBranch != "" {
		wrong = append(wrong, checkRef("refs/heads/"+p.Repository.DefaultBranch))
	}
	return errors.Join(wrong...)
}

type pushPayload struct {
	Ref        string `json:"ref"`
	Before     string `json:"before"`
	After      string `json:"after"`
	Deleted    bool   `json:"deleted"`
	Forced     bool   `json:"forced"`
	HeadCommit struct {
		ID string `json:"id"`
	} `json:"head_commit"`
}

func (p *pushPayload) lacks() []string {
	return missing("ref", p.Ref, "before", p.Before, "after", p.After)
}

// fill adds what a push has. A ref that is created or deleted has zeros for the
// commit that is not there.
func (p *pushPayload) fill(event *Event) error {
	wrong := event.setRef(p.Ref)
	if !isSHA(p.Before) || !isSHA(p.After) {
		return errors.Join(wrong, errors.New(`"before" or "after" is not a SHA`))
	}
	event.Forced = p.Forced
	event.Deleted = p.Deleted || isZeros(p.After)
	if !isZeros(p.Before) {
		event.Before = p.Before
	}
	switch {
	case event.Deleted:
	case event.Tag != "" && isSHA(p.HeadCommit.ID):
		// "after" is the tag itself when it is annotated: github.blog/changelog/
		// 2021-10-01-the-push-webhook-payload-provides-a-consistent-head_commit-on-tag-creation.
		event.SHA = p.HeadCommit.ID
	default:
		event.SHA = p.After
	}
	return wrong
}

func isZeros(sha string) bool { return strings.Trim(sha, "0") == "" }

type dispatchPayload struct {
	Ref      string                     `json:"ref"`
	Workflow string                     `json:"workflow"`
	Inputs   map[string]json.RawMessage `json:"inputs"`
}

func (p *dispatchPayload) lacks() []string { return missing("ref", p.Ref, "workflow", p.Workflow) }

func (p *dispatchPayload) fill(event *Event) error {
	wrong := []error{event.setRef(p.Ref)}
	event.Inputs = make(map[string]string, len(p.Inputs))
	for _, name := range slices.Sorted(maps.Keys(p.Inputs)) {
		var value any
		if err := json.Unmarshal(p.Inputs[name], &value); err != nil {
			return describeJSONError(err)
		}
		switch value := value.(type) {
		case nil:
			event.Inputs[name] = ""
		case string:
			event.Inputs[name] = value
		case bool, float64:
			event.Inputs[name] = string(p.Inputs[name])
		default:
			wrong = append(wrong, fmt.Errorf("input %q is not a text, a number or a boolean", oneLine(name, 100)))
		}
	}
	return errors.Join(wrong...)
}

type pullPayload struct {
	Action      string `json:"action"`
	PullRequest struct {
		Number int             `json:"number"`
		State  string          `json:"state"`
		Merged bool            `json:"merged"`
		Draft  bool            `json:"draft"`
		Head   pullSidePayload `json:"head"`
		Base   pullSidePayload `json:"base"`
	} `json:"pull_request"`
}

type pullSidePayload struct {
	Ref  string            `json:"ref"`
	SHA  string            `json:"sha"`
	Repo repositoryPayload `json:"repo"` // null when it was deleted
}

func (p *pullPayload) lacks() []string {
	of := p.PullRequest
	return missing("action", p.Action, "pull_request.state", of.State, "pull_request.head.ref", of.Head.Ref, "pull_request.head.sha", of.Head.SHA,
		"pull_request.base.ref", of.Base.Ref, "pull_request.base.sha", of.Base.SHA)
}

func (p *pullPayload) fill(event *Event) error {
	of := p.PullRequest
	event.PullRequest = PullRequest{
		Number: of.Number, IsOpen: of.State == "open", IsMerged: of.Merged, IsDraft: of.Draft,
		HeadSHA: of.Head.SHA, HeadRef: of.Head.Ref, HeadRepository: of.Head.Repo.repository(),
		BaseSHA: of.Base.SHA, BaseRef: of.Base.Ref,
	}
	if head := event.PullRequest.HeadRepository; head.Owner == "" { // nobody's any more
		event.PullRequest.HeadRepository = Repository{}
	}
	event.PullRequest.IsFork = !event.PullRequest.HeadRepository.is(event.Repository)
	wrong := []error{
		checkNumber(of.Number), checkSHA(of.Head.SHA), checkSHA(of.Base.SHA),
		checkRef("refs/heads/" + of.Head.Ref), checkRef("refs/heads/" + of.Base.Ref),
	}
	if event.PullRequest.HeadRepository != (Repository{}) {
		wrong = append(wrong, event.PullRequest.HeadRepository.check())
	}
	return errors.Join(wrong...)
}

type releasePayload struct {
	Action  string `json:"action"`
	Release struct {
		ID         int64  `json:"id"`
		TagName    string `json:"tag_name"`
		Draft      bool   `json:"draft"`
		Prerelease bool   `json:"prerelease"`
	} `json:"release"`
}

func (p *releasePayload) lacks() []string {
	return missing("action", p.Action, "release.tag_name", p.Release.TagName)
}

func (p *releasePayload) fill(event *Event) error {
	event.Release = Release{ID: p.Release.ID, Tag: p.Release.TagName, IsDraft: p.Release.Draft, IsPrerelease: p.Release.Prerelease}
	return event.setRef("refs/tags/" + p.Release.TagName)
}

type deploymentPayload struct {
	Deployment struct {
		SHA         string `json:"sha"`
		Environment string `json:"environment"`
	} `json:"deployment"`
	// The run whose job has made it; null without one.
	WorkflowRun struct {
		Event string `json:"event"`
		// Null when it was deleted, and not there at all of some runs.
		HeadRepository json.RawMessage `json:"head_repository"`
	} `json:"workflow_run"`
}

func (p *deploymentPayload) lacks() []string {
	return missing("deployment.sha", p.Deployment.SHA, "deployment.environment", p.Deployment.Environment)
}

func (p *deploymentPayload) fill(event *Event) error {
	event.SHA, event.Environment = p.Deployment.SHA, oneLine(p.Deployment.Environment, maxEnvironmentName)
	event.IsForeign = p.isForeign(event.Repository)
	return checkSHA(p.Deployment.SHA)
}

// isForeign reports whether it was made by the run for a commit of another repository,
// or of one that cannot be told where it may be another.
func (p *deploymentPayload) isForeign(own Repository) bool {
	run := p.WorkflowRun
	if len(run.HeadRepository) == 0 {
		return strings.HasPrefix(run.Event, EventPullRequest)
	}
	var head repositoryPayload
	return json.Unmarshal(run.HeadRepository, &head) != nil || !head.repository().is(own)
}

// commentPayload is of a comment on an issue, which a pull request is as well.
type commentPayload struct {
	Action string `json:"action"`
	Issue  struct {
		Number      int       `json:"number"`
		State       string    `json:"state"`
		PullRequest *struct{} `json:"pull_request"`
	} `json:"issue"`
}

func (p *commentPayload) lacks() []string {
	return missing("action", p.Action, "issue.state", p.Issue.State)
}

func (p *commentPayload) fill(event *Event) error {
	if p.Issue.PullRequest == nil {
		return nil
	}
	event.PullRequest = PullRequest{Number: p.Issue.Number, IsOpen: p.Issue.State == "open"}
	return checkNumber(p.Issue.Number)
}

// mergePayload is of a merge queue's commit.
type mergePayload struct {
	Action     string `json:"action"`
	MergeGroup struct {
		HeadSHA string `json:"head_sha"`
		HeadRef string `json:"head_ref"`
	} `json:"merge_group"`
}

func (p *mergePayload) lacks() []string {
	return missing("action", p.Action, "merge_group.head_sha", p.MergeGroup.HeadSHA, "merge_group.head_ref", p.MergeGroup.HeadRef)
}

func (p *mergePayload) fill(event *Event) error {
	event.SHA = p.MergeGroup.HeadSHA
	return errors.Join(checkSHA(event.SHA), event.setRef(p.MergeGroup.HeadRef))
}

// refPayload is of a branch or a tag that was created or deleted.
type refPayload struct {
	Ref     string `json:"ref"`
	RefType string `json:"ref_type"`
}

func (p *refPayload) lacks() []string { return missing("ref", p.Ref, "ref_type", p.RefType) }

func (p *refPayload) fill(event *Event) error {
	event.Deleted = event.Name == EventDelete
	switch p.RefType {
	case "branch":
		return event.setRef("refs/heads/" + p.Ref)
	case "tag":
		return event.setRef("refs/tags/" + p.Ref)
	default:
		return fmt.Errorf("%q is neither a branch nor a tag", oneLine(p.RefType, 50))
	}
}

// schedulePayload has little more than the times:
// github.blog/changelog/2022-09-27-github-actions-additional-information-available-in-github-event-payload-for-scheduled-workflow-runs.
type schedulePayload struct {
	Schedule string `json:"schedule"`
}

func (p *schedulePayload) lacks() []string   { return missing("schedule", p.Schedule) }
func (p *schedulePayload) fill(*Event) error { return nil }

// repositoryDispatchPayload is of what a call of the API has made up. It is
// always about the default branch.
type repositoryDispatchPayload struct {
	Action string `json:"action"`
	Branch string `json:"branch"`
}

func (p *repositoryDispatchPayload) lacks() []string {
	return missing("action", p.Action)
}

func (p *repositoryDispatchPayload) fill(event *Event) error {
	if p.Branch == "" {
		return nil
	}
	return event.setRef("refs/heads/" + p.Branch)
}

// runPayload is of the run of another workflow, of which the branch may be one of
// a fork.
type runPayload struct {
	Action      string `json:"action"`
	WorkflowRun struct {
		HeadSHA        string            `json:"head_sha"`
		HeadBranch     string            `json:"head_branch"` // null without one
		HeadRepository repositoryPayload `json:"head_repository"`
	} `json:"workflow_run"`
}

func (p *runPayload) lacks() []string {
	return missing("action", p.Action, "workflow_run.head_sha", p.WorkflowRun.HeadSHA)
}

func (p *runPayload) fill(event *Event) error {
	event.SHA = p.WorkflowRun.HeadSHA
	wrong := checkSHA(event.SHA)
	isOwn := p.WorkflowRun.HeadRepository.repository().is(event.Repository)
	if p.WorkflowRun.HeadBranch != "" && isOwn {
		wrong = errors.Join(wrong, event.setRef("refs/heads/"+p.WorkflowRun.HeadBranch))
	}
	return wrong
}
