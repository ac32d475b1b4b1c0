package cli

import (
	"encoding/json"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/report"
)

func TestReadmeHasTheFieldsOfListings(t *testing.T) {
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
		rows := cells(t, ".*`"+string(kind)+"`.*")
		if len(rows) != 1 {
			t.Errorf("%d rows of the README are about %s", len(rows), kind)
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
			t.Errorf("%s: the README (-) differs from the fields (+):\n%s", kind, diff)
		}
	}
}
