package deploy_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// TestDiffOfVariables says what happens to which key.
func TestDiffOfVariables(t *testing.T) {
	t.Parallel()
	variables := func(pairs ...string) map[string]twilio.Variable {
		read := map[string]twilio.Variable{}
		for key, value := range secrets(pairs...) {
			read[key] = twilio.Variable{SID: twilio.VariableSID("ZV" + key), Key: key, Value: value}
		}
		return read
	}
	const live = twilio.BuildSID("ZB1")
	for name, test := range map[string]struct {
		project []string
		build   twilio.BuildSID // live in the Environment
		there   []string
		like    []string // nil where none is asked
		prunes  bool
		want    job.Changes
		copied  []string
		note    string
	}{
		"a new Environment like another": {
			project: []string{"A", "mine"}, like: []string{"A", "hidden", "C", "hidden", "B", "hidden"},
			want: job.Changes{Created: []string{"A", "B", "C"}}, copied: []string{"B", "C"}, note: "2 variables are those of stage: B, C",
		},
		"one is copied": {
			like: []string{"B", "hidden"},
			want: job.Changes{Created: []string{"B"}}, copied: []string{"B"}, note: "1 variable is that of stage: B",
		},
		"what is there stays": {
			project: []string{"A", "mine"}, there: []string{"B", "own-value", "Z", "own-value"}, like: []string{"B", "hidden", "C", "hidden"},
			want: job.Changes{Created: []string{"A", "C"}}, copied: []string{"C"}, note: "1 variable is that of stage: C",
		},
		"the other has nothing more": {
			project: []string{"A", "mine"}, like: []string{"A", "hidden"},
			want: job.Changes{Created: []string{"A"}}, copied: []string{}, note: "no variable is taken from stage: it has none that would be new",
		},
		"what was copied is not pruned": {
			project: []string{"A", "mine"}, there: []string{"B", "own-value", "Z", "own-value"}, like: []string{"B", "hidden", "C", "hidden"}, prunes: true,
			want: job.Changes{Created: []string{"A", "C"}, Removed: []string{"Z"}}, copied: []string{"C"}, note: "1 variable is that of stage: C",
		},
		"what was copied before is not pruned": {
			project: []string{"A", "mine"}, build: live, there: []string{"A", "mine", "B", "own-value", "Y", "own-value", "Z", "own-value"},
			like: []string{"B", "hidden", "C", "hidden"}, prunes: true,
			want: job.Changes{Unchanged: []string{"A"}, Removed: []string{"Y", "Z"}},
		},
		"all that the project does not have goes": {
			project: []string{"A", "mine"}, build: live, there: []string{"A", "own-value", "Z", "own-value", "B", "own-value"}, prunes: true,
			want: job.Changes{Updated: []string{"A"}, Removed: []string{"B", "Z"}},
		},
		"it stays by default": {
			project: []string{"A", "mine"}, build: live, there: []string{"Z", "own-value"},
			want: job.Changes{Created: []string{"A"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := question(dev(t), wanted())
			asked.PruneVariables = test.prunes
			state := deploy.Live{
				Service: twilio.Service{SID: "ZS1"}, Environment: twilio.Environment{SID: "ZE1", BuildSID: test.build},
				Variables: variables(test.there...),
			}
			if test.like != nil {
				asked.Like = deploy.Environment{Name: "stage"}
				state.Like, state.LikeVariables = twilio.Environment{SID: "ZE2"}, variables(test.like...)
			}
			plan := deploy.Diff(asked, secrets(test.project...), state)
			want := job.NoChanges()
			for into, from := range map[*[]string][]string{
				&want.Created: test.want.Created, &want.Updated: test.want.Updated, &want.Unchanged: test.want.Unchanged, &want.Removed: test.want.Removed,
			} {
				*into = append(*into, from...)
			}
			if diff := cmp.Diff(want, plan.Variables); diff != "" {
				t.Errorf("the variables differ (-want +got):\n%s", diff)
			}
			var copied *deploy.CopiedVariables
			if test.copied != nil {
				copied = &deploy.CopiedVariables{From: "stage", FromSID: "ZE2", Keys: test.copied}
			}
			if diff := cmp.Diff(copied, plan.Copied); diff != "" {
				t.Errorf("what is copied differs (-want +got):\n%s", diff)
			}
			if got := strings.Join(plan.Notes, "; "); got != test.note {
				t.Errorf("the notes are %q, want %q", got, test.note)
			}
			encoded, err := json.Marshal(plan)
			if err != nil || strings.Contains(string(encoded), "hidden") || strings.Contains(string(encoded), "own-value") {
				t.Errorf("the Plan holds a value: %s, %v", encoded, err)
			}
		})
	}
}

// TestOnlyRemovalsAreSomething needs no Build and is not nothing.
func TestOnlyRemovalsAreSomething(t *testing.T) {
	t.Parallel()
	asked := question(dev(t), wanted())
	digest := deploy.Diff(asked, nil, deploy.Live{}).Digest
	live := deploy.Live{
		Environment: twilio.Environment{SID: "ZE1", BuildSID: "ZB1"}, Build: twilio.Build{SID: "ZB1"}, Known: deploy.Known{Digest: digest},
		Variables: map[string]twilio.Variable{"OLD": {Key: "OLD"}},
	}
	if plan := deploy.Diff(asked, nil, live); !plan.IsNothing() {
		t.Errorf("without prune-variables the Plan is %+v", plan)
	}
	asked.PruneVariables = true
	if plan := deploy.Diff(asked, nil, live); plan.IsNothing() || plan.Build != deploy.BuildLive {
		t.Errorf("the Plan is %+v", plan)
	}
}

func TestParseLike(t *testing.T) {
	t.Parallel()
	const sid, other = "ZE0123456789abcdef0123456789abcdef", "ZE1123456789abcdef0123456789abcdef"
	for name, test := range map[string]struct{ like, target, want string }{
		"none":                        {"", "dev", ""},
		"another":                     {"stage", "dev", ""},
		"production":                  {"production", "dev", ""},
		"a SID":                       {sid, "dev", ""},
		"another SID":                 {sid, other, ""},
		"production for a SID":        {"production", sid, ""},
		"itself":                      {"dev", "dev", "variables-like: environment dev is the one that is deployed to"},
		"itself in other letters":     {"DEV", "dev", "variables-like: environment DEV is the one"},
		"production itself":           {"production", "production", "variables-like: environment production is the one"},
		"its own SID":                 {sid, sid, "is the one that is deployed to"},
		"no name":                     {"a b", "dev", `variables-like: environment "a b" cannot be part of a domain`},
		"too long":                    {"seventeen-letters", "dev", "variables-like: environment \"seventeen-letters\" has 17 characters"},
		"a target that cannot be":     {"stage", "a b", ""},
		"production for what is none": {"production", "a b", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target, _ := deploy.ParseEnvironment(test.target)
			like, err := deploy.ParseLike(test.like, target)
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
			if err == nil && like.Name != test.like {
				t.Errorf("read was %+v", like)
			}
		})
	}
}

