package gh_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/retry"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/github"
)

// preview is a GitHub Deployment that is right in every way.
func preview() gh.NewDeployment {
	return gh.NewDeployment{
		SHA: sha, Environment: "voice/pr-7", Description: "Preview of 1111111", Payload: map[string]string{"service": "voice"}, IsTransient: true,
	}
}

// deploymentsOf lists what the sandbox's first repository holds, oldest first.
func deploymentsOf(world *sandbox.Sandbox) []sandbox.Deployment {
	return world.Snapshot().Repositories[0].Deployments
}

// TestCreateDeployment has a commit behind the default branch with a pending
// status, neither of which is in the way.
func TestCreateDeployment(t *testing.T) {
	t.Parallel()
	c, world := newWorld(t, sandbox.Options{})
	if err := world.AddCommit("acme/voice", sandbox.Commit{SHA: strings.Repeat("2", 40), Parents: []string{sha}, Branch: "main"}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.SetCommitStatus(t.Context(), voice, sha, pending()); err != nil {
		t.Fatal(err)
	}
	wanted := preview()
	wanted.Description = "🚀 Preview\n" + strings.Repeat("ä", 150)
	id, err := c.CreateDeployment(t.Context(), voice, wanted)
	made := deploymentsOf(world)
	if err != nil || len(made) != 1 || int64(id) != made[0].ID {
		t.Fatalf("error %v, id %d of %+v", err, id, made)
	}
	mark, isMarked := strings.CutPrefix(made[0].Payload, `{"mark":"`)
	if !isMarked || !strings.HasSuffix(mark, `","service":"voice"}`) || len(mark) < 40 {
		t.Errorf("payload is %s", made[0].Payload)
	}
	want := sandbox.Deployment{
		SHA: sha, Ref: sha, Task: "deploy", Environment: "voice/pr-7", OriginalEnvironment: "voice/pr-7",
		Description: "Preview " + strings.Repeat("ä", 131) + "…", IsTransient: true, Creator: "github-actions[bot]",
	}
	if diff := cmp.Diff(made[0], want, cmpopts.IgnoreFields(sandbox.Deployment{}, "ID", "Created", "Payload")); diff != "" {
		t.Errorf("got-want+\n%s", diff)
	}
	if len(wanted.Payload) != 1 {
		t.Errorf("the payload that was given has become %v", wanted.Payload)
	}
	if again, err := c.CreateDeployment(t.Context(), voice, wanted); err != nil || again == id {
		t.Errorf("a second one is %d with error %v", again, err)
	}
	bare := gh.NewDeployment{SHA: sha, Environment: "production", Task: "promote", IsProduction: true}
	if _, err := c.CreateDeployment(t.Context(), voice, bare); err != nil {
		t.Error(err)
	}
	if last := deploymentsOf(world)[2]; last.Task != "promote" || !last.IsProduction || last.Description != "" {
		t.Errorf("got %+v", last)
	}
}

// TestMarkedDeploymentsAreThereOnce finds one by its mark, whichever way the
// server gives payloads, and among those of others.
func TestMarkedDeploymentsAreThereOnce(t *testing.T) {
	t.Parallel()
	for _, isText := range []bool{false, true} {
		c, world := newWorld(t, sandbox.Options{Switches: sandbox.Switches{PayloadsAreText: isText}})
		ids := map[string]gh.DeploymentID{}
		for _, mark := range []string{"run 1", "run 2", "run 1", "", "run 2", ""} {
			wanted := preview()
			wanted.Mark = mark
			id, err := c.CreateDeployment(t.Context(), voice, wanted)
			if err != nil || mark != "" && ids[mark] != 0 && ids[mark] != id {
				t.Errorf("%q is %d, and was %d; error %v", mark, id, ids[mark], err)
			}
			ids[mark] = id
		}
		other := preview()
		other.Mark, other.Task = "run 1", "teardown"
		if id, err := c.CreateDeployment(t.Context(), voice, other); err != nil || id == ids["run 1"] {
			t.Errorf("another task is %d, error %v", id, err)
		}
		if made := deploymentsOf(world); len(made) != 5 {
			t.Errorf("there are %d", len(made))
		}
	}
}

// TestDeploymentsMeetEveryFault once, at the creation and at the look for it. A
// creation that may have been handled is not sent again before it had its time.
func TestDeploymentsMeetEveryFault(t *testing.T) {
	t.Parallel()
	const soon, late = 9 * time.Second, 10 * time.Second
	for fault, atLeast := range map[sandbox.Fault]time.Duration{
		sandbox.FaultSecondary: 0, sandbox.FaultTooMany: 0, sandbox.FaultSlow: 0,
		sandbox.FaultServerError: late, sandbox.FaultBadGateway: late, sandbox.FaultUnavailable: late, sandbox.FaultCutBefore: late,
		sandbox.FaultCutAfter: 0, sandbox.FaultServerErrorAfter: 0, sandbox.FaultTruncated: 0, sandbox.FaultEmpty: 0, sandbox.FaultWrongShape: 0,
	} {
		for _, whileLooking := range []sandbox.Fault{sandbox.FaultNone, sandbox.FaultServerError, sandbox.FaultCutAfter, sandbox.FaultTruncated, sandbox.FaultTooMany, sandbox.FaultWrongShape} {
			t.Run(fault.String()+"/"+whileLooking.String(), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					var writes, reads atomic.Int64
					world := newSandbox(t, sandbox.Options{Fault: func(r *http.Request) sandbox.Fault {
						switch {
						case r.Method == http.MethodPost && writes.Add(1) == 1:
							return fault
						case r.Method == http.MethodGet && reads.Add(1) == 1:
							return whileLooking
						}
						return sandbox.FaultNone
					}})
					started := time.Now()
					id, err := inMemory(t, world).CreateDeployment(t.Context(), voice, preview())
					took, made := time.Since(started), deploymentsOf(world)
					if err != nil || len(made) != 1 || int64(id) != made[0].ID {
						t.Errorf("id %d, error %v, there are %+v", id, err, made)
					}
					if took < atLeast || atLeast == 0 && took > soon {
						t.Errorf("it took %s", took)
					}
				})
			})
		}
	}
}

