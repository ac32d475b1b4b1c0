package announce_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slipway-dev/slipway/internal/announce"
	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/github"
)

// evicted is pull request 7's preview, taken away now.
func evicted() job.RemovedPreview {
	return job.RemovedPreview{Number: 7, Environment: "pr-7", Reason: "made-room", RemovedAt: time.Now()}
}

// retiring is a Job for pull request 8 that takes previews of voice away.
func retiring(removed ...job.RemovedPreview) (job.Job, job.Result) {
	asked := deployOf("voice", "pr-8")
	result := resultOf(asked, job.Deployed)
	result.RemovedPreviews = removed
	return asked, result
}

func onOther() announce.Subject {
	about := onPull()
	about.PullRequest, about.Run = 8, 300
	return about
}

// TestRetire tells of previews that others needed the place of, and of its own.
func TestRetire(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		world := newHub(t, sandbox.Options{})
		first := deployOf("voice", "pr-7")
		tell(t, newAnnouncer(t, world, onPull(), all()), first, resultOf(first, job.Deployed))
		a := newAnnouncer(t, world, onOther(), all())
		asked, result := retiring(evicted(), job.RemovedPreview{Number: 9, Environment: "pr-9", Reason: "closed"})
		tell(t, a, asked, result)
		if warnings := a.Retire(t.Context(), asked.Target, result); len(warnings) != 1 {
			t.Errorf("warned: %+v", warnings) // there is no pull request 9
		}
		got := shown(world)
		for _, want := range []string{
			"  inactive: pr-7 was taken away -> \ndeployment 2222222 pr-8",
			"comment on 7\n  voice pr-7 torn-down it made room for another, and was the one deployed to longest ago\n",
			"comment on 8\n  voice pr-8 deployed\n",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("there is no %q in %s", want, got)
			}
		}
		gone, about := job.Job{Verb: job.Teardown, Target: asked.Target}, onOther()
		about.Run++
		if warnings := tell(t, newAnnouncer(t, world, about, all()), gone, resultOf(gone, job.TornDown)); len(warnings) > 0 {
			t.Errorf("warned: %+v", warnings)
		}
		got = shown(world)
		if !strings.Contains(got, "  inactive: pr-8 was taken away") || !strings.HasSuffix(got, "comment on 8\n  voice pr-8 torn-down\n") || strings.Count(got, "deployment ") != 2 {
			t.Errorf("after the teardown: %s", got)
		}
	})
}

// TestRetireInSharedEnvironment leaves the other previews alone that have the same
// GitHub environment, and those of other services.
func TestRetireInSharedEnvironment(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		world := newHub(t, sandbox.Options{})
		settings := all()
		settings.Environment = "preview"
		for _, one := range []struct {
			about                announce.Subject
			service, environment string
		}{{onPull(), "voice", "pr-7"}, {onPull(), "messaging", "pr-7"}, {onOther(), "voice", "pr-8"}} {
			asked := deployOf(one.service, one.environment)
			tell(t, newAnnouncer(t, world, one.about, settings), asked, resultOf(asked, job.Deployed))
		}
		gone := job.Job{Verb: job.Teardown, Target: job.Target{Service: "voice", Environment: "pr-7"}}
		tell(t, newAnnouncer(t, world, onPull(), settings), gone, resultOf(gone, job.TornDown))
		for i, one := range world.Snapshot().Repositories[0].Deployments {
			want := map[bool]string{true: "inactive", false: "success"}[i == 0]
			if last := one.Statuses[len(one.Statuses)-1].State; last != want {
				t.Errorf("the GitHub Deployment %d is %s, want %s", i, last, want)
			}
		}
	})
}

// TestSharedEnvironment keeps the GitHub Deployment of one service as it is when another
// goes live in the same GitHub environment.
func TestSharedEnvironment(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		world := newHub(t, sandbox.Options{})
		for _, test := range []struct {
			isOneOfSeveral bool
			services       []string
			want           string
		}{
			{true, []string{"voice", "messaging"}, "success"}, {false, []string{"alone", "alone"}, "inactive"},
		} {
			settings := all()
			settings.Environment, settings.IsOneOfSeveral = "live "+test.want, test.isOneOfSeveral
			before := len(world.Snapshot().Repositories[0].Deployments)
			for i, service := range test.services {
				asked, about := deployOf(service, "stage"), onPush()
				about.Run += int64(i)
				tell(t, newAnnouncer(t, world, about, settings), asked, resultOf(asked, job.Deployed))
			}
			first := world.Snapshot().Repositories[0].Deployments[before]
			if last := first.Statuses[len(first.Statuses)-1].State; last != test.want {
				t.Errorf("of %v the first is %s, want %s", test.services, last, test.want)
			}
		}
	})
}

// TestRetireWhatCameBack leaves alone what was told of a preview since it was taken
// away: its pull request was pushed to meanwhile, and has another one.
func TestRetireWhatCameBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		world := newHub(t, sandbox.Options{})
		asked, result := retiring(evicted())
		time.Sleep(5 * time.Second)
		first := deployOf("voice", "pr-7")
		tell(t, newAnnouncer(t, world, onPull(), all()), first, resultOf(first, job.Deployed))
		if warnings := newAnnouncer(t, world, onOther(), all()).Retire(t.Context(), asked.Target, result); len(warnings) > 0 {
			t.Errorf("warned: %+v", warnings)
		}
		if got := shown(world); strings.Contains(got, "inactive") || !strings.HasSuffix(got, "comment on 7\n  voice pr-7 deployed\n") {
			t.Errorf("there is %s", got)
		}
	})
}