// neighbours is a Service with an Environment stage that has variables, beside
// which dev is deployed to.
type neighbours struct {
	client   *twilio.Client
	world    *sandbox.Sandbox
	service  twilio.ServiceSID
	stage    twilio.EnvironmentSID
	deployer *deploy.Deployer
	asked    deploy.Question
}

func newNeighbours(t *testing.T) *neighbours {
	t.Helper()
	n := &neighbours{}
	n.client, n.world = newWorld(t)
	service, err := n.client.CreateService(t.Context(), twilio.NewService{UniqueName: "site", FriendlyName: "site"})
	if err != nil {
		t.Fatal(err)
	}
	stage, err := n.client.CreateEnvironment(t.Context(), service.SID, "stage-environment", "stage")
	if err != nil {
		t.Fatal(err)
	}
	n.service, n.stage = service.SID, stage.SID
	n.set(t, stage.SID, "A", "theirs", "B", "theirs", "KEY", "theirs")
	n.deployer = newDeployer(n.client, deploy.InMemory{})
	n.asked = question(dev(t), small())
	if n.asked.Like, err = deploy.ParseLike("stage", n.asked.Environment); err != nil {
		t.Fatal(err)
	}
	return n
}

func (n *neighbours) set(t *testing.T, at twilio.EnvironmentSID, pairs ...string) {
	t.Helper()
	for key, value := range secrets(pairs...) {
		if _, err := n.client.CreateVariable(t.Context(), n.service, at, key, value); err != nil {
			t.Fatal(err)
		}
	}
}

func (n *neighbours) remove(t *testing.T, key string) {
	t.Helper()
	for _, one := range n.world.Snapshot().Variables {
		if one.Key != key {
			continue
		}
		if err := n.client.DeleteVariable(t.Context(), n.service, twilio.EnvironmentSID(one.EnvironmentSID), twilio.VariableSID(one.SID)); err != nil {
			t.Fatal(err)
		}
	}
}

// variables are those of every Environment but stage.
func (n *neighbours) variables() string {
	var pairs []string
	for _, one := range n.world.Snapshot().Variables {
		if one.EnvironmentSID != string(n.stage) {
			pairs = append(pairs, one.Key+"="+one.Value)
		}
	}
	slices.Sort(pairs)
	return strings.Join(pairs, " ")
}