// TestDeploymentsThatComeLate has a server that loses answers, and handles
// requests up to as late as GitHub does, in every order that chance makes.
func TestDeploymentsThatComeLate(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				world := newSandbox(t, sandbox.Options{})
				c := client(t, func(cfg *gh.Config) {
					cfg.Retry = retry.Policy{MaxAttempts: 30, MaxElapsed: 20 * time.Minute}
					cfg.Transport = unreliable(world, rand.New(rand.NewPCG(seed, 3)))
				})
				id, err := c.CreateDeployment(t.Context(), voice, preview())
				time.Sleep(time.Minute) // until nothing can come any more
				if made := deploymentsOf(world); err != nil || len(made) != 1 || int64(id) != made[0].ID {
					t.Errorf("id %d, error %v, there are %d", id, err, len(made))
				}
			})
		})
	}
}

func TestDeploymentsAreRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		options sandbox.Options
		change  func(*gh.NewDeployment)
		want    string
	}{
		"an unknown commit": {change: func(d *gh.NewDeployment) { d.SHA = strings.Repeat("9", 40) }, want: "GitHub answered 422: No ref found for: 999"},
		"no permission": {
			options: sandbox.Options{Tokens: []sandbox.Token{{Value: token, Permissions: map[string]string{"deployments": "read", "statuses": "write"}}}},
			want:    `add the line "deployments: write" under "permissions:"`,
		},
		"never an answer":  {options: sandbox.Options{Fault: func(*http.Request) sandbox.Fault { return sandbox.FaultBadGateway }}, want: "create GitHub Deployment"},
		"an hour's limit":  {options: sandbox.Options{Fault: func(*http.Request) sandbox.Fault { return sandbox.FaultRateLimit }}, want: "used up GitHub's rate limit"},
		"another host":     {options: sandbox.Options{Fault: func(*http.Request) sandbox.Fault { return sandbox.FaultRedirect }}, want: "GitHub answered 307"},
		"a bad credential": {options: sandbox.Options{Fault: func(*http.Request) sandbox.Fault { return sandbox.FaultUnauthorised }}, want: "GitHub answered 401"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, world := newWorld(t, test.options)
			wanted := preview()
			if test.change != nil {
				test.change(&wanted)
			}
			id, err := c.CreateDeployment(t.Context(), voice, wanted)
			if err == nil || id != 0 || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), token) || len(deploymentsOf(world)) != 0 {
				t.Errorf("id %d, error %v", id, err)
			}
		})
	}
	// What GitHub answers when it merged instead, which was not asked for.
	c := newClient(t, answer(202, `{"message":"Auto-merged main into topic on deployment."}`))
	id, err := c.CreateDeployment(t.Context(), voice, preview())
	if refusal, ok := errors.AsType[*gh.Error](err); !ok || id != 0 || refusal.Status != 202 {
		t.Errorf("id %d, error %v", id, err)
	}
}

