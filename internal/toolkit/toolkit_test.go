package toolkit_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/toolkit"
)

const (
	account = "AC11111111111111111111111111111111"
	other   = "AC22222222222222222222222222222222"
	service = "ZSaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	another = "ZSbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	build   = "ZBcccccccccccccccccccccccccccccccc"
	rc      = ".twilioserverlessrc"
	info    = ".twiliodeployinfo"
)

// tree makes files of names and texts.
func tree(files map[string]string) fstest.MapFS {
	made := fstest.MapFS{}
	for name, text := range files {
		made[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
	}
	return made
}

// values are the settings with those given.
func values(given map[string]string) config.Values {
	return config.Resolve(config.Settings(),
		func(name string) (string, bool) { text, ok := given[name]; return text, ok },
		func(string) string { return "" })
}

// read reads the files and shows what came of it.
func read(files map[string]string, folder string, given map[string]string, newAccount bool) []string {
	return shown(toolkit.Read(tree(files), toolkit.Question{Folder: folder, Values: values(given), NewAccount: newAccount}))
}

// shown is what Read returned, a line each: settings, warnings, Problems.
func shown(layer config.Layer, warnings problem.List, err error) []string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(layer)) {
		lines = append(lines, fmt.Sprintf("%s=%s %s:%d", name, layer[name].Text, layer[name].File, layer[name].Line))
	}
	for _, warning := range warnings {
		lines = append(lines, "warning "+warning.Error())
	}
	problems, _ := errors.AsType[problem.List](err)
	for _, one := range problems {
		lines = append(lines, "problem "+one.Error())
	}
	return lines
}

type reading struct {
	files      map[string]string
	folder     string
	given      map[string]string
	newAccount bool
	want       []string
}

func (r reading) check(t *testing.T) {
	t.Helper()
	folder := "."
	if r.folder != "" {
		folder = r.folder
	}
	if diff := cmp.Diff(read(r.files, folder, r.given, r.newAccount), r.want); diff != "" {
		t.Errorf("got (-) differs from want (+):\n%s", diff)
	}
}

