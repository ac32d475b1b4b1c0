package github

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// RunReview is what somebody said of a workflow's run that waits for an environment
// with required reviewers. The Sandbox has no runs, so any number is one, and a run
// that was never reviewed has an empty history.
type RunReview struct {
	// Run is the run's id, as GITHUB_RUN_ID has it, whatever attempt it is.
	Run int64
	// State is "approved", "rejected" or, of a comment alone, "pending"; empty means
	// "approved".
	State string
	// Environments are the names of those that it is about: at least one, and each has
	// required reviewers.
	Environments []string
	// User is the login of who said it; it may be empty where a team was asked.
	User, Comment string
}

// ReviewRun adds to the review history of a run, in a repository given as "owner/name".
func (s *Sandbox) ReviewRun(fullName string, given RunReview) error {
	return s.change(fullName, func(one *repository) error { return one.reviewRun(given) })
}

func (one *repository) reviewRun(given RunReview) error {
	given.State = orDefault(given.State, "approved")
	if given.Run < 1 || len(given.Environments) == 0 || !slices.Contains([]string{"approved", "rejected", "pending"}, given.State) {
		return fmt.Errorf("a review of %s needs a run, environments, and the state approved, rejected or pending", one.fullName())
	}
	for _, name := range given.Environments {
		known, isThere := one.environment(name)
		isReviewer := func(login string) bool { return strings.EqualFold(login, given.User) }
		switch {
		case !isThere || len(known.Reviewers)+len(known.Teams) == 0:
			return fmt.Errorf("the environment %q of %s has no required reviewers, so nobody reviews runs for it", name, one.fullName())
		case len(known.Teams) == 0 && !slices.ContainsFunc(known.Reviewers, isReviewer):
			return fmt.Errorf("%q does not review for the environment %q of %s", given.User, name, one.fullName())
		}
	}
	given.Environments = slices.Clone(given.Environments)
	one.reviews = append(one.reviews, given)
	return nil
}

type reviewBody struct {
	State        string                  `json:"state"`
	Comment      string                  `json:"comment"`
	Environments []reviewEnvironmentBody `json:"environments"`
	User         userBody                `json:"user"`
}

type reviewEnvironmentBody struct {
	ID      int    `json:"id"`
	Name    string `json:"name"`
	URL     string `json:"url"`
	HTMLURL string `json:"html_url"`
}

// getRunReviews answers the review history of a run. It is that of all of its attempts,
// it has no pages, and a review does not say when it was made:
// docs.github.com/rest/actions/workflow-runs#get-the-review-history-for-a-workflow-run.
func getRunReviews(c *call) (reply, error) {
	run, err := strconv.ParseInt(c.params["run_id"], 10, 64)
	if err != nil || run < 1 {
		return reply{}, notFound()
	}
	in, all := c.repository(), []reviewBody{}
	for _, one := range in.reviews {
		if one.Run != run {
			continue
		}
		body := reviewBody{State: one.State, Comment: one.Comment, User: c.userBody(orDefault(one.User, in.owner))}
		for _, name := range one.Environments {
			known, _ := in.environment(name)
			body.Environments = append(body.Environments, reviewEnvironmentBody{
				ID: environmentID, Name: known.Name, URL: c.environmentURL(known.Name), HTMLURL: c.environmentPage(known.Name),
			})
		}
		all = append(all, body)
	}
	return ok(all)
}

// reviewOperations are those on what people say of runs.
func reviewOperations() []operation {
	return []operation{{
		name: "actions/get-reviews-for-run", method: http.MethodGet, pattern: repositoryPattern + "/actions/runs/{run_id}/approvals",
		handle: getRunReviews, docs: "actions/workflow-runs#get-the-review-history-for-a-workflow-run", needs: permission{"actions", "read"},
	}}
}
