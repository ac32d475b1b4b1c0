package github

import (
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// repository is a repository and all that was written to it. It is guarded by
// the Sandbox's lock.
type repository struct {
	id            int64
	owner, name   string
	defaultBranch string
	private       bool
	commits       []string          // SHAs, in the order they became known
	branches      map[string]string // SHA by name
	statuses      []*Status         // oldest first
}

func newRepository(given Repository, id int64) *repository {
	return &repository{
		id: id, owner: given.Owner, name: given.Name, defaultBranch: given.DefaultBranch,
		private: given.Private, branches: map[string]string{},
	}
}

func (one *repository) fullName() string { return one.owner + "/" + one.name }

func (one *repository) add(sha, branch string) {
	if !slices.Contains(one.commits, sha) {
		one.commits = append(one.commits, sha)
	}
	if branch != "" {
		one.branches[branch] = sha
	}
}

// resolve finds the commit that a ref names: a SHA, or a branch with or without
// "heads/", as the pages of these operations say.
func (one *repository) resolve(ref string) (sha string, found bool) {
	if slices.Contains(one.commits, ref) {
		return ref, true
	}
	sha, found = one.branches[strings.TrimPrefix(ref, "heads/")]
	return sha, found
}

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

// assumePushed lets what the path names exist, if the options say so. The
// caller holds the lock.
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
	for _, named := range []string{c.params["ref"], c.params["sha"]} {
		if isSHA(named) {
			one.add(named, "")
		}
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

// commitBody has a commit's SHA and addresses; the Sandbox knows no authors,
// messages or trees.
type commitBody struct {
	SHA     string   `json:"sha"`
	URL     string   `json:"url"`
	HTMLURL string   `json:"html_url"`
	Parents []string `json:"parents"`
}

func getCommit(c *call) (reply, error) {
	one, ref := c.repository(), c.params["ref"]
	sha, found := one.resolve(ref)
	if !found {
		// As in MishaKav/pytest-coverage-comment issue 195.
		return reply{}, refusal(http.StatusUnprocessableEntity, "No commit found for SHA: %s", ref)
	}
	return ok(commitBody{
		SHA: sha, URL: c.url("repos", one.owner, one.name, "commits", sha),
		HTMLURL: htmlURL(one.owner, one.name, "commit", sha), Parents: []string{},
	})
}

// Snapshot is what there is at one moment, in structs of its own that stay as
// they are.
type Snapshot struct {
	// Repositories are in the order of Options.Repositories. Those that
	// Options.AssumePushed let exist follow, in the order they were named.
	Repositories []RepositorySnapshot
}

// RepositorySnapshot is a repository in a Snapshot.
type RepositorySnapshot struct {
	Owner, Name, DefaultBranch string
	Private                    bool
	Commits                    []string          // SHAs, in the order they became known
	Branches                   map[string]string // SHA by name
	Statuses                   []Status          // oldest first
}

// Snapshot reads all repositories.
func (s *Sandbox) Snapshot() Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all Snapshot
	for _, one := range s.repositories {
		flat := RepositorySnapshot{
			Owner: one.owner, Name: one.name, DefaultBranch: one.defaultBranch, Private: one.private,
			Commits: slices.Clone(one.commits), Branches: maps.Clone(one.branches),
		}
		for _, made := range one.statuses {
			flat.Statuses = append(flat.Statuses, *made)
		}
		all.Repositories = append(all.Repositories, flat)
	}
	return all
}
