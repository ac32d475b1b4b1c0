package report_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/report"
)

func TestPruned(t *testing.T) {
	t.Parallel()
	item := func(name string, outcome deploy.PruneOutcome, why string) deploy.PrunedItem {
		return deploy.PrunedItem{SID: "ZH" + strings.Repeat("1", 32), Name: name, Outcome: outcome, Why: why}
	}
	pruned := deploy.Pruned{
		Service: "voice", ServiceSID: "ZS1", Status: job.Pruned, FunctionsInBuilds: 12, AssetsInBuilds: 1,
		Functions: []deploy.PrunedItem{
			item("/draft", deploy.PruneKept, "younger than an hour"), item("/menu/old", deploy.PruneRemoved, ""), item("/\x1b[31mred\nline", deploy.PruneRemoved, ""),
		},
		Assets:       []deploy.PrunedItem{item("/stuck.txt", deploy.PruneFailed, "delete asset: "+strings.Repeat("so it is\n", 100))},
		Environments: []deploy.PrunedItem{item("pr-7", deploy.PruneRemoved, ""), item("pr-8", deploy.PruneKept, "a Build is live in it"), item("pr-9", deploy.PruneRemoved, "")},
		Notes:        []string{"The Service can be edited."},
	}
	pruned.Environments[0].Variables, pruned.Environments[1].Variables = 3, 2
	planned := deploy.Pruned{Service: "voice", ServiceSID: "ZS1", Status: job.Planned}
	for i := range 45 {
		planned.Assets = append(planned.Assets, item(fmt.Sprintf("/img/%02d.png", i), deploy.PruneToRemove, ""))
	}
	nothing := deploy.Pruned{Service: "voice", ServiceSID: "ZS1", Status: job.Unchanged, FunctionsInBuilds: 1}
	golden(t, report.Pruned(pruned)+"\n"+report.Pruned(planned)+"\n"+report.Pruned(nothing))
}
