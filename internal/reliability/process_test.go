package reliability_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/retry"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// What a process of its own carries out, and against which Sandbox.
const (
	processScene = "RELIABILITY_SCENE"
	processURL   = "RELIABILITY_URL"
)

// TestMain runs the tests, or carries a command out where this is a process that a
// test has started.
func TestMain(m *testing.M) {
	name := os.Getenv(processScene)
	if name == "" {
		os.Exit(m.Run())
	}
	if err := carryOut(name, os.Getenv(processURL)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// carryOut prints the Result, as the command does.
func carryOut(name, url string) error {
	named := func() (step, bool) {
		for _, s := range killScenes() {
			if s.name == name {
				return s.last, true
			}
		}
		for _, c := range contests() {
			for i, one := range c.two {
				if c.process(i) == name {
					return one.step(), true
				}
			}
		}
		return step{}, false
	}
	asked, isThere := named()
	if !isThere {
		return fmt.Errorf("there is no scene %q", name)
	}
	result, err := asked.hurry(context.Background(), url, nil)
	return errors.Join(err, json.NewEncoder(os.Stdout).Encode(result))
}

// newProcess is a command of that name as a process of its own.
func newProcess(name, url string) (*exec.Cmd, error) {
	binary, err := os.Executable()
	if err != nil {
		return nil, err
	}
	process := exec.Command(binary)
	process.Env = append(os.Environ(), processScene+"="+name, processURL+"="+url)
	return process, nil
}

// hurry carries the command out over a socket, with policies and timeouts of a
// hundredth.
func (s step) hurry(ctx context.Context, url string, observe func(twilio.Call)) (job.Result, error) {
	cfg := clientConfig(url)
	cfg.Observe = observe
	cfg.Retry = retry.Default().Scaled(0.01)
	cfg.Polling = retry.Polling{Every: 5 * time.Millisecond, Steady: 300 * time.Millisecond, Max: 20 * time.Millisecond, Budget: 3 * time.Second}
	client, err := twilio.New(cfg)
	if err != nil {
		return job.Result{}, err
	}
	return s.run(ctx, client, runTimeout/100)
}
