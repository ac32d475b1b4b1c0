package report_test

import (
	"strings"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/report"
)

// sid is a SID that ends in a digit.
func sid(prefix, digit string) string { return prefix + strings.Repeat("0", 31) + digit }

func now() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

func ago(d time.Duration) *time.Time { return new(now().Add(-d)) }

func service() report.Place {
	return report.Place{Service: "voice", ServiceSID: sid("ZS", "1")}
}

func environment() report.Place {
	place := service()
	place.Environment, place.EnvironmentSID, place.BuildSID = "dev", sid("ZE", "1"), sid("ZB", "2")
	return place
}

func listed[R report.Row](kind report.Kind, place report.Place, items ...R) report.Listing[R] {
	listing := report.NewListing[R](kind, place)
	listing.Items = append(listing.Items, items...)
	return listing
}

func TestListing(t *testing.T) {
	t.Parallel()
	live := report.LiveVersion{
		Environment: "dev", BuildSID: sid("ZB", "2"), VersionSID: sid("ZN", "1"), Path: "/hello", Visibility: "public", Created: ago(time.Hour),
	}
	onStage := live
	onStage.Environment = "stage"
	emptied := environment()
	emptied.BuildSID = ""
	for name, listing := range map[string]interface{ Text(time.Time) string }{
		"services": listed(report.Services, report.Place{},
			report.ListedService{SID: sid("ZS", "1"), UniqueName: "voice", FriendlyName: "Voice", DomainBase: "voice-1234", Created: ago(72 * time.Hour)},
			report.ListedService{SID: sid("ZS", "2"), UniqueName: "a-longer-name", FriendlyName: "Größer\x1b[31m\n", DomainBase: "a-longer-name-1", Created: nil}),
		"environments": listed(report.Environments, service(),
			report.ListedEnvironment{SID: sid("ZE", "1"), Name: "production", Domain: "voice-1234.twil.io", BuildSID: sid("ZB", "2"), Created: ago(time.Minute)},
			report.ListedEnvironment{SID: sid("ZE", "2"), Name: "dev", Domain: "voice-1234-dev.twil.io", Created: ago(time.Minute)}),
		"functions": listed(report.Functions, service(),
			report.ListedFile{SID: sid("ZH", "1"), Name: "/hello", Created: ago(time.Hour), Live: []report.LiveVersion{live, onStage}},
			report.ListedFile{SID: sid("ZH", "2"), Name: "/old", Created: ago(1000 * time.Hour)}),
		"live functions": listed(report.Functions, environment(),
			report.ListedFile{SID: sid("ZH", "1"), Name: "/hello", Live: []report.LiveVersion{live}},
			report.ListedFile{Live: []report.LiveVersion{{VersionSID: sid("ZN", "2")}}}),
		"assets": listed(report.Assets, service(), report.ListedFile{SID: sid("ZH", "3"), Name: "/a.css"}),
		"builds": listed(report.Builds, service(),
			report.ListedBuild{SID: sid("ZB", "3"), Status: "building", Created: ago(2 * time.Second)},
			report.ListedBuild{SID: sid("ZB", "2"), Status: "completed", Runtime: "node22", Functions: []string{"/a", "/b"}, LiveIn: []string{"production", "dev"}, Created: ago(time.Hour)}),
		"deployments": listed(report.Deployments, environment(),
			report.ListedDeployment{SID: sid("ZD", "3"), BuildSID: sid("ZB", "2"), Live: true, Created: ago(time.Hour)},
			report.ListedDeployment{SID: sid("ZD", "2"), Created: ago(2 * time.Hour)},
			report.ListedDeployment{SID: sid("ZD", "1"), BuildSID: sid("ZB", "2"), Created: ago(48 * time.Hour)}),
		"emptied": listed(report.Deployments, emptied, report.ListedDeployment{SID: sid("ZD", "2"), Created: ago(2 * time.Hour)}),
		"variables": listed(report.Variables, environment(),
			report.ListedVariable{SID: sid("ZV", "1"), Key: "GREETING", Updated: ago(time.Hour)}, report.ListedVariable{SID: sid("ZV", "2"), Key: "TOKEN"}),
		"no services":       listed[report.ListedService](report.Services, report.Place{}),
		"no builds":         listed[report.ListedBuild](report.Builds, service()),
		"no variables":      listed[report.ListedVariable](report.Variables, environment()),
		"no functions live": listed[report.ListedFile](report.Functions, environment()),
		"nothing live":      listed[report.ListedFile](report.Assets, emptied),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden(t, listing.Text(now()))
		})
	}
}

// TestListingsAreLists has programs find a list, and not null.
func TestListingsAreLists(t *testing.T) {
	t.Parallel()
	got, err := report.JSON(report.NewListing[report.ListedVariable](report.Variables, report.Place{Service: "a<b"}))
	if want := "{\n  \"version\": 1,\n  \"kind\": \"variables\",\n  \"service\": \"a<b\",\n  \"items\": []\n}\n"; err != nil || got != want {
		t.Errorf("got %s with error %v, want %s", got, err, want)
	}
}
