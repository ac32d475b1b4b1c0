package deploy_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/project"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// TestHeadroomOfTheAccount fills an account with Services.
func TestHeadroomOfTheAccount(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		services int
		status   int // of the listing; 0 for the world's own
		want     []string
		fails    bool
	}{
		"room enough":       {44, 0, nil, false},
		"nearly used up":    {45, 0, []string{"the account has 45 Services of 50, and this makes another"}, false},
		"used up":           {50, 0, []string{"the account has 50 Services of 50: Twilio will refuse another, unless it has raised the limit for the account"}, false},
		"not to be listed":  {50, http.StatusForbidden, nil, false},
		"not to be reached": {50, http.StatusInternalServerError, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world, err := sandbox.New(sandbox.Options{})
			if err != nil {
				t.Fatal(err)
			}
			var listings atomic.Int64
			client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/Services") {
					listings.Add(1)
					if test.status != 0 {
						w.WriteHeader(test.status)
						return
					}
				}
				world.ServeHTTP(w, r)
			}))
			var service twilio.Service
			for i := range test.services {
				one := fmt.Sprintf("s%d", i)
				if service, err = client.CreateService(t.Context(), twilio.NewService{UniqueName: one, FriendlyName: one}); err != nil {
					t.Fatal(err)
				}
			}
			deployer := newDeployer(client, deploy.InMemory{})
			got, err := deployer.Headroom(t.Context(), deploy.Plan{Service: "new"})
			if !slices.Equal(got, test.want) || (err != nil) != test.fails {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
			before := listings.Load()
			if got, err := deployer.Headroom(t.Context(), deploy.Plan{Service: "s1", ServiceSID: service.SID}); got != nil || err != nil || listings.Load() != before {
				t.Errorf("a Service that is there: %q, %v, with %d calls", got, err, listings.Load()-before)
			}
		})
	}
}

// TestHeadroomOfTheService counts Environments and Assets.
func TestHeadroomOfTheService(t *testing.T) {
	t.Parallel()
	const page = "Twilio's documentation of 2020 allows "
	for name, test := range map[string]struct {
		environments          int
		isThere               bool // the Environment
		privateNow, openNow   int
		privateLive, openLive int
		want                  []string
	}{
		"room enough":              {environments: 22, privateNow: 50, openNow: 1000},
		"few Environments left":    {environments: 23, want: []string{"the Service site has 23 Environments, and this makes another: " + page + "25; if that still holds, there is room for 1 more behind it"}},
		"no Environment left":      {environments: 25, want: []string{"the Service site has 25 Environments, and this makes another: " + page + "25; if that still holds, the deploy will be refused"}},
		"more than there may be":   {environments: 26},
		"an Environment of before": {environments: 25, isThere: true},
		"private Assets":           {privateNow: 51, privateLive: 50, want: []string{"the Build will have 51 private Assets: " + page + "50; if that still holds, the deploy will be refused"}},
		"open Assets":              {openNow: 1001, want: []string{"the Build will have 1001 public and protected Assets: " + page + "1000; if that still holds, the deploy will be refused"}},
		"as many Assets before":    {privateNow: 52, privateLive: 51, openNow: 1002, openLive: 1001},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			live := liveSite()
			live.Environments = test.environments
			if !test.isThere && test.environments > 0 {
				live.Environment, live.Build = twilio.Environment{}, twilio.Build{}
			}
			wanted := wanted()
			wanted.Assets = nil
			add := func(now, before int, visibility project.Visibility) {
				for i := range now {
					one := file(project.KindAsset, fmt.Sprintf("/%s%d", visibility, i), "1")
					one.Visibility = visibility
					wanted.Assets = append(wanted.Assets, one)
				}
				for i := range before {
					live.Build.AssetVersions = append(live.Build.AssetVersions, twilio.Version{Path: fmt.Sprintf("/%s%d", visibility, i), Visibility: string(visibility), AssetSID: "ZH9", SID: "ZN9"})
				}
			}
			add(test.privateNow, test.privateLive, project.Private)
			add(test.openNow, test.openLive, project.Public)
			var got []string
			for _, note := range deploy.Diff(question(dev(t), wanted), nil, live).Notes {
				if strings.Contains(note, page) {
					got = append(got, note)
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}
