// Package announce tells GitHub how a Job goes, in every place where people look:
// the status of the commit, a GitHub Deployment, the comment of a pull request, and the
// notes of a GitHub Release.
// An Announcer does so for one Job, beside it and without holding it up; what cannot
// be told is a warning and never more.
//
// The words are report's and the mechanism is gh's; what is here is which of them
// goes where, and when. Level 4: it imports deploy, gh, job, problem and report.
package announce

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/problem"
)

const (
	// stopGrace is how long after a signal GitHub is still told: a runner's second
	// signal comes 7.5 s behind the first, and its last 2.5 s later.
	stopGrace = 5 * time.Second
	// lastWord is for a Job that a signal came too late for: all of that time may be
	// gone by then.
	lastWord = 1500 * time.Millisecond
	// waitingSilently is how much of Budget goes by without a word.
	waitingSilently = 3 * time.Second
)

// Budget is how long the end of a Job waits for GitHub to take what is told. A
// secondary rate limit lasts about a minute.
const Budget = 90 * time.Second

// Subject is what a Job is about, at GitHub.
type Subject struct {
	Repository gh.Repository
	// SHA is the commit that is told of: a pull request's head, never its merge.
	// Elsewhere the commit that the Job deploys comes before it.
	SHA string
	// RunSHA is the commit that GitHub runs the workflow for: of a pull request the
	// merge. Empty means that it is not known.
	RunSHA string
	// PullRequest is its number; 0 means none. IsFork says that it comes from a fork, for
	// whose runs the token may usually only read.
	PullRequest int
	IsFork      bool
	// Tag is the name of the tag, without refs/tags/; empty means that it is about none.
	// Release is the number of its GitHub Release; 0 means that it is looked for.
	Tag     string
	Release int64
	// RunURL is the page of the run; empty means that there is none.
	RunURL string
	// Run and Attempt are the workflow's run, by which later ones are known from
	// earlier.
	Run     int64
	Attempt int
	// Actor is the login of who asked; may be empty.
	Actor string
	// EndedAt is when the Job ended, where Settle tells of it later; zero means now.
	EndedAt time.Time
	// IsPast says that another Job has gone live since, where this one did: Settle makes
	// no GitHub Deployment then, and lets none of an earlier Job look live.
	IsPast bool
}

// endedAt is when the Job ended, or ends.
func (s Subject) endedAt() time.Time {
	if s.EndedAt.IsZero() {
		return time.Now()
	}
	return s.EndedAt
}

// Settings say what is told.
type Settings struct {
	// CommitStatus and Deployment switch both on.
	CommitStatus, Deployment bool
	// Comment is when there is a comment on the Subject's pull request.
	Comment CommentMode
	// ReleaseNotes has what a tag made live told in the text of its GitHub Release.
	ReleaseNotes bool
	// Environment is the name of the GitHub environment, whatever is deployed there.
	// Empty means the name of the Job's Environment, behind that of its Service where
	// IsOneOfSeveral.
	Environment    string
	IsOneOfSeveral bool
}

// CommentMode is when there is a comment.
type CommentMode string

// The modes.
const (
	CommentNever CommentMode = "false"
	// CommentOnChange makes one once something was deployed, failed or was removed.
	CommentOnChange CommentMode = "on-change"
	// CommentAlways makes one for everything, skips too.
	CommentAlways CommentMode = "always"
)

// Hooks are what an Announcer has of the front door. All are required.
type Hooks struct {
	// Redact takes secrets out of what is told; a platform may repeat what it was
	// sent.
	Redact func(string) string
	// Waiting says that the end takes a while.
	Waiting func(string)
	Logger  *slog.Logger
}

// Announcer tells GitHub of one Job. Make it with New. Begin, End and Retire are
// called by one goroutine, Begin by any.
type Announcer struct {
	client   *gh.Client
	about    Subject
	settings Settings
	hooks    Hooks

	mu    sync.Mutex // guards what follows
	lines []*line    // none before Begin
}

// New makes an Announcer. It sends nothing.
func New(client *gh.Client, about Subject, settings Settings, hooks Hooks) *Announcer {
	return &Announcer{client: client, about: about, settings: settings, hooks: hooks}
}

// place is one where people see how a Job goes. Its methods are called one at a
// time, but for a commit status, which keeps its own order.
type place interface {
	// name is what a warning calls it.
	name() string
	// begin says that the Job is under way.
	begin(ctx context.Context, asked job.Job) error
	// cancelled says so while the Job is not over yet.
	cancelled(ctx context.Context, asked job.Job) error
	// end says how it ended.
	end(ctx context.Context, result job.Result, plan deploy.Plan) error
}

// Begin says that a Job is under way, and from then on, should ctx end, that it was
// cancelled. It returns at once.
func (a *Announcer) Begin(ctx context.Context, asked job.Job) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, one := range a.places(asked) {
		a.lines = append(a.lines, begun(ctx, one, asked))
	}
}

