package trigger

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/slipway-dev/slipway/internal/gh"
)

// Events whose commit is the repository's own. On the others a workflow may have
// checked out what a stranger proposes, and yet have secrets: so it is with
// pull_request_target, workflow_run and issue_comment.
func (d *decider) isOwn() bool {
	return slices.Contains([]string{
		gh.EventPush, gh.EventWorkflowDispatch, gh.EventCreate, gh.EventDeployment, gh.EventMergeGroup, gh.EventRelease,
		gh.EventRepositoryDispatch, gh.EventSchedule,
	}, d.event.Name)
}

// onDeploy lists the events that only command: deploy deploys on.
const onDeploy = "create, deployment, merge_group, repository_dispatch, schedule"

// whyNot says why nothing is done on an event, whatever the rules say; empty when
// something may be. isWithheld says that it is for where the event comes from.
func (d *decider) whyNot() (why string, isWithheld bool) {
	if pull := d.event.PullRequest; d.event.Name == gh.EventPullRequest && pull.Number > 0 && pull.IsFork {
		why = d.whyNotFork("pull request " + strconv.Itoa(pull.Number))
		return why, why != ""
	}
	if why = d.whyNotEvent(); why == "" {
		why = d.withoutSecrets()
		return why, why != ""
	}
	return why, false
}

// whyNotEvent says why nothing is done on an event, whoever has caused it.
func (d *decider) whyNotEvent() string {
	name, command := d.event.Name, d.asked.Command
	isDeletion := d.event.Deleted || name == gh.EventDelete
	switch {
	case name == "":
		return "" // that is the Problem
	case d.event.IsForeign:
		return shown(name) + " is about a commit of another repository, and what strangers propose is not deployed"
	case isDeletion && (command == "teardown" || command == "sweep"): // which follow what is deleted
		return ""
	case isDeletion:
		return d.about() + " was deleted, so there is nothing to deploy"
	case name == gh.EventPullRequest:
		return d.whyNotPull()
	case !d.isOwn():
		return fmt.Sprintf("Slipway does not deploy on %s, whose code may be a stranger's; it deploys on push, workflow_dispatch, release and pull_request and, with command: deploy, on %s",
			shown(name), onDeploy)
	case command != "auto":
		return ""
	case name == gh.EventRelease:
		return d.whyNotRelease()
	case name != gh.EventPush && name != gh.EventWorkflowDispatch:
		return fmt.Sprintf("command: auto deploys on push, workflow_dispatch, release and pull_request, and this is %s; set command: deploy to deploy on it as well, or another command", shown(name))
	}
	return ""
}

// whyNotPull says why a pull request of the repository's own gets no preview, and why none is taken away.
func (d *decider) whyNotPull() string {
	pull := d.event.PullRequest
	of := "pull request " + strconv.Itoa(pull.Number)
	switch {
	case pull.Number < 1:
		return "the event names no pull request, so there is no preview to make"
	case d.asked.Command == "sweep":
		return ""
	case d.asked.Command == "plan" && d.event.Action == "closed":
		return of + " was closed, so there is nothing to plan"
	case d.asked.Command == "plan": // which changes nothing
		return ""
	case d.asked.Command != "auto":
		return fmt.Sprintf("command: %s does nothing on pull_request, whose code is not merged yet; command: auto makes a preview of it, and command: plan says what its merge would deploy", d.asked.Command)
	case faultOfPreview(pull.Number) != "":
		return of + " cannot have a preview: " + faultOfPreview(pull.Number)
	}
	switch d.event.Action {
	case "opened", "reopened", "synchronize", "closed":
		return ""
	}
	return fmt.Sprintf("a preview is made when a pull request is opened, reopened or pushed to, and removed when it is closed; %s was %s", of, did(d.event.Action))
}

// whyNotRelease says why a GitHub Release is not deployed.
func (d *decider) whyNotRelease() string {
	// A pre-release that becomes a full one is "released", and not "published" again.
	isPublished := slices.Contains([]string{"published", "released", "prereleased"}, d.event.Action)
	switch {
	case d.event.Action == "" || isPublished && !d.event.Release.IsDraft:
		return ""
	case isPublished:
		return "the GitHub Release " + named(d.tag) + " is a draft, so there is nothing to deploy yet"
	}
	return fmt.Sprintf("a GitHub Release is deployed when it is published, and %s was %s", named(d.tag), did(d.event.Action))
}

// nothingFor says that the rules have nothing for the event.
func (d *decider) nothingFor() string {
	file := d.file.Path
	switch {
	case d.asked.Command == "sweep":
		return file + " has no previews, so there are none to sweep"
	case d.event.Name == gh.EventPullRequest && d.asked.Command != "plan":
		return file + " has no previews, so pull requests are not deployed"
	case d.event.Name == gh.EventRelease && d.event.Release.IsPrerelease:
		return fmt.Sprintf("%s has no environment for the pre-release %s", file, named(d.tag))
	case d.event.Name == gh.EventRelease:
		return fmt.Sprintf("%s has no environment for the GitHub Release %s", file, named(d.tag))
	}
	return fmt.Sprintf("%s has no environment for %s; environment names one for a run", file, d.about())
}

// about names the branch or the tag of an event.
func (d *decider) about() string {
	switch {
	case d.branch != "":
		return "branch " + named(d.branch)
	case d.tag != "":
		return "tag " + named(d.tag)
	case d.event.Ref != "":
		return "the ref " + named(d.event.Ref)
	default:
		return "a commit without branch or tag"
	}
}

// did is what happened, as GitHub has it, in words.
func did(action string) string { return strings.ReplaceAll(shown(action), "_", " ") }

// shown is one of GitHub's own words, or else a name of somebody's.
func shown(word string) string {
	if ownWord.MatchString(word) {
		return word
	}
	return named(word)
}

var ownWord = regexp.MustCompile(`^[a-z_]{1,40}$`)

// maxName bounds a name in a message, in characters.
const maxName = 100

// named quotes a name that others have chosen. It is one printable line of bounded
// length.
func named(name string) string {
	if characters := []rune(name); len(characters) > maxName {
		name = string(characters[:maxName]) + "…"
	}
	return strconv.QuoteToGraphic(name)
}
