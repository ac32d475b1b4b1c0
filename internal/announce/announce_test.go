package announce_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/announce"
	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/report"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/github"
)

func wantShown(t *testing.T, world *sandbox.Sandbox, want string) {
	t.Helper()
	if diff := cmp.Diff(strings.TrimLeft(want, "\n"), shown(world)); diff != "" {
		t.Errorf("GitHub shows otherwise (-want +got):\n%s", diff)
	}
}

func TestPush(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		world := newHub(t, sandbox.Options{})
		asked := deployOf("voice", "stage")
		a := newAnnouncer(t, world, onPush(), all())
		a.Begin(t.Context(), asked)
		synctest.Wait()
		wantShown(t, world, `
status 1111111 slipway/voice/stage pending: Deploying to stage -> https://github.com/acme/voice/actions/runs/100
deployment 1111111 stage transient=false production=false task=deploy:slipway
  queued:  -> 
  in_progress: Deploying to stage -> 
`)
		if warnings := a.End(t.Context(), resultOf(asked, job.Deployed), deploy.Plan{}); len(warnings) > 0 {
			t.Errorf("warned: %+v", warnings)
		}
		wantShown(t, world, `
status 1111111 slipway/voice/stage pending: Deploying to stage -> https://github.com/acme/voice/actions/runs/100
status 1111111 slipway/voice/stage success: Deployed voice to stage in 0.0s -> https://voice-1234-stage.twil.io
deployment 1111111 stage transient=false production=false task=deploy:slipway
  queued:  -> 
  in_progress: Deploying to stage -> 
  success: Build ZB00000000000000000000000000000001, digest dddddddddddd: Deployed voice to stage in 0.0s -> https://voice-1234-stage.twil.io
`)
	})
}

// TestEndings has each way in which a Job can end, on a pull request.
func TestEndings(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status              job.Status
		reason              job.Reason
		state, final, row   string
		isUnheard, isAlways bool
	}{
		{status: job.Deployed, state: "success", final: "success", row: "deployed"},
		{status: job.Unchanged, state: "success", final: "success", row: ""},
		{status: job.Unchanged, state: "success", final: "success", row: "unchanged", isAlways: true},
		{status: job.Superseded, state: "success", final: "inactive", row: ""},
		{status: job.Superseded, state: "success", final: "inactive", row: "superseded nothing is live any more", isAlways: true},
		{status: job.Failed, reason: job.BuildFailed, state: "failure", final: "failure", row: "failed Twilio could not make the Build; nothing new is live"},
		{status: job.Failed, reason: job.TimedOut, state: "error", final: "error", row: "failed Build failed: ***"},
		{status: job.Failed, reason: job.Cancelled, state: "error", final: "error", row: "failed Cancelled"},
	} {
		t.Run(fmt.Sprintf("%s %s %t", test.status, test.reason, test.isAlways), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				world := newHub(t, sandbox.Options{})
				settings := all()
				if test.isAlways {
					settings.Comment = announce.CommentAlways
				}
				asked := deployOf("voice", "pr-7")
				result := resultOf(asked, test.status)
				if test.reason != "" {
					result.Error.Reason = test.reason
				}
				if warnings := tell(t, newAnnouncer(t, world, onPull(), settings), asked, result); len(warnings) > 0 {
					t.Errorf("warned: %+v", warnings)
				}
				repository := world.Snapshot().Repositories[0]
				last := repository.Statuses[len(repository.Statuses)-1]
				if last.State != test.state || last.Context != "slipway/voice/preview" || last.SHA != head {
					t.Errorf("the commit status is %+v", last)
				}
				made := repository.Deployments[0]
				if final := made.Statuses[len(made.Statuses)-1].State; final != test.final || made.SHA != head || !made.IsTransient || len(repository.Deployments) != 1 {
					t.Errorf("the GitHub Deployment is %+v", repository.Deployments)
				}
				row := ""
				for _, one := range repository.Comments {
					comment, _ := report.ParseComment(one.Body)
					if one := comment.Rows()[0]; one.Commit != head {
						t.Errorf("the row is about %s", one.Commit)
					}
					row = strings.TrimSpace(string(comment.Rows()[0].Status) + " " + comment.Rows()[0].Note)
				}
				if row != test.row {
					t.Errorf("the row is %q, want %q", row, test.row)
				}
				if everything := shown(world); strings.Contains(everything, "sesame") {
					t.Errorf("a secret is shown: %s", everything)
				}
			})
		})
	}
}

