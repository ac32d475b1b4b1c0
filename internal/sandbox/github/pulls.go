package github

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// PullRequest is a pull request. Its number is the repository's; that of another
// one cannot be taken.
type PullRequest struct {
	Number int
	// IsClosed says that it is not open, IsMerged that it is closed by a merge.
	IsClosed, IsMerged, IsDraft bool
	// Title and Author (a login) may be empty.
	Title, Author string
	// HeadSHA and HeadRef are the commit and the branch that it proposes.
	HeadSHA, HeadRef string
	// HeadRepository is where that branch is, as "owner/name". Empty means the
	// repository itself, and another one is a fork.
	HeadRepository string
	// IsHeadDeleted says that the head's repository is gone.
	IsHeadDeleted bool
	// BaseSHA is the commit of BaseRef, the branch that it is for. Empty means the
	// default branch.
	BaseSHA, BaseRef string
}

// SetPullRequest opens a pull request, or changes the one of that number, in a
// repository given as "owner/name". Its head becomes known as a commit, as
// GitHub keeps it below refs/pull.
func (s *Sandbox) SetPullRequest(fullName string, given PullRequest) error {
	return s.change(fullName, func(one *repository) error { return one.setPullRequest(given) })
}

func (one *repository) setPullRequest(given PullRequest) error {
	given.BaseRef = orDefault(given.BaseRef, one.defaultBranch)
	given.BaseSHA = orDefault(given.BaseSHA, one.branches[given.BaseRef])
	given.HeadRepository = orDefault(given.HeadRepository, one.fullName())
	given.IsClosed = given.IsClosed || given.IsMerged
	var wrong []error
	if given.Number < 1 || given.HeadRef == "" {
		wrong = append(wrong, errors.New("a number from 1 and a head branch are needed"))
	}
	if owner, name, _ := strings.Cut(given.HeadRepository, "/"); !isName(owner) || !isName(name) {
		wrong = append(wrong, fmt.Errorf("its head is in %q, which is no repository", given.HeadRepository))
	}
	if one.commit(given.BaseSHA) == nil {
		wrong = append(wrong, fmt.Errorf("its base %q is not known", given.BaseSHA))
	}
	if err := errors.Join(wrong...); err != nil {
		return fmt.Errorf("pull request %d of %s: %w", given.Number, one.fullName(), err)
	}
	if one.commit(given.HeadSHA) == nil {
		if err := one.add(Commit{SHA: given.HeadSHA}); err != nil {
			return err
		}
	}
	place, isThere := slices.BinarySearchFunc(one.pulls, given.Number, func(other PullRequest, number int) int { return other.Number - number })
	if isThere {
		one.pulls[place] = given
	} else {
		one.pulls = slices.Insert(one.pulls, place, given)
	}
	return nil
}

type pullBody struct {
	URL      string       `json:"url"`
	HTMLURL  string       `json:"html_url"`
	Number   int          `json:"number"`
	State    string       `json:"state"`
	Title    string       `json:"title"`
	User     userBody     `json:"user"`
	Draft    bool         `json:"draft"`
	Merged   *bool        `json:"merged,omitempty"` // not in listings
	MergedAt *string      `json:"merged_at"`
	Head     pullSideBody `json:"head"`
	Base     pullSideBody `json:"base"`
}

type pullSideBody struct {
	Label string          `json:"label"`
	Ref   string          `json:"ref"`
	SHA   string          `json:"sha"`
	Repo  *repositoryBody `json:"repo"` // null when it was deleted
}

func (c *call) pullBody(one PullRequest) pullBody {
	in, state := c.repository(), "open"
	if one.IsClosed {
		state = "closed"
	}
	body := pullBody{
		URL: c.repositoryURL() + "/pulls/" + strconv.Itoa(one.Number), HTMLURL: htmlURL(in.owner, in.name, "pull", strconv.Itoa(one.Number)),
		Number: one.Number, State: state, Title: one.Title, User: c.userBody(orDefault(one.Author, in.owner)), Draft: one.IsDraft,
		Head: c.pullSideBody(one.HeadRepository, one.HeadRef, one.HeadSHA),
		Base: c.pullSideBody(in.fullName(), one.BaseRef, one.BaseSHA),
	}
	if one.IsMerged {
		body.MergedAt = new(timestamp(c.now))
	}
	if one.IsHeadDeleted {
		body.Head.Repo, body.Head.Label = nil, "unknown repository"
	}
	return body
}

func (c *call) pullSideBody(fullName, ref, sha string) pullSideBody {
	owner, name, _ := strings.Cut(fullName, "/")
	in := c.repository()
	of := c.sandbox.repository(owner, name)
	if of == nil { // somebody's fork, of which nothing else is known
		of = newRepository(Repository{Owner: owner, Name: name, DefaultBranch: in.defaultBranch}, 0)
	}
	body := c.repositoryBody(of)
	body.Fork = !strings.EqualFold(fullName, in.fullName())
	return pullSideBody{Label: owner + ":" + ref, Ref: ref, SHA: sha, Repo: &body}
}

func getPull(c *call) (reply, error) {
	for _, one := range c.repository().pulls {
		if strconv.Itoa(one.Number) == c.params["pull_number"] {
			body := c.pullBody(one)
			body.Merged = new(one.IsMerged)
			return ok(body)
		}
	}
	return reply{}, notFound()
}

// listPulls lists open ones unless another state is asked for, the newest first.
func listPulls(c *call) (reply, error) {
	state := orDefault(c.request.URL.Query().Get("state"), "open")
	if !slices.Contains([]string{"open", "closed", "all"}, state) {
		return reply{}, invalidRequest([]string{"For 'state', " + strconv.Quote(state) + " is not open, closed or all."})
	}
	var found []pullBody
	for _, one := range slices.Backward(c.repository().pulls) {
		if state == "all" || one.IsClosed == (state == "closed") {
			found = append(found, c.pullBody(one))
		}
	}
	return listing(c, found)
}