func TestBadDeploymentsSendNothing(t *testing.T) {
	t.Parallel()
	c := newClient(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s %s was sent", r.Method, r.URL) }))
	for want, wanted := range map[string]gh.NewDeployment{
		`"main" is not a commit`:     {SHA: "main", Environment: "x"},
		"needs a name":               {SHA: sha, Environment: " "},
		"has at most 255 characters": {SHA: sha, Environment: strings.Repeat("x", 256)},
		`"a b" cannot be the name`:   {SHA: sha, Environment: "a\nb"},
		`".." cannot be the name`:    {SHA: sha, Environment: ".."},
		`field "mark" of a payload`:  {SHA: sha, Environment: "x", Payload: map[string]string{"mark": "1"}},
	} {
		if _, err := c.CreateDeployment(t.Context(), voice, wanted); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if _, err := c.CreateDeployment(t.Context(), gh.Repository{Owner: "..", Name: "x"}, preview()); err == nil {
		t.Error("a repository outside is accepted")
	}
	for want, status := range map[string]gh.DeploymentStatus{
		`cannot be "done"`: {State: "done"}, `cannot be ""`: {}, "http and https": {State: gh.DeploymentSuccess, EnvironmentURL: "javascript:alert(1)"},
	} {
		if _, err := c.SetDeploymentState(t.Context(), voice, 1, status); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if _, err := c.SetDeploymentState(t.Context(), voice, 0, gh.DeploymentStatus{State: gh.DeploymentSuccess}); err == nil {
		t.Error("no GitHub Deployment at all is accepted")
	}
}

// TestDeploymentLine has a whole life, and then another one's success.
func TestDeploymentLine(t *testing.T) {
	t.Parallel()
	c, world := newWorld(t, sandbox.Options{})
	wanted := preview()
	wanted.IsTransient = false
	lines := make([]*gh.DeploymentLine, 2)
	for i := range lines {
		id, err := c.CreateDeployment(t.Context(), voice, wanted)
		if err != nil {
			t.Fatal(err)
		}
		lines[i] = c.DeploymentLine(voice, id)
	}
	succeeded := gh.DeploymentStatus{
		State: gh.DeploymentSuccess, Description: "Ready 🚀\nat last", LogURL: "https://ci.example/1", EnvironmentURL: "https://voice.example", RetiresOthers: true,
	}
	for _, step := range []struct {
		on     int
		status gh.DeploymentStatus
		want   string // "written", "the same" or "superseded"
	}{
		{0, gh.DeploymentStatus{State: gh.DeploymentQueued}, "written"},
		{0, gh.DeploymentStatus{State: gh.DeploymentInProgress, LogURL: "https://ci.example/1"}, "written"},
		{0, gh.DeploymentStatus{State: gh.DeploymentInProgress, LogURL: "https://ci.example/1"}, "the same"},
		{0, succeeded, "written"},
		{0, succeeded, "the same"},
		{0, gh.DeploymentStatus{State: gh.DeploymentInProgress}, "superseded"},
		{0, gh.DeploymentStatus{State: gh.DeploymentQueued}, "superseded"},
		{1, succeeded, "written"},
	} {
		written, err := lines[step.on].Set(t.Context(), step.status)
		got := map[bool]string{true: "written", false: "the same"}[written]
		if errors.Is(err, gh.ErrSuperseded) {
			got, err = "superseded", nil
		}
		if got != step.want || err != nil {
			t.Errorf("%+v: %s with error %v, want %s", step.status, got, err, step.want)
		}
	}
	made := deploymentsOf(world)
	if got := statesOf(made[0]) + "; " + statesOf(made[1]); got != "queued in_progress success inactive; success" {
		t.Errorf("there are %s", got)
	}
	last := made[1].Statuses[0]
	if last.Description != "Ready at last" || last.LogURL != "https://ci.example/1" || last.EnvironmentURL != "https://voice.example" {
		t.Errorf("got %+v", last)
	}
	// A second process knows nothing of the first, and looks.
	succeeded.RetiresOthers = false
	if written, err := c.SetDeploymentState(t.Context(), voice, gh.DeploymentID(made[1].ID), succeeded); written || err != nil {
		t.Errorf("written %t, error %v", written, err)
	}
	if written, err := c.SetDeploymentState(t.Context(), voice, gh.DeploymentID(made[0].ID), succeeded); !written || err != nil {
		t.Errorf("written %t, error %v", written, err)
	}
	if got := statesOf(deploymentsOf(world)[1]); got != "success" {
		t.Errorf("the other one is %s", got)
	}
	if _, err := c.SetDeploymentState(t.Context(), voice, 999, succeeded); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("one that is not there: %v", err)
	}
}

func statesOf(one sandbox.Deployment) string {
	var all []string
	for _, status := range one.Statuses {
		all = append(all, status.State)
	}
	return strings.Join(all, " ")
}

// TestTheLastDeploymentStateStays as TestTheLastStateStays has it for commit
// statuses.
func TestTheLastDeploymentStateStays(t *testing.T) {
	t.Parallel()
	for seed := range uint64(100) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				world := newSandbox(t, sandbox.Options{})
				id, err := inMemory(t, world).CreateDeployment(t.Context(), voice, preview())
				if err != nil {
					t.Fatal(err)
				}
				line := client(t, func(cfg *gh.Config) {
					cfg.Retry = retry.Policy{MaxAttempts: 20, MaxElapsed: 10 * time.Minute}
					cfg.Transport = unreliable(world, rand.New(rand.NewPCG(seed, 4)))
				}).DeploymentLine(voice, id)
				var sets sync.WaitGroup
				for _, state := range []gh.DeploymentState{gh.DeploymentQueued, gh.DeploymentInProgress} {
					sets.Go(func() { _, _ = line.Set(t.Context(), gh.DeploymentStatus{State: state}) })
					time.Sleep(time.Duration(seed%7) * time.Second)
				}
				_, err = line.Set(t.Context(), gh.DeploymentStatus{State: gh.DeploymentFailure})
				sets.Wait()
				time.Sleep(time.Minute)
				if got := statesOf(deploymentsOf(world)[0]); err != nil || !strings.HasSuffix(got, "failure") {
					t.Errorf("there are %q, error %v", got, err)
				}
			})
		})
	}
}