// TestRowsThatAreThere are told from the begin, and of what is unchanged.
func TestRowsThatAreThere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		world := newHub(t, sandbox.Options{})
		asked := deployOf("voice", "pr-7")
		tell(t, newAnnouncer(t, world, onPull(), all()), asked, resultOf(asked, job.Deployed))
		about := onPull()
		about.Run = 101
		again := newAnnouncer(t, world, about, all())
		again.Begin(t.Context(), asked)
		time.Sleep(time.Second)
		if got := shown(world); !strings.HasSuffix(got, "comment on 7\n  voice pr-7 under-way\n") {
			t.Errorf("while it is under way: %s", got)
		}
		again.End(t.Context(), resultOf(asked, job.Unchanged), deploy.Plan{})
		if got := shown(world); !strings.HasSuffix(got, "comment on 7\n  voice pr-7 unchanged\n") {
			t.Errorf("in the end: %s", got)
		}
		// The run before, which ends late, has nothing to say any more.
		tell(t, newAnnouncer(t, world, onPull(), all()), asked, resultOf(asked, job.Failed))
		if got := shown(world); !strings.HasSuffix(got, "comment on 7\n  voice pr-7 unchanged\n") {
			t.Errorf("a late run says: %s", got)
		}
	})
}

// TestServiceBySID has one row, although the name is known at the end only.
func TestServiceBySID(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		world := newHub(t, sandbox.Options{})
		settings := all()
		settings.Comment = announce.CommentAlways
		asked := deployOf("ZS00000000000000000000000000000001", "pr-7")
		result := resultOf(deployOf("voice", "pr-7"), job.Deployed)
		a := newAnnouncer(t, world, onPull(), settings)
		a.Begin(t.Context(), asked)
		time.Sleep(5 * time.Second)
		a.End(t.Context(), result, deploy.Plan{})
		if got := shown(world); !strings.HasSuffix(got, "comment on 7\n  voice pr-7 deployed\n") {
			t.Errorf("there is %s", got)
		}
	})
}

// TestCancelled tells of the signal while the Job is still at work, at once.
func TestCancelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		world := newHub(t, sandbox.Options{})
		asked := deployOf("voice", "pr-7")
		ctx, cancel := context.WithCancel(t.Context())
		a := newAnnouncer(t, world, onPull(), all())
		a.Begin(ctx, asked)
		time.Sleep(time.Second)
		cancel()
		time.Sleep(4 * time.Second)
		got := shown(world)
		for _, want := range []string{"preview error: Cancelled", "  error: Cancelled", "  voice pr-7 failed Cancelled"} {
			if !strings.Contains(got, want) {
				t.Errorf("there is no %q in %s", want, got)
			}
		}
		result := resultOf(asked, job.Failed)
		result.Error.Reason = job.Cancelled
		began := time.Now()
		a.End(ctx, result, deploy.Plan{})
		if took := time.Since(began); took > time.Second || shown(world) != got {
			t.Errorf("the end took %s and changed it to %s", took, shown(world))
		}
	})
}

// TestCancelledAtOnce ends in time although GitHub takes none of the first requests.
func TestCancelledAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		world := newHub(t, sandbox.Options{})
		asked := deployOf("voice", "pr-7")
		ctx, cancel := context.WithCancel(t.Context())
		a := newAnnouncer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet {
				<-r.Context().Done()
				return
			}
			world.ServeHTTP(w, r)
		}), onPull(), all())
		a.Begin(ctx, asked)
		time.Sleep(time.Second)
		cancel()
		began := time.Now()
		result := resultOf(asked, job.Failed)
		result.Error.Reason = job.Cancelled
		a.End(ctx, result, deploy.Plan{})
		if took := time.Since(began); took > 7*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

