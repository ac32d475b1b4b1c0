package server

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/grants"
	"github.com/slipway-dev/slipway/internal/queue"
	"github.com/slipway-dev/slipway/internal/retry"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// Config is what a Server works with. All but PublicURL, Workers, RetryAfter, UnpackWithin,
// SweepEvery, Told, Called, Repeated and Metrics are required.
type Config struct {
	// Queue keeps Deliveries and Jobs.
	Queue *queue.Queue
	// Grants are those of server.yml.
	Grants *grants.Holder
	// Clients reach GitHub.
	Clients *gh.Clients
	// Secrets are those that webhooks are signed with.
	Secrets gh.WebhookSecrets
	// Data is the folder that the server may write to. The commits under way are below
	// it.
	Data string
	// PublicURL is where people find the overview, without a final slash; empty means
	// that nothing at GitHub leads to it.
	PublicURL string
	// Workers is how many Jobs run at once; 0 means 4.
	Workers int
	// RetryAfter is how long to wait before what failed for a reason that may pass is
	// tried again; further waits grow from it. 0 means 10 s.
	RetryAfter time.Duration
	// UnpackWithin is how long the tree of a commit may take to come, once its first bytes
	// are there; 0 means 10 minutes.
	UnpackWithin time.Duration
	// SweepEvery is how often previews are looked for that nobody needs; 0 means 6 hours.
	SweepEvery time.Duration
	// Getenv looks up what server.yml refers to.
	Getenv func(string) string
	// UserAgent is what calls of both platforms are made as.
	UserAgent string
	// Told is called with each verdict of the intake. Nil means that nobody counts them.
	Told func(event string, verdict Verdict)
	// Called and Repeated are told of each request to Twilio's API, and of each that
	// will be repeated; may be nil.
	Called   func(twilio.Call)
	Repeated func(retry.Wait)
	// Metrics answers GET /metrics, for people and monitoring alone. Nil means nothing
	// does.
	Metrics http.Handler
	Logger  *slog.Logger
}

const (
	defaultWorkers      = 4
	defaultRetryAfter   = 10 * time.Second
	defaultUnpackWithin = 10 * time.Minute
	defaultSweepEvery   = 6 * time.Hour
)

// Server turns Deliveries into Jobs, and carries them out. Make one with New.
type Server struct {
	queue      *queue.Queue
	grants     *grants.Holder
	clients    *gh.Clients
	secrets    gh.WebhookSecrets
	scratch    string
	publicURL  string
	workers    int
	retryAfter time.Duration
	unpackIn   time.Duration
	sweepEvery time.Duration
	getenv     func(string) string
	userAgent  string
	told       func(string, Verdict)
	called     func(twilio.Call)
	repeated   func(retry.Wait)
	metrics    http.Handler
	logger     *slog.Logger

	phase    atomic.Int32 // see the phases
	written  written
	mu       sync.Mutex
	limiters map[string]*twilio.Limiter // by account
}

// New makes a Server. What the last one left of commits under way is removed.
func New(cfg Config) (*Server, error) {
	s := &Server{
		queue: cfg.Queue, grants: cfg.Grants, clients: cfg.Clients, secrets: cfg.Secrets, scratch: filepath.Join(cfg.Data, "commits"),
		publicURL: cfg.PublicURL, workers: cmp.Or(cfg.Workers, defaultWorkers), retryAfter: cmp.Or(cfg.RetryAfter, defaultRetryAfter),
		unpackIn: cmp.Or(cfg.UnpackWithin, defaultUnpackWithin), sweepEvery: cmp.Or(cfg.SweepEvery, defaultSweepEvery), getenv: cfg.Getenv, userAgent: cfg.UserAgent, told: cfg.Told,
		called: cfg.Called, repeated: cfg.Repeated, metrics: cfg.Metrics, logger: cfg.Logger,
		limiters: map[string]*twilio.Limiter{},
	}
	if s.told == nil {
		s.told = func(string, Verdict) {}
	}
	if err := os.RemoveAll(s.scratch); err != nil {
		return nil, fmt.Errorf("remove what is left of commits: %w", err)
	}
	if err := os.MkdirAll(s.scratch, 0o700); err != nil {
		return nil, fmt.Errorf("make a folder for commits: %w", err)
	}
	return s, nil
}

// Intake is the handler of POST /webhook.
func (s *Server) Intake() *Intake {
	return NewIntake(IntakeConfig{
		Secrets: s.secrets, Events: WordsCounted().Events,
		IsKnown: func(repository gh.Repository) bool {
			_, isKnown := s.grants.File().Repository(repository.String())
			return isKnown
		},
		Store: func(ctx context.Context, one queue.Delivery) (bool, error) {
			return s.queue.Store(ctx, one, decideWanted(one.Repository))
		},
		Told: s.told, Logger: s.logger,
	})
}

// Work decides Deliveries and carries Jobs out until ctx ends, and returns when each Job
// has ended or come to the border of a Step.
func (s *Server) Work(ctx context.Context) {
	s.phase.Store(phaseWorking)
	defer context.AfterFunc(ctx, func() { s.phase.Store(phaseStopping) })()
	defer s.phase.Store(phaseStopping)
	var all sync.WaitGroup
	for _, one := range s.trades() {
		all.Go(func() { s.queue.Serve(ctx, one.kind, one.workers, s.logged(one.kind, one.run)) })
	}
	all.Go(func() { s.trim(ctx) })
	all.Go(func() { s.keepSwept(ctx) })
	all.Wait()
}

// trade is how many Jobs of a kind run at once, and how.
type trade struct {
	kind    string
	workers int
	run     func(context.Context, *queue.Held) queue.End
}

func (s *Server) trades() []trade {
	return []trade{
		{kindDecide, s.workers, s.Decide},
		{kindRun, s.workers, s.Run},
		{kindTell, s.workers, s.Tell},
		{kindSweep, 1, s.Sweep}, // for which no deploy waits
	}
}

// trimEvery is how often what is old is taken away, keeping what is kept.
const trimEvery = time.Hour

// keeping is how long what is over stays: long enough to find out what happened.
func keeping() queue.Keep {
	const day = 24 * time.Hour
	return queue.Keep{Bodies: 7 * day, For: 90 * day, Most: 10_000}
}

func (s *Server) trim(ctx context.Context) {
	for ctx.Err() == nil {
		if _, _, err := s.queue.Trim(ctx, keeping()); err != nil && ctx.Err() == nil {
			s.logger.WarnContext(ctx, "what is old could not be taken away", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(trimEvery):
		}
	}
}

// limiter is the one of an account, which all Jobs that go there share.
func (s *Server) limiter(account string) *twilio.Limiter {
	s.mu.Lock()
	defer s.mu.Unlock()
	account = strings.ToLower(account)
	if s.limiters[account] == nil {
		s.limiters[account] = twilio.NewLimiter(0)
	}
	return s.limiters[account]
}
