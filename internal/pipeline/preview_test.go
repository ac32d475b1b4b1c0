package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/pipeline"
	"github.com/slipway-dev/slipway/internal/preview"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// hub is a repository's pull requests, and the Service with their previews.
type hub struct {
	t      *testing.T
	world  *sandbox.Sandbox
	client *twilio.Client

	mu   sync.Mutex
	open map[int]bool
	most int // previews that were there at once
}

func newHub(t *testing.T, options sandbox.Options) *hub {
	t.Helper()
	h := &hub{t: t, open: make(map[int]bool)}
	var err error
	if h.world, err = sandbox.New(options); err != nil {
		t.Fatal(err)
	}
	h.client = newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.world.ServeHTTP(w, r)
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/Environments") {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.most = max(h.most, len(h.previews()))
		}
	}))
	return h
}

// previews are the names of those that are there, sorted.
func (h *hub) previews() []string {
	var names []string
	for _, one := range h.world.Snapshot().Environments {
		if _, ok := job.PreviewNumber(one.DomainSuffix); ok {
			names = append(names, one.DomainSuffix)
		}
	}
	slices.Sort(names)
	return names
}

func (h *hub) isOpen(_ context.Context, number int) (bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.open[number], nil
}

func (h *hub) setOpen(number int, isOpen bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open[number] = isOpen
}

func (h *hub) run(asked job.Job, change ...func(*pipeline.Config)) (job.Result, error) {
	cfg := pipeline.Config{
		Client: h.client, Source: tree("functions/hello.js", fmt.Sprintf("exports.handler = (c, e, cb) => cb(null, 'pull request %d');", asked.Previews.Number)),
		IsOpen: h.isOpen,
	}
	for _, apply := range change {
		apply(&cfg)
	}
	outcome, err := pipeline.Run(h.t.Context(), asked, cfg)
	return outcome.Result, err
}

func previewOf(number, most int) job.Job {
	return job.Job{
		Verb: job.Preview, Target: job.Target{Service: "site", Environment: job.PreviewName(number)}, Folder: ".",
		Previews: job.Previews{Number: number, Most: most},
	}
}

func sweepOf(service string) job.Job {
	return job.Job{Verb: job.Sweep, Target: job.Target{Service: service}, Folder: "."}
}

// TestThirtyPullRequests opens, updates and closes them at random, with a cap of 10
// previews: sequentially it always holds; with several runs at once it holds when
// they have ended.
func TestThirtyPullRequests(t *testing.T) {
	t.Parallel()
	const pullRequests, most = 30, 10
	for _, atOnce := range []int{1, 4} {
		t.Run(fmt.Sprintf("%d at once", atOnce), func(t *testing.T) {
			t.Parallel()
			h := newHub(t, sandbox.Options{PageSize: 7, FaultRate: 0.02, Seed: 7, SlowAnswer: 20 * time.Millisecond})
			for _, name := range []string{"stage", "production", "pr"} {
				if _, err := h.run(job.Job{Verb: job.Deploy, Target: job.Target{Service: "site", Environment: name}, Folder: "."}); err != nil {
					t.Fatal(err)
				}
			}
			named := namedOf(h.world)
			random := rand.New(rand.NewPCG(1, uint64(atOnce)))
			removals := 0
			for range 60 / atOnce {
				var group sync.WaitGroup
				var mu sync.Mutex
				for _, number := range random.Perm(pullRequests)[:atOnce] {
					isOpen := random.IntN(4) > 0
					group.Go(func() {
						h.setOpen(number+1, isOpen)
						asked := previewOf(number+1, most)
						if !isOpen {
							asked.Verb = job.Teardown
						}
						result, err := h.run(asked)
						// Another run may have needed the room of this one meanwhile.
						if isEvicted := atOnce > 1 && err != nil && result.Error.Reason != job.BadInput; err != nil && !isEvicted {
							t.Errorf("%s of pull request %d: %v", asked.Verb, number+1, err)
						}
						mu.Lock()
						defer mu.Unlock()
						removals += len(result.RemovedPreviews)
					})
				}
				group.Wait()
				if got := h.previews(); len(got) > most {
					t.Fatalf("%d previews: %v", len(got), got)
				}
			}
			if diff := cmp.Diff(named, namedOf(h.world)); diff != "" {
				t.Errorf("named Environments changed:\n%s", diff)
			}
			if removals == 0 || atOnce == 1 && h.most != most {
				t.Errorf("%d removed, at most %d at once; the cap was not reached", removals, h.most)
			}
			if left := len(h.previews()); left < 2 {
				t.Errorf("%d previews are left", left)
			}
			for _, name := range h.previews()[:len(h.previews())/2] { // no run is told
				number, _ := job.PreviewNumber(name)
				h.setOpen(number, false)
			}
			result, err := h.run(sweepOf("site"))
			if err != nil || result.Status != job.Pruned || !result.Changed {
				t.Errorf("the sweep: %+v, %v", result, err)
			}
			for _, name := range h.previews() {
				if number, _ := job.PreviewNumber(name); !h.open[number] {
					t.Errorf("%s is an orphan", name)
				}
			}
			if diff := cmp.Diff(named, namedOf(h.world)); diff != "" {
				t.Errorf("the sweep changed named Environments:\n%s", diff)
			}
			if again, err := h.run(sweepOf("site")); err != nil || again.Status != job.Unchanged || again.Changed {
				t.Errorf("the sweep again: %+v, %v", again, err)
			}
		})
	}
}

