package cli

import (
	"encoding/json"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/report"
	"github.com/slipway-dev/slipway/internal/twilio"
)

func TestPageHasTheFieldsOfListings(t *testing.T) {
	t.Parallel()
	file := report.ListedFile{Live: []report.LiveVersion{{}}}
	for kind, item := range map[report.Kind]any{
		report.Services:     report.ListedService{},
		report.Environments: report.ListedEnvironment{},
		report.Functions:    file,
		report.Assets:       file,
		report.Builds:       report.ListedBuild{},
		report.Deployments:  report.ListedDeployment{},
		report.Variables:    report.ListedVariable{},
	} {
		rows := cells(t, commandsPage, ".*`"+string(kind)+"`.*")
		if len(rows) != 1 {
			t.Errorf("%d rows of %s are about %s", len(rows), commandsPage, kind)
			continue
		}
		got := regexp.MustCompile("`[a-z_]+`").FindAllString(rows[0][3], -1)
		encoded, err := json.Marshal(item)
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, name := range regexp.MustCompile(`"([a-z_]+)":`).FindAllSubmatch(encoded, -1) {
			want = append(want, code(string(name[1])))
		}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("%s: %s (-) differs from the fields (+):\n%s", kind, commandsPage, diff)
		}
	}
}

func TestListingIsNewestFirst(t *testing.T) {
	t.Parallel()
	at := func(second int) *time.Time { return new(time.Date(2026, 11, 22, 10, 0, second, 0, time.UTC)) }
	shuffled := func(yield func(twilio.Deployment, error) bool) {
		for _, one := range []twilio.Deployment{
			{SID: "ZD2", BuildSID: "ZB1", DateCreated: at(2)},
			{SID: "ZD0"},
			{SID: "ZD4", DateCreated: at(4)},
			{SID: "ZD3b", BuildSID: "ZB1", DateCreated: at(3)},
			{SID: "ZD3a", BuildSID: "ZB2", DateCreated: at(3)},
		} {
			if !yield(one, nil) {
				return
			}
		}
	}
	found, err := list(&lister{}, report.Deployments, shuffled, func(d twilio.Deployment) report.ListedDeployment {
		return report.ListedDeployment{SID: string(d.SID), BuildSID: string(d.BuildSID), Created: d.DateCreated}
	}, func(a, b report.ListedDeployment) int { return newestFirst(a.Created, b.Created) })
	if err != nil {
		t.Fatal(err)
	}
	for live, want := range map[string][]string{
		"ZB1": {"ZD4", "ZD3b live", "ZD3a", "ZD2", "ZD0"},
		"ZB2": {"ZD4", "ZD3b", "ZD3a live", "ZD2", "ZD0"},
		"ZB9": {"ZD4", "ZD3b", "ZD3a", "ZD2", "ZD0"},
		"":    {"ZD4", "ZD3b", "ZD3a", "ZD2", "ZD0"},
	} {
		items := slices.Clone(found.Items)
		markLive(items, live)
		var got []string
		for _, item := range items {
			name := item.SID
			if item.Live {
				name += " live"
			}
			got = append(got, name)
		}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("with %q live (-got +want):\n%s", live, diff)
		}
	}
}
