package gh

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-github/v60/github"
)

const (
	// maxCommentPages bounds the search for a comment: 5,000 of them.
	maxCommentPages = 50
	// workflowLogin is who a workflow's token acts as, which may not ask who it is.
	workflowLogin = "github-actions[bot]"
)

// CommentEdit is a change to the one comment that a tool keeps on a pull request.
// Several jobs may edit it at once.
type CommentEdit struct {
	// Marker is what the comment's text begins with. It is found by it and by its
	// author, who is whoever the token acts as; one that somebody else wrote is not.
	Marker string
	// Merge makes the text that should stand, beginning with the Marker, out of
	// those that do: none, one, or several when two jobs were the first at once. It
	// is called again with what it made, and then has to return the same. The empty
	// text leaves all as it is.
	Merge func(texts []string) string
	// Confirm looks once more when a job that had read the comment before this edit
	// has written it, too, and repairs what that undid.
	Confirm bool
}

// EditComment edits the comment, and makes it where there is none. Should there be
// several, the oldest one stays, and the others are deleted once it has what they
// had. written tells whether anything was. It needs the permission "pull-requests:
// write".
//
// A lost answer doubles nothing: the next look finds what was done. Errors are those
// of SetCommitStatus, and an *UnsettledError.
func (c *Client) EditComment(ctx context.Context, repository Repository, number int, edit CommentEdit) (written bool, err error) {
	thread := commentThread{client: c, repository: repository, number: number}
	if wrong := errors.Join(repository.check(), checkNumber(number)); wrong != nil {
		return false, fmt.Errorf("edit the comment: %w", wrong)
	}
	if thread.author, err = c.author(ctx); err != nil {
		return false, err
	}
	return c.untilSettled(ctx, shared{
		name: fmt.Sprintf("comment on pull request %d", number), operation: thread.operation("edit comment"), confirms: edit.Confirm,
		edit: func(ctx context.Context) (hadOne, isSettled bool, err error) { return thread.edit(ctx, edit) },
	})
}

// edit reads the comment and writes it, unless it is as it should be: then it is
// settled.
func (t commentThread) edit(ctx context.Context, edit CommentEdit) (hadOne, isSettled bool, err error) {
	found, err := t.find(ctx, edit.Marker)
	if err != nil {
		return false, false, err
	}
	texts := make([]string, len(found))
	for i, one := range found {
		texts[i] = one.text
	}
	text := edit.Merge(texts)
	if text == "" || len(found) == 1 && found[0].text == text {
		return true, true, nil
	}
	return len(found) > 0, false, t.write(ctx, found, text)
}

// author is who the token acts as.
func (c *Client) author(ctx context.Context) (string, error) {
	c.whose.mu.Lock()
	defer c.whose.mu.Unlock()
	if c.whose.login != "" {
		return c.whose.login, nil
	}
	login, err := c.login(ctx)
	if _, isInstallation := errors.AsType[*PermissionError](err); isInstallation {
		login, err = workflowLogin, nil
	}
	if err != nil {
		return "", err
	}
	c.whose.login = login
	return login, nil
}

// commentThread is the comments on a pull request.
type commentThread struct {
	client     *Client
	repository Repository
	number     int
	author     string
}

// foundComment is a comment of the author that begins with the marker.
type foundComment struct {
	id   int64
	text string
}

func (t commentThread) operation(name string) operation {
	return operation{name: name, repository: t.repository, permission: "pull-requests: write"}
}

// find reads all pages, and returns the author's comments with the marker by their
// age, the oldest first.
func (t commentThread) find(ctx context.Context, marker string) (found []foundComment, err error) {
	op := t.operation("read comments")
	err = t.client.repeat(ctx, op, func(ctx context.Context) (came outcome) {
		found, came = t.look(ctx, op, marker)
		return came
	})
	return found, err
}

type commentPage struct {
	found []foundComment
	next  int
}

func (t commentThread) look(ctx context.Context, op operation, marker string) ([]foundComment, outcome) {
	var found []foundComment
	options := github.IssueListCommentsOptions{ListOptions: github.ListOptions{PerPage: wholePage}}
	for range maxCommentPages {
		page, came := attempt(ctx, t.client, op, func(ctx context.Context, sdk *github.Client) (commentPage, *github.Response, error) {
			listed, response, err := sdk.Issues.ListComments(ctx, t.repository.Owner, t.repository.Name, t.number, &options)
			if err != nil {
				return commentPage{}, response, err //nolint:wrapcheck // judge reads it.
			}
			read := commentPage{next: response.NextPage}
			for _, one := range listed {
				if one.GetID() == 0 || one.User == nil {
					return commentPage{}, response, errShape
				}
				if text := one.GetBody(); strings.EqualFold(one.GetUser().GetLogin(), t.author) && strings.HasPrefix(text, marker) {
					read.found = append(read.found, foundComment{one.GetID(), text})
				}
			}
			return read, response, nil
		})
		if came.err != nil {
			return nil, came
		}
		found = append(found, page.found...)
		if options.Page = page.next; page.next == 0 {
			break
		}
	}
	slices.SortFunc(found, func(a, b foundComment) int { return int(min(1, max(-1, a.id-b.id))) })
	return found, outcome{}
}

// write makes the oldest comment say the text, and deletes the others. One that has
// gone meanwhile is the next look's to find.
func (t commentThread) write(ctx context.Context, found []foundComment, text string) error {
	if len(found) == 0 {
		return t.create(ctx, text)
	}
	if found[0].text != text {
		op := t.operation("edit comment")
		err := t.client.repeat(ctx, op, func(ctx context.Context) outcome {
			_, came := attempt(ctx, t.client, op, func(ctx context.Context, sdk *github.Client) (*github.IssueComment, *github.Response, error) {
				made, response, err := sdk.Issues.EditComment(ctx, t.repository.Owner, t.repository.Name, found[0].id, &github.IssueComment{Body: &text})
				if err == nil && made.GetID() != found[0].id {
					err = errShape
				}
				return made, response, err
			})
			return came
		})
		if isNotFound(err) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	for _, other := range found[1:] {
		if err := t.delete(ctx, other.id); err != nil {
			return err
		}
	}
	return nil
}

func (t commentThread) create(ctx context.Context, text string) error {
	op := t.operation("create comment")
	_, err := t.client.create(ctx, creation{
		operation: op,
		settles:   lateness,
		isThere: func(ctx context.Context) (bool, outcome) {
			found, came := t.look(ctx, op, text)
			return len(found) > 0, came
		},
		send: func(ctx context.Context) outcome {
			_, came := attempt(ctx, t.client, op, func(ctx context.Context, sdk *github.Client) (*github.IssueComment, *github.Response, error) {
				made, response, err := sdk.Issues.CreateComment(ctx, t.repository.Owner, t.repository.Name, t.number, &github.IssueComment{Body: &text})
				if err == nil && made.GetID() == 0 {
					err = errShape
				}
				return made, response, err
			})
			return came
		},
	})
	return err
}

func (t commentThread) delete(ctx context.Context, id int64) error {
	op := t.operation("delete comment")
	err := t.client.repeat(ctx, op, func(ctx context.Context) outcome {
		_, came := attempt(ctx, t.client, op, func(ctx context.Context, sdk *github.Client) (struct{}, *github.Response, error) {
			response, err := sdk.Issues.DeleteComment(ctx, t.repository.Owner, t.repository.Name, id)
			return struct{}{}, response, err //nolint:wrapcheck // judge reads it.
		})
		return came
	})
	if isNotFound(err) {
		return nil
	}
	return err
}
