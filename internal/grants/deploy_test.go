package grants_test

import (
	"fmt"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/grants"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/pipeline"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// TestDeployOfWhatWasGranted deploys a repository whose files name another's Service
// and Environment, wherever a file may: it goes to where server.yml says, with the
// values that it gives, and to nowhere else.
func TestDeployOfWhatWasGranted(t *testing.T) {
	t.Parallel()
	world, err := sandbox.New(sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	platform := httptest.NewServer(world)
	t.Cleanup(platform.Close)
	account := sandbox.DefaultAccount()

	env := environment{"KEY": account.KeySID, "SECRET": account.KeySecret, "VOICE_DSN": "dsn-of-voice", "HOME": "/root", "SLIPWAY_SERVICE": "billing"}
	path := filepath.Join(t.TempDir(), "server.yml")
	write(t, path, fmt.Sprintf(`version: 1
repositories:
  acme/voice:
    accounts: {main: {api-key: {env: KEY}, api-secret: {env: SECRET}, api-url: %q, live-url: %q}}
    services: {voice: {service: acme-voice, environments: [stage], variables: {DSN: {env: VOICE_DSN}, UNASKED: {value: x}}}}
`, platform.URL, platform.URL+"/_live/{domain}"))
	holder, _, err := grants.Hold(path, env.get)
	if err != nil {
		t.Fatal(err)
	}

	repository := t.TempDir()
	for file, content := range map[string]string{
		"package.json":         `{"name": "billing", "engines": {"node": "22.x"}}`,
		".twilioserverlessrc":  `{"serviceName": "billing", "environment": "production", "commands": {"deploy": {"serviceName": "billing"}}}`,
		"functions/hello.js":   "exports.handler = (context, event, callback) => callback(null, 'hello');",
		".twiliodeployinfo":    `{"` + account.SID + `": {"serviceSid": "ZS00000000000000000000000000000009"}}`,
		".env":                 "OF_THE_FILE=${HOME}\n",
		"functions/.gitignore": "",
	} {
		write(t, filepath.Join(repository, file), content)
	}
	asked := questions(t, "acme/voice", "version: 1\nservices: {voice: {variables: [DSN], environments: {stage: {on: {branch: main}}}}}")[0]
	grant, err := holder.File().Grant(asked)
	if err != nil {
		t.Fatal(err)
	}
	values, getenv, err := grant.Use(env.get)
	if err != nil {
		t.Fatal(err)
	}
	settings, err := config.ReadAction(values, getenv)
	if err != nil {
		t.Fatal(err)
	}
	settings.WorkingDirectory = repository
	outcome, err := pipeline.DeployFolder(t.Context(), pipeline.FolderDeploy{
		Settings: settings.Deploy, Values: values, Top: repository, Commit: strings.Repeat("a", 40), Getenv: getenv, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	snapshot := world.Snapshot()
	var services, environments, variables []string
	for _, one := range snapshot.Services {
		services = append(services, one.UniqueName)
	}
	for _, one := range snapshot.Environments {
		environments = append(environments, one.UniqueName)
	}
	for _, one := range snapshot.Variables {
		variables = append(variables, one.Key+"="+one.Value)
	}
	slices.Sort(variables)
	if got := fmt.Sprint(outcome.Result.Status, services, environments, variables); got != fmt.Sprint(job.Deployed, []string{"acme-voice"}, []string{"stage-environment"}, []string{"DSN=dsn-of-voice", "OF_THE_FILE=${HOME}"}) {
		t.Errorf("what is live is %s", got)
	}
}
