package deploy

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-dev/slipway/internal/twilio"
)

// Twin is a Build that holds what is wanted already.
type Twin struct {
	// SID is empty when there is none.
	SID twilio.BuildSID
	// Commit is what it was made from; empty when it does not tell.
	Commit string
	// In is an Environment that it is live in, by the name that a deploy calls it; empty
	// when it is live in none.
	In string
}

// mostElsewhere bounds the Builds that are looked at because an Environment runs them.
const mostElsewhere = 5

// twinSearch looks for a Build of a Service with a digest. The path of a Manifest is a
// hint; its content, held against the Build, decides.
type twinSearch struct {
	client       *twilio.Client
	service      twilio.ServiceSID
	digest       string
	known        []twilio.BuildSID // what is known to be none: those that are live in the Target and staged
	environments []twilio.Environment
}

// hints reports whether a Build may have the digest.
func (s *twinSearch) hints(build twilio.Build) bool {
	own, ok := manifestOf(build)
	return ok && own.Path == manifestPath+s.digest
}

// find looks among the newest Builds and then, elsewhere, among those that an
// Environment runs although they are older.
func (s *twinSearch) find(ctx context.Context, elsewhere bool) (Twin, error) {
	seen := map[twilio.BuildSID]bool{"": true}
	for _, sid := range s.known {
		seen[sid] = true
	}
	builds, err := s.client.NewestBuilds(ctx, s.service, func(build twilio.Build) bool { // again when the answer breaks off
		seen[build.SID] = true
		return s.hints(build) && !slices.Contains(s.known, build.SID) && build.Status != twilio.BuildFailed
	})
	if err != nil {
		return Twin{}, err
	}
	found, err := s.genuine(ctx, builds)
	if err != nil || found.SID != "" || !elsewhere {
		return found, err
	}
	if builds, err = s.readElsewhere(ctx, seen); err != nil {
		return Twin{}, err
	}
	return s.genuine(ctx, builds)
}

// genuine returns the likeliest of some Builds whose Manifest is its own. Most often it is
// the first that is read.
func (s *twinSearch) genuine(ctx context.Context, builds []twilio.Build) (Twin, error) {
	for _, build := range slices.SortedFunc(slices.Values(builds), compareTwins) {
		known, err := know(ctx, s.client, s.service, build)
		if err != nil {
			return Twin{}, err
		}
		if known.Digest == s.digest {
			return Twin{SID: build.SID, Commit: known.Commit, In: s.runs(build.SID)}, nil
		}
	}
	return Twin{}, nil
}

// readElsewhere reads the Builds that Environments run, but for those that were seen,
// and returns those that may have the digest.
func (s *twinSearch) readElsewhere(ctx context.Context, seen map[twilio.BuildSID]bool) ([]twilio.Build, error) {
	var mu sync.Mutex
	var found []twilio.Build
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(buildsAtOnce)
	looks := 0
	for _, environment := range s.byName() {
		sid := environment.BuildSID
		if seen[sid] || looks == mostElsewhere {
			continue
		}
		seen[sid] = true
		looks++
		group.Go(guarded(func() error {
			build, err := s.client.FetchBuild(ctx, s.service, sid)
			if twilio.IsNotFound(err) {
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			if err == nil && s.hints(build) {
				found = append(found, build)
			}
			return err
		}))
	}
	return found, group.Wait() //nolint:wrapcheck // the client's own error.
}

// runs names an Environment that runs a Build; empty when none does.
func (s *twinSearch) runs(build twilio.BuildSID) string {
	for _, environment := range s.byName() {
		if environment.BuildSID == build {
			return NameOf(environment)
		}
	}
	return ""
}

// byName are the Environments in an order that is always the same.
func (s *twinSearch) byName() []twilio.Environment {
	return slices.SortedFunc(slices.Values(s.environments), func(a, b twilio.Environment) int {
		return cmp.Or(CompareNames(NameOf(a), NameOf(b)), cmp.Compare(a.SID, b.SID))
	})
}

// compareTwins puts what is complete first, then the newest.
func compareTwins(a, b twilio.Build) int {
	rank := func(build twilio.Build) (isBuilding int, age int64) {
		if build.Status != twilio.BuildCompleted {
			isBuilding = 1
		}
		if build.DateCreated != nil {
			age = -build.DateCreated.Unix()
		}
		return isBuilding, age
	}
	aBuilding, aAge := rank(a)
	bBuilding, bAge := rank(b)
	return cmp.Or(cmp.Compare(aBuilding, bBuilding), cmp.Compare(aAge, bAge), cmp.Compare(a.SID, b.SID))
}
