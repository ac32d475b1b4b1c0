package rules_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/rules"
)

var update = flag.Bool("update", false, "write the golden files")

// TestExamples holds what comes of each example to the golden file beside it.
func TestExamples(t *testing.T) {
	t.Parallel()
	for _, sort := range []string{"valid", "invalid"} {
		for name, source := range examples(t, sort) {
			t.Run(sort+"/"+name, func(t *testing.T) {
				t.Parallel()
				read, err := rules.Parse("slipway.yml", source)
				if (err == nil) != (sort == "valid") {
					t.Errorf("the error is %v", err)
				}
				got := inWords(read)
				if err != nil {
					got = err.Error() + "\n"
				}
				golden(t, filepath.Join("testdata", sort, name+".golden"), got)
			})
		}
	}
}

func examples(t *testing.T, sort string) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", sort, "*.yml"))
	if err != nil || len(files) == 0 {
		t.Fatal("there are no examples", err)
	}
	found := map[string][]byte{}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found[strings.TrimSuffix(filepath.Base(file), ".yml")] = source
	}
	return found
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, string(want)); diff != "" {
		t.Errorf("%s: got (-), want (+); -update writes it anew:\n%s", file, diff)
	}
}

// inWords lists everything that a File says.
func inWords(file rules.File) string {
	var told strings.Builder
	layer := func(indent string, layer config.Layer) {
		for _, name := range slices.Sorted(maps.Keys(layer)) {
			fmt.Fprintf(&told, "%s%s = %q at %s:%d\n", indent, name, layer[name].Text, layer[name].File, layer[name].Line)
		}
	}
	for _, service := range file.Services {
		fmt.Fprintf(&told, "service %s at %s:%d, path %s, watch %q\n", service.Name, file.Path, service.Line, service.Path, service.Watch)
		layer("  ", service.Layer)
		for _, one := range service.Environments {
			fmt.Fprintf(&told, "  environment %s at line %d, branches %q, tags %q, releases %q, promoted from %q\n",
				one.Name, one.Line, one.On.Branches, one.On.Tags, one.On.Releases, one.PromoteFrom)
			layer("    ", one.Layer)
		}
		if service.Previews != nil {
			told.WriteString("  previews\n")
			layer("    ", service.Previews)
		}
	}
	return told.String()
}
