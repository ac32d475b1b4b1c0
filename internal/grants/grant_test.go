package grants_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/grants"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/rules"
	"github.com/slipway-dev/slipway/internal/trigger"
)

// served is a server.yml of two repositories that share an account.
const served = `version: 1
repositories:
  acme/voice:
    accounts:
      live: {account-sid: AC00000000000000000000000000000001, api-key: {env: KEY}, api-secret: {env: SECRET}}
      trial: {account-sid: AC00000000000000000000000000000002, api-key: {env: KEY}, api-secret: {env: SECRET}}
    services:
      voice:
        account: live
        service: acme-voice
        variables: {DSN: {env: DSN}}
        environments:
          stage:
          qa: {service: acme-voice-qa}
          production: {variables: {STRIPE: {file: stripe}}}
          trial: {account: trial}
        previews: {service: acme-previews, max: 3, ttl: 48h, variables: {TRIAL_DSN: {value: "x"}}}
      plain: {account: live, environments: [stage, ZE00000000000000000000000000000001]}
  acme/billing:
    accounts: {live: {account-sid: AC00000000000000000000000000000001, api-key: {env: KEY}, api-secret: {env: SECRET}}}
    services: {billing: {environments: [stage, production], previews: true}}
`

func parsed(tb testing.TB, text string) *grants.File {
	tb.Helper()
	file, err := grants.Parse("/etc/slipway/server.yml", []byte(text))
	if err != nil {
		tb.Fatal(err)
	}
	return file
}

// questions are what events of a repository with that slipway.yml ask for: a push to
// main, one of the tag v1, and an update of pull request 7.
func questions(tb testing.TB, repository, slipway string) []grants.Question {
	tb.Helper()
	read, err := rules.Parse("slipway.yml", []byte(slipway))
	if err != nil {
		tb.Fatal(err)
	}
	none := func(string) (string, bool) { return "", false }
	values := config.Resolve(config.Inputs(), none, func(string) string { return "" })
	var asked []grants.Question
	for _, event := range []gh.Event{
		{Name: gh.EventPush, Ref: "refs/heads/main", Branch: "main", SHA: strings.Repeat("a", 40)},
		{Name: gh.EventPush, Ref: "refs/tags/v1", Tag: "v1", SHA: strings.Repeat("a", 40)},
		{Name: gh.EventPullRequest, Action: "synchronize", PullRequest: gh.PullRequest{Number: 7, IsOpen: true}},
	} {
		made, err := trigger.Decide(event, &read, trigger.Asked{Command: "auto"})
		if err != nil {
			tb.Fatal(err)
		}
		for _, request := range made.Requests {
			asked = append(asked, grants.Question{
				Repository: repository, Service: request.Service, IsPreview: request.PullRequest > 0, PullRequest: request.PullRequest,
				PromoteFrom: request.PromoteFrom, Values: request.Settings(values),
			})
		}
	}
	return asked
}

