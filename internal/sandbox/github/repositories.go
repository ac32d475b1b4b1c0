package github

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
)

// repository is a repository and all that was written to it. It is guarded by
// the Sandbox's lock.
type repository struct {
	id            int64
	owner, name   string
	defaultBranch string
	private       bool
	commits       []*commit         // in the order they became known
	branches      map[string]string // SHA by name
	tags          map[string]tag    // by name
	statuses      []*Status         // oldest first
	deployments   []*Deployment     // oldest first
	comments      []*Comment        // oldest first
	releases      []*Release        // oldest first
	environments  []Environment
	reviews       []RunReview   // of workflows' runs, oldest first
	pulls         []PullRequest // by number
}

func newRepository(given Repository, id int64) *repository {
	return &repository{
		id: id, owner: given.Owner, name: given.Name, defaultBranch: given.DefaultBranch,
		private: given.Private, branches: map[string]string{}, tags: map[string]tag{},
	}
}

// fill adds what is there from the start. The error joins all that is wrong.
func (one *repository) fill(given Repository) error {
	var wrong []error
	for _, commit := range given.Commits {
		wrong = append(wrong, one.add(commit))
	}
	for _, pull := range given.PullRequests {
		wrong = append(wrong, one.setPullRequest(pull))
	}
	for _, environment := range given.Environments {
		wrong = append(wrong, one.setEnvironment(environment))
	}
	for _, review := range given.RunReviews {
		wrong = append(wrong, one.reviewRun(review))
	}
	return errors.Join(wrong...)
}

func (one *repository) fullName() string { return one.owner + "/" + one.name }

var (
	shaForm  = regexp.MustCompile(`^[0-9a-f]{40}$`)
	nameForm = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)
)

func isSHA(text string) bool { return shaForm.MatchString(text) }

// isName tells whether an owner or a repository can be called that.
func isName(text string) bool { return nameForm.MatchString(text) }

// repository finds a repository by its names, which have no case. The caller
// holds the lock.
func (s *Sandbox) repository(owner, name string) *repository {
	for _, one := range s.repositories {
		if strings.EqualFold(one.owner, owner) && strings.EqualFold(one.name, name) {
			return one
		}
	}
	return nil
}

// assumePushed lets what the path and the query name exist, if the options say
// so. The caller holds the lock.
func (c *call) assumePushed() {
	owner, name := c.params["owner"], c.params["repo"]
	if !c.sandbox.options.AssumePushed || !isName(owner) || !isName(name) {
		return
	}
	one := c.repository()
	if one == nil {
		one = newRepository(Repository{Owner: owner, Name: name, DefaultBranch: defaultBranch}, c.sandbox.nextID())
	}
	if !c.token.covers(one) {
		return // what others know of is not theirs to find out
	}
	if c.repository() == nil {
		c.sandbox.repositories = append(c.sandbox.repositories, one)
	}
	base, head, _ := strings.Cut(c.params["basehead"], "...")
	for _, named := range []string{c.params["ref"], c.params["sha"], c.request.URL.Query().Get("ref"), base, head} {
		c.assumeCommit(named)
	}
}

// assumeCommit lets the commit exist whose full SHA a request names, if the
// options say so. The caller holds the lock, and there is a repository.
func (c *call) assumeCommit(named string) {
	if one := c.repository(); c.sandbox.options.AssumePushed && c.token.covers(one) && isSHA(named) && one.commit(named) == nil {
		one.commits = append(one.commits, &commit{sha: named, at: c.now})
	}
}

type userBody struct {
	Login string `json:"login"`
	Type  string `json:"type"`
	URL   string `json:"url"`
}

func (c *call) userBody(login string) userBody {
	kind := "User"
	if strings.HasSuffix(login, "[bot]") {
		kind = "Bot"
	}
	return userBody{Login: login, Type: kind, URL: c.url("users", url.PathEscape(login))}
}

// repositoryBody has what GitHub answers about a repository as far as the
// Sandbox knows it.
type repositoryBody struct {
	ID            int64    `json:"id"`
	Name          string   `json:"name"`
	FullName      string   `json:"full_name"`
	Private       bool     `json:"private"`
	Visibility    string   `json:"visibility"`
	Owner         userBody `json:"owner"`
	Fork          bool     `json:"fork"`
	Archived      bool     `json:"archived"`
	Disabled      bool     `json:"disabled"`
	Description   *string  `json:"description"`
	DefaultBranch string   `json:"default_branch"`
	URL           string   `json:"url"`
	HTMLURL       string   `json:"html_url"`
	CommitsURL    string   `json:"commits_url"`
	StatusesURL   string   `json:"statuses_url"`
}

func (c *call) repositoryBody(one *repository) repositoryBody {
	visibility := "public"
	if one.private {
		visibility = "private"
	}
	address := c.url("repos", one.owner, one.name)
	return repositoryBody{
		ID: one.id, Name: one.name, FullName: one.fullName(), Private: one.private, Visibility: visibility,
		Owner: c.userBody(one.owner), DefaultBranch: one.defaultBranch, URL: address, HTMLURL: htmlURL(one.owner, one.name),
		CommitsURL: address + "/commits{/sha}", StatusesURL: address + "/statuses/{sha}",
	}
}

func getRepository(c *call) (reply, error) { return ok(c.repositoryBody(c.repository())) }
