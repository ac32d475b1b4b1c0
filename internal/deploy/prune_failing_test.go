package deploy_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// TestPruneGoesOnBehindAFailure has two deletions refused, and another that
// somebody else is quicker with.
func TestPruneGoesOnBehindAFailure(t *testing.T) {
	t.Parallel()
	a := newAttic(t, sandbox.Switches{})
	refused := map[string]bool{}
	for _, one := range a.world.Snapshot().Functions {
		refused[one.SID] = one.FriendlyName == "/old"
	}
	client := serve(t, later(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, sid, _ := strings.Cut(r.URL.Path, "/Functions/")
		if r.Method == http.MethodDelete && refused[sid] || r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/Variables") {
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, `{"code": 20003, "message": "no", "status": 403}`)
			return
		}
		if r.Method == http.MethodDelete {
			a.world.ServeHTTP(httptest.NewRecorder(), r.Clone(r.Context()))
		}
		a.world.ServeHTTP(w, r)
	})))
	pruned, err := (&deploy.Pruner{Client: client, Service: "site", Environments: "pr-1"}).Remove(t.Context())
	failed, ok := errors.AsType[*deploy.PruneError](err)
	if !ok || len(failed.Errs) != 2 || deploy.Explain(err).Reason != job.BadCredentials || !strings.Contains(err.Error(), "Function /old: delete function") || !strings.Contains(err.Error(), "Environment pr-1: list variables") {
		t.Errorf("error %v", err)
	}
	if got := a.names(); !slices.Equal(got["functions"], []string{"/a", "/before", "/old", deploy.ManifestFunction}) || !slices.Equal(got["assets"], []string{"/c.txt"}) {
		t.Errorf("left are %v", got)
	}
	if pruned.Functions[1].Outcome != deploy.PruneFailed || !strings.Contains(pruned.Functions[1].Why, "403") || !pruned.Changed {
		t.Errorf("pruned %+v", pruned)
	}
}

// TestPruneMeetsAnotherOne has somebody else remove a Function and an Environment when
// all were listed, and hold on to another Environment.
func TestPruneMeetsAnotherOne(t *testing.T) {
	t.Parallel()
	a := newAttic(t, sandbox.Switches{})
	there := a.world.Snapshot()
	sids := make(map[string]string)
	for _, one := range there.Functions {
		sids[one.FriendlyName] = one.SID
	}
	for _, one := range there.Environments {
		sids[one.DomainSuffix] = one.SID
	}
	meanwhile := sync.OnceFunc(func() {
		if err := a.calm.DeleteFunction(t.Context(), a.service, twilio.FunctionSID(sids["/old"])); err != nil {
			t.Error(err)
		}
		if err := a.calm.DeleteEnvironment(t.Context(), a.service, twilio.EnvironmentSID(sids["pr-1"])); err != nil {
			t.Error(err)
		}
	})
	client := serve(t, later(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/Builds") {
			meanwhile()
		}
		if r.Method == http.MethodDelete && strings.HasSuffix(r.URL.Path, sids["stage"]) {
			w.WriteHeader(http.StatusConflict)
			_, _ = io.WriteString(w, `{"code": 20409, "message": "it is in use", "status": 409}`)
			return
		}
		a.world.ServeHTTP(w, r)
	})))
	pruned, err := (&deploy.Pruner{Client: client, Service: "site", Environments: "[ps][rt]*"}).Remove(t.Context())
	if failed, ok := errors.AsType[*deploy.PruneError](err); !ok || len(failed.Errs) != 1 || !strings.Contains(err.Error(), "Environment stage: ") {
		t.Errorf("error %v", err)
	}
	var outcomes []string
	for _, one := range slices.Concat(pruned.Functions, pruned.Environments) {
		outcomes = append(outcomes, one.Name+" "+string(one.Outcome))
	}
	if want := []string{"/empty removed", "/uploaded removed", "pr-2 kept", "production kept", "stage failed"}; !slices.Equal(outcomes, want) {
		t.Errorf("got %q, want %q", outcomes, want)
	}
}

// TestPruneTellsWhatItDoesNotKnow loses the answer to a removal, and ends the run.
func TestPruneTellsWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	a := newAttic(t, sandbox.Switches{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	client := serve(t, later(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			cancel()
			panic(http.ErrAbortHandler)
		}
		a.world.ServeHTTP(w, r)
	})))
	pruned, err := (&deploy.Pruner{Client: client, Service: "site", Environments: "stage", Grace: 10 * time.Millisecond}).Remove(ctx)
	lines := slices.Concat(told(pruned.Functions), told(pruned.Assets), told(pruned.Environments))
	isUnknown := func(line string) bool {
		return strings.Contains(line, " failed: the run ended meanwhile: whether it is gone is not known")
	}
	if !errors.Is(err, context.Canceled) || !slices.ContainsFunc(lines, isUnknown) || pruned.Changed {
		t.Errorf("got %q, %v", lines, err)
	}
}

// TestPruneStopsWhenItIsTold ends the run with the first removal: that one is done,
// and no other begins.
func TestPruneStopsWhenItIsTold(t *testing.T) {
	t.Parallel()
	a := newAttic(t, sandbox.Switches{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var once sync.Once
	client := serve(t, later(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodDelete {
			a.world.ServeHTTP(w, r)
			return
		}
		isFirst := false
		once.Do(func() { isFirst = true })
		if isFirst {
			cancel()
		} else {
			<-ctx.Done()
		}
		a.world.ServeHTTP(w, r)
	})))
	pruned, err := (&deploy.Pruner{Client: client, Service: "site", Environments: "*"}).Remove(ctx)
	if !errors.Is(err, context.Canceled) || deploy.Explain(err).Reason != job.Cancelled {
		t.Errorf("error %v", err)
	}
	left := a.names()
	for _, one := range pruned.Functions {
		isThere := slices.Contains(left["functions"], one.Name)
		if isThere != (one.Outcome == deploy.PruneKept) {
			t.Errorf("%+v, but it is there: %t", one, isThere)
		}
	}
	if !pruned.Changed {
		t.Errorf("nothing was removed: %+v", pruned)
	}
}
