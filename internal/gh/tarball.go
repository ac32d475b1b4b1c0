package gh

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/google/go-github/v60/github"
)

const (
	// archiveTimeout ends the wait for an archive's first bytes, which GitHub may have
	// to make first.
	archiveTimeout = 2 * time.Minute
)

// Tarball opens the tree of a commit as GitHub packs it: a tarball, compressed with
// gzip, with everything in one folder. sha is the full SHA. It needs the permission
// "contents: read", and is read as it comes, until ctx ends. The caller closes it.
//
// What can be repeated is repeated until its first bytes are there; from then on a
// connection that breaks is an *Error of a Read, and the whole has to be opened again.
// The archive is fetched from wherever the API says, over https alone (a loopback API's
// also over http from a loopback address), by a client that has no token and goes to no
// other host.
func (c *Client) Tarball(ctx context.Context, repository Repository, sha string) (io.ReadCloser, error) {
	op := operation{name: fmt.Sprintf("get the tree of %.7s", oneLine(sha, 100)), repository: repository, permission: "contents: read"}
	if err := errors.Join(repository.check(), checkSHA(sha)); err != nil {
		return nil, fmt.Errorf("%s: %w", op.name, err)
	}
	var opened io.ReadCloser
	isKnown := false // that the commit can be read
	err := c.repeat(ctx, op, func(ctx context.Context) outcome {
		link, came := attempt(ctx, c, op, func(ctx context.Context, sdk *github.Client) (*url.URL, *github.Response, error) {
			return archiveLink(ctx, sdk, repository, sha)
		})
		if came.err != nil {
			return came
		}
		opened, came = c.openArchive(ctx, op, link)
		if errors.Is(came.err, errNoArchive) && !isKnown {
			// Rather than the link, the commit may be what is not there.
			if err := c.checkCommit(ctx, repository, sha); err != nil {
				return outcome{err: err}
			}
			isKnown = true
		}
		return came
	})
	if err != nil {
		return nil, err
	}
	return opened, nil
}

