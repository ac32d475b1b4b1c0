package overview_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/overview"
)

// furnished is a house with a bit of everything.
func furnished() *house {
	h := newHouse()
	add := func(minutes int, service, environment string, change func(*overview.Job)) overview.Job {
		one := deployed(int64(len(h.jobs)+41), environment)
		one.Service, one.Target.Service, one.Result.Service, one.Repository = service, service, service, "acme/"+service
		one.Commit = fmt.Sprintf("%07x", 0x9c3d1a5*(len(h.jobs)+3))[:7] + strings.Repeat("a", 33)
		one.Reason = strings.Replace(one.Reason, "voice", service, 1)
		one.Result.Domain = service + "-4821-" + environment + ".twil.io"
		if environment == job.Production {
			one.Result.Domain = service + "-4821.twil.io"
		}
		one.Result.URL = "https://" + one.Result.Domain
		one.EndedAt = now.Add(-time.Duration(minutes) * time.Minute)
		one.StartedAt = one.EndedAt.Add(-14300 * time.Millisecond)
		one.CreatedAt = one.StartedAt.Add(-400 * time.Millisecond)
		one.DueAt = one.CreatedAt
		change(&one)
		h.jobs = append(h.jobs, one)
		return one
	}
	fail := func(one *overview.Job, reason job.Reason, message, hint string) {
		one.Outcome, one.Result.Status, one.Result.Changed = overview.OutcomeFailed, job.Failed, false
		one.Result.Error = &job.Failure{Reason: reason, Message: message, Hint: hint, State: "Nothing was changed."}
		one.Reason = "Problem in the input: " + message
	}
	same := func(*overview.Job) {}

	billing := add(60*24*6, "billing", "production", func(one *overview.Job) {
		one.Verb, one.Tag, one.Branch, one.Event, one.Result.Status, one.Actor = "release", "v2.4.0", "", "release", job.Promoted, "grace"
	})
	nothing := add(60*24*2, "billing", "qa", func(one *overview.Job) {
		fail(one, job.BadInput, `package.json:14: dependency "acme-lib" is "file:../lib"; Twilio installs public npm packages only`, "Publish it, or bundle it.")
	})
	voice := add(60*26, "voice", "production", func(one *overview.Job) {
		one.Verb, one.Tag, one.Branch, one.Event, one.Result.Status = "release", "v1.9.2", "", "release", job.Promoted
	})
	preview := add(75, "voice", "pr-7", func(one *overview.Job) {
		one.Verb, one.PullRequest, one.Branch, one.Event, one.Actor = "preview", 7, "", "pull_request", "linus"
	})
	stage := add(32, "voice", "stage", same)
	superseded := add(12, "billing", "stage", func(one *overview.Job) {
		one.Outcome, one.Reason, one.Result, one.SupersededBy, one.StartedAt = overview.OutcomeSuperseded, "by commit 8be12e8", nil, 47, time.Time{}
	})
	billingStage := add(11, "billing", "stage", func(one *overview.Job) { one.Actor = "grace" })
	failed := add(4, "voice", "pr-7", func(one *overview.Job) {
		one.Verb, one.PullRequest, one.Branch, one.Event, one.Actor = "preview", 7, "", "pull_request", "linus"
		one.Result.Warnings = []string{"the comment could not be written: the token lacks pull-requests: write"}
		fail(one, job.BadInput, `functions/pay#now.js: path "/pay#now" contains "#", which Twilio paths cannot`, "Rename the file.")
	})
	running := add(0, "voice", "stage", func(one *overview.Job) {
		one.State, one.Outcome, one.Reason, one.Result, one.EndedAt = overview.StateRunning, "", "", nil, time.Time{}
		one.CreatedAt, one.StartedAt = now.Add(-9*time.Second), now.Add(-8*time.Second)
		one.Steps = nil
		for i, name := range []string{"plan", "service", "upload", "create-build"} {
			at := one.StartedAt.Add(time.Duration(i) * time.Second)
			one.Steps = append(one.Steps, overview.Step{Name: name, StartedAt: at, FinishedAt: at.Add(800 * time.Millisecond)})
		}
	})
	queued := add(0, "voice", "stage", func(one *overview.Job) {
		one.State, one.Outcome, one.Reason, one.Result, one.Steps, one.Actor = overview.StateWaiting, "", "", nil, nil, "grace"
		one.StartedAt, one.EndedAt, one.CreatedAt, one.Attempts = time.Time{}, time.Time{}, now.Add(-3*time.Second), 0
	})
	for i, event := range []job.Event{
		{Kind: job.Started, Phase: job.PhaseRead},
		{Kind: job.Finished, Phase: job.PhaseRead, Message: "12 Functions, 3 Assets"},
		{Kind: job.Started, Phase: job.PhasePlan},
		{Kind: job.Finished, Phase: job.PhasePlan, Message: "2 updated, 1 created"},
		{Kind: job.Warned, Message: "package.json asks for node 18, which Twilio does not run any more; node22 is used"},
		{Kind: job.Started, Phase: job.PhaseUpload, Total: 3},
		{Kind: job.Finished, Phase: job.PhaseUpload, Total: 3},
		{Kind: job.Started, Phase: job.PhaseBuild, Message: "ZB821b164456d79643c03ac6513238ef29"},
	} {
		h.notes[running.Number] = append(h.notes[running.Number], overview.Note{Number: int64(i + 1), At: running.StartedAt.Add(time.Duration(i) * 700 * time.Millisecond), Event: event})
	}
	h.targets = []overview.Target{
		{Live: billing, Newest: billing},
		{Live: nothing, Newest: nothing},
		{Live: billingStage, Newest: billingStage},
		{Live: voice, Newest: voice},
		{Live: stage, Newest: running},
		{Live: preview, Newest: failed},
	}
	deliver := func(minutes int, event, repository, verdict, reason string, jobs ...int64) {
		number := int64(len(h.deliveries) + 90)
		h.deliveries = append(h.deliveries, overview.Delivery{
			Number: number, ID: fmt.Sprintf("%08d-cc78-11e3-81ab-4c9367dc0958", number), Event: event, Repository: "acme/" + repository,
			ReceivedAt: now.Add(-time.Duration(minutes) * time.Minute), Verdict: verdict, Reason: reason, Jobs: jobs,
		})
	}
	deliver(12, "push", "billing", "queued", "deploy billing to stage, superseded by commit 8be12e8", superseded.Number)
	deliver(11, "push", "billing", "queued", "deploy billing to stage", billingStage.Number)
	deliver(9, "pull_request", "voice", "skipped", "pull request 9 is from a fork, acme-fan/voice, which is not deployed")
	deliver(7, "push", "voice", "refused", "slipway.yml:9: server.yml does not let acme/voice deploy voice to production; line 12 allows stage.")
	deliver(4, "pull_request", "voice", "queued", "preview voice to pr-7", failed.Number)
	deliver(2, "push", "voice", "skipped", `slipway.yml has no environment for branch "docs"`)
	deliver(0, "push", "voice", "queued", "deploy voice to stage", running.Number)
	deliver(0, "push", "voice", "queued", "deploy voice to stage", queued.Number)
	return h
}
