// Package github is a sandbox of the GitHub REST API, version 3: an
// http.Handler with repositories, their commits and pull requests, commit
// statuses and deployments in memory, for tests and trials without a token.
//
// It is strict, so that a client that works here works there: it looks at the
// token, its permissions, the headers and every field of a request, keeps both
// kinds of rate limits, and answers what it does not know loudly. It is honest:
// where no source says what GitHub does, Switches holds both readings. Faults
// come by rate and seed, or exactly as a test asks.
//
// What it knows is the table in operations.go, and no more. Sources named in
// comments: GitHub's own documentation (docs.github.com/rest, read 2026-11) and
// answers that users of the API have quoted in public issues. It shares nothing
// with any client. Level 1: it imports sandbox/wire and the standard library.
package github

import (
	"net/http"
	"slices"
	"sync"

	"github.com/slipway-dev/slipway/internal/sandbox/wire"
)

// Sandbox is the handler. Make it with New. It is safe for concurrent use.
//
// It answers under "/" as api.github.com does, and under /api/v3/ as a GitHub
// Enterprise Server does, and under ArchivePrefix for the host of archives.
type Sandbox struct {
	options Options
	router  *wire.Router[operation]
	chance  wire.Chance
	panics  wire.Panics

	mu           sync.Mutex // guards all below; never held while a body travels
	lastID       int64
	repositories []*repository
	quotas       map[string]*quota      // by token
	links        map[string]archiveLink // by token of their own
	apps         []App
	made         map[string]*made // by the token's value
}

// New makes a Sandbox. It reports all options that are wrong at once.
func New(options Options) (*Sandbox, error) {
	if err := options.complete(); err != nil {
		return nil, err
	}
	s := &Sandbox{
		options: options, router: route(operations()), chance: wire.Chance{Seed: options.Seed}, quotas: map[string]*quota{},
		links: map[string]archiveLink{}, apps: slices.Clone(options.Apps), made: map[string]*made{},
	}
	for _, given := range options.Repositories {
		made := newRepository(given, s.nextID())
		if err := made.fill(given); err != nil {
			return nil, err
		}
		s.repositories = append(s.repositories, made)
	}
	return s, nil
}

// Close reports panics that the Sandbox met while it served: each is a bug of
// the Sandbox, and a test that ends with Close shows it.
func (s *Sandbox) Close() error { return s.panics.Err() }

// ServeHTTP answers the API.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.serve(w, r) }

// nextID gives out the numbers that GitHub calls ids. The caller holds the
// lock, or is New.
func (s *Sandbox) nextID() int64 {
	s.lastID++
	return s.lastID
}