// TestJobLevelEnvironment leaves the telling to the GitHub Deployment that the
// workflow's job has.
func TestJobLevelEnvironment(t *testing.T) {
	t.Parallel()
	for name, logURL := range map[string]string{
		"of this run": runURL + "/job/5", "of another": runURL + "0/job/5", "of the merge of a pull request": runURL + "/job/5",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				world := newHub(t, sandbox.Options{})
				runner := newClient(t, world)
				id, err := runner.CreateDeployment(t.Context(), voice, gh.NewDeployment{SHA: sha, Environment: "stage"})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := runner.SetDeploymentState(t.Context(), voice, id, gh.DeploymentStatus{State: gh.DeploymentInProgress, LogURL: logURL}); err != nil {
					t.Fatal(err)
				}
				asked, about := deployOf("voice", "stage"), onPush()
				if name == "of the merge of a pull request" {
					asked, about = deployOf("voice", "pr-7"), onPull()
					about.RunSHA = sha
				}
				if warnings := tell(t, newAnnouncer(t, world, about, all()), asked, resultOf(asked, job.Deployed)); len(warnings) > 0 {
					t.Errorf("warned: %+v", warnings)
				}
				want := 1
				if name == "of another" {
					want = 2
				}
				if made := world.Snapshot().Repositories[0].Deployments; len(made) != want {
					t.Errorf("there are %+v", made)
				}
			})
		})
	}
}

// TestPermissions warn of what a token may not do, with the line that is missing, and
// tell the rest.
func TestPermissions(t *testing.T) {
	t.Parallel()
	for _, missing := range []string{"statuses", "deployments", "pull_requests"} {
		t.Run(missing, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				token := sandbox.DefaultToken()
				delete(token.Permissions, missing)
				world := newHub(t, sandbox.Options{Tokens: []sandbox.Token{token}})
				asked := deployOf("voice", "pr-7")
				warnings := tell(t, newAnnouncer(t, world, onPull(), all()), asked, resultOf(asked, job.Deployed))
				want := strings.ReplaceAll(missing, "_", "-") + ": write"
				if len(warnings) != 1 || !strings.Contains(warnings[0].Text, want) || !strings.Contains(warnings[0].Text, "permissions:") {
					t.Errorf("warned: %+v, want one of %q", warnings, want)
				}
			})
		})
	}
}

// TestTwoJobs deploy two services at once, and end with one comment and two right
// rows.
func TestTwoJobs(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				world := newHub(t, sandbox.Options{FaultRate: 0.02, Seed: seed, SlowAnswer: time.Second})
				settings := all()
				settings.IsOneOfSeveral, settings.Comment = true, announce.CommentAlways
				var group sync.WaitGroup
				for i, service := range []string{"voice", "messaging"} {
					group.Go(func() {
						asked := deployOf(service, "pr-7")
						a := newAnnouncer(t, world, onPull(), settings)
						a.Begin(t.Context(), asked)
						time.Sleep(time.Duration(seed) * time.Duration(i) * 100 * time.Millisecond)
						if warnings := a.End(t.Context(), resultOf(asked, job.Deployed), deploy.Plan{}); len(warnings) > 0 {
							t.Errorf("warned: %+v", warnings)
						}
					})
				}
				group.Wait()
				if comments := world.Snapshot().Repositories[0].Comments; len(comments) != 1 {
					t.Fatalf("%d comments", len(comments))
				}
				if got := shown(world); !strings.HasSuffix(got, "comment on 7\n  messaging pr-7 deployed\n  voice pr-7 deployed\n") ||
					!strings.Contains(got, "deployment 2222222 voice/pr-7 transient=true") {
					t.Errorf("there is %s", got)
				}
			})
		})
	}
}