func TestReadMapsSettings(t *testing.T) {
	t.Parallel()
	tests := map[string]reading{
		"all": {
			files: map[string]string{rc: `{
				functionsFolder: 'dist',
				assetsFolder: 'public',
				runtime: 'node24',
				env: '.env.stage',
				environment: 'stage',
				serviceName: 'voice',
			}`},
			want: []string{
				"assets-folder=public .twilioserverlessrc:3", "env-file=.env.stage .twilioserverlessrc:5", "environment=stage .twilioserverlessrc:6",
				"functions-folder=dist .twilioserverlessrc:2", "runtime=node24 .twilioserverlessrc:4", "service=voice .twilioserverlessrc:7",
			},
		},
		"what a new project has": {files: map[string]string{rc: `{
	"commands": {},
	"environments": {},
	"projects": {},
	// "assets": true 	/* Upload assets. Can be turned off with --no-assets */,
	// "buildSid": null 	/* An existing Build SID to deploy to the new environment */,
	"runtime": "node22" 	/* The version of Node.js to deploy the build to. (node22) */,
	// "tail": null 	/* Continuously stream the logs */,
}`}, want: []string{"runtime=node22 .twilioserverlessrc:7"}},
		"of other commands, and of what holds in any case": {files: map[string]string{
			rc: `{port: '3000', live: true, logLevel: 'debug', outputFormat: 'json', force: true, overrideExistingProject: false, functions: true, production: false}`,
		}},
		"null and nothing count as not given": {files: map[string]string{rc: `{runtime: null, env: '', serviceSid: '', serviceName: null, functionsFolder: ''}`}},
		"the bare domain":                     {files: map[string]string{rc: `{environment: ''}`}, want: []string{"environment=production .twilioserverlessrc:1"}},
		"a SID beats a name": {
			files: map[string]string{rc: `{serviceSid: '` + service + `', serviceName: 'voice'}`},
			want:  []string{"service=" + service + " .twilioserverlessrc:1"},
		},
		"what is given is not looked at": {
			files: map[string]string{rc: `{runtime: 22, env: 1, environment: 'production', serviceSid: 'x', cwd: 'elsewhere'}`},
			given: map[string]string{
				config.Runtime: "node24", config.EnvFile: "a", config.Environment: "stage", config.Service: "voice", config.WorkingDirectory: "b",
			},
		},
		"a new account knows no SIDs": {
			newAccount: true,
			files: map[string]string{
				rc:   `{serviceSid: '` + service + `', serviceName: 'voice', environment: 'ZEcccccccccccccccccccccccccccccccc', projects: {` + account + `: {env: 'a'}}}`,
				info: `{"` + account + `": {"serviceSid": "` + service + `", "latestBuild": "` + build + `"}}`,
			},
			want: []string{"service=voice .twilioserverlessrc:1"},
		},
		"types": {
			files: map[string]string{rc: "{\nruntime: 22,\nserviceName: true,\nserviceSid: [],\nenvironment: {},\ncwd: 1, env: '.env'}"},
			want: []string{
				"env-file=.env .twilioserverlessrc:6",
				"problem .twilioserverlessrc:2: runtime is a number, and must be text. Put it in quotes.",
				"problem .twilioserverlessrc:3: serviceName is true or false, and must be text. Put it in quotes.",
				"problem .twilioserverlessrc:4: serviceSid is a list, and must be text. Put it in quotes.",
				"problem .twilioserverlessrc:5: environment is a mapping, and must be text. Put it in quotes.",
				"problem .twilioserverlessrc:6: cwd is a number, and must be text. Put it in quotes.",
			},
		},
		"what cannot be followed": {
			files: map[string]string{rc: "{\nserviceSid: 'voice',\nenvironment: 'production',\nfunctions: false,\nassets: false,\ncwd: 'app'}"},
			want: []string{
				"environment=production .twilioserverlessrc:3",
				`problem .twilioserverlessrc:2: serviceSid "voice" is not a SID of a Service. It has the form ZS and 32 hexadecimal digits; give a name as serviceName.`,
				`problem .twilioserverlessrc:3: environment is "production", which is a domain suffix to the Toolkit and the bare domain here. ` +
					`Write "" for the bare domain, which both tools understand; or give environment yourself.`,
				"problem .twilioserverlessrc:4: functions is off, and Slipway has no such setting: a deploy takes both kinds live. " +
					"Remove the line, and move the functions to where neither tool looks for them.",
				"problem .twilioserverlessrc:5: assets is off, and Slipway has no such setting: a deploy takes both kinds live. " +
					"Remove the line, and move the assets to where neither tool looks for them.",
				`problem .twilioserverlessrc:6: cwd is "app", and Slipway deploys the folder that it is told to. Give that folder as working-directory.`,
			},
		},
		"off in other words": {
			files: map[string]string{rc: "{functions: null,\nassets: ''}"},
			want: []string{
				"problem .twilioserverlessrc:1: functions is off, and Slipway has no such setting: a deploy takes both kinds live. " +
					"Remove the line, and move the functions to where neither tool looks for them.",
				"problem .twilioserverlessrc:2: assets is off, and Slipway has no such setting: a deploy takes both kinds live. " +
					"Remove the line, and move the assets to where neither tool looks for them.",
			},
		},
		"on in other words":                   {files: map[string]string{rc: `{functions: 'false', assets: 1}`}},
		"cwd from the file is the folder":     {folder: "app", files: map[string]string{rc: `{cwd: './app/'}`}},
		"cwd from the folder is the folder":   {folder: "app", files: map[string]string{rc: `{cwd: '.'}`}},
		"cwd of some machine":                 {folder: "app", files: map[string]string{rc: `{cwd: '/app'}`}, want: []string{`problem .twilioserverlessrc:1: cwd is "/app", and Slipway deploys the folder that it is told to. Give that folder as working-directory.`}},
		"the older name of serviceName":       {files: map[string]string{rc: `{projectName: 'voice'}`}, want: []string{"service=voice .twilioserverlessrc:1"}},
		"serviceName beats its older name":    {files: map[string]string{rc: `{serviceName: 'voice', projectName: 'old'}`}, want: []string{"service=voice .twilioserverlessrc:1"}},
		"serviceName null gives way to older": {files: map[string]string{rc: `{serviceName: null, projectName: 'old'}`}, want: []string{"service=old .twilioserverlessrc:1"}},
		"white space around what is given":    {files: map[string]string{rc: `{serviceSid: ' ` + service + ` ', runtime: ' ', env: ' a '}`}, want: []string{"env-file=a .twilioserverlessrc:1", "service=" + service + " .twilioserverlessrc:1"}},
		"too long": {
			files: map[string]string{rc: `{runtime: '` + strings.Repeat("a", 1025) + `', env: '` + strings.Repeat("a", 1024) + `'}`},
			want:  []string{"env-file=" + strings.Repeat("a", 1024) + " .twilioserverlessrc:1", "problem .twilioserverlessrc:1: runtime has 1025 bytes, and can have 1024. Shorten it."},
		},
		"what has no counterpart": {
			files: map[string]string{rc: "{\nproduction: true,\nloadSystemEnv: true}"},
			want: []string{"warning .twilioserverlessrc:2: passed over, because it has no counterpart: " +
				"loadSystemEnv (use variables), production (use environment: production)"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { t.Parallel(); test.check(t) })
	}
}

func TestReadLayers(t *testing.T) {
	t.Parallel()
	layered := `{
		env: 'top', runtime: 'top', functionsFolder: 'top', assetsFolder: 'top',
		commands: {deploy: {env: 'command', runtime: 'command', functionsFolder: 'command'}, start: {assetsFolder: 'start'}},
		environments: {stage: {env: 'stage', runtime: 'stage'}, '*': {env: 'bare', assetsFolder: null}, dev: {env: 'dev'}},
		projects: {
			` + account + `: {env: 'project'},
			'` + account + `:ie1': {env: 'irish'},
		},
	}`
	want := func(env, runtime, functions, assets string) []string {
		var lines []string
		for _, one := range [][2]string{{"assets-folder", assets}, {"env-file", env}, {"functions-folder", functions}, {"runtime", runtime}} {
			if one[1] != "" {
				line := map[string]int{"top": 2, "command": 3, "stage": 4, "bare": 4, "dev": 4, "project": 6, "irish": 7}[one[1]]
				lines = append(lines, fmt.Sprintf("%s=%s .twilioserverlessrc:%d", one[0], one[1], line))
			}
		}
		return lines
	}
	unknown := "warning .twilioserverlessrc:5: the settings in projects are passed over, since an API key does not tell its account. " +
		"Give account-sid (TWILIO_ACCOUNT_SID) to have them followed."
	tests := map[string]struct {
		given map[string]string
		want  []string
	}{
		"the account":                {map[string]string{config.AccountSID: account}, want("project", "command", "command", "top")},
		"in its region":              {map[string]string{config.AccountSID: account, config.Region: "ie1"}, want("irish", "command", "command", "top")},
		"in the region by its name":  {map[string]string{config.AccountSID: account, config.Region: "us1"}, want("project", "command", "command", "top")},
		"in a region without":        {map[string]string{config.AccountSID: account, config.Region: "au1"}, want("dev", "command", "command", "top")},
		"another account":            {map[string]string{config.AccountSID: other}, want("dev", "command", "command", "top")},
		"an Environment":             {map[string]string{config.AccountSID: other, config.Environment: "stage"}, want("stage", "stage", "command", "top")},
		"an Environment without":     {map[string]string{config.AccountSID: other, config.Environment: "qa"}, want("command", "command", "command", "top")},
		"the bare domain takes back": {map[string]string{config.AccountSID: other, config.Environment: "production"}, want("bare", "command", "command", "")},
		"an account beats":           {map[string]string{config.AccountSID: account, config.Environment: "stage"}, want("project", "stage", "command", "top")},
		"an account that is not known": {
			map[string]string{config.Environment: "stage"}, append(want("stage", "stage", "command", "top"), unknown),
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reading{files: map[string]string{rc: layered}, given: test.given, want: test.want}.check(t)
		})
	}
}

