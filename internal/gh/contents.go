package gh

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"

	"github.com/google/go-github/v60/github"
)

// maxContent is what GitHub gives of a file in an answer:
// docs.github.com/rest/repos/contents#get-repository-content.
const maxContent = 1 << 20

// ErrNoFile says that a commit, which can be read, has nothing at a path.
var ErrNoFile = errors.New("the commit has no such file")

// ContentError says that what a commit has at a path is no file, or one that is too
// long.
type ContentError struct{ text string }

// Error says what it is.
func (e *ContentError) Error() string { return e.text }

// ReadFile reads a file of a commit, of at most most bytes; 0 means 1 MiB, and
// there is no more. sha is the full SHA, and path is relative to the root of the
// repository, with slashes. A link to a file of the repository is that file. It
// needs the permission "contents: read".
//
// ErrNoFile means that it is not there, and is returned only where the same
// token can read the commit. Whatever else keeps it from being read is another
// error: that the commit or the repository is not to be seen, and that the path
// is a folder, a submodule, a link to anything else, or a file that is too long.
func (c *Client) ReadFile(ctx context.Context, repository Repository, sha, path string, most int) ([]byte, error) {
	op := operation{name: fmt.Sprintf("read %s at %.7s", oneLine(path, 200), oneLine(sha, 100)), repository: repository, permission: "contents: read"}
	if err := errors.Join(repository.check(), checkSHA(sha), checkPath(path)); err != nil {
		return nil, fmt.Errorf("%s: %w", op.name, err)
	}
	if most = min(most, maxContent); most <= 0 {
		most = maxContent
	}
	got, err := read(ctx, c, op, func(ctx context.Context, sdk *github.Client) (content, *github.Response, error) {
		file, folder, response, err := sdk.Repositories.GetContents(ctx, repository.Owner, repository.Name, path, &github.RepositoryContentGetOptions{Ref: sha})
		if err != nil {
			return content{}, response, err //nolint:wrapcheck // judge reads it.
		}
		got, err := readContent(file, folder, most)
		return got, response, err
	})
	switch {
	case isNotFound(err):
		if missing := c.checkCommit(ctx, repository, sha); missing != nil {
			return nil, fmt.Errorf("%w; and whether it is the file that is missing cannot be told: %w", err, missing)
		}
		return nil, fmt.Errorf("%s of %s: %w", op.name, repository, ErrNoFile)
	case err != nil:
		return nil, err
	case got.kind != "file":
		return nil, &ContentError{fmt.Sprintf("%s of %s: it is %s, and no file", op.name, repository, got.kind)}
	case got.size > most:
		return nil, &ContentError{fmt.Sprintf("%s of %s: the file has %d bytes, and no more than %d are read", op.name, repository, got.size, most)}
	}
	return got.bytes, nil
}

// checkPath refuses what leads elsewhere. Two dots in a row are refused wherever
// they are, as the SDK does.
func checkPath(path string) error {
	if !fs.ValidPath(path) || path == "." || strings.Contains(path, "..") || !isPrintable(path) {
		return fmt.Errorf("%q is not the path of a file in a repository", oneLine(path, 200))
	}
	return nil
}

// content is what GitHub has at a path.
type content struct {
	kind  string // "file", or in words
	size  int
	bytes []byte // of a file that is not too long
}

func readContent(file *github.RepositoryContent, folder []*github.RepositoryContent, most int) (content, error) {
	if folder != nil {
		return content{kind: "a folder"}, nil
	}
	switch file.GetType() {
	case "symlink":
		return content{kind: "a link to something else"}, nil
	case "submodule":
		return content{kind: "a submodule"}, nil
	case "file":
	default:
		return content{}, errShape
	}
	got := content{kind: "file", size: file.GetSize()}
	if file.GetSHA() == "" {
		return content{}, errShape
	}
	if got.size == 0 || got.size > most {
		return got, nil
	}
	text, err := file.GetContent()
	if err == nil && len(text) != got.size {
		err = fmt.Errorf("it has %d bytes instead of %d", len(text), got.size)
	}
	got.bytes = []byte(text)
	return got, err
}

// checkCommit tells whether the token can read a commit.
func (c *Client) checkCommit(ctx context.Context, repository Repository, sha string) error {
	op := operation{name: fmt.Sprintf("look at commit %.7s", sha), repository: repository, permission: "contents: read"}
	_, err := read(ctx, c, op, func(ctx context.Context, sdk *github.Client) (*github.Commit, *github.Response, error) {
		got, response, err := sdk.Git.GetCommit(ctx, repository.Owner, repository.Name, sha)
		if err == nil && got.GetSHA() != sha {
			err = errShape
		}
		return got, response, err
	})
	return err
}

func isNotFound(err error) bool {
	refused, isRefused := errors.AsType[*Error](err)
	return isRefused && refused.Status == http.StatusNotFound
}