// namedOf is what is live in Environments that are no previews, with when it was
// made so.
func namedOf(world *sandbox.Sandbox) map[string]string {
	live := make(map[string]string)
	snapshot := world.Snapshot()
	for _, one := range snapshot.Environments {
		if _, ok := job.PreviewNumber(one.DomainSuffix); ok {
			continue
		}
		count := 0
		for _, deployment := range snapshot.Deployments {
			if deployment.EnvironmentSID == one.SID {
				count++
			}
		}
		live[one.UniqueName] = fmt.Sprintf("%s after %d", one.BuildSID, count)
	}
	return live
}

// TestPreview creates one with the variables of stage, in a Service of its own.
func TestPreview(t *testing.T) {
	t.Parallel()
	h := newHub(t, sandbox.Options{})
	h.setOpen(7, true)
	stage := job.Job{Verb: job.Deploy, Target: job.Target{Service: "voice", Environment: "stage"}, Folder: "."}
	if _, err := h.run(stage, func(cfg *pipeline.Config) { cfg.Variables = map[string]secret.String{"DSN": secret.New("of-stage")} }); err != nil {
		t.Fatal(err)
	}
	asked := previewOf(7, 1)
	asked.Target.Service, asked.Previews.LikeService, asked.Options.VariablesLike = "voice-previews", "voice", "stage"
	result, err := h.run(asked)
	if err != nil || result.Status != job.Deployed || result.Environment != "pr-7" || !slices.Equal(result.Variables.Created, []string{"DSN", "GREETING"}) {
		t.Fatalf("the preview: %+v, %v", result, err)
	}
	if result, err = h.run(asked); err != nil || result.Status != job.Unchanged || result.APICalls > 5 {
		t.Errorf("again: %+v, %v", result, err)
	}
	h.setOpen(8, true)
	other := asked
	other.Target.Environment, other.Previews.Number = "pr-8", 8
	if result, err = h.run(other); err != nil || len(result.RemovedPreviews) != 1 || result.RemovedPreviews[0].Environment != "pr-7" || result.RemovedPreviews[0].Reason != "made-room" {
		t.Errorf("the next: %+v, %v", result, err)
	}
}

// TestPreviewLikeProduction is refused, whatever production is called.
func TestPreviewLikeProduction(t *testing.T) {
	t.Parallel()
	h := newHub(t, sandbox.Options{})
	for _, name := range []string{"stage", "production"} {
		if _, err := h.run(job.Job{Verb: job.Deploy, Target: job.Target{Service: "site", Environment: name}, Folder: "."}); err != nil {
			t.Fatal(err)
		}
	}
	names := []string{"production", "Production"}
	for _, one := range h.world.Snapshot().Environments {
		if one.DomainSuffix == "" {
			names = append(names, one.SID)
		}
	}
	for _, name := range names {
		for _, likeService := range []string{"", "site"} {
			asked := previewOf(7, 0)
			asked.Options.VariablesLike, asked.Previews.LikeService = name, likeService
			if likeService != "" {
				asked.Target.Service = "site-previews"
			}
			_, err := h.run(asked)
			wantProblem(t, err, "previews do not start from the variables of production")
		}
	}
	if got := h.previews(); len(names) != 3 || len(got) > 0 {
		t.Errorf("of %v came %v", names, got)
	}
	// What is live already takes nothing from there, and is refused all the same.
	asked := previewOf(7, 0)
	if _, err := h.run(asked); err != nil {
		t.Fatal(err)
	}
	asked.Options.VariablesLike = names[2]
	_, err := h.run(asked)
	wantProblem(t, err, "previews do not start from the variables of production")
}

