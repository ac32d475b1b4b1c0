//go:build unix

package benchmark_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// BenchmarkManyBuilds deploys to a Service of 2,500 Functions and 60 Builds, each of
// which holds all of them and a Manifest: what a deploy asks for and holds in memory
// may depend neither on the one nor on the other.
func BenchmarkManyBuilds(b *testing.B) {
	const (
		functions, builds = 2500, 60
		size              = 1 << 10
		looks             = 1 // at the Build, since it takes no time
	)
	binary(b)
	for b.Loop() {
		dir := writeProject(b, functions, 0, size)
		served := startSandbox(b, "--build-time", "1ms")
		deploy := func() (finished, job.Result) {
			done := run(b, served.env, "deploy", dir, "--output", "json")
			var result job.Result
			if err := json.Unmarshal(done.stdout, &result); err != nil {
				b.Fatal(err)
			}
			return done, result
		}
		first, result := deploy()
		b.Logf("first deploy: %d calls, %d ms, peak %.1f MB", result.APICalls, first.wall.Milliseconds(), megabytes(first.peakRSS))
		addBuilds(b, served, result, builds-1)
		for _, one := range []struct {
			name    string
			prepare func(b *testing.B, dir string)
			status  job.Status
			ceiling int // of calls
		}{
			{"nothing changed", func(*testing.B, string) {}, job.Unchanged, nothingCalls},
			{"one file changed", changeOneFile, job.Deployed, oneFileCalls + looks},
		} {
			one.prepare(b, dir)
			done, result := deploy()
			b.Logf("%s: %d calls, ceiling %d; peak %.1f MB, ceiling %d MB; %d ms",
				one.name, result.APICalls, one.ceiling, megabytes(done.peakRSS), memoryCeiling>>20, done.wall.Milliseconds())
			unit := strings.ReplaceAll(one.name, " ", "-")
			b.ReportMetric(float64(result.APICalls), unit+"-calls")
			b.ReportMetric(megabytes(done.peakRSS), unit+"-MB-peak")
			if result.Status != one.status || result.APICalls > one.ceiling {
				b.Errorf("%s: got %s in %d calls, want %s in at most %d", one.name, result.Status, result.APICalls, one.status, one.ceiling)
			}
			if done.peakRSS > memoryCeiling {
				b.Errorf("%s: got a peak of %.1f MB, want at most %d MB", one.name, megabytes(done.peakRSS), memoryCeiling>>20)
			}
		}
	}
	b.ReportMetric(0, "ns/op")
}

// addBuilds makes more Builds of the same Functions, with Manifests of other digests.
func addBuilds(b *testing.B, served *sandbox, live job.Result, count int) {
	b.Helper()
	client := clientOf(b, served, 0)
	ctx, service := b.Context(), twilio.ServiceSID(live.ServiceSID)
	build, err := client.FetchBuild(ctx, service, twilio.BuildSID(live.BuildSID))
	if err != nil {
		b.Fatal(err)
	}
	at := slices.IndexFunc(build.FunctionVersions, func(version twilio.Version) bool { return strings.HasPrefix(version.Path, "/_slipway/") })
	if at < 0 {
		b.Fatal("the Build has no Manifest")
	}
	manifest := build.FunctionVersions[at]
	source, err := client.FetchFunctionVersionContent(ctx, service, manifest.FunctionSID, manifest.SID)
	if err != nil {
		b.Fatal(err)
	}
	for i := range count {
		version, err := client.CreateFunctionVersion(ctx, service, manifest.FunctionSID, twilio.Upload{
			Path: fmt.Sprintf("/_slipway/%064x", i), Visibility: "private", ContentType: "application/javascript",
			Size: int64(len(source)), SHA256: fmt.Sprintf("%x", sha256.Sum256([]byte(source))),
			Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(source)), nil },
		})
		if err != nil {
			b.Fatal(err)
		}
		made := twilio.NewBuild{Runtime: build.Runtime}
		for j, one := range build.FunctionVersions {
			if j == at {
				one = version
			}
			made.FunctionVersions = append(made.FunctionVersions, one.SID)
		}
		if _, err := client.CreateBuild(ctx, service, made); err != nil {
			b.Fatal(err)
		}
	}
}

// clientOf is a client of a sandbox; a cap of 0 is the default.
func clientOf(b *testing.B, served *sandbox, limit int) *twilio.Client {
	b.Helper()
	client, err := twilio.New(twilio.Config{
		APIURL:      served.setting("SLIPWAY_API_URL"),
		Credentials: twilio.Credentials{User: served.setting("TWILIO_API_KEY"), Password: secret.New(served.setting("TWILIO_API_SECRET"))},
		Limiter:     twilio.NewLimiter(limit),
	})
	if err != nil {
		b.Fatal(err)
	}
	return client
}
