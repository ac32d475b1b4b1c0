package preview_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/preview"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// memory carries requests without a socket, so that the bubble's clock moves on.
type memory struct {
	http.Handler

	meddle func(*http.Request) // before each request; may be nil
}

func (m memory) RoundTrip(r *http.Request) (*http.Response, error) {
	if m.meddle != nil {
		m.meddle(r)
	}
	received := r.Clone(r.Context())
	received.Host = r.URL.Host
	if received.Body == nil {
		received.Body = http.NoBody
	}
	recorder := httptest.NewRecorder()
	m.ServeHTTP(recorder, received)
	return recorder.Result(), nil
}

// place is a Service with previews, some of whose pull requests are closed.
type place struct {
	t       *testing.T
	world   *sandbox.Sandbox
	client  *twilio.Client
	service twilio.ServiceSID
	build   twilio.BuildSID
	closed  map[int]bool
	meddle  func(*http.Request)
}

func newPlace(t *testing.T, options sandbox.Options) *place {
	t.Helper()
	world, err := sandbox.New(options)
	if err != nil {
		t.Fatal(err)
	}
	p := &place{t: t, world: world, closed: map[int]bool{}}
	account := sandbox.DefaultAccount()
	p.client, err = twilio.New(twilio.Config{
		APIURL: "http://127.0.0.1", Credentials: twilio.Credentials{User: account.KeySID, Password: secret.New(account.KeySecret)},
		Transport: memory{world, func(r *http.Request) {
			if p.meddle != nil {
				p.meddle(r)
			}
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	service, err := p.client.CreateService(t.Context(), twilio.NewService{UniqueName: "voice", FriendlyName: "voice"})
	if err != nil {
		t.Fatal(err)
	}
	p.service = service.SID
	asset, err := p.client.CreateAsset(t.Context(), p.service, "a.txt")
	if err != nil {
		t.Fatal(err)
	}
	version, err := p.client.CreateAssetVersion(t.Context(), p.service, asset.SID, twilio.Upload{
		Path: "/a.txt", Visibility: "public", ContentType: "text/plain", Size: 1,
		Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("a")), nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	build, err := p.client.CreateBuild(t.Context(), p.service, twilio.NewBuild{AssetVersions: []twilio.VersionSID{version.SID}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.client.WaitForBuild(t.Context(), p.service, build.SID); err != nil {
		t.Fatal(err)
	}
	p.build = build.SID
	return p
}

// environment makes one, and with a Build has that go live in it; a minute goes by
// then.
func (p *place) environment(uniqueName, suffix string, isLive bool) {
	p.t.Helper()
	made, err := p.client.CreateEnvironment(p.t.Context(), p.service, uniqueName, suffix)
	if err != nil {
		p.t.Fatal(err)
	}
	if isLive {
		p.activate(made.SID, p.build)
	}
	time.Sleep(time.Minute)
}

// previews makes those of the numbers, in that order.
func (p *place) previews(numbers ...int) {
	p.t.Helper()
	for _, number := range numbers {
		p.environment(job.PreviewName(number)+"-environment", job.PreviewName(number), true)
	}
}

// update has the Build go live anew.
func (p *place) update(environment twilio.EnvironmentSID) {
	p.t.Helper()
	p.activate(environment, "")
	p.activate(environment, p.build)
}

func (p *place) activate(environment twilio.EnvironmentSID, build twilio.BuildSID) {
	p.t.Helper()
	if _, err := p.client.CreateDeployment(p.t.Context(), p.service, environment, build); err != nil {
		p.t.Fatal(err)
	}
}

func (p *place) keeper(most int) *preview.Keeper {
	return &preview.Keeper{
		Client: p.client, Service: "voice", Most: most,
		IsOpen: func(_ context.Context, number int) (bool, error) { return !p.closed[number], nil },
	}
}

// left are the suffixes of what is there, sorted.
func (p *place) left() string {
	var suffixes []string
	for _, one := range p.world.Snapshot().Environments {
		suffixes = append(suffixes, one.DomainSuffix)
	}
	slices.Sort(suffixes)
	return strings.Join(suffixes, " ")
}

func told(removed []preview.Removal) string {
	var texts []string
	for _, one := range removed {
		texts = append(texts, fmt.Sprintf("%s %s", one.Environment, one.Reason))
	}
	return strings.Join(texts, ", ")
}

func (p *place) sid(suffix string) twilio.EnvironmentSID {
	for _, one := range p.world.Snapshot().Environments {
		if one.DomainSuffix == suffix {
			return twilio.EnvironmentSID(one.SID)
		}
	}
	return ""
}

func (p *place) remove(number int) {
	p.t.Helper()
	if err := p.client.DeleteEnvironment(p.t.Context(), p.service, p.sid(job.PreviewName(number))); err != nil {
		p.t.Fatal(err)
	}
}