// TestCopiedVariablesAreReadAgain changes both Environments between the Plan and
// the activation.
func TestCopiedVariablesAreReadAgain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		meddle func(t *testing.T, n *neighbours)
		want   string // the variables, or what is in the error
		fails  bool
	}{
		"not at all": {func(*testing.T, *neighbours) {}, "A=theirs B=theirs KEY=value", false},
		"another value": {func(t *testing.T, n *neighbours) {
			t.Helper()
			n.set(t, n.stage, "A", "newer")
		}, "A=newer B=theirs KEY=value", false},
		"one more": {func(t *testing.T, n *neighbours) {
			t.Helper()
			n.set(t, n.stage, "C", "unplanned")
		}, "A=theirs B=theirs KEY=value", false},
		"one that the project has goes": {func(t *testing.T, n *neighbours) {
			t.Helper()
			n.remove(t, "KEY")
		}, "A=theirs B=theirs KEY=value", false},
		"one goes": {func(t *testing.T, n *neighbours) {
			t.Helper()
			n.remove(t, "B")
		}, "environment stage, which variables are copied from, has no B", true},
		"the target gets one": {func(t *testing.T, n *neighbours) {
			t.Helper()
			made, err := n.client.CreateEnvironment(t.Context(), n.service, "dev-environment", "dev")
			if err != nil {
				t.Fatal(err)
			}
			n.set(t, made.SID, "A", "mine")
		}, "A=mine B=theirs KEY=value", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNeighbours(t)
			plan, err := n.deployer.Plan(t.Context(), n.asked)
			if err != nil {
				t.Fatal(err)
			}
			test.meddle(t, n)
			outcome, err := n.deployer.Apply(t.Context(), plan)
			if !test.fails {
				if err != nil || n.variables() != test.want {
					t.Errorf("ended with %v; the variables are %s, want %s", err, n.variables(), test.want)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("ended with %v, want %q", err, test.want)
			}
			if failure := deploy.Explain(err); failure.Reason != job.StalePlan || !strings.HasPrefix(failure.Hint, "Run it again") {
				t.Errorf("it is explained as %+v", failure)
			}
			if outcome.Live != deploy.LiveAsBefore || n.variables() != "" {
				t.Errorf("ended with %+v and the variables %s", outcome, n.variables())
			}
		})
	}
}

// TestARepeatedRunCopiesOnce cuts the deploy of a new Environment off before its
// activation, and runs it again with and without what was stored.
func TestARepeatedRunCopiesOnce(t *testing.T) {
	t.Parallel()
	for name, keeps := range map[string]bool{"stored": true, "forgotten": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNeighbours(t)
			n.asked.PruneVariables = true
			store := &notebook{results: make(map[string][]byte), dieAt: "activate"}
			n.deployer.Steps = store
			plan, err := n.deployer.Plan(t.Context(), n.asked)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := n.deployer.Apply(t.Context(), plan); err == nil {
				t.Fatal("the first run was not cut off")
			}
			// As the activation would have left it, had it been killed.
			for _, environment := range n.world.Snapshot().Environments {
				if environment.UniqueName == "dev-environment" {
					n.set(t, twilio.EnvironmentSID(environment.SID), "A", "theirs")
				}
			}
			if store.dieAt = ""; !keeps {
				clear(store.results)
			}
			if plan, err = n.deployer.Plan(t.Context(), n.asked); err != nil {
				t.Fatal(err)
			}
			if _, err := n.deployer.Apply(t.Context(), plan); err != nil || n.variables() != "A=theirs B=theirs KEY=value" {
				t.Errorf("ended with %v; the variables are %s", err, n.variables())
			}
			for step, result := range store.results {
				if strings.Contains(string(result), "theirs") {
					t.Errorf("the result of step %s holds a variable's value: %s", step, result)
				}
			}
			// It is not new any more, and keeps what it got.
			clear(store.results)
			again, err := n.deployer.Plan(t.Context(), n.asked)
			if err != nil || len(again.Variables.Created)+len(again.Variables.Removed) != 0 || again.Copied != nil {
				t.Errorf("the next Plan is %+v, %v", again, err)
			}
		})
	}
}

