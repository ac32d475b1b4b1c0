package cli_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// ahead answers as a platform whose clock is two hours ahead of what it has made.
type ahead struct{ http.Handler }

func (a ahead) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", time.Now().Add(2*time.Hour).UTC().Format(http.TimeFormat))
	a.Handler.ServeHTTP(w, r)
}

// prune removes what nothing uses: all Builds keep what they hold, and nothing else
// is left.
func (w *switched) prune() {
	w.t.Helper()
	server := httptest.NewServer(ahead{overtaken{w.served}})
	defer server.Close()
	later := *w
	later.url = server.URL

	before := w.served.Snapshot()
	account := sandbox.DefaultAccount()
	client, err := twilio.New(twilio.Config{
		APIURL: w.url, Credentials: twilio.Credentials{User: account.KeySID, Password: secret.New(account.KeySecret)},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := client.CreateEnvironment(w.t.Context(), twilio.ServiceSID(before.Services[0].SID), "pr-1-environment", "pr-1"); err != nil {
		w.t.Fatal(err)
	}
	if _, err := client.CreateFunction(w.t.Context(), twilio.ServiceSID(before.Services[0].SID), "/draft"); err != nil {
		w.t.Fatal(err)
	}

	wantFunctions, wantAssets := heldFiles(before)
	for _, status := range []job.Status{job.Pruned, job.Unchanged} {
		var pruned deploy.Pruned
		if err := json.Unmarshal(later.run(0, "prune", "--environments", "*", "--output", "json", w.folder), &pruned); err != nil {
			w.t.Fatal(err)
		}
		if pruned.Status != status {
			w.t.Errorf("got %+v, want %s", pruned, status)
		}
	}
	after := w.served.Snapshot()
	gotFunctions, gotAssets := names(after.Functions), names(after.Assets)
	if diff := cmp.Diff([][]string{wantFunctions, wantAssets}, [][]string{gotFunctions, gotAssets}); diff != "" {
		w.t.Errorf("left are (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before.Builds, after.Builds); diff != "" {
		w.t.Errorf("Builds have changed:\n%s", diff)
	}
	if diff := cmp.Diff(before.Environments, after.Environments); diff != "" {
		w.t.Errorf("the empty Environment alone should go:\n%s", diff)
	}
}

// heldFiles names the Functions and the Assets that a Build holds, sorted.
func heldFiles(world sandbox.Snapshot) (functions, assets []string) {
	held := map[string]bool{}
	for _, version := range world.Versions {
		if slices.ContainsFunc(world.Builds, func(b sandbox.Build) bool { return slices.Contains(b.VersionSIDs, version.SID) }) {
			held[version.FileSID] = true
		}
	}
	isFree := func(file sandbox.File) bool { return !held[file.SID] }
	return names(slices.DeleteFunc(slices.Clone(world.Functions), isFree)), names(slices.DeleteFunc(slices.Clone(world.Assets), isFree))
}

func names(files []sandbox.File) []string {
	all := []string{}
	for _, file := range files {
		all = append(all, file.FriendlyName)
	}
	slices.Sort(all)
	return all
}

// tearDown takes one Environment away, twice: the other stays as it is.
func (w *switched) tearDown(suffix string) {
	w.t.Helper()
	for _, isChanged := range []bool{true, false} {
		if result := w.deploy(0, "teardown", "--environment", suffix); result.Status != job.TornDown || result.Changed != isChanged {
			w.t.Errorf("torn down: %+v", result)
		}
	}
	for _, one := range w.served.Snapshot().Environments {
		if one.DomainSuffix == suffix {
			w.t.Errorf("%s is still there: %+v", suffix, one)
		}
	}
}
