package reliability_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing/fstest"
	"time"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/pipeline"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// step is one command.
type step struct {
	job   job.Job
	files fstest.MapFS // nil for what needs no project
}

// scene is a command that is disturbed, behind those that are not.
type scene struct {
	name   string
	before []step
	last   step
	done   job.Status
	// isToggle says that the command goes back and forth when it is run again.
	isToggle bool
}

// scenes are what the matrices go through.
func scenes() []scene {
	const variables = "GREETING=hello\nLIMIT=10\nOLD=1\n"
	first := deployOf(1, variables)
	second := deployOf(2, variables)
	changed := deployOf(2, "GREETING=goodbye\nLIMIT=20\nNEW=1\n")
	changed.job.Options.PruneVariables = true
	promote := step{job: job.Job{
		Verb: job.Promote, Target: job.Target{Service: "site", Environment: "stage"},
		Release: job.Release{From: "dev", CreateEnvironment: true}, Options: job.Options{VariablesLike: "dev"},
	}}
	rollback := step{job: job.Job{Verb: job.Rollback, Target: job.Target{Service: "site", Environment: "dev"}}}
	tag := deployOf(2, "GREETING=released\nLIMIT=10\nNEW=1\n")
	tag.job.Verb, tag.job.Target.Environment, tag.job.Release.From = job.Tag, "stage", "dev"
	picked := rollback
	picked.job.Release.To = first.job.Commit
	static := step{job: first.job, files: maps.Clone(first.files)}
	maps.DeleteFunc(static.files, func(name string, _ *fstest.MapFile) bool { return strings.HasPrefix(name, "functions/") })
	return []scene{
		{"first deploy", nil, first, job.Deployed, false},
		{"first deploy of Assets", nil, static, job.Deployed, false},
		{"redeploy", []step{first}, changed, job.Deployed, false},
		{"first promote", []step{first}, promote, job.Promoted, false},
		{"promote", []step{first, promote, second}, promote, job.Promoted, false},
		{"tag", []step{first, promote, second}, tag, job.Promoted, false},
		{"roll-back", []step{first, second}, rollback, job.RolledBack, true},
		{"roll-back to a commit", []step{first, second}, picked, job.RolledBack, false},
	}
}

// deployOf is a deploy of a project with every kind of file, one of which differs by
// version.
func deployOf(version int, variables string) step {
	file := func(content string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(content), Mode: 0o644} }
	return step{
		job: job.Job{Verb: job.Deploy, Target: job.Target{Environment: "dev"}, Folder: ".", Commit: fmt.Sprintf("%040d", version)},
		files: fstest.MapFS{
			"package.json":                  file(`{"name":"site","dependencies":{"lodash":"4.17.21"},"engines":{"node":"22.x"}}`),
			"functions/hello.js":            file(fmt.Sprintf("exports.version = %d;", version)),
			"functions/calls/in.private.js": file("exports.x = 1;"),
			"assets/index.html":             file("<h1>hello</h1>"),
			"assets/menu.protected.json":    file("{}"),
			".env":                          file(variables),
		},
	}
}

// run carries the command out, within the time that a run has by default.
func (s step) run(ctx context.Context, client *twilio.Client, timeout time.Duration) (job.Result, error) {
	ctx, cancel := pipeline.WithTimeout(ctx, timeout)
	defer cancel()
	cfg := pipeline.Config{Client: client}
	if s.files != nil {
		cfg.Source = s.files
	}
	outcome, err := pipeline.Run(ctx, s.job, cfg)
	return outcome.Result, err
}

// clientConfig leads to the Sandbox's one account.
func clientConfig(url string) twilio.Config {
	account := sandbox.DefaultAccount()
	return twilio.Config{APIURL: url, Credentials: twilio.Credentials{User: account.KeySID, Password: secret.New(account.KeySecret)}}
}

// served is what the Environments of a world answer with, in lines: of each the
// files and variables, without SIDs. An Environment that has neither has no line.
func served(world sandbox.Snapshot) []string {
	var lines []string
	versions := make(map[string]sandbox.Version)
	for _, version := range world.Versions {
		versions[version.SID] = version
	}
	builds := make(map[string]sandbox.Build)
	for _, build := range world.Builds {
		builds[build.SID] = build
	}
	for _, environment := range world.Environments {
		for _, sid := range builds[environment.BuildSID].VersionSIDs {
			version := versions[sid]
			content := version.SHA256
			if isManifest(version) {
				content = "" // it names SIDs
			}
			lines = append(lines, strings.Join([]string{environment.UniqueName, version.Path, version.Visibility, version.ContentType, content}, " "))
		}
		for _, variable := range world.Variables {
			if variable.EnvironmentSID == environment.SID {
				lines = append(lines, environment.UniqueName+" "+variable.Key+"="+variable.Value)
			}
		}
	}
	slices.Sort(lines)
	return lines
}

// isManifest knows the Version of a Manifest.
func isManifest(version sandbox.Version) bool { return strings.HasPrefix(version.Path, "/_slipway/") }

// liveBuilds are the Builds that are live, by Environment.
func liveBuilds(world sandbox.Snapshot) []string {
	var lines []string
	for _, environment := range world.Environments {
		if environment.BuildSID != "" {
			lines = append(lines, environment.UniqueName+" "+environment.BuildSID)
		}
	}
	slices.Sort(lines)
	return lines
}

// names are those of all that a world has, of what is told apart by name.
func names(world sandbox.Snapshot) []string {
	environments := make(map[string]string)
	var names []string
	for _, one := range world.Services {
		names = append(names, "Service "+one.UniqueName)
	}
	for _, one := range world.Environments {
		names = append(names, "Environment "+one.UniqueName)
		environments[one.SID] = one.UniqueName
	}
	for _, one := range world.Functions {
		names = append(names, "Function "+one.FriendlyName)
	}
	for _, one := range world.Assets {
		names = append(names, "Asset "+one.FriendlyName)
	}
	for _, one := range world.Variables {
		names = append(names, "Variable "+environments[one.EnvironmentSID]+" "+one.Key)
	}
	slices.Sort(names)
	return names
}

// duplicates finds the names that a world has more than once.
func duplicates(world sandbox.Snapshot) []string {
	var twice []string
	names := names(world)
	for i := 1; i < len(names); i++ {
		if names[i] == names[i-1] {
			twice = append(twice, names[i])
		}
	}
	return twice
}
