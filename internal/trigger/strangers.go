package trigger

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/rules"
)

// whyNotFork says why the pull request of a fork is not deployed; empty when fork-sha
// names its head. What else that needs is GitHub's and the platform's to say.
func (d *decider) whyNotFork(of string) string {
	pull, allowed := d.event.PullRequest, d.asked.ForkSHA
	isPushed := slices.Contains([]string{"opened", "reopened", "synchronize"}, d.event.Action)
	switch {
	case pull.HeadRepository == gh.Repository{}:
		return of + " comes from a repository that was deleted, and what strangers propose is not deployed"
	case allowed == "" || !isPushed || d.asked.Command != "auto":
		return of + " comes from a fork, and what strangers propose is not deployed: it would run with the account's credentials"
	case allowed != pull.HeadSHA:
		return fmt.Sprintf("%s comes from a fork, and fork-sha names %s, which is not its head %s", of, shortSHA(allowed), shortSHA(pull.HeadSHA))
	case !d.asked.HasCredentials:
		return of + " comes from a fork, and GitHub has given its run no secrets; a run of workflow_dispatch has them (docs/forks.md)"
	}
	d.fork = pull.Number
	return ""
}

// withoutSecrets says why Dependabot's run is not deployed. Who else forgets the
// credentials learns of it where they are needed.
func (d *decider) withoutSecrets() string {
	if d.asked.IsDependabot && !d.asked.HasCredentials {
		return "Dependabot has started this run, and it was given no Twilio credentials: such runs get Dependabot's secrets alone"
	}
	return ""
}

// checkForkSHA finds what makes fork-sha senseless, whatever GitHub says of the pull
// request. The error is a problem.List.
func (d *decider) checkForkSHA() error {
	var problems problem.List
	switch {
	case d.asked.ForkSHA == "" || d.event.Name == "" || d.event.Name == gh.EventPullRequest:
		return nil // one of the repository's own needs no leave
	case d.event.Name != gh.EventWorkflowDispatch:
		problems.Add("fork-sha is for pull_request and workflow_dispatch, and this is "+shown(d.event.Name), "Remove it, or start the workflow by hand.")
		return problems.Err()
	}
	if !slices.Contains([]string{"auto", "deploy", "plan"}, d.asked.Command) {
		problems.Add("fork-sha is for a deploy, and this is command: "+d.asked.Command, "Remove the one or the other.")
	}
	number, isPreview := job.PreviewNumber(d.asked.Environment)
	if !isPreview {
		problems.Add("fork-sha needs to know which pull request it is of: environment is "+named(d.asked.Environment),
			"Give environment the name of the preview, such as pr-7.")
	}
	d.fork = number
	return problems.Err()
}

// withheld returns what would be done with the tree that is checked out.
func (d *decider) withheld(services []rules.Service) []Request {
	if len(services) == 0 || d.event.Action == "closed" {
		return nil
	}
	return slices.DeleteFunc(d.decide(services), func(one Request) bool {
		return !slices.Contains([]Verb{Deploy, Release, Preview}, one.Verb)
	})
}

// shortSHA is a commit as people write it. What is none is shown as a name.
func shortSHA(sha string) string {
	const short = 7
	if len(sha) == 40 {
		return sha[:short]
	}
	return strconv.Quote(sha)
}