// TestGrant holds what comes of what repositories may ask for, in words.
func TestGrant(t *testing.T) {
	t.Parallel()
	file := parsed(t, served)
	const on, head = "on: {branch: main}", "version: 1\nservices:\n  voice:\n    "
	tests := map[string]struct {
		repository, slipway string
		want                []string
	}{
		"what is allowed": {
			"acme/voice", head + "environments: {stage: {" + on + "}}",
			[]string{"live acme-voice stage"},
		},
		"in another case": {
			"ACME/Voice", head + "environments: {stage: {" + on + "}}",
			[]string{"live acme-voice stage"},
		},
		"with variables": {
			"acme/voice", head + "variables: [DSN]\n    environments: {production: {" + on + ", variables: [STRIPE, DSN], health-check: /, health-check-header: 'A: ${DSN}'}}",
			[]string{"live acme-voice production DSN STRIPE"},
		},
		"an Environment's own Service and account": {
			"acme/voice", head + "environments: {qa: {" + on + ", service: acme-voice-qa}, trial: {" + on + "}}",
			[]string{"live acme-voice-qa qa", "trial acme-voice trial"},
		},
		"another repository's Service": {
			"acme/voice", head + "service: billing\n    environments: {production: {" + on + "}}",
			[]string{`slipway.yml:4: server.yml lets acme/voice deploy voice to the Service "acme-voice", and not to "billing" (line 8). Leave service out, or have it allowed there.`},
		},
		"another repository's Service by its SID": {
			"acme/voice", head + "service: ZS00000000000000000000000000000009\n    environments: {stage: {" + on + "}}",
			[]string{`slipway.yml:4: server.yml lets acme/voice deploy voice to the Service "acme-voice", and not to "ZS00000000000000000000000000000009" (line 8). Leave service out, or have it allowed there.`},
		},
		"the Service of another Environment": {
			"acme/voice", head + "service: acme-voice-qa\n    environments: {stage: {" + on + "}}",
			[]string{`slipway.yml:4: server.yml lets acme/voice deploy voice to the Service "acme-voice", and not to "acme-voice-qa" (line 8). Leave service out, or have it allowed there.`},
		},
		"another repository's service": {
			"acme/voice", "version: 1\nservices: {billing: {environments: {stage: {" + on + "}}}}",
			[]string{`slipway.yml:2: server.yml lets acme/voice the services voice, plain (line 3), and not billing. Call it so in slipway.yml, or have it allowed there.`},
		},
		"an Environment that is not allowed": {
			"acme/voice", "version: 1\nservices: {plain: {environments: {production: {" + on + "}}}}",
			[]string{"slipway.yml:2: server.yml does not let acme/voice deploy plain to production; line 18 allows stage, ZE00000000000000000000000000000001. Name one that is allowed, exactly so, or have it allowed there."},
		},
		"an Environment in another case": {
			"acme/voice", "version: 1\nservices: {plain: {environments: {Stage: {" + on + "}}}}",
			[]string{"slipway.yml:2: server.yml does not let acme/voice deploy plain to Stage; line 18 allows stage, ZE00000000000000000000000000000001. Name one that is allowed, exactly so, or have it allowed there."},
		},
		"an Environment by its SID": {
			"acme/voice", head + "environments: {ZE00000000000000000000000000000002: {" + on + "}}",
			[]string{"slipway.yml:4: server.yml does not let acme/voice deploy voice to ZE00000000000000000000000000000002; line 13 allows stage, line 14 allows qa, line 15 allows production, line 16 allows trial. Name one that is allowed, exactly so, or have it allowed there."},
		},
		"a SID that is allowed": {
			"acme/voice", "version: 1\nservices: {plain: {environments: {ZE00000000000000000000000000000001: {" + on + "}}}}",
			[]string{"live plain ZE00000000000000000000000000000001"},
		},
		"another repository": {
			"acme/other", head + "environments: {stage: {" + on + "}}",
			[]string{"server.yml does not name the repository acme/other. Who runs the server can add it below repositories."},
		},
		"variables of the server and of other places": {
			"acme/voice", head + "environments: {stage: {" + on + ", variables: [PATH, STRIPE, DSN], health-check: /, health-check-header: 'A: ${HOME}'}}",
			[]string{
				"slipway.yml:4: server.yml gives stage of voice no variable PATH (line 8). Leave it out of slipway.yml, or have it added there, to the variables of the environment or the service.\n" +
					"slipway.yml:4: server.yml gives stage of voice no variable STRIPE (line 8). Leave it out of slipway.yml, or have it added there, to the variables of the environment or the service.\n" +
					"slipway.yml:4: server.yml gives stage of voice no variable HOME (line 8). Leave it out of slipway.yml, or have it added there, to the variables of the environment or the service.",
			},
		},
		"previews": {
			"acme/voice", head + "previews: {variables: [TRIAL_DSN], variables-like: qa, max: 2, ttl: 24h}",
			[]string{"live acme-previews pr-7 TRIAL_DSN, like acme-voice-qa, at most 2 for 24h0m0s"},
		},
		"previews in the Service that is said": {
			"acme/voice", head + "service: acme-voice\n    previews: {service: acme-previews}",
			[]string{"live acme-previews pr-7, at most 3 for 48h0m0s"},
		},
		"previews beyond what is allowed": {
			"acme/voice", head + "previews: {max: 50, ttl: 30d}",
			[]string{"live acme-previews pr-7, at most 3 for 48h0m0s; slipway.yml asks for 50 previews, and server.yml allows 3 (line 17), which holds; slipway.yml asks for previews to stay for 30d, and server.yml allows 48h0m0s (line 17), which holds"},
		},
		"previews in another Service": {
			"acme/voice", head + "previews: {service: billing}",
			[]string{`slipway.yml:4: server.yml lets acme/voice deploy voice to the Service "acme-previews", and not to "billing" (line 8). Leave preview-service out, or have it allowed there.`},
		},
		"previews of a service in another Service": {
			"acme/voice", head + "service: billing\n    previews: true",
			[]string{`slipway.yml:4: server.yml lets acme/voice deploy voice to the Service "acme-previews", and not to "billing" (line 8). Leave service out, or have it allowed there.`},
		},
		"previews with the variables of other places": {
			"acme/voice", head + "variables: [DSN]\n    previews: {variables-like: trial}",
			[]string{
				"slipway.yml:4: server.yml gives previews of voice no variable DSN (line 17). Leave it out of slipway.yml, or have it added there, to the variables of previews.\n" +
					"slipway.yml:5: variables-like names trial, which is in another account (line 16). Name one of the same account.",
			},
		},
		"no previews": {
			"acme/voice", "version: 1\nservices: {plain: {previews: true}}",
			[]string{"server.yml does not let acme/voice make previews of plain (line 18). Set previews: true there, or remove previews from slipway.yml."},
		},
		"variables of an Environment that is not allowed": {
			"acme/voice", "version: 1\nservices: {plain: {environments: {stage: {" + on + ", variables-like: production}}}}",
			[]string{"slipway.yml:2: server.yml does not let acme/voice have the variables of production; line 18 allows stage, ZE00000000000000000000000000000001. Name another one for variables-like, or have it allowed there."},
		},
		"variables of another Service": {
			"acme/voice", head + "environments: {stage: {" + on + ", variables-like: qa}}",
			[]string{"slipway.yml:4: variables-like names qa, which is in another Service (line 14). Name one of the same Service."},
		},
		"what was tested": {
			"acme/voice", head + "environments: {stage: {}, production: {on: {tag: v1}, promote-from: stage}}",
			[]string{"live acme-voice production"},
		},
		"what runs in an Environment that is not allowed": {
			"acme/voice", "version: 1\nservices: {plain: {environments: {production: {}, stage: {on: {tag: v1}, promote-from: production}}}}",
			[]string{"slipway.yml:2: server.yml does not let acme/voice promote what runs in production; line 18 allows stage, ZE00000000000000000000000000000001. Name another one for promote-from, or have it allowed there."},
		},
		"what runs in another account": {
			"acme/voice", head + "environments: {trial: {}, production: {on: {tag: v1}, promote-from: trial}}",
			[]string{"slipway.yml:4: promote-from names trial, which is in another account (line 16). Leave promote-from out, so that the tag itself is deployed."},
		},
		"what runs in another Service": {
			"acme/voice", head + "environments: {qa: {}, production: {on: {tag: v1}, promote-from: qa}}",
			[]string{"slipway.yml:4: promote-from names qa, which is in another Service (line 14). Leave promote-from out, so that the tag itself is deployed."},
		},
		"what another repository has by default": {
			"acme/billing", "version: 1\nservices: {billing: {environments: {stage: {" + on + "}}, previews: {variables-like: stage}}}",
			[]string{"live billing stage", "live billing pr-7, like billing, at most 10 for 0s"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, asked := range questions(t, test.repository, test.slipway) {
				got = append(got, answered(t, file, asked))
			}
			if diff := cmp.Diff(got, test.want); diff != "" {
				t.Errorf("got (-), want (+):\n%s", diff)
			}
		})
	}
}

