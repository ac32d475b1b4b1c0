package deploy_test

import (
	"testing"

	"github.com/slipway-dev/slipway/internal/deploy"
)

// TestARefusedBuildLeavesNoEnvironment asks for a runtime that is gone.
func TestARefusedBuildLeavesNoEnvironment(t *testing.T) {
	t.Parallel()
	client, world := newWorld(t)
	environment := dev(t)
	project := small()
	project.Runtime = "node8"
	outcome, err := newDeployer(client, deploy.InMemory{}).Apply(t.Context(), deploy.Diff(question(environment, project), nil, deploy.Live{}))
	if err == nil || outcome.EnvironmentSID != "" || outcome.ServiceSID == "" || outcome.Uploaded != 2 {
		t.Fatalf("ended with %+v, %v", outcome, err)
	}
	if got := world.Snapshot().Environments; len(got) != 0 {
		t.Errorf("the refused Build left %+v", got)
	}
}

// TestAFailedUploadNamesWhatWasThere deploys to an Environment that exists.
func TestAFailedUploadNamesWhatWasThere(t *testing.T) {
	t.Parallel()
	client, _ := newWorld(t)
	environment := dev(t)
	deployer := newDeployer(client, deploy.InMemory{})
	before, err := deployer.Apply(t.Context(), deploy.Diff(question(environment, small()), nil, deploy.Live{}))
	if err != nil {
		t.Fatal(err)
	}
	live, err := deploy.ReadLive(t.Context(), client, deploy.Question{Service: "site", Environment: environment, Wanted: small()})
	if err != nil {
		t.Fatal(err)
	}
	project := small()
	project.Assets[0].Name = "x/missing"
	got, err := deployer.Apply(t.Context(), deploy.Diff(question(environment, project), nil, live))
	if err == nil || got.EnvironmentSID != before.EnvironmentSID || got.Domain != before.Domain || got.ServiceSID != before.ServiceSID {
		t.Errorf("ended with %+v, %v; want the Environment of %+v", got, err, before)
	}
}
