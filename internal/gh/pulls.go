package gh

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/google/go-github/v60/github"
)

// PullRequest is a pull request as it stands, or as an event tells of it.
type PullRequest struct {
	// Number is that of the repository that it is for; 0 means none at all.
	Number int
	// IsOpen says that it is neither closed nor merged, IsMerged that it is merged.
	IsOpen, IsMerged, IsDraft bool
	// HeadSHA is the newest commit that it proposes, HeadRef the short name of its
	// branch, and HeadRepository where that is. The latter is empty when it was
	// deleted.
	HeadSHA, HeadRef string
	HeadRepository   Repository
	// IsFork says that its head is not in the repository that it is for, or that
	// this cannot be told, since it was deleted.
	IsFork bool
	// BaseRef is the short name of the branch that it is for, BaseSHA that branch's
	// commit.
	BaseSHA, BaseRef string
}

func checkNumber(number int) error {
	if number < 1 {
		return fmt.Errorf("%d is not the number of a pull request", number)
	}
	return nil
}

// PullRequest reads a pull request. It needs the permission "pull-requests:
// read".
func (c *Client) PullRequest(ctx context.Context, repository Repository, number int) (PullRequest, error) {
	op := operation{name: fmt.Sprintf("read pull request %d", number), repository: repository, permission: "pull-requests: read"}
	if err := errors.Join(repository.check(), checkNumber(number)); err != nil {
		return PullRequest{}, fmt.Errorf("%s: %w", op.name, err)
	}
	return read(ctx, c, op, func(ctx context.Context, sdk *github.Client) (PullRequest, *github.Response, error) {
		got, response, err := sdk.PullRequests.Get(ctx, repository.Owner, repository.Name, number)
		if err != nil {
			return PullRequest{}, response, err //nolint:wrapcheck // judge reads it.
		}
		pull := pullFromSDK(repository, got)
		if pull.Number != number || !isSHA(pull.HeadSHA) || !isSHA(pull.BaseSHA) || got.GetState() == "" {
			err = errShape
		}
		return pull, response, err
	})
}

func pullFromSDK(repository Repository, got *github.PullRequest) PullRequest {
	head, base := got.GetHead(), got.GetBase()
	pull := PullRequest{
		Number: got.GetNumber(), IsOpen: got.GetState() == "open", IsMerged: got.GetMerged(), IsDraft: got.GetDraft(),
		HeadSHA: head.GetSHA(), HeadRef: head.GetRef(), BaseSHA: base.GetSHA(), BaseRef: base.GetRef(),
		HeadRepository: Repository{Owner: head.GetRepo().GetOwner().GetLogin(), Name: head.GetRepo().GetName()},
	}
	pull.IsFork = !pull.HeadRepository.is(repository)
	return pull
}

// BranchHead reads the SHA of the commit that a branch, given by its short name,
// is on. It needs the permission "contents: read". Of a branch that is not there
// the error is an *Error with the status 404.
func (c *Client) BranchHead(ctx context.Context, repository Repository, branch string) (sha string, err error) {
	op := operation{name: "read branch " + strconv.Quote(oneLine(branch, 100)), repository: repository, permission: "contents: read"}
	ref := "refs/heads/" + branch
	err = errors.Join(repository.check(), checkRef(ref))
	if !fs.ValidPath(branch) || branch == "." || strings.Contains(branch, "..") { // it becomes a part of a path
		err = errors.Join(err, errors.New("no branch is called that"))
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", op.name, err)
	}
	return read(ctx, c, op, func(ctx context.Context, sdk *github.Client) (string, *github.Response, error) {
		got, response, err := sdk.Git.GetRef(ctx, repository.Owner, repository.Name, ref)
		if err == nil && (got.GetRef() != ref || !isSHA(got.GetObject().GetSHA())) {
			err = errShape
		}
		return got.GetObject().GetSHA(), response, err
	})
}

// TagCommit reads the SHA of the commit that a tag, given by its short name, stands for;
// of an annotated one, the commit that it names. It needs the permission
// "contents: read". Of a tag that is not there the error is an *Error with the status
// 404 or 422.
func (c *Client) TagCommit(ctx context.Context, repository Repository, tag string) (sha string, err error) {
	op := operation{name: "read tag " + strconv.Quote(oneLine(tag, 100)), repository: repository, permission: "contents: read"}
	err = errors.Join(repository.check(), checkRef("refs/tags/"+tag))
	if !fs.ValidPath(tag) || tag == "." || strings.Contains(tag, "..") { // it becomes a part of a path
		err = errors.Join(err, errors.New("no tag is called that"))
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", op.name, err)
	}
	return c.commitOf(ctx, op, "tags/"+escaped(tag))
}

// DefaultHead reads the SHA of the newest commit of the default branch. It needs the
// permission "contents: read". Of an empty repository the error is an *Error with the
// status 409 ("Git Repository is empty.").
func (c *Client) DefaultHead(ctx context.Context, repository Repository) (sha string, err error) {
	op := operation{name: "read the default branch", repository: repository, permission: "contents: read"}
	if err := repository.check(); err != nil {
		return "", fmt.Errorf("%s: %w", op.name, err)
	}
	return c.commitOf(ctx, op, "HEAD")
}

// commitOf reads the SHA of the commit that a ref stands for, which is fit for a path.
func (c *Client) commitOf(ctx context.Context, op operation, ref string) (sha string, err error) {
	return read(ctx, c, op, func(ctx context.Context, sdk *github.Client) (string, *github.Response, error) {
		// Its files are of no interest: docs.github.com/rest/commits/commits#get-a-commit.
		got, response, err := sdk.Repositories.GetCommit(ctx, op.repository.Owner, op.repository.Name, ref, &github.ListOptions{PerPage: 1})
		if err == nil && !isSHA(got.GetSHA()) {
			err = errShape
		}
		return got.GetSHA(), response, err
	})
}