// TestRerunBringsBack says so: the run that made the preview is older than the one that
// took it away, and still the one to repeat.
func TestRerunBringsBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		world := newHub(t, sandbox.Options{})
		first := deployOf("voice", "pr-7")
		tell(t, newAnnouncer(t, world, onPull(), all()), first, resultOf(first, job.Deployed))
		asked, result := retiring(evicted())
		newAnnouncer(t, world, onOther(), all()).Retire(t.Context(), asked.Target, result)
		about := onPull()
		about.Attempt++
		tell(t, newAnnouncer(t, world, about, all()), first, resultOf(first, job.Deployed))
		if got := shown(world); !strings.HasSuffix(got, "comment on 7\n  voice pr-7 deployed\n") {
			t.Errorf("there is %s", got)
		}
	})
}

// TestRetireMany takes about as long as one, and a cancelled run tells of them, too.
func TestRetireMany(t *testing.T) {
	t.Parallel()
	for _, isCancelled := range []bool{false, true} {
		t.Run(fmt.Sprintf("cancelled %t", isCancelled), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				pulls := make([]sandbox.PullRequest, 10)
				for i := range pulls {
					pulls[i] = sandbox.PullRequest{Number: 20 + i, HeadSHA: head, HeadRef: "feature"}
				}
				world := newHub(t, sandbox.Options{}, pulls...)
				var removed []job.RemovedPreview
				for _, pull := range pulls {
					asked, about := deployOf("voice", fmt.Sprintf("pr-%d", pull.Number)), onPull()
					about.PullRequest = pull.Number
					tell(t, newAnnouncer(t, world, about, all()), asked, resultOf(asked, job.Deployed))
					removed = append(removed, job.RemovedPreview{Number: pull.Number, Environment: asked.Target.Environment, Reason: "untouched", RemovedAt: time.Now()})
				}
				time.Sleep(2 * time.Minute) // or GitHub has had enough of that for now
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				most := 10 * time.Second
				if isCancelled {
					cancel()
					most = 1500 * time.Millisecond
				}
				began := time.Now()
				asked, result := retiring(removed...)
				_ = newAnnouncer(t, world, onOther(), all()).Retire(ctx, asked.Target, result)
				if took := time.Since(began); took > most {
					t.Errorf("it took %s", took)
				}
				if got := strings.Count(shown(world), "torn-down"); got != len(pulls) {
					t.Errorf("%d of %d comments tell of it", got, len(pulls))
				}
			})
		})
	}
}

// TestRetireBySID finds what was made for a Service that is given by its SID.
func TestRetireBySID(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		world := newHub(t, sandbox.Options{})
		settings := all()
		settings.IsOneOfSeveral = true
		first := deployOf("ZS00000000000000000000000000000001", "pr-7")
		a := newAnnouncer(t, world, onPull(), settings)
		a.Begin(t.Context(), first)
		a.End(t.Context(), resultOf(deployOf("voice", "pr-7"), job.Deployed), deploy.Plan{})
		asked, result := retiring(evicted())
		asked.Target.Service = first.Target.Service
		newAnnouncer(t, world, onOther(), settings).Retire(t.Context(), asked.Target, result)
		if got := shown(world); !strings.Contains(got, "inactive: pr-7") || !strings.Contains(got, "voice pr-7 torn-down") {
			t.Errorf("there is %s", got)
		}
	})
}

// TestToldLate tells of Jobs when others have gone live since: what those show stays.
func TestToldLate(t *testing.T) {
	t.Parallel()
	teardown := job.Job{Verb: job.Teardown, Target: job.Target{Service: "voice", Environment: "pr-7"}}
	for name, test := range map[string]struct {
		late    job.Job
		status  job.Status
		isBegun bool // at GitHub, at the time
		newer   job.Job
		want    []string // the last state of each GitHub Deployment, the oldest first
	}{
		"a teardown":         {teardown, job.TornDown, false, deployOf("voice", "pr-7"), []string{"success"}},
		"a deploy":           {deployOf("voice", "stage"), job.Deployed, false, deployOf("voice", "stage"), []string{"success"}},
		"one that was begun": {deployOf("voice", "stage"), job.Deployed, true, deployOf("voice", "stage"), []string{"inactive", "success"}},
		"one that failed":    {deployOf("voice", "stage"), job.Failed, true, deployOf("voice", "stage"), []string{"failure", "success"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				world, about := newHub(t, sandbox.Options{}), onPush()
				result := resultOf(test.late, test.status)
				if test.isBegun {
					newAnnouncer(t, world, about, all()).Begin(t.Context(), test.late)
					time.Sleep(time.Second)
				}
				about.EndedAt, about.IsPast = time.Now(), true
				time.Sleep(5 * time.Second)
				next := onPush()
				next.Run++
				tell(t, newAnnouncer(t, world, next, all()), test.newer, resultOf(test.newer, job.Deployed))
				time.Sleep(5 * time.Second)
				if warnings := newAnnouncer(t, world, about, all()).Settle(t.Context(), test.late, result, deploy.Plan{}); len(warnings) > 0 {
					t.Errorf("warned: %+v", warnings)
				}
				var got []string
				for _, one := range world.Snapshot().Repositories[0].Deployments {
					got = append(got, one.Statuses[len(one.Statuses)-1].State)
				}
				if !slices.Equal(got, test.want) {
					t.Errorf("the GitHub Deployments are %v, want %v", got, test.want)
				}
			})
		})
	}
}
