package github

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Comment is a comment on a pull request, which the API calls an issue comment.
type Comment struct {
	ID     int64
	Number int // of the pull request
	Author string
	Body   string
	// Created never changes; Updated does with the Body.
	Created, Updated time.Time
}

// AddComment has a login comment on a pull request of a repository, given as
// "owner/name", and returns the comment's id.
func (s *Sandbox) AddComment(fullName string, number int, login, body string) (id int64, err error) {
	err = s.change(fullName, func(one *repository) error {
		if !one.hasPull(number) && !s.options.AssumePushed {
			return fmt.Errorf("%s has no pull request %d", fullName, number)
		}
		now := time.Now().UTC()
		id = s.nextID()
		one.comments = append(one.comments, &Comment{ID: id, Number: number, Author: login, Body: body, Created: now, Updated: now})
		return nil
	})
	return id, err
}

func (one *repository) hasPull(number int) bool {
	return slices.ContainsFunc(one.pulls, func(pull PullRequest) bool { return pull.Number == number })
}

type commentBody struct {
	ID                int64    `json:"id"`
	URL               string   `json:"url"`
	HTMLURL           string   `json:"html_url"`
	IssueURL          string   `json:"issue_url"`
	Body              string   `json:"body"`
	User              userBody `json:"user"`
	CreatedAt         string   `json:"created_at"`
	UpdatedAt         string   `json:"updated_at"`
	AuthorAssociation string   `json:"author_association"`
}

func (c *call) commentBody(one *Comment) commentBody {
	in, number := c.repository(), strconv.Itoa(one.Number)
	return commentBody{
		ID: one.ID, URL: c.repositoryURL() + "/issues/comments/" + strconv.FormatInt(one.ID, 10),
		HTMLURL:  htmlURL(in.owner, in.name, "pull", number) + "#issuecomment-" + strconv.FormatInt(one.ID, 10),
		IssueURL: c.repositoryURL() + "/issues/" + number, Body: one.Body, User: c.userBody(one.Author),
		CreatedAt: timestamp(one.Created), UpdatedAt: timestamp(one.Updated), AuthorAssociation: "NONE",
	}
}

// commentedPull is the number of the pull request that the path names. Where
// commits need not be pushed, pull requests need not be opened.
func (c *call) commentedPull() (number int, found bool) {
	number, err := strconv.Atoi(c.params["issue_number"])
	if err != nil || number < 1 {
		return 0, false
	}
	return number, c.repository().hasPull(number) || c.sandbox.options.AssumePushed
}

// listComments lists by id, the oldest first:
// docs.github.com/rest/issues/comments#list-issue-comments.
func listComments(c *call) (reply, error) {
	number, found := c.commentedPull()
	if !found {
		return reply{}, notFound()
	}
	var on []commentBody
	for _, one := range c.repository().comments {
		if one.Number == number {
			on = append(on, c.commentBody(one))
		}
	}
	return listing(c, on)
}

func createComment(c *call) (reply, error) {
	number, found := c.commentedPull()
	if !found {
		return reply{}, notFound()
	}
	if err := checkComment(c.body["body"]); err != nil {
		return reply{}, err
	}
	in := c.repository()
	made := &Comment{
		ID: c.sandbox.nextID(), Number: number, Author: c.token.Login, Body: c.body["body"], Created: c.now.UTC(), Updated: c.now.UTC(),
	}
	in.comments = append(in.comments, made)
	c.comment = made
	body := c.commentBody(made)
	return reply{status: http.StatusCreated, body: body, header: map[string]string{"Location": body.URL}}, nil
}

// checkComment refuses what GitHub does: both texts are as users of the API have
// quoted them (runatlantis/atlantis issue 3038, actions/github-script issue 259).
func checkComment(body string) error {
	wrong := fieldError{Resource: "IssueComment", Code: "unprocessable", Field: "data"}
	switch {
	case strings.TrimSpace(body) == "":
		wrong.Message = "Body cannot be blank"
	case utf8.RuneCountInString(body) > maxComment:
		wrong.Message = fmt.Sprintf("Body is too long (maximum is %d characters)", maxComment)
	default:
		return nil
	}
	return &apiError{status: http.StatusUnprocessableEntity, message: "Validation Failed", errors: []fieldError{wrong}}
}

// findComment is the place of the comment that the path names; -1 when there is
// none.
func (c *call) findComment() int {
	return slices.IndexFunc(c.repository().comments, func(one *Comment) bool {
		return strconv.FormatInt(one.ID, 10) == c.params["comment_id"]
	})
}

func getComment(c *call) (reply, error) {
	at := c.findComment()
	if at < 0 {
		return reply{}, notFound()
	}
	return ok(c.commentBody(c.repository().comments[at]))
}

func updateComment(c *call) (reply, error) {
	at := c.findComment()
	if at < 0 {
		return reply{}, notFound()
	}
	if err := checkComment(c.body["body"]); err != nil {
		return reply{}, err
	}
	one := c.repository().comments[at]
	one.Body, one.Updated = c.body["body"], c.now.UTC()
	c.comment = one
	return ok(c.commentBody(one))
}

func deleteComment(c *call) (reply, error) {
	at, in := c.findComment(), c.repository()
	if at < 0 {
		return reply{}, notFound()
	}
	in.comments = slices.Delete(in.comments, at, at+1)
	return reply{status: http.StatusNoContent, empty: true}, nil
}
