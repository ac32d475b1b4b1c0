//go:build unix

package chaos_test

import (
	"bufio"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slipway-dev/slipway/internal/queue"
)

const (
	// toldOf is how many repositories a failure tells the story of, and mostLines how
	// many lines of the server's logs.
	toldOf, mostLines = 3, 60
)

// tell says what is not as it should be, and how it came to that.
func (w *world) tell(found *findings, read book) string {
	var all strings.Builder
	fmt.Fprintf(&all, "has %d findings:\n", len(found.all))
	var repositories []string
	for i, one := range found.all {
		if i < 40 {
			fmt.Fprintf(&all, "- %s: %s\n", one.repository, one.text)
		}
		if one.repository != "" && !slices.Contains(repositories, one.repository) {
			repositories = append(repositories, one.repository)
		}
	}
	for _, name := range repositories[:min(toldOf, len(repositories))] {
		w.story(&all, name, read)
	}
	return all.String()
}

// story is what happened in a repository, and what the server did.
func (w *world) story(all *strings.Builder, name string, read book) {
	fmt.Fprintf(all, "\nThe story of %s:\n", name)
	for _, one := range w.letters {
		if one.repository == name {
			fmt.Fprintf(all, "  %s, sent as %s: %s\n", one.what, one.id, strings.Join(one.answers, ", then "))
		}
	}
	of := map[int64]queue.Delivery{}
	for _, one := range read.deliveries {
		if one.Repository == name {
			of[one.Number] = one
			fmt.Fprintf(all, "  Delivery %d (%s) %s: %s %s\n", one.Number, one.ID, clock(one.ReceivedAt), one.Verdict, one.Reason)
		}
	}
	numbers := map[string]bool{}
	for _, kind := range []string{"run", "tell"} {
		for _, one := range read.jobs[kind] {
			if _, isOf := of[one.Delivery]; !isOf {
				continue
			}
			numbers[strconv.FormatInt(one.Number, 10)] = true
			fmt.Fprintf(all, "  Job %d (%s, Delivery %d, %s, begun %d times, %s to %s): %s %s", one.Number, kind, one.Delivery, one.Lane, one.Attempts,
				clock(one.StartedAt), clock(one.EndedAt), one.Outcome, one.Reason)
			if one.SupersededBy > 0 {
				fmt.Fprintf(all, " (Job %d)", one.SupersededBy)
			}
			all.WriteString("\n")
		}
	}
	w.logged(all, name, numbers)
}

func clock(at time.Time) string {
	if at.IsZero() {
		return "never"
	}
	return at.UTC().Format("15:04:05.000")
}

// ofJob is how a line of the log names a Job.
var ofJob = regexp.MustCompile(`\bjob=(\d+)`)

// logged are the last lines that the server's lives have logged of a repository or its
// Jobs.
func (w *world) logged(all *strings.Builder, name string, jobs map[string]bool) {
	var lines []string
	for number := 1; ; number++ {
		log, err := os.Open(w.lives.logOf(number))
		if err != nil {
			break
		}
		for scan := bufio.NewScanner(log); scan.Scan(); {
			line := scan.Text()
			named := ofJob.FindStringSubmatch(line)
			if strings.Contains(line, name) || named != nil && jobs[named[1]] {
				lines = append(lines, fmt.Sprintf("  life %d: %s", number, line))
			}
		}
		_ = log.Close()
	}
	for _, line := range lines[max(0, len(lines)-mostLines):] {
		fmt.Fprintln(all, line)
	}
}

// figures is what there was of everything.
func (w *world) figures(read book, sending, settling time.Duration) string {
	outcomes := map[queue.Outcome]int{}
	for _, one := range read.jobs["run"] {
		outcomes[one.Outcome]++
	}
	seen, surplus := w.platform(), 0
	for _, more := range seen.surplus() {
		surplus += more
	}
	return fmt.Sprintf(`%d deliveries (%d stored, %d sent again because they were not taken) of %d repositories, %d kills
%d Jobs, %d of them superseded and %d failed; %d Builds, %d of them too many
%d calls of GitHub met %d faults, %d calls of Twilio %d
%s of deliveries, and %s until all was done`,
		len(w.letters), len(read.deliveries), w.redeliveries, len(w.repositories), w.size.kills,
		len(read.jobs["run"]), outcomes[queue.Superseded], outcomes[queue.Failed], len(seen.Builds), surplus,
		w.met["calls of GitHub"], w.met["faults at GitHub"], w.met["calls of Twilio"], w.met["faults at Twilio"],
		sending.Round(time.Second), settling.Round(time.Second))
}
