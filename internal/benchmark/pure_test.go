//go:build unix

package benchmark_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"testing/fstest"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/npm"
	"github.com/slipway-dev/slipway/internal/project"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// These have no ceiling: they show where time and memory go in the parts that
// make no calls. Give them more than one round with -benchtime 1s.

// BenchmarkLoad reads and hashes the files of a large project.
func BenchmarkLoad(b *testing.B) {
	const assets, size = 2500, 8 << 10
	source := os.DirFS(writeProject(b, 0, assets, size))
	b.ReportAllocs()
	b.SetBytes(assets * size)
	for b.Loop() {
		if _, err := project.Load(b.Context(), source, project.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDiff compares 2,500 files with a Build that holds most of them.
func BenchmarkDiff(b *testing.B) {
	const files = 2500
	wanted := &project.Project{Runtime: "node22"}
	live := deploy.Live{
		Service: twilio.Service{SID: "ZS1", UniqueName: "benchmark"},
		Assets:  map[string]twilio.AssetSID{},
	}
	for i := range files {
		path := fmt.Sprintf("/folder-%d/a%04d.txt", i%50, i)
		wanted.Assets = append(wanted.Assets, project.File{
			Kind: project.KindAsset, Path: path, Name: "assets" + path, Visibility: project.Public,
			ContentType: "text/plain", SHA256: fmt.Sprintf("%064x", i), Size: 8 << 10,
		})
		if i%10 > 0 { // the rest is new
			live.Assets[path] = twilio.AssetSID(fmt.Sprintf("ZH%032x", i))
			live.Build.AssetVersions = append(live.Build.AssetVersions, twilio.Version{
				SID: twilio.VersionSID(fmt.Sprintf("ZN%032x", i)), Path: path, Visibility: "PUBLIC",
			})
		}
	}
	environment, err := deploy.ParseEnvironment("dev")
	if err != nil {
		b.Fatal(err)
	}
	variables := map[string]secret.String{"KEY": secret.New("value")}
	b.ReportAllocs()
	for b.Loop() {
		plan := deploy.Diff(deploy.Question{Service: "benchmark", Environment: environment, Wanted: wanted}, variables, live)
		if got := len(plan.Assets); got != files {
			b.Fatalf("got %d files in the plan, want %d", got, files)
		}
	}
}

// BenchmarkReadLock looks 30 dependencies up in a lock file of 20,000 packages,
// as a large workspace has it.
func BenchmarkReadLock(b *testing.B) {
	const packages, direct = 20_000, 30
	wanted, locked := map[string]string{}, map[string]any{"": map[string]string{"name": "benchmark"}}
	for i := range packages {
		name := fmt.Sprintf("package-%05d", i)
		locked["node_modules/"+name] = map[string]any{
			"version": "1.2.3", "license": "MIT",
			"resolved":     fmt.Sprintf("https://registry.npmjs.org/%s/-/%[1]s-1.2.3.tgz", name),
			"integrity":    "sha512-" + string(bytes.Repeat([]byte{'A'}, 86)) + "==",
			"dependencies": map[string]string{"package-00001": "^1.0.0", "package-00002": "^1.0.0"},
		}
		if i%(packages/direct) == 0 {
			wanted[name] = "^1.0.0"
		}
	}
	lock := encode(b, map[string]any{"name": "benchmark", "lockfileVersion": 3, "packages": locked})
	source := fstest.MapFS{
		"package.json":      {Data: encode(b, map[string]any{"name": "benchmark", "dependencies": wanted})},
		"package-lock.json": {Data: lock},
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(lock)))
	for b.Loop() {
		read, _, err := npm.Read(source, ".", npm.Locked)
		if err != nil {
			b.Fatal(err)
		}
		if got := len(read.Dependencies); got != len(wanted) || read.LockFile == "" {
			b.Fatalf("got %d dependencies from %q, want %d from the lock file", got, read.LockFile, len(wanted))
		}
	}
}

func encode(b *testing.B, value any) []byte {
	b.Helper()
	encoded, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		b.Fatal(err)
	}
	return encoded
}
