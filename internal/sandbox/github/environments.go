package github

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// Environment is an environment of a repository with its protection rules. One
// without rules comes into being with its first deployment, too.
type Environment struct {
	Name string // at most 255 characters; has no case
	// Reviewers are the logins of those who have to approve, Teams the slugs of
	// such teams. None of both means that nobody has to.
	Reviewers, Teams []string
	// WaitMinutes is how long its jobs have to wait.
	WaitMinutes int
}

// SetEnvironment makes an environment in a repository given as "owner/name", or
// changes the one of that name.
func (s *Sandbox) SetEnvironment(fullName string, given Environment) error {
	return s.change(fullName, func(one *repository) error { return one.setEnvironment(given) })
}

func (one *repository) setEnvironment(given Environment) error {
	if given.Name == "" || utf8.RuneCountInString(given.Name) > maxEnvironmentName {
		return fmt.Errorf("%s has the environment %q; its name has 1 to %d characters", one.fullName(), given.Name, maxEnvironmentName)
	}
	one.environments = slices.DeleteFunc(one.environments, func(other Environment) bool { return strings.EqualFold(other.Name, given.Name) })
	one.environments = append(one.environments, given)
	return nil
}

// environment finds an environment by its name.
func (one *repository) environment(name string) (found Environment, isThere bool) {
	for _, known := range one.environments {
		if strings.EqualFold(known.Name, name) {
			return known, true
		}
	}
	for _, made := range one.deployments {
		if strings.EqualFold(made.Environment, name) {
			return Environment{Name: made.Environment}, true
		}
	}
	return Environment{}, false
}

type environmentBody struct {
	ID                     int        `json:"id"`
	Name                   string     `json:"name"`
	URL                    string     `json:"url"`
	HTMLURL                string     `json:"html_url"`
	CanAdminsBypass        bool       `json:"can_admins_bypass"`
	ProtectionRules        []ruleBody `json:"protection_rules"`
	DeploymentBranchPolicy *struct{}  `json:"deployment_branch_policy"`
}

type ruleBody struct {
	ID                int            `json:"id"`
	Type              string         `json:"type"`
	WaitTimer         int            `json:"wait_timer,omitempty"`
	PreventSelfReview *bool          `json:"prevent_self_review,omitempty"`
	Reviewers         []reviewerBody `json:"reviewers,omitempty"`
}

type reviewerBody struct {
	Type     string `json:"type"` // "User" or "Team"
	Reviewer any    `json:"reviewer"`
}

// environmentID is that of every environment; nothing here is looked up by it.
const environmentID = 1

func (c *call) environmentURL(name string) string {
	return c.repositoryURL() + "/environments/" + url.PathEscape(name)
}

func (c *call) environmentPage(name string) string {
	in := c.repository()
	return htmlURL(in.owner, in.name, "deployments/activity_log?environments_filter="+url.QueryEscape(name))
}

func getEnvironment(c *call) (reply, error) {
	in := c.repository()
	one, isThere := in.environment(c.params["environment_name"])
	if !isThere {
		return reply{}, notFound()
	}
	body := environmentBody{
		ID: environmentID, Name: one.Name, URL: c.environmentURL(one.Name), HTMLURL: c.environmentPage(one.Name),
		CanAdminsBypass: true, ProtectionRules: []ruleBody{},
	}
	if one.WaitMinutes > 0 {
		body.ProtectionRules = append(body.ProtectionRules, ruleBody{ID: 1, Type: "wait_timer", WaitTimer: one.WaitMinutes})
	}
	var reviewers []reviewerBody
	for _, login := range one.Reviewers {
		reviewers = append(reviewers, reviewerBody{"User", c.userBody(login)})
	}
	for _, slug := range one.Teams {
		reviewers = append(reviewers, reviewerBody{"Team", map[string]string{"name": slug, "slug": slug}})
	}
	if len(reviewers) > 0 {
		body.ProtectionRules = append(body.ProtectionRules, ruleBody{ID: 2, Type: "required_reviewers", PreventSelfReview: new(false), Reviewers: reviewers})
	}
	return ok(body)
}
