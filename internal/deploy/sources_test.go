package deploy_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/project"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// TestReadSources deploys Functions and reads them back beside others.
func TestReadSources(t *testing.T) {
	t.Parallel()
	world, err := sandbox.New(sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var goneOnce twilio.VersionSID
	client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if goneOnce != "" && strings.Contains(r.URL.Path, string(goneOnce)) {
			w.WriteHeader(http.StatusNotFound)
			_, _ = fmt.Fprint(w, `{"code":20404,"message":"not found","status":404}`)
			return
		}
		world.ServeHTTP(w, r)
	}))
	large := strings.Repeat("x", 1<<20+1)
	deployer := newDeployer(client, deploy.InMemory{})
	at := func(sources map[string]string) (*project.Project, fstest.MapFS) {
		wanted, tree := &project.Project{Runtime: "node22"}, fstest.MapFS{}
		for _, path := range []string{"/binary", "/gone", "/large", "/large-live", "/same", "/text"} {
			name := "x" + path + ".js"
			one := file(project.KindFunction, path, "1")
			one.Name, one.Size, one.SHA256, one.ContentType = name, int64(len(sources[path])), sum(sources[path]), "application/javascript"
			wanted.Functions = append(wanted.Functions, one)
			tree[name] = &fstest.MapFile{Data: []byte(sources[path])}
		}
		return wanted, tree
	}
	first, tree := at(map[string]string{"/binary": "1", "/gone": "1", "/large": "1", "/large-live": large, "/same": "1", "/text": "before"})
	deployer.Source = tree
	if _, err := deployer.Apply(t.Context(), deploy.Diff(question(dev(t), first), nil, deploy.Live{})); err != nil {
		t.Fatal(err)
	}
	second, tree := at(map[string]string{"/binary": "\x00", "/gone": "2", "/large": large, "/large-live": "2", "/same": "1", "/text": "after"})
	deployer.Source = tree
	second.Functions[4].Visibility = project.Private
	plan, err := deployer.Plan(t.Context(), question(dev(t), second))
	if err != nil {
		t.Fatal(err)
	}
	goneOnce = plan.Functions[1].LiveVersionSID
	got, err := deployer.ReadSources(t.Context(), plan)
	if err != nil {
		t.Fatal(err)
	}
	want := []deploy.SourceChange{
		{Path: "/binary", Name: "x/binary.js", Lack: "it is no text"},
		{Path: "/gone", Name: "x/gone.js", Lack: "its live source is gone"},
		{Path: "/large", Name: "x/large.js", Lack: "its file has 1.0 MB, more than is compared"},
		{Path: "/large-live", Name: "x/large-live.js", Lack: "its live source has 1.0 MB, more than is compared"},
		{Path: "/same", Name: "x/same.js", Live: "1", Wanted: "1"},
		{Path: "/text", Name: "x/text.js", Live: "before", Wanted: "after"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the sources (-want +got):\n%s", diff)
	}
	delete(tree, "x/text.js")
	_, err = deployer.ReadSources(t.Context(), plan)
	if _, ok := errors.AsType[*twilio.FileError](err); !ok || !strings.Contains(err.Error(), "x/text.js") {
		t.Errorf("error %v, want the file that went", err)
	}
}