func TestDeployments(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]sandbox.Options{
		"as asked": {}, "small pages": {PageSize: 2}, "texts": {Switches: sandbox.Switches{PayloadsAreText: true}}, "faults": {FaultRate: 0.1, Seed: 7, SlowAnswer: time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				world := newSandbox(t, options)
				c := inMemory(t, world)
				if got, err := c.Deployments(t.Context(), voice, gh.DeploymentFilter{}); err != nil || len(got) != 0 {
					t.Errorf("none: %+v, %v", got, err)
				}
				for i := range 12 {
					wanted := preview()
					wanted.Description = strconv.Itoa(i)
					if wanted.Environment = "stage"; i%2 == 1 {
						wanted.Environment = "qa"
					}
					id, err := c.CreateDeployment(t.Context(), voice, wanted)
					if err != nil {
						t.Fatal(err)
					}
					if i == 11 {
						continue
					}
					status := gh.DeploymentStatus{State: gh.DeploymentSuccess, LogURL: "https://ci.example/" + strconv.Itoa(i), EnvironmentURL: "https://voice.example"}
					if _, err := c.SetDeploymentState(t.Context(), voice, id, status); err != nil {
						t.Fatal(err)
					}
				}
				for want, filter := range map[string]gh.DeploymentFilter{
					"[11 10 9 8 7 6 5 4 3 2]":     {},
					"[11 10 9 8 7 6 5 4 3 2 1 0]": {Most: 500},
					"[11 9 7]":                    {Environment: "qa", Most: 3},
					"[10 8 6 4 2 0]":              {SHA: sha, Environment: "Stage", Task: "deploy"},
					"[]":                          {SHA: strings.Repeat("9", 40)},
				} {
					got, err := c.Deployments(t.Context(), voice, filter)
					numbers := []string{}
					for _, one := range got {
						numbers = append(numbers, one.Description)
						wanted := gh.DeploymentStatus{State: gh.DeploymentSuccess, LogURL: "https://ci.example/" + one.Description, EnvironmentURL: "https://voice.example"}
						if one.Description == "11" {
							wanted = gh.DeploymentStatus{}
						}
						if one.Status.Created.IsZero() != (wanted.State == "") || wanted.State != "" && one.Status.Created.Before(one.Created) {
							t.Errorf("the status was written at %s", one.Status.Created)
						}
						if one.Status.Created = (time.Time{}); one.Status != wanted || one.SHA != sha || one.Payload["service"] != "voice" || one.Creator != "github-actions[bot]" || one.Created.IsZero() || one.ID == 0 || one.Task != "deploy" {
							t.Errorf("got %+v", one)
						}
					}
					if fmt.Sprint(numbers) != want || err != nil {
						t.Errorf("%+v: got %v, want %s, error %v", filter, numbers, want, err)
					}
				}
			})
		})
	}
}

// TestForeignPayloads are others', and may be anything.
func TestForeignPayloads(t *testing.T) {
	t.Parallel()
	for payload, want := range map[string]map[string]string{
		`{"a":"b","n":1,"o":{"x":"y"},"l":[]}`: {"a": "b"},
		`"{\"a\":\"b\"}"`:                      {"a": "b"},
		`"text"`:                               nil,
		`""`:                                   nil,
		`null`:                                 nil,
		`{}`:                                   {},
		`[1]`:                                  nil,
		`17`:                                   nil,
	} {
		c := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body := `[{"id":1,"sha":"` + sha + `","payload":` + payload + `}]`
			if strings.HasSuffix(r.URL.Path, "/statuses") {
				body = `[]`
			}
			answer(200, body).ServeHTTP(w, r)
		}))
		got, err := c.Deployments(t.Context(), voice, gh.DeploymentFilter{})
		if err != nil || len(got) != 1 || !cmp.Equal(got[0].Payload, want) {
			t.Errorf("%s: got %+v, want %v, error %v", payload, got, want, err)
		}
	}
}