// TestLikeThatCannotBe names Environments that do not do.
func TestLikeThatCannotBe(t *testing.T) {
	t.Parallel()
	const missing = "ZE0123456789abcdef0123456789abcdef"
	for name, test := range map[string]struct {
		like, service string
		isLive        bool // the target
		prunes        bool
		want          string // of the error
	}{
		"not there":                        {"nope", "site", false, false, "variables-like: there is no environment nope in the Service site"},
		"not there by SID":                 {missing, "site", false, false, "variables-like: environment " + missing + " is not one of this Service's"},
		"no Service":                       {"stage", "new", false, false, "variables-like: there is no environment stage in the Service new"},
		"the target by SID":                {"dev's", "site", false, false, "is the one that is deployed to"},
		"the live target by SID":           {"dev's", "site", true, false, "is the one that is deployed to"},
		"not there, and does not count":    {"nope", "site", true, false, ""},
		"not there by SID, does not count": {missing, "site", true, false, ""},
		"not there, and counts":            {"nope", "site", true, true, "there is no environment nope"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNeighbours(t)
			own, err := n.client.CreateEnvironment(t.Context(), n.service, "dev-environment", "dev")
			if err != nil {
				t.Fatal(err)
			}
			if test.isLive {
				deployed(t, n.client, small())
			}
			name := strings.ReplaceAll(test.like, "dev's", string(own.SID))
			n.asked.Service, n.asked.PruneVariables = test.service, test.prunes
			if n.asked.Like, err = deploy.ParseLike(name, n.asked.Environment); err != nil {
				t.Fatal(err)
			}
			_, err = n.deployer.Plan(t.Context(), n.asked)
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Fatalf("error %v, want %q", err, test.want)
			}
			if err != nil && deploy.Explain(err).Reason != job.BadInput {
				t.Errorf("the reason is %s", deploy.Explain(err).Reason)
			}
		})
	}
}

// TestPruningAllIsRefused where the project gives nothing: its file is missing
// rather than empty.
func TestPruningAllIsRefused(t *testing.T) {
	t.Parallel()
	n := newNeighbours(t)
	deployed(t, n.client, small())
	n.asked.PruneVariables, n.asked.Like = true, deploy.Environment{}
	if _, err := n.deployer.Plan(t.Context(), n.asked); err != nil {
		t.Errorf("the project gives one, and it is refused: %v", err)
	}
	n.deployer.Variables = func() (map[string]secret.String, error) { return secrets(), nil }
	_, err := n.deployer.Plan(t.Context(), n.asked)
	if err == nil || !strings.Contains(err.Error(), "would remove 1 variable of dev, because the project gives none") || deploy.Explain(err).Reason != job.BadInput {
		t.Errorf("error %v", err)
	}
	n.asked.PruneVariables = false
	if _, err := n.deployer.Plan(t.Context(), n.asked); err != nil {
		t.Errorf("nothing is pruned, and it is refused: %v", err)
	}
	n.remove(t, "KEY")
	n.asked.PruneVariables = true
	if _, err := n.deployer.Plan(t.Context(), n.asked); err != nil {
		t.Errorf("there is nothing to remove, and it is refused: %v", err)
	}
}

// TestLikeOfAnotherService starts a new Environment with the variables of one that
// another Service has.
func TestLikeOfAnotherService(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		service, likeService string
		fails                string
	}{
		"beside a Service that is there":      {"previews", "site", ""},
		"beside one that is to be created":    {"new", "site", ""},
		"named by its own unique name":        {"site", "site", ""},
		"of a Service that is not there":      {"previews", "gone", "variables-like: there is no environment stage in the Service gone"},
		"of one that has not the Environment": {"site", "previews", "variables-like: there is no environment stage in the Service previews"},
		"neither of both":                     {"new", "gone", "variables-like: there is no environment stage in the Service gone"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNeighbours(t)
			if _, err := n.client.CreateService(t.Context(), twilio.NewService{UniqueName: "previews", FriendlyName: "previews"}); err != nil {
				t.Fatal(err)
			}
			n.asked.Service, n.asked.LikeService = test.service, test.likeService
			plan, err := n.deployer.Plan(t.Context(), n.asked)
			if test.fails != "" {
				if err == nil || !strings.HasPrefix(err.Error(), test.fails) {
					t.Errorf("planning: %v, want %q", err, test.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := n.deployer.Apply(t.Context(), plan); err != nil {
				t.Fatal(err)
			}
			if got := n.variables(); got != "A=theirs B=theirs KEY=value" {
				t.Errorf("the variables are %s", got)
			}
			// What is live keeps its own, and nothing of the other is read.
			n.asked.LikeService = "gone"
			if test.service == "site" {
				n.asked.LikeService = "site"
			}
			if plan, err := n.deployer.Plan(t.Context(), n.asked); err != nil || plan.Copied != nil {
				t.Errorf("again: %+v, %v", plan.Copied, err)
			}
		})
	}
}