// Warning is what could not be told.
type Warning struct {
	// Place is where, such as "commit status".
	Place string
	// Text says so, with why and what to do.
	Text string
	// IsRefused says that GitHub would not take it later either, until somebody changes
	// what it may.
	IsRefused bool
}

// warn makes a Warning; place is "commit status" and the like.
func warn(place string, err error) Warning {
	return Warning{Place: place, Text: "No " + place + ": " + explain(err), IsRefused: gh.IsRefusal(err)}
}

// End says how the Job ended, in all places at once, and returns what could not be
// told. A Job that never had a Target has nothing told:
// nothing would ever turn a status of another name green again.
func (a *Announcer) End(ctx context.Context, result job.Result, plan deploy.Plan) []Warning {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.lines) == 0 {
		return nil
	}
	waiting := time.AfterFunc(waitingSilently, func() {
		a.hooks.Waiting(fmt.Sprintf("Waiting for GitHub to take what is told, %s at most ...", Budget))
	})
	defer waiting.Stop()
	return inEach(a.lines, func(one *line) (string, error) { return one.place.name(), one.end(ctx, result, plan) })
}

// inEach tells in all places at once, and returns what could not be told.
func inEach[P any](places []P, tell func(P) (name string, err error)) []Warning {
	found := make([][]Warning, len(places))
	var group sync.WaitGroup
	for i, one := range places {
		group.Go(func() {
			if name, err := tell(one); err != nil {
				found[i] = []Warning{warn(name, err)}
			}
		})
	}
	group.Wait()
	return slices.Concat(found...)
}

// Cancelled says of a Job that it was cancelled before it began. It does so although ctx
// has ended, in what is left of the time for that since the signal came, and returns
// what could not be told.
func (a *Announcer) Cancelled(ctx context.Context, asked job.Job, signalled time.Time) []Warning {
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), max(lastWord, stopGrace-time.Since(signalled)))
	defer cancel()
	return inEach(a.places(asked), func(one place) (string, error) {
		return one.name(), problem.Guard(func() error { return one.cancelled(limited, asked) })
	})
}

// Settle says how a Job ended that another process has begun, or that never began, in
// all places at once, and returns what could not be told. What is said already is not
// said again.
func (a *Announcer) Settle(ctx context.Context, asked job.Job, result job.Result, plan deploy.Plan) []Warning {
	return inEach(a.places(asked), func(one place) (string, error) {
		return one.name(), problem.Guard(func() error { return one.end(ctx, result, plan) })
	})
}

// DeploymentID is that of the GitHub Deployment, once End has returned; 0 when there
// is none of Slipway's own.
func (a *Announcer) DeploymentID() gh.DeploymentID {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, one := range a.lines {
		if made, ok := one.place.(*deployment); ok {
			return made.id
		}
	}
	return 0
}

// Skip says in the comment that there was nothing to do, and why. It does so where
// everything is told of, and only of a Service with a name.
func (a *Announcer) Skip(ctx context.Context, result job.Result) []Warning {
	if a.settings.Comment != CommentAlways || a.about.PullRequest == 0 || result.Service == "" {
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, Budget)
	defer cancel()
	if err := a.newComment(job.Job{Target: job.Target{Service: result.Service, Environment: result.Environment}}).end(limited, result, deploy.Plan{}); err != nil {
		if a.about.IsFork && isDenied(err) {
			return []Warning{{Place: "comment", IsRefused: true, Text: "No comment: the token of a run for a fork may only read, unless the repository's settings send write tokens to it"}}
		}
		return []Warning{warn("comment", err)}
	}
	return nil
}

// places are those that are told of a Job.
func (a *Announcer) places(asked job.Job) []place {
	if asked.Verb == job.Sweep {
		return nil // the previews that went tell of it
	}
	var all []place
	isTeardown := asked.Verb == job.Teardown // which says nothing of the commit
	if a.settings.CommitStatus && !isTeardown {
		all = append(all, a.newCommitStatus(asked))
	}
	switch {
	case a.settings.Deployment && isTeardown:
		all = append(all, &retirement{a, asked.Target})
	case a.settings.Deployment:
		all = append(all, a.newDeployment(asked))
	}
	if a.settings.Comment != CommentNever && a.about.PullRequest > 0 {
		all = append(all, a.newComment(asked))
	}
	if a.settings.ReleaseNotes && a.about.Tag != "" && !isTeardown {
		all = append(all, &releaseNotes{a})
	}
	return all
}

// sha is the commit that is told of.
func (a *Announcer) sha(asked job.Job) string {
	if a.about.PullRequest > 0 {
		return a.about.SHA
	}
	return cmp.Or(asked.Commit, a.about.SHA)
}

// explain is an error in words that help, with what to do about it.
func explain(err error) string {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return "GitHub did not take it in time: " + err.Error()
	}
	text := err.Error()
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) && hinted.Hint() != "" {
		text += ". " + hinted.Hint()
	}
	return text
}
