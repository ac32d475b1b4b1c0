package twilio_test

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// TestConcurrentUse has deployers, readers and the retention sweep at work at
// once. The race detector watches; in the end nothing live has suffered.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{"", t.TempDir()} {
		d := deploy(t, twilio.Options{DataDir: dir, PageSize: 5})
		assets := service(d.serviceSID) + "/Assets"
		var deployers, readers sync.WaitGroup
		done := make(chan struct{})
		for worker := range 4 {
			deployers.Go(func() {
				suffix := "w" + strconv.Itoa(worker)
				ze := d.make(service(d.serviceSID)+"/Environments", "UniqueName", suffix, "DomainSuffix", suffix)
				for round := range 5 {
					// The sweep may take away any of these before it is live: then
					// the next step is refused, as it is by Twilio.
					zh := d.post(assets, "FriendlyName", "/a").text("sid")
					zn := d.upload(assets+"/"+zh+"/Versions", fileParts("/a", "public", "text/plain", suffix+strconv.Itoa(round))).text("sid")
					zb := d.post(d.builds, "AssetVersions", zn).text("sid")
					got := d.post(service(d.serviceSID)+"/Environments/"+ze+"/Deployments", "BuildSid", zb)
					if got.status >= 500 || got.err != nil {
						t.Errorf("%d %s %v", got.status, got.raw, got.err)
					}
				}
			})
		}
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				d.get(assets)
				d.get("/_live/" + d.domain + "/logo.svg")
				_ = d.Snapshot()
				if _, err := d.ExpireUnused(); err != nil {
					t.Error(err)
				}
			}
		})
		deployers.Wait()
		close(done)
		readers.Wait()
		if got := d.get("/_live/" + d.domain + "/logo.svg"); got.raw != "<svg/>" {
			t.Errorf("live: %d %q", got.status, got.raw)
		}
	}
}

// TestFetchAndListShowWhatCreateAnswered goes through every kind of resource.
func TestFetchAndListShowWhatCreateAnswered(t *testing.T) {
	t.Parallel()
	d := deploy(t, twilio.Options{})
	voice := service(d.serviceSID)
	checks := map[string]answer{
		"services":          d.post("/v1/Services", "UniqueName", "n", "FriendlyName", "n"),
		"environments":      d.post(voice+"/Environments", "UniqueName", "n"),
		"variables":         d.post(d.environmentPath+"/Variables", "Key", "K", "Value", "V"),
		"functions":         d.post(voice+"/Functions", "FriendlyName", "n"),
		"assets":            d.post(voice+"/Assets", "FriendlyName", "n"),
		"function_versions": d.upload(voice+"/Functions/"+d.functionSID+"/Versions", fileParts("/n", "public", "application/javascript", "n")),
		"asset_versions":    d.upload(voice+"/Assets/"+d.assetSID+"/Versions", fileParts("/n", "private", "image/png", "n")),
		"deployments":       d.post(d.deploymentsPath),
		"builds":            d.post(d.builds, "AssetVersions", d.assetVersion),
	}
	for key, made := range checks {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			wantStatus(t, made, http.StatusCreated)
			address := strings.TrimPrefix(made.text("url"), d.url)
			if key == "builds" {
				made.json["status"] = "completed" // it has left "building" since
			}
			fetched := d.get(address)
			if diff := cmp.Diff(fetched.json, made.json); fetched.status != http.StatusOK || diff != "" {
				t.Errorf("fetch: %d\n%s", fetched.status, diff)
			}
			list := d.get(address[:strings.LastIndexByte(address, '/')]).list(key)
			if len(list) == 0 {
				t.Fatal("the list is empty")
			}
			if diff := cmp.Diff(list[0], made.json); diff != "" {
				t.Errorf("list: %s", diff)
			}
		})
	}
}

func TestPanicsAreLoud(t *testing.T) {
	t.Parallel()
	sandbox := open(t, twilio.Options{Fault: func(*http.Request) twilio.Fault { panic("a bug") }})
	got := direct{t, sandbox}.do(http.MethodGet, "/v1/Services", "", "")
	wantError(t, got, 500, 20500, "the sandbox panicked at GET /v1/Services: a bug")
	if err := sandbox.Close(); err == nil || !strings.Contains(err.Error(), "a bug") {
		t.Errorf("Close says %v", err)
	}
}