func TestReadChoosesTheEnvironment(t *testing.T) {
	t.Parallel()
	known := map[string]string{config.AccountSID: account}
	tests := map[string]reading{
		"the file's own": {
			files: map[string]string{rc: `{environment: 'stage', environments: {stage: {env: 's'}, dev: {env: 'd'}}}`},
			want:  []string{"env-file=s .twilioserverlessrc:1", "environment=stage .twilioserverlessrc:1"},
		},
		"the account's": {
			given: known,
			files: map[string]string{rc: `{environment: 'qa', projects: {` + account + `: {environment: 'stage'}}, environments: {stage: {env: 's'}, qa: {env: 'q'}}}`},
			want:  []string{"env-file=s .twilioserverlessrc:1", "environment=stage .twilioserverlessrc:1"},
		},
		"the bare domain": {
			files: map[string]string{rc: `{commands: {deploy: {environment: ''}}, environments: {'*': {env: 'b'}}}`},
			want:  []string{"env-file=b .twilioserverlessrc:1", "environment=production .twilioserverlessrc:1"},
		},
		"one that is given": {
			given: map[string]string{config.Environment: "dev"},
			files: map[string]string{rc: `{environment: 'stage', environments: {stage: {env: 's'}, dev: {env: 'd'}}}`},
			want:  []string{"env-file=d .twilioserverlessrc:1"},
		},
		"another inside of its section": {
			files: map[string]string{rc: "{environments: {\ndev: {\nenvironment: 'stage', env: 'd'}}}"},
			want: []string{
				"env-file=d .twilioserverlessrc:3",
				`problem .twilioserverlessrc:3: environment is "stage" in the section for "dev", and the section is chosen by it. ` +
					"Set it outside of environments.",
			},
		},
		"the suffix production inside of the bare domain's section": {
			files: map[string]string{rc: "{environment: '', environments: {'*': {environment: 'production'}}}"},
			want: []string{
				"environment=production .twilioserverlessrc:1",
				`problem .twilioserverlessrc:1: environment is "production" in the section for "*", and the section is chosen by it. ` +
					"Set it outside of environments.",
			},
		},
		"another inside of the section of one that is given": {
			given: map[string]string{config.Environment: "dev"},
			files: map[string]string{rc: `{environments: {dev: {environment: 'stage', env: 'd'}}}`},
			want:  []string{"env-file=d .twilioserverlessrc:1"},
		},
		"the same inside of its section":                   {files: map[string]string{rc: `{environments: {dev: {environment: 'dev'}}}`}},
		"the same inside of the bare domain's section":     {given: map[string]string{config.Environment: "production"}, files: map[string]string{rc: `{environments: {'*': {environment: ''}}}`}},
		"the same inside of the bare domain's own section": {files: map[string]string{rc: `{environment: '', environments: {'*': {environment: ''}}}`}, want: []string{"environment=production .twilioserverlessrc:1"}},
		"null inside of its section":                       {files: map[string]string{rc: `{environments: {dev: {environment: null}}}`}},
		"white space around it": {
			files: map[string]string{rc: `{environment: ' stage ', environments: {stage: {env: ' s '}, ' stage ': {env: 'other'}}}`},
			want:  []string{"env-file=s .twilioserverlessrc:1", "environment=stage .twilioserverlessrc:1"},
		},
		"white space alone": {
			files: map[string]string{rc: `{environment: ' '}`},
			want: []string{"problem .twilioserverlessrc:1: environment is blank, which no domain suffix is. " +
				`Write "" for the bare domain, or leave it out.`},
		},
		"a section with the wrong name": {
			given: map[string]string{config.Environment: "production"},
			files: map[string]string{rc: "{environments: {\nproduction: {env: 'p'}}}"},
			want: []string{`warning .twilioserverlessrc:2: the section "production" in environments is for a domain suffix, and is passed over. ` +
				`Call the bare domain's "*".`},
		},
		"sections that are none": {
			files: map[string]string{rc: "{commands: [],\nenvironments: 'a',\nprojects: {\n" + account + ": 1}}"},
			given: known,
			want: []string{
				`problem .twilioserverlessrc:1: "commands" is a list, and must be a mapping. Write a mapping of settings, or remove it.`,
				`problem .twilioserverlessrc:2: "environments" is text, and must be a mapping. Write a mapping of settings, or remove it.`,
				`problem .twilioserverlessrc:4: "` + account + `" is a number, and must be a mapping. Write a mapping of settings, or remove it.`,
			},
		},
		"sections that are none, where they count": {
			files: map[string]string{rc: "{commands: {deploy: 'a'},\nenvironments: {dev: []}}"},
			want: []string{
				`problem .twilioserverlessrc:1: "deploy" is text, and must be a mapping. Write a mapping of settings, or remove it.`,
				`problem .twilioserverlessrc:2: "dev" is a list, and must be a mapping. Write a mapping of settings, or remove it.`,
			},
		},
		"sections that are none, where they do not": {
			files: map[string]string{rc: "{commands: {start: 1}, environments: {qa: 'a'}, projects: {" + other + ": []}}"},
			given: known,
		},
		"null for the region": {
			files: map[string]string{rc: "{projects: {" + account + ": {env: 'a'}, '" + account + ":us1': null}}"},
			given: known, want: []string{"env-file=a .twilioserverlessrc:1"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { t.Parallel(); test.check(t) })
	}
}

// A file of Slipway's own is stronger than those of the Toolkit: it chooses the
// section, too.
func TestASlipwayFileIsStronger(t *testing.T) {
	t.Parallel()
	source := "environment: dev\nserviceName: other\nenvironments: {dev: {env: .env.dev}, stage: {env: .env.stage, runtime: node22}}\n"
	own := config.Layer{
		config.Environment: {Text: "stage", File: "slipway.yml", Line: 7}, config.Service: {Text: "voice", File: "slipway.yml", Line: 3},
		config.Runtime: {Text: "node24", File: "slipway.yml", Line: 8},
	}
	question := toolkit.Question{Folder: ".", Values: values(nil).WithFiles(own)}
	layer, _, err := toolkit.Read(tree(map[string]string{rc + ".yml": source}), question)
	if err != nil {
		t.Fatal(err)
	}
	got := question.Values.WithFiles(layer)
	for name, want := range map[string]string{
		config.Environment: "stage", config.Service: "voice", config.Runtime: "node24", config.EnvFile: ".env.stage",
	} {
		if got[name].Text != want {
			t.Errorf("%s is %q, want %q", name, got[name].Text, want)
		}
	}
}

// FuzzRead looks for files that break the reading, that give what files may not,
// or that are told of without their place.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		`{"environment": "", "environments": {"*": {"env": ".env"}}, "projects": {"` + account + `": {"serviceSid": "` + service + `"}}}`,
		"runtime: node22\ncommands:\n  deploy: &a {env: x}\n  start:\n    <<: *a\n", "{password: 'sesame'}", "- a", "{cwd: '..', functions: false, zz: 1}",
		`{"` + account + `:us1": {"serviceSid": "` + service + `", "latestBuild": "` + build + `"}}`,
		`{"name": "a", "twilioserverless": {"projectName": "voice", "environment": " ", "environments": {"dev": {"environment": "stage"}}}}`,
		"{accountSid: 'AC', apiUrl: 'https://sesame', 'live-url': 'x', region: 'ie1', commands: {deploy: {auth_token: 'a'}}, env: 1, env: 'b'}",
		"%YAML 1.2\n---\nbase: &b {env: x}\nenvironments:\n  '*': {<<: [*b, {runtime: y}]}\nprojects: {" + account + ": *b}\n",
		"a: &a\n  b: *a\n", "runtime: !own x\r\nruntime: y\r\n", "\ufeff{\"a\": [\r1,\u2028{}]}", "{functions: null, assets: ''}",
	} {
		f.Add(seed)
	}
	files := []string{rc, rc + ".yml", "package.json", info}
	f.Fuzz(func(t *testing.T, source string) {
		lines := 1
		for _, r := range source {
			if strings.ContainsRune("\n\r\u0085\u2028\u2029", r) { // to YAML all of them end a line
				lines++
			}
		}
		for _, file := range files {
			question := toolkit.Question{Folder: ".", Values: values(map[string]string{config.AccountSID: account})}
			layer, warnings, err := toolkit.Read(tree(map[string]string{file: source}), question)
			problems, isList := errors.AsType[problem.List](err)
			if err != nil && !isList {
				t.Fatalf("%s: %v", file, err)
			}
			for _, one := range slices.Concat(warnings, problems) {
				if one.File != file || one.Line < 0 || one.Line > lines {
					t.Errorf("%s: %q is at %s:%d", file, one.Message, one.File, one.Line)
				}
			}
			for name, written := range layer {
				if !slices.Contains([]string{
					config.Service, config.Environment, config.FunctionsFolder, config.AssetsFolder, config.Runtime, config.EnvFile,
				}, name) {
					t.Errorf("%s: gives %s", file, name)
				}
				if isSID := strings.HasPrefix(written.Text, "ZS") && len(written.Text) == len(service); file == info && !isSID {
					t.Errorf("%s: %s is %q", file, name, written.Text)
				}
				if written.File != file || written.Line < 1 || written.Text == "" {
					t.Errorf("%s: %s is %+v", file, name, written)
				}
			}
			for name, value := range question.Values.WithFiles(layer) {
				if value.Origin == config.FromFile && layer[name].Text == "" {
					t.Errorf("%s: %s is from nowhere", file, name)
				}
			}
		}
	})
}
