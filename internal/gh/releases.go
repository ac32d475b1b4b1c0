package gh

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/google/go-github/v60/github"
)

// maxReleaseNotes is how long the text of a GitHub Release may be, in characters. No
// page says so, but its refusals do: ncipollo/release-action issue 493.
const maxReleaseNotes = 125_000

// ErrNoRelease says that a tag has no GitHub Release that is published, or that the one
// of an id is gone.
var ErrNoRelease = errors.New("there is no such GitHub Release")

// NotesEdit is a change to the text of a GitHub Release, which people write. Several
// jobs may make one at once.
type NotesEdit struct {
	// Release is the number of the GitHub Release; 0 means the published one of Tag.
	Release int64
	// Tag is the name of its tag, without refs/tags/.
	Tag string
	// Merge makes the text that should stand out of the one that does. It is called
	// again with what it made, and then has to return the same.
	Merge func(text string) string
}

// EditReleaseNotes edits the text of a GitHub Release and leaves all else of it as it
// is, then looks once more when a job that had read it before has written it, too, and
// repairs what that undid. written tells whether anything was. It needs the permission
// "contents: write".
//
// GitHub has no condition for such a write: what a person saves in the moment between
// its reading and its writing is lost. Errors are those of SetCommitStatus, ErrNoRelease
// and an *UnsettledError. One that says that the text would be too long has written
// nothing.
func (c *Client) EditReleaseNotes(ctx context.Context, repository Repository, edit NotesEdit) (written bool, err error) {
	notes := releaseNotes{client: c, repository: repository, NotesEdit: edit}
	if wrong := errors.Join(repository.check(), edit.check()); wrong != nil {
		return false, fmt.Errorf("edit the GitHub Release: %w", wrong)
	}
	return c.untilSettled(ctx, shared{
		name: "GitHub Release " + oneLine(edit.Tag, 100), operation: notes.operation("read GitHub Release"), confirms: true,
		edit: func(ctx context.Context) (hadOne, isSettled bool, err error) {
			isSettled, err = notes.edit(ctx)
			return true, isSettled, err
		},
	})
}

// check refuses what would ask for something else.
func (e NotesEdit) check() error {
	if e.Tag == "" && e.Release != 0 {
		return nil
	}
	if e.Release < 0 || strings.Contains(e.Tag, "..") || checkRef("refs/tags/"+e.Tag) != nil {
		return fmt.Errorf("%q is not the name of a tag", oneLine(e.Tag, 200))
	}
	return nil
}

// releaseNotes is the text of one GitHub Release.
type releaseNotes struct {
	NotesEdit

	client     *Client
	repository Repository
}

func (n releaseNotes) operation(name string) operation {
	return operation{name: name, repository: n.repository, permission: "contents: write"}
}

// edit reads the text and writes it, unless it is as it should be: then it is settled.
// Each try reads it anew, lest it wrote over what came meanwhile. What a try finds as the
// one before has sent it was written, whatever that was answered.
func (n releaseNotes) edit(ctx context.Context) (isSettled bool, err error) {
	isSent := false
	reading, writing := n.operation("read GitHub Release"), n.operation("edit GitHub Release")
	err = n.client.repeat(ctx, writing, func(ctx context.Context) outcome {
		found, came := attempt(ctx, n.client, reading, n.find)
		if isNotFound(came.err) {
			came.err = fmt.Errorf("%w (%s of %s)", ErrNoRelease, oneLine(n.Tag, 100), n.repository)
		}
		if came.err != nil {
			return came
		}
		text := n.Merge(found.GetBody())
		if text == found.GetBody() {
			isSettled = !isSent
			return outcome{}
		}
		if length := utf8.RuneCountInString(text); length > maxReleaseNotes {
			return outcome{err: fmt.Errorf("%s %s of %s: its text would have %d characters, and GitHub takes %d", writing.name, oneLine(n.Tag, 100), n.repository, length, maxReleaseNotes)}
		}
		isSent = true
		_, came = attempt(ctx, n.client, writing, func(ctx context.Context, sdk *github.Client) (*github.RepositoryRelease, *github.Response, error) {
			made, response, err := sdk.Repositories.EditRelease(ctx, n.repository.Owner, n.repository.Name, found.GetID(), &github.RepositoryRelease{Body: &text})
			if err == nil && made.GetID() != found.GetID() {
				err = errShape
			}
			return made, response, err
		})
		return came
	})
	return isSettled, err
}

func (n releaseNotes) find(ctx context.Context, sdk *github.Client) (*github.RepositoryRelease, *github.Response, error) {
	if n.Release != 0 {
		found, response, err := sdk.Repositories.GetRelease(ctx, n.repository.Owner, n.repository.Name, n.Release)
		if err == nil && found.GetID() != n.Release {
			err = errShape
		}
		return found, response, err
	}
	found, response, err := sdk.Repositories.GetReleaseByTag(ctx, n.repository.Owner, n.repository.Name, escaped(n.Tag))
	if err == nil && (found.GetID() == 0 || found.GetTagName() != n.Tag) {
		err = errShape
	}
	return found, response, err
}

// escaped is the name of a ref as a part of a path; the SDK puts names there as they are.
func escaped(ref string) string {
	parts := strings.Split(ref, "/")
	for i, part := range parts {
		parts[i] = url.PathEscape(part)
	}
	return strings.Join(parts, "/")
}
