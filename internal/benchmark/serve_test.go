//go:build unix

package benchmark_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/queue"
	github "github.com/slipway-dev/slipway/internal/sandbox/github"
	twilio "github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// serving is a `slipway serve` between both sandboxes, which are the benchmark's own.
type serving struct {
	b       *testing.B
	dir     string
	hub     *github.Sandbox
	command *exec.Cmd
	public  string // host:port
	admin   string
	stop    func()
}

// serve starts a server in a folder, which may hold what another one left.
func serve(b *testing.B, dir string) *serving {
	b.Helper()
	platform, err := twilio.New(twilio.Options{BuildTime: 10 * time.Millisecond})
	if err != nil {
		b.Fatal(err)
	}
	hub, err := github.New(github.Options{RateLimit: 1 << 20})
	if err != nil {
		b.Fatal(err)
	}
	if err := hub.AddRepository(github.Repository{Owner: "acme", Name: "voice"}); err != nil {
		b.Fatal(err)
	}
	platformURL, hubURL := listen(b, platform), listen(b, hub)
	account := twilio.DefaultAccount()
	write(b, filepath.Join(dir, "server.yml"), fmt.Appendf(nil, `version: 1
repositories:
  acme/voice:
    accounts: {main: {api-key: {env: KEY}, api-secret: {env: SECRET}, api-url: "http://%[1]s", live-url: "http://%[1]s/_live/{domain}"}}
    services: {voice: {environments: [stage]}}
`, platformURL))
	s := &serving{b: b, dir: dir, hub: hub}
	s.command = exec.Command(binary(b), "serve", "--data", dir, "--server-config", filepath.Join(dir, "server.yml"), "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0")
	s.command.Env = []string{
		"HOME=" + folder, "KEY=" + account.KeySID, "SECRET=" + account.KeySecret, "GITHUB_TOKEN=" + github.DefaultToken().Value,
		"GITHUB_API_URL=http://" + hubURL, "SLIPWAY_WEBHOOK_SECRET=" + webhookKey.Reveal(),
	}
	stderr, err := s.command.StderrPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := s.command.Start(); err != nil {
		b.Fatal(err)
	}
	lines := bufio.NewScanner(stderr)
	var log strings.Builder
	for s.public == "" && lines.Scan() {
		log.WriteString(lines.Text() + "\n")
		if found := regexp.MustCompile(`\baddress=(\S+).*\boverview=(\S+)`).FindStringSubmatch(lines.Text()); found != nil {
			s.public, s.admin = found[1], found[2]
		}
	}
	if s.public == "" {
		b.Fatalf("the server ended before it listened:\n%s", log.String())
	}
	go func() { _, _ = io.Copy(io.Discard, stderr) }()
	s.stop = sync.OnceFunc(func() {
		_ = s.command.Process.Signal(os.Interrupt)
		_ = s.command.Wait()
	})
	b.Cleanup(s.stop)
	return s
}

// look asks the admin listener.
func (s *serving) look(path string) string {
	s.b.Helper()
	response, err := http.Get("http://" + s.admin + path)
	if err != nil {
		s.b.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		s.b.Fatalf("%s: answered %d, %v", path, response.StatusCode, err)
	}
	return string(body)
}

// settle waits until there are no Jobs.
func (s *serving) settle() {
	s.b.Helper()
	for regexp.MustCompile(`(?m)^slipway_jobs\{.* [1-9]`).MatchString(s.look("/metrics")) {
		time.Sleep(50 * time.Millisecond)
	}
}

// resident is the memory of the process, as the kernel counts it.
func (s *serving) resident() int64 {
	s.b.Helper()
	output, err := exec.Command("ps", "-o", "rss=", "-p", strconv.Itoa(s.command.Process.Pid)).Output()
	kib, atoiErr := strconv.ParseInt(strings.TrimSpace(string(output)), 10, 64)
	if err != nil || atoiErr != nil {
		s.b.Fatalf("ps: %q, %v", output, err)
	}
	return kib << 10
}