// archiveLink asks where the archive is. The SDK has a call for this, too, which closes
// the body of a refusal before it can be read: whether it is for a limit or a permission
// would be lost.
func archiveLink(ctx context.Context, sdk *github.Client, repository Repository, sha string) (*url.URL, *github.Response, error) {
	request, err := sdk.NewRequest(http.MethodGet, fmt.Sprintf("repos/%s/%s/tarball/%s", repository.Owner, repository.Name, sha), nil)
	if err != nil {
		return nil, nil, err //nolint:wrapcheck // judge reads it.
	}
	response, err := sdk.BareDo(ctx, request)
	if response == nil {
		return nil, nil, err //nolint:wrapcheck // judge reads it.
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode == http.StatusFound {
		link, err := response.Location()
		return link, response, err //nolint:wrapcheck // judge reads it.
	}
	if err == nil {
		err = errShape
	}
	return nil, response, err
}

// checkArchive refuses links to where nothing is fetched from.
func (c *Client) checkArchive(link *url.URL) error {
	isOwn := c.apiURL.Scheme == "http" && isLoopback(link.Hostname()) // then so is the API
	if link.Host == "" || link.User != nil || link.Scheme != "https" && (link.Scheme != "http" || !isOwn) {
		return fmt.Errorf("GitHub has the archive at %s://%s, which is not safe; only https is", oneLine(link.Scheme, 20), oneLine(link.Host, 200))
	}
	return nil
}

// openArchive begins to download an archive, once.
func (c *Client) openArchive(ctx context.Context, op operation, link *url.URL) (io.ReadCloser, outcome) {
	if err := c.checkArchive(link); err != nil {
		return nil, outcome{err: &Error{Operation: op.name, Repository: op.repository, Message: "the archive is not fetched", Err: err}}
	}
	reading, end := context.WithCancelCause(ctx)
	slow := time.AfterFunc(archiveTimeout, func() { end(fmt.Errorf("nothing came within %s", archiveTimeout)) })
	defer slow.Stop()
	archive := &archive{ctx: reading, end: end, op: op, host: link.Host}
	if err := archive.open(c, link); err != nil {
		_ = archive.Close()
		return nil, c.judgeArchive(ctx, op, archive, err)
	}
	return archive, outcome{}
}

// archive is an archive that is being read.
type archive struct {
	ctx  context.Context //nolint:containedctx // it is that of one call, and a Read takes none.
	end  context.CancelCauseFunc
	op   operation
	host string

	answer  *http.Response // nil without one
	content *bufio.Reader
}

func (a *archive) open(c *Client, link *url.URL) error {
	request, err := http.NewRequestWithContext(a.ctx, http.MethodGet, link.String(), nil)
	if err != nil {
		return err //nolint:wrapcheck // judgeArchive reads it.
	}
	request.Header.Set("User-Agent", c.userAgent)
	request.Header.Set("Accept-Encoding", "identity") // lest it is unpacked on its way
	plain := &http.Client{Transport: c.transport, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects || !isSameOrigin(link, r.URL) {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	if a.answer, err = plain.Do(request); err != nil { //nolint:bodyclose // Close does it, whatever comes of this.
		return err //nolint:wrapcheck // judgeArchive reads it.
	}
	if a.answer.StatusCode != http.StatusOK {
		return errNoArchive
	}
	a.content = bufio.NewReader(a.answer.Body)
	start, err := a.content.Peek(2)
	if err == nil && string(start) != "\x1f\x8b" { // RFC 1952, section 2.3.1
		err = errNotArchive
	}
	return err
}

// cause is why the download ended, where that is more than an error that came of it.
func (a *archive) cause(err error) error {
	if cause := context.Cause(a.ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return err
}

var (
	errNotArchive = errors.New("it is not compressed with gzip")
	errNoArchive  = errors.New("there is no such archive, or the link to it has ended")
)

// judgeArchive judges an archive that could not be opened. Whatever it was may be the
// link's fault, which ends after five minutes:
// docs.github.com/rest/repos/contents#download-a-repository-archive-tar. The next
// attempt has another.
func (c *Client) judgeArchive(ctx context.Context, op operation, met *archive, err error) outcome {
	if ctx.Err() != nil {
		return outcome{err: cutOff(ctx, op)}
	}
	err = met.cause(err)
	failure := &Error{Operation: op.name, Repository: op.repository}
	switch answer := met.answer; {
	case answer == nil:
		if outer, ok := errors.AsType[*url.Error](err); ok {
			err = outer.Err // which has the link, and in it what opens the archive
		}
		failure.Message, failure.Err = "no archive from "+oneLine(met.host, 200), err
		return outcome{err: failure, retryable: mayPass(err)}
	case answer.StatusCode == http.StatusOK:
		failure.Message, failure.Err = "the archive from "+oneLine(met.host, 200)+" cannot be read", err
		return outcome{err: failure, retryable: true}
	case answer.StatusCode < 400:
		failure.Message = "the archive's host " + oneLine(met.host, 200) + " sends on to another one, which is not followed"
		return outcome{err: failure}
	default:
		failure.Message = fmt.Sprintf("no archive from %s, which answered %d", oneLine(met.host, 200), answer.StatusCode)
		if answer.StatusCode == http.StatusNotFound || answer.StatusCode == http.StatusGone {
			failure.Err = errNoArchive
		}
		return outcome{err: failure, retryable: true, wait: retryAfter(answer.Header, serverTime(answer.Header))}
	}
}

// Read reads on; what breaks it names the commit.
func (a *archive) Read(into []byte) (int, error) {
	n, err := a.content.Read(into)
	if err == nil || errors.Is(err, io.EOF) {
		return n, err //nolint:wrapcheck // io.EOF must stay itself.
	}
	return n, &Error{
		Operation: a.op.name, Repository: a.op.repository,
		Message: "the archive from " + oneLine(a.host, 200) + " broke off", Err: a.cause(err),
	}
}

// Close ends the download, wherever it is.
func (a *archive) Close() error {
	a.end(context.Canceled)
	if a.answer == nil {
		return nil
	}
	return a.answer.Body.Close() //nolint:wrapcheck // there is nothing to add.
}
