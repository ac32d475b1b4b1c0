package reliability_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/job"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// TestTwoProcessesMatrix holds the same contests between processes, in whatever order
// their calls come.
func TestTwoProcessesMatrix(t *testing.T) {
	t.Parallel()
	rounds := 5
	if testing.Short() {
		rounds = 1
	}
	var pairs, superseded, exceptions atomic.Int64
	t.Run("pairs", func(t *testing.T) {
		for _, c := range contests() {
			for round := range rounds {
				t.Run(c.name+"/"+strconv.Itoa(round), func(t *testing.T) {
					t.Parallel()
					h := holdBetweenProcesses(t, c)
					pairs.Add(1)
					for _, run := range h.runs {
						if run.result.Status == job.Superseded {
							superseded.Add(1)
						}
					}
					if wrong := h.judge(t); len(wrong) > 0 {
						exceptions.Add(1)
						t.Error(strings.Join(wrong, "\n"))
					}
				})
			}
		}
	})
	t.Logf("two processes at once: %d pairs, %d superseded, %d exceptions", pairs.Load(), superseded.Load(), exceptions.Load())
}

// process is the name of one of the two as a process.
func (c contest) process(i int) string { return fmt.Sprintf("%s, %d of 2", c.name, i+1) }

func holdBetweenProcesses(t *testing.T, c contest) *held {
	t.Helper()
	world, err := sandbox.New(sandbox.Options{Latency: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(world)
	t.Cleanup(server.Close)
	h := &held{contest: c, world: world, turns: newTurns(world, 0)}
	h.prepare(t)
	var processes [2]*exec.Cmd
	var told, complained [2]bytes.Buffer
	for i := range processes {
		if processes[i], err = newProcess(c.process(i), server.URL); err != nil {
			t.Fatal(err)
		}
		processes[i].Stdout, processes[i].Stderr = &told[i], &complained[i]
		if err := processes[i].Start(); err != nil {
			t.Fatal(err)
		}
	}
	for i, process := range processes {
		ended := process.Wait()
		h.runs[i] = &contender{commit: c.two[i], err: ended}
		if err := json.Unmarshal(told[i].Bytes(), &h.runs[i].result); err != nil {
			t.Fatalf("%v: %s: %s", ended, told[i].String(), complained[i].String())
		}
	}
	return h
}
