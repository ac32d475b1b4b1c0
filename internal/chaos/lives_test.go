//go:build unix

package chaos_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// lives are the server's processes, of which one lives at a time.
type lives struct {
	binary, folder string
	environment    []string
	client         *http.Client // of its sockets: http://public and http://admin

	mu      sync.Mutex
	number  int
	now     *life // the one that was started last
	started chan struct{}
}

// life is one process.
type life struct {
	command *exec.Cmd
	dead    chan struct{} // closed when it has ended
	state   error         // how it ended, once it is dead
}

func newLives(t *testing.T, folder string, environment []string) *lives {
	t.Helper()
	l := &lives{binary: filepath.Join(folder, "slipway"), folder: folder, environment: environment, started: make(chan struct{})}
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", l.binary, "github.com/slipway-dev/slipway")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build slipway: %v\n%s", err, output)
	}
	l.client = &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
			name, _, err := net.SplitHostPort(address)
			if err != nil {
				return nil, err
			}
			return (&net.Dialer{}).DialContext(ctx, "unix", l.socket(name))
		},
		MaxIdleConnsPerHost: 16,
	}}
	t.Cleanup(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.now != nil {
			_ = l.now.command.Process.Kill()
			<-l.now.dead
		}
	})
	return l
}

func (l *lives) socket(name string) string { return filepath.Join(l.folder, name+".sock") }
func (l *lives) data() string              { return filepath.Join(l.folder, "data") }

// logOf is the file that a life logs to.
func (l *lives) logOf(number int) string {
	return filepath.Join(l.folder, fmt.Sprintf("life-%02d.log", number))
}

// start starts a process.
func (l *lives) start() (*life, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.number++
	log, err := os.Create(l.logOf(l.number))
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	made := &life{dead: make(chan struct{})}
	made.command = exec.Command(l.binary, "serve", "--data", l.data(), "--server-config", filepath.Join(l.folder, "server.yml"),
		"--github-app-id", "1", "--github-private-key", filepath.Join(l.folder, "app.pem"), "--listen", "unix:"+l.socket("public"),
		"--admin-listen", "unix:"+l.socket("admin"), "--workers", "12", "--log-level", "debug")
	made.command.Env, made.command.Stdout, made.command.Stderr = l.environment, log, log
	if err := made.command.Start(); err != nil {
		return nil, err
	}
	go func() {
		made.state = made.command.Wait()
		close(made.dead)
	}()
	l.now = made
	close(l.started)
	l.started = make(chan struct{})
	return made, nil
}

// live starts the server, kills it as often as it is to be, and leaves the last one
// alive. The error says that one could not be started, or has ended by itself.
func (l *lives) live(ctx context.Context, random *rand.Rand, size scale) error {
	mean := size.pace * time.Duration(size.deliveries) / time.Duration(size.kills+1)
	for kill := 0; ; kill++ {
		one, err := l.start()
		if err != nil || kill == size.kills {
			return err
		}
		last := time.Duration((0.1 + 1.6*random.Float64()) * float64(mean))
		if random.IntN(8) == 0 { // while it starts
			last = time.Duration(random.Int64N(int64(150 * time.Millisecond)))
		}
		timer := time.NewTimer(last)
		select {
		case <-timer.C:
		case <-one.dead:
			said, _ := os.ReadFile(l.logOf(kill + 1))
			return fmt.Errorf("life %d ended by itself: %w\n%s", kill+1, one.state, said[max(0, len(said)-4000):])
		case <-ctx.Done():
			return ctx.Err()
		}
		_ = one.command.Process.Kill()
		<-one.dead
	}
}

// ready waits until a server answers.
func (l *lives) ready(ctx context.Context) {
	for {
		l.mu.Lock()
		started := l.started
		l.mu.Unlock()
		if l.answers(ctx) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-started:
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (l *lives) answers(ctx context.Context) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://public/healthz", http.NoBody)
	if err != nil {
		return false
	}
	response, err := l.client.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// end stops the last server as systemd does.
func (l *lives) end(t *testing.T) {
	t.Helper()
	l.mu.Lock()
	last := l.now
	l.mu.Unlock()
	if err := last.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-last.dead:
	case <-time.After(time.Minute):
		t.Fatal("the server did not end within a minute of SIGTERM")
	}
	if last.state != nil {
		t.Errorf("the server ended with %v", last.state)
	}
}
