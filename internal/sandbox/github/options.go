package github

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/slipway-dev/slipway/internal/sandbox/wire"
)

// Options say what the Sandbox is like. The zero value is a Sandbox of one
// token (DefaultToken) and no repository, without faults.
type Options struct {
	// Repositories are those that exist.
	Repositories []Repository
	// AssumePushed lets a repository and a commit (a full SHA) exist as soon as
	// a request names them, as if somebody had pushed them before: for trials,
	// in which nobody pushes to the Sandbox. The token has to be one for that
	// repository, which comes into being as a public one; nothing else is known
	// of either, such as branches. Default: what was not given here or to
	// AddCommit does not exist.
	AssumePushed bool
	// Tokens are those that are accepted. None means one, DefaultToken.
	Tokens []Token
	// Apps are the GitHub Apps that there are from the start.
	Apps []App
	// TokenLag is how long a token that an App has made is not what it will be: for the
	// first half it is not known, for the second it has no permissions. 0 means not at
	// all.
	TokenLag time.Duration
	// BaseURL is the externally visible scheme://host:port that absolute URLs
	// in answers start with. Empty derives it from each request's Host header.
	BaseURL string
	// PageSize caps the size of pages, so that small worlds have several. 0
	// means as asked: 30 by default, at most 100.
	PageSize int
	// RateLimit is how many requests a token has in an hour: the primary rate
	// limit. 0 means 1,000, which is what a workflow's GITHUB_TOKEN has.
	RateLimit int
	// SecondaryAfter is how many requests that create content a token has in a
	// minute: one of the secondary rate limits. 0 means 80, as documented.
	SecondaryAfter int
	// Latency is added to each answer.
	Latency time.Duration
	// FaultRate is the share of requests, 0 to 1, that meet a fault of a kind
	// drawn by Seed (see Fault for the kinds).
	FaultRate float64
	// Seed makes faults repeatable.
	Seed uint64
	// SlowAnswer is how long FaultSlow holds an answer back; 0 means 2 s.
	SlowAnswer time.Duration
	// Now is the Sandbox's clock, for what ends after a time: links, tokens, rate
	// limits. Nil means time.Now. It is called concurrently.
	Now func() time.Time
	// Switches choose between readings of what is not known about GitHub.
	Switches Switches
	// Fault, when set, decides the fault of each request in place of FaultRate.
	// It is called concurrently and must leave the body alone.
	Fault func(*http.Request) Fault
	// Observe, when set, is told of each request right before its answer
	// leaves, so a client that has its answer finds the call counted. It is
	// called concurrently.
	Observe func(Call)
}

// Switches hold one field for each thing that GitHub does in more ways than
// one, or that no source settles. The zero value is the position the Sandbox
// takes by default; a client is right only when it works in both.
type Switches struct {
	// LimitsAre429 answers both kinds of rate limits with 429. Default: 403.
	// GitHub documents "403 or 429" for both.
	LimitsAre429 bool
	// NoRetryAfter leaves Retry-After out where a secondary rate limit is met.
	// GitHub documents that it may be there.
	NoRetryAfter bool
	// UnknownRefsAreEmpty lists no statuses for a ref that is not there.
	// Default: 404.
	UnknownRefsAreEmpty bool
	// UnreadableIs404 answers "Not Found" where a token lacks the permission to
	// read in a private repository. Default: 403, with GitHub's own message.
	UnreadableIs404 bool
	// PayloadsAreText gives the payload of a deployment as a string that holds
	// JSON, which many clients count on. Default: the object that it is.
	PayloadsAreText bool
	// LargeFilesAre403 refuses files above 1 MB, as older servers do. Default:
	// they have the encoding "none" and no content.
	LargeFilesAre403 bool
	// MissingTarballsHaveLinks sends a request for the tarball of a ref that is not
	// there on to the archives' host, which then has none. Default: 404.
	MissingTarballsHaveLinks bool
}

// Repository is a repository that exists.
type Repository struct {
	Owner, Name string
	// DefaultBranch is "main" when empty.
	DefaultBranch string
	// Private makes it invisible (404) to tokens that do not name it.
	Private bool
	// Commits are those that are known from the start, oldest first.
	Commits []Commit
	// PullRequests and Environments are those that are there from the start.
	PullRequests []PullRequest
	Environments []Environment
	// RunReviews are what people have said of workflows' runs.
	RunReviews []RunReview
}

