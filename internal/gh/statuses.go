package gh

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"

	"github.com/google/go-github/v60/github"
)

const (
	// maxDescription is in characters: "description is too long (maximum is 140
	// characters)", as GitHub answers.
	maxDescription = 140
	// wholePage is the largest page that GitHub's listings have.
	wholePage = 100
	// maxStatusPages bounds the search for the newest status of a context. A
	// commit with more statuses than that is one whose newest are others'.
	maxStatusPages = 20
)

// State is what a commit status says.
type State string

// The states that GitHub knows.
const (
	StatePending State = "pending"
	StateSuccess State = "success"
	// StateFailure says that the user's part failed.
	StateFailure State = "failure"
	// StateError says that the platform's part failed.
	StateError State = "error"
)

// CommitStatus is one line among a commit's checks.
type CommitStatus struct {
	State State
	// Context tells the status from those of other tools; it has no case.
	// Required.
	Context string
	// Description is shown beside it, in one line; what is longer than 140
	// characters is cut.
	Description string
	// TargetURL is where its link leads, http or https; may be empty.
	TargetURL string
}

func (s CommitStatus) check() error {
	var wrong []error
	switch s.State {
	case StatePending, StateSuccess, StateFailure, StateError:
	default:
		wrong = append(wrong, fmt.Errorf("a commit status cannot be %q", oneLine(string(s.State), 50)))
	}
	if strings.TrimSpace(s.Context) == "" {
		wrong = append(wrong, errors.New("a commit status needs a context"))
	}
	if !isLink(s.TargetURL) {
		wrong = append(wrong, errors.New("a commit status can link to http and https addresses only"))
	}
	return errors.Join(wrong...)
}

// isLink tells whether GitHub takes an address to link to; none at all is one.
func isLink(address string) bool {
	target, err := url.Parse(address)
	return address == "" || err == nil && target.Host != "" && (target.Scheme == "http" || target.Scheme == "https")
}

// equals tells whether a status says the same as another.
func (s CommitStatus) equals(other CommitStatus) bool {
	sameContext := strings.EqualFold(s.Context, other.Context)
	s.Context = other.Context
	return sameContext && s == other
}

func (s CommitStatus) isOver() bool { return s.State != StatePending }

// SetCommitStatus gives a commit a status, unless the newest one of that
// context says the same already; written tells which. sha is the full SHA of a
// commit of the repository. It needs the permission "statuses: write". Who
// writes several statuses of one context uses a StatusLine.
//
// A lost answer does not double the status: it is looked for before it is
// written again. With an error the status may be there all the same, unless it
// is a *PermissionError or a *RateLimitError (possibly inside a
// *retry.GaveUpError); others are *Error, and bad input.
func (c *Client) SetCommitStatus(ctx context.Context, repository Repository, sha string, status CommitStatus) (written bool, err error) {
	return c.StatusLine(repository, sha, status.Context).Set(ctx, status)
}

// createStatus writes a status once.
func (c *Client) createStatus(ctx context.Context, op operation, sha string, status CommitStatus) outcome {
	_, came := attempt(ctx, c, op, func(ctx context.Context, sdk *github.Client) (*github.RepoStatus, *github.Response, error) {
		made, response, err := sdk.Repositories.CreateStatus(ctx, op.repository.Owner, op.repository.Name, sha, status.forSDK())
		if err == nil && (made.GetID() == 0 || made.GetState() != string(status.State)) {
			err = errShape
		}
		return made, response, err
	})
	return came
}

// newestStatus finds a commit's newest status of a context. The listing has the
// newest first.
func (c *Client) newestStatus(ctx context.Context, repository Repository, sha, statusContext string) (newest CommitStatus, found bool, came outcome) {
	// The permission is that of writing, since that is what it is read for.
	op := operation{name: "read commit statuses", repository: repository, permission: "statuses: write"}
	options := github.ListOptions{PerPage: wholePage}
	for range maxStatusPages {
		page, came := attempt(ctx, c, op, func(ctx context.Context, sdk *github.Client) (statusPage, *github.Response, error) {
			listed, response, err := sdk.Repositories.ListStatuses(ctx, repository.Owner, repository.Name, sha, &options)
			if err != nil {
				return statusPage{}, response, err //nolint:wrapcheck // judge reads it.
			}
			return statusPage{listed, response.NextPage}, response, checkStatuses(listed)
		})
		if came.err != nil {
			return CommitStatus{}, false, came
		}
		for _, one := range page.statuses {
			if strings.EqualFold(one.GetContext(), statusContext) {
				return fromSDK(one), true, outcome{}
			}
		}
		if page.next == 0 {
			break
		}
		options.Page = page.next
	}
	return CommitStatus{}, false, outcome{}
}

type statusPage struct {
	statuses []*github.RepoStatus
	next     int // 0 on the last one
}

// checkStatuses tells a page of statuses from what else decodes into one: an
// empty body and null leave the list nil.
func checkStatuses(listed []*github.RepoStatus) error {
	if listed == nil {
		return errShape
	}
	for _, one := range listed {
		if one.GetID() == 0 || one.GetState() == "" {
			return errShape
		}
	}
	return nil
}

func (s CommitStatus) forSDK() *github.RepoStatus {
	sent := &github.RepoStatus{State: new(string(s.State)), Context: new(s.Context), Description: new(s.Description)}
	if s.TargetURL != "" {
		sent.TargetURL = new(s.TargetURL)
	}
	return sent
}

func fromSDK(one *github.RepoStatus) CommitStatus {
	return CommitStatus{
		State: State(one.GetState()), Context: one.GetContext(),
		Description: one.GetDescription(), TargetURL: one.GetTargetURL(),
	}
}

// fitDescription makes a text one that GitHub takes: one line, without the
// characters that are four bytes long ("description doesn't accept 4-byte
// Unicode", which emoji are), at most 140 characters.
func fitDescription(text string) string {
	text = strings.Map(func(r rune) rune {
		if r > 0xFFFF || unicode.Is(unicode.Variation_Selector, r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	text = oneLine(text, len(text))
	if runes := []rune(text); len(runes) > maxDescription {
		return string(runes[:maxDescription-1]) + "…"
	}
	return text
}
