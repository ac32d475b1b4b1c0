package deploy

import (
	"slices"
	"testing"

	"github.com/slipway-dev/slipway/internal/project"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// TestCompareVersions sorts what the platform tells in any order, what is removed
// behind the others.
func TestCompareVersions(t *testing.T) {
	t.Parallel()
	version := func(path string, sid twilio.VersionSID) twilio.Version {
		return twilio.Version{Path: path, SID: sid, Visibility: "public"}
	}
	now := []twilio.Version{version("/c", "ZN3"), version("/a", "ZN1"), version("/b", "ZN2")}
	live := []twilio.Version{version("/z", "ZN9"), version("/b", "ZN8"), version("/d", "ZN4"), version("/c", "ZN3")}
	var got []string
	for _, file := range compareVersions(project.KindFunction, now, live) {
		got = append(got, file.Path+" "+string(file.Change))
	}
	if want := []string{"/a created", "/b updated", "/c unchanged", "/d removed", "/z removed"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
