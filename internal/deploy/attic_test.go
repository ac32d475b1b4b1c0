package deploy_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/project"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// later answers as a platform whose clock is two hours ahead of what it has made.
func later(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", time.Now().Add(2*time.Hour).UTC().Format(http.TimeFormat))
		handler.ServeHTTP(w, r)
	})
}

// rewriting changes the bodies of the answers to reads of paths with that end.
func rewriting(handler http.Handler, end string, change func([]byte) []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, end) {
			handler.ServeHTTP(w, r)
			return
		}
		answered := httptest.NewRecorder()
		handler.ServeHTTP(answered, r)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(answered.Code)
		_, _ = w.Write(change(answered.Body.Bytes()))
	})
}

// attic is a Service with things in it that nothing uses.
type attic struct {
	world   *sandbox.Sandbox
	calm    *twilio.Client
	service twilio.ServiceSID
	live    deploy.Outcome
}

// longAgo is what the older Build of an attic holds: a Function more.
func longAgo() *project.Project {
	more := small()
	before := more.Functions[0]
	before.Path = "/before"
	more.Functions = append(more.Functions, before)
	return more
}

// newAttic has a Build that is live, an older one that is not and alone holds
// /before, Functions and an Asset that no Build holds, and Environments.
func newAttic(t *testing.T, switches sandbox.Switches) attic {
	t.Helper()
	world, err := sandbox.New(sandbox.Options{PageSize: 2, Switches: switches})
	if err != nil {
		t.Fatal(err)
	}
	a := attic{world: world, calm: serve(t, world)}
	deployed(t, a.calm, longAgo())
	a.live = deployed(t, a.calm, other())
	a.service = a.live.ServiceSID
	for _, name := range []string{"/empty", "/old"} {
		a.function(t, name)
	}
	a.upload(t, a.function(t, "/uploaded"))
	if _, err := a.calm.CreateAsset(t.Context(), a.service, "/old.txt"); err != nil {
		t.Fatal(err)
	}
	for name, suffix := range map[string]string{"bare": "", "pr-1-environment": "pr-1", "pr-2-environment": "pr-2", "stage-environment": "stage"} {
		environment, err := a.calm.CreateEnvironment(t.Context(), a.service, name, suffix)
		if err != nil {
			t.Fatal(err)
		}
		if suffix == "pr-2" {
			if _, err = a.calm.CreateDeployment(t.Context(), a.service, environment.SID, a.live.BuildSID); err != nil {
				t.Fatal(err)
			}
		}
		for _, key := range []string{"A", "B"} {
			if _, err := a.calm.CreateVariable(t.Context(), a.service, environment.SID, key, secret.New("value")); err != nil {
				t.Fatal(err)
			}
		}
	}
	return a
}

func (a attic) function(t *testing.T, name string) twilio.FunctionSID {
	t.Helper()
	made, err := a.calm.CreateFunction(t.Context(), a.service, name)
	if err != nil {
		t.Fatal(err)
	}
	return made.SID
}

func (a attic) upload(t *testing.T, function twilio.FunctionSID) twilio.VersionSID {
	t.Helper()
	version, err := a.calm.CreateFunctionVersion(t.Context(), a.service, function, twilio.Upload{
		Path: "/" + string(function), Visibility: "public", ContentType: "application/javascript", Size: 1, SHA256: sum("1"),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("1")), nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return version.SID
}

// names lists what is there.
func (a attic) names() map[string][]string {
	world := a.world.Snapshot()
	names := map[string][]string{}
	for _, one := range world.Functions {
		names["functions"] = append(names["functions"], one.FriendlyName)
	}
	for _, one := range world.Assets {
		names["assets"] = append(names["assets"], one.FriendlyName)
	}
	for _, one := range world.Environments {
		names["environments"] = append(names["environments"], one.DomainSuffix)
	}
	for _, list := range names {
		slices.Sort(list)
	}
	return names
}

// told puts items into lines.
func told(items []deploy.PrunedItem) []string {
	lines := []string{}
	for _, one := range items {
		line := one.Name + " " + string(one.Outcome)
		if one.Why != "" {
			line += ": " + one.Why
		}
		if one.Variables > 0 {
			line += fmt.Sprintf(", %d variables", one.Variables)
		}
		lines = append(lines, line)
	}
	return lines
}