// answered is what comes of a Question, in words.
func answered(tb testing.TB, file *grants.File, asked grants.Question) string {
	tb.Helper()
	grant, err := file.Grant(asked)
	if err != nil {
		refused, isRefused := errors.AsType[*grants.RefusedError](err)
		_, isList := errors.AsType[problem.List](err)
		if !isRefused || !isList || grant != nil {
			tb.Errorf("the error is %T", err)
		}
		return refused.Error()
	}
	told := strings.Join(append([]string{grant.Account.Name, grant.Target.Service, grant.Target.Environment}, slices.Sorted(maps.Keys(grant.Variables))...), " ")
	if grant.LikeService != "" {
		told += ", like " + grant.LikeService
	}
	if asked.IsPreview {
		values, _, err := grant.Use(everything)
		if err != nil {
			tb.Fatal(err)
		}
		previews, err := config.ReadPreviews(values)
		if err != nil {
			tb.Fatal(err)
		}
		told += ", at most " + values[config.PreviewMax].Text + " for " + previews.TTL.String()
	}
	return strings.Join(append([]string{told}, grant.Notes...), "; ")
}

// everything is an environment in which each variable has a value of its own form.
func everything(name string) string {
	if name == "KEY" {
		return "SK00000000000000000000000000000001"
	}
	return "value-of-" + name
}