// TestClosedWhileItBuilds leaves nothing of the preview, which nobody would remove.
func TestClosedWhileItBuilds(t *testing.T) {
	t.Parallel()
	h := newHub(t, sandbox.Options{})
	h.setOpen(7, true)
	asks := 0
	result, err := h.run(previewOf(7, 0), func(cfg *pipeline.Config) {
		cfg.Newer = func(context.Context) (string, error) {
			if asks++; asks == 1 {
				return "", nil
			}
			if got := h.previews(); !slices.Equal(got, []string{"pr-7"}) {
				t.Errorf("right before the activation there are %v", got)
			}
			h.setOpen(7, false)
			return "the end of pull request 7, which is closed", nil
		}
	})
	if err != nil || result.Status != job.Superseded || result.URL != "" || result.EnvironmentSID != "" {
		t.Errorf("it ended with %+v, %v", result, err)
	}
	if got := h.previews(); len(got) > 0 {
		t.Errorf("there are %v", got)
	}
	// Where it gives way to a newer commit, that one goes on with what is there.
	h.setOpen(8, true)
	asks = 0
	if result, err = h.run(previewOf(8, 0), func(cfg *pipeline.Config) {
		cfg.Newer = func(context.Context) (string, error) {
			asks++
			return map[bool]string{true: "commit 0123456"}[asks > 1], nil
		}
	}); err != nil || result.Status != job.Superseded || !slices.Equal(h.previews(), []string{"pr-8"}) {
		t.Errorf("it ended with %+v, %v, and there are %v", result, err, h.previews())
	}
}

// TestEvictedAsItGoesLive says that it was taken away, and blames nobody's input.
func TestEvictedAsItGoesLive(t *testing.T) {
	t.Parallel()
	h := newHub(t, sandbox.Options{})
	h.client = newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if environment, _, isVariable := strings.Cut(r.URL.Path, "/Variables"); isVariable && r.Method == http.MethodPost {
			taken := httptest.NewRequest(http.MethodDelete, environment, nil)
			taken.Header.Set("Authorization", r.Header.Get("Authorization"))
			h.world.ServeHTTP(httptest.NewRecorder(), taken)
		}
		h.world.ServeHTTP(w, r)
	}))
	result, err := h.run(previewOf(7, 0))
	if err == nil || result.Error.Reason != job.Internal || !strings.Contains(result.Error.Message, "the Environment pr-7 was taken away while this ran") {
		t.Errorf("it ended with %+v, %v", result.Error, err)
	}
}

// TestPreviewWithoutRoom ends before anything is uploaded.
func TestPreviewWithoutRoom(t *testing.T) {
	t.Parallel()
	h := newHub(t, sandbox.Options{Fault: func(r *http.Request) sandbox.Fault {
		if r.Method == http.MethodDelete {
			return sandbox.FaultServerError
		}
		return sandbox.FaultNone
	}})
	if _, err := h.run(previewOf(1, 1)); err != nil {
		t.Fatal(err)
	}
	before := h.world.Snapshot()
	result, err := h.run(previewOf(2, 1))
	full, ok := errors.AsType[*preview.FullError](err)
	if !ok || full.Most != 1 || result.Error.Reason != job.LimitReached {
		t.Fatalf("it ended with %+v, %v", result.Error, err)
	}
	if after := h.world.Snapshot(); len(after.Functions) != len(before.Functions) || len(after.Builds) != len(before.Builds) {
		t.Errorf("something was uploaded: %+v", after)
	}
}

func TestSweepIsRehearsed(t *testing.T) {
	t.Parallel()
	h := newHub(t, sandbox.Options{})
	for number := 1; number <= 3; number++ {
		h.setOpen(number, number != 2)
		if _, err := h.run(previewOf(number, 0)); err != nil {
			t.Fatal(err)
		}
	}
	asked := sweepOf("") // of package.json
	asked.Options.DryRun = true
	result, err := h.run(asked)
	if err != nil || result.Status != job.Planned || len(result.RemovedPreviews) != 1 || result.RemovedPreviews[0].Number != 2 || result.Changed || len(h.previews()) != 3 {
		t.Errorf("it would: %+v, %v", result, err)
	}
	_, err = h.run(sweepOf("site"), func(cfg *pipeline.Config) { cfg.IsOpen = nil })
	wantProblem(t, err, "github-token")
	asked = sweepOf("site")
	asked.Previews.TTL = time.Hour
	if result, err := h.run(asked, func(cfg *pipeline.Config) { cfg.IsOpen = nil }); err != nil || result.Status != job.Unchanged {
		t.Errorf("by age alone: %+v, %v", result, err)
	}
	if result, err := h.run(sweepOf("nothing")); err != nil || result.Status != job.Unchanged {
		t.Errorf("of no Service: %+v, %v", result, err)
	}
}