// Token is a token that is accepted, such as the one of a workflow's job.
type Token struct {
	Value string
	// Login is who it acts as; empty means "github-actions[bot]". One that ends in
	// "[bot]" is an installation's.
	Login string
	// Scopes are those of a classic personal access token, which GitHub tells with
	// every answer. Here they permit nothing; Permissions do.
	Scopes []string
	// Permissions map what GitHub calls a permission to "read", "write" or
	// "admin": {"statuses": "write", "contents": "read"}. "metadata": "read" is
	// always there, as it is for every installation.
	Permissions map[string]string
	// Repositories are those that it was made for, as "owner/name"; none means
	// all. Others it can read when they are public.
	Repositories []string

	app          int64  // the App that signs in itself; 0 for all others
	account      string // whose repositories alone it is for; empty means anybody's
	installation int64  // that it was made for; 0 for all others
}

// DefaultToken returns the token of a Sandbox that was given none. It is made
// up and always the same, and has what Slipway asks of a workflow's token, in
// every repository.
func DefaultToken() Token {
	return Token{
		Value: "sandbox-token-of-github",
		Permissions: map[string]string{
			"actions": "read", "contents": "read", "deployments": "write", "metadata": "read", "pull_requests": "write", "statuses": "write",
		},
	}
}

// complete fills in defaults and reports everything that is wrong at once.
func (o *Options) complete() error {
	if len(o.Tokens) == 0 {
		o.Tokens = []Token{DefaultToken()}
	}
	o.Tokens = slices.Clone(o.Tokens)
	for i := range o.Tokens {
		o.Tokens[i].Login = orDefault(o.Tokens[i].Login, "github-actions[bot]")
	}
	o.Repositories = slices.Clone(o.Repositories)
	for i := range o.Repositories {
		o.Repositories[i].DefaultBranch = orDefault(o.Repositories[i].DefaultBranch, defaultBranch)
	}
	o.RateLimit = orDefault(o.RateLimit, defaultRateLimit)
	o.SecondaryAfter = orDefault(o.SecondaryAfter, defaultSecondaryAfter)
	o.SlowAnswer = orDefault(o.SlowAnswer, 2*time.Second)
	if o.Now == nil {
		o.Now = time.Now
	}
	o.BaseURL = strings.TrimSuffix(o.BaseURL, "/")
	wrong := wire.CheckOptions(o.BaseURL, o.FaultRate, map[string]int64{
		"PageSize":       int64(o.PageSize),
		"RateLimit":      int64(o.RateLimit),
		"SecondaryAfter": int64(o.SecondaryAfter),
		"Latency":        int64(o.Latency),
		"SlowAnswer":     int64(o.SlowAnswer),
		"TokenLag":       int64(o.TokenLag),
	})
	return errors.Join(slices.Concat(wrong, o.wrongRepositories(), o.wrongTokens(), wrongApps(o.Apps))...)
}

func (o *Options) wrongRepositories() []error {
	var wrong []error
	seen := map[string]bool{}
	for i, one := range o.Repositories {
		fullName := one.Owner + "/" + one.Name
		if !isName(one.Owner) || !isName(one.Name) {
			wrong = append(wrong, fmt.Errorf("repository %d is %q; owner and name are letters, digits, '.', '_' and '-'", i+1, fullName))
		}
		if folded := strings.ToLower(fullName); seen[folded] {
			wrong = append(wrong, fmt.Errorf("repository %d repeats %s", i+1, fullName))
		} else {
			seen[folded] = true
		}
		wrong = append(wrong, newRepository(one, 0).fill(one))
	}
	return wrong
}

func (o *Options) wrongTokens() []error {
	var wrong []error
	seen := map[string]bool{}
	for i, one := range o.Tokens {
		switch {
		case one.Value == "" || strings.ContainsFunc(one.Value, func(r rune) bool { return r <= ' ' || r > '~' }):
			wrong = append(wrong, fmt.Errorf("token %d is empty or has characters that no header can hold", i+1))
		case seen[one.Value]:
			wrong = append(wrong, fmt.Errorf("token %d repeats another", i+1))
		}
		seen[one.Value] = true
		for _, fullName := range one.Repositories {
			if owner, name, _ := strings.Cut(fullName, "/"); !isName(owner) || !isName(name) {
				wrong = append(wrong, fmt.Errorf("token %d is for the repository %q; a repository is owner/name", i+1, fullName))
			}
		}
		for permission, level := range one.Permissions {
			if levelOf(level) == 0 {
				wrong = append(wrong, fmt.Errorf("token %d has the permission %s: %q; a level is read, write or admin", i+1, permission, level))
			}
		}
	}
	return wrong
}

// levelOf orders the levels of permissions; 0 is none.
func levelOf(level string) int {
	return slices.Index([]string{"read", "write", "admin"}, level) + 1
}

func orDefault[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}