// TestRefusalsTellNothingOfOthers makes sure that a repository learns neither what
// others have nor where the server keeps its secrets.
func TestRefusalsTellNothingOfOthers(t *testing.T) {
	t.Parallel()
	file := parsed(t, served)
	for _, slipway := range []string{
		"version: 1\nservices: {billing: {service: x, environments: {dev: {on: {branch: main}}}, previews: true}}",
		"version: 1\nservices: {billing: {variables: [KEY], environments: {stage: {on: {branch: main}}, qa: {on: {branch: main}}}, previews: true}}",
	} {
		for _, repository := range []string{"acme/billing", "mallory/x"} {
			for _, asked := range questions(t, repository, slipway) {
				_, err := file.Grant(asked)
				if err == nil {
					t.Fatalf("%s is granted %s", repository, slipway)
				}
				for _, hidden := range []string{"acme/voice", "acme-voice", "/etc/slipway", "stripe", "AC0000", "SECRET"} {
					if strings.Contains(err.Error(), hidden) {
						t.Errorf("%s learns of %s: %v", repository, hidden, err)
					}
				}
			}
		}
	}
}

// TestAccountsThatAreOne makes sure that an account is known by any spelling.
func TestAccountsThatAreOne(t *testing.T) {
	t.Parallel()
	id := func(settings string) string {
		return parsed(t, "version: 1\nrepositories: {a/b: {accounts: {m: {api-key: {env: KEY}, api-secret: {env: SECRET}, "+settings+"}}, services: {s: {previews: true}}}}").Repositories[0].Accounts[0].ID()
	}
	for _, same := range [][2]string{
		{"", "region: us1"},
		{"api-url: 'https://API.example.com/'", "api-url: https://api.example.com"},
		{"edge: dublin", "live-url: 'http://localhost/{domain}'"},
	} {
		if one, other := id(same[0]), id(same[1]); one != other {
			t.Errorf("%s is %s, and %s is %s", same[0], one, same[1], other)
		}
	}
	for _, differing := range [][2]string{{"", "region: ie1"}, {"", "api-url: https://api.example.com"}, {"", "account-sid: AC00000000000000000000000000000001"}} {
		if one, other := id(differing[0]), id(differing[1]); one == other {
			t.Errorf("%s and %s are %s", differing[0], differing[1], one)
		}
	}
}

// TestLanes makes sure that two repositories have one lane where they would meet, and
// otherwise never.
func TestLanes(t *testing.T) {
	t.Parallel()
	file := parsed(t, served)
	seen := map[string]string{}
	for _, one := range []struct{ repository, slipway string }{
		{"acme/voice", "version: 1\nservices: {voice: {environments: {stage: {on: {branch: main}}, qa: {on: {branch: main}}, trial: {on: {branch: main}}}, previews: true}, plain: {environments: {stage: {on: {branch: main}}}}}"},
		{"acme/billing", "version: 1\nservices: {billing: {environments: {stage: {on: {branch: main}}}, previews: true}}"},
	} {
		for _, asked := range questions(t, one.repository, one.slipway) {
			grant, err := file.Grant(asked)
			if err != nil {
				t.Fatal(err)
			}
			who := grant.Repository + " " + grant.Service + " " + grant.Target.Environment
			if other, isTaken := seen[grant.Lane()]; isTaken {
				t.Errorf("%s and %s have the lane %q", who, other, grant.Lane())
			}
			seen[grant.Lane()] = who
		}
	}
	if len(seen) != 7 {
		t.Errorf("there are %d lanes: %v", len(seen), seen)
	}
}