// BenchmarkIdleMemory looks at the memory of a server that has nothing to do: when it has
// started, and when it has taken, decided and forgotten 1,000 Deliveries.
func BenchmarkIdleMemory(b *testing.B) {
	for b.Loop() {
		served := serve(b, b.TempDir())
		served.settle()
		started := served.resident()
		rate(b, served.public, `202 {"verdict":"stored"}`, (&deliveries{event: "push", repository: "acme/voice"}).several(1000))
		served.settle()
		worked := served.resident()
		served.stop()
		b.Logf("%.1f MB resident when it has started, and %.1f MB behind 1,000 Deliveries, ceiling %d MB", megabytes(started), megabytes(worked), idleCeiling>>20)
		b.ReportMetric(megabytes(started), "MB-started")
		b.ReportMetric(megabytes(worked), "MB-worked")
		if max(started, worked) > idleCeiling {
			b.Errorf("%.1f and %.1f MB are resident, want at most %d", megabytes(started), megabytes(worked), idleCeiling>>20)
		}
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkOverview shows the overview of a server with 10,000 Jobs that have ended, on
// 500 Targets. They are all as one that was deployed.
func BenchmarkOverview(b *testing.B) {
	const jobs, targets, looks = 10_000, 500, 20
	for b.Loop() {
		dir := b.TempDir()
		first := serve(b, dir)
		pushed, err := first.hub.Push("acme/voice", github.Push{Message: "first", Login: "ada", Files: map[string]string{
			"slipway.yml":  "version: 1\nservices:\n  voice:\n    environments:\n      stage: {on: {branch: main}}\n",
			"package.json": `{"name": "voice", "engines": {"node": "22.x"}}`, "functions/hello.js": "exports.handler = () => {}",
		}})
		if err != nil {
			b.Fatal(err)
		}
		first.deliver(pushed.Payload)
		first.settle()
		first.stop()
		repeatJob(b, dir, jobs, targets)

		served := serve(b, dir)
		var took []time.Duration
		for range looks {
			began := time.Now()
			page := served.look("/")
			took = append(took, time.Since(began))
			if !strings.Contains(page, "voice") {
				b.Fatalf("the overview shows none of the Jobs:\n%s", page)
			}
		}
		served.stop()
		b.Logf("%d Jobs that have ended: the overview takes %.1f ms, ceiling %d ms", jobs, median(took).Seconds()*1000, overviewCeiling.Milliseconds())
		b.ReportMetric(median(took).Seconds()*1000, "ms-overview")
		if median(took) > overviewCeiling {
			b.Errorf("the overview takes %s, want at most %s", median(took), overviewCeiling)
		}
	}
	b.ReportMetric(0, "ns/op")
}

// deliver sends the payload of a push.
func (s *serving) deliver(payload []byte) {
	s.b.Helper()
	rate(s.b, s.public, `202 {"verdict":"stored"}`, [][]byte{request("push", 1, payload)})
}

// repeatJob stores the one Job that has run so many times more, as if it had on so many
// Targets.
func repeatJob(b *testing.B, dir string, jobs, targets int) {
	b.Helper()
	kept, err := queue.Open(b.Context(), queue.Config{Dir: dir})
	if err != nil {
		b.Fatal(err)
	}
	defer kept.Close()
	found, err := kept.EndedJobs(b.Context(), "run", queue.Job{}, 1)
	if err != nil || len(found) != 1 || found[0].Outcome != queue.Done {
		b.Fatalf("the Jobs are %+v, %v", found, err)
	}
	wanted := make([]queue.Wanted, jobs)
	for i := range wanted {
		wanted[i] = queue.Wanted{Kind: "run", Lane: fmt.Sprintf("%s-%d", found[0].Lane, i%targets), Payload: found[0].Payload, Follow: "tell"}
	}
	if _, err := kept.Add(b.Context(), wanted...); err != nil {
		b.Fatal(err)
	}
	for _, kind := range []string{"run", "tell"} { // of which the one makes the other
		ctx, stop := context.WithCancel(b.Context())
		defer stop()
		var left atomic.Int64
		left.Store(int64(jobs))
		kept.Serve(ctx, kind, 64, func(context.Context, *queue.Held) queue.End {
			if left.Add(-1) == 0 {
				stop()
			}
			if kind == "tell" {
				return queue.End{}
			}
			return queue.End{Result: found[0].Result, Stands: queue.StandsNow}
		})
	}
}
