package server

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/trigger"
)

// TestErrandsStayReadable: what an errand looks like in a database is there for good,
// since the server that reads it may be a newer one than that which wrote it.
func TestErrandsStayReadable(t *testing.T) {
	t.Parallel()
	want := errand{
		Repository: gh.Repository{Owner: "acme", Name: "voice"}, Event: gh.EventPush,
		SHA: "5d1f0a7d1d5bd41b8bfb5fa1f8a9a8d2f1a3b6c7", Branch: "main", Tag: "v1", Actor: "ada",
		DeliveredAt: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC),
		Target:      job.Target{Service: "voice", Environment: "stage"},
		Request: trigger.Request{
			Verb: trigger.Preview, Service: "voice", Folder: "services/voice", Environment: "stage", PullRequest: 7, IsFork: true,
			PromoteFrom: "dev", Layer: config.Layer{config.Service: {Text: "voice", File: "slipway.yml", Line: 3}},
		},
		IsOneOfSeveral: true,
	}
	stored, err := os.ReadFile(filepath.Join("testdata", "errand.json"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := readErrand(stored)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what was stored reads differently (-want +got):\n%s", diff)
	}
	text, err := want.encode()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(bytes.TrimSpace(stored)), string(text)); diff != "" {
		t.Errorf("an errand is stored differently (-before +now):\n%s", diff)
	}
}
