package overview

import (
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/words"
)

// link is a text that leads somewhere; without a URL it is a text alone.
type link struct{ Text, URL string }

// badge is a state in a word, with a mark and a tone, so that it is told by none of them
// alone.
type badge struct{ Tone, Mark, Word string }

// The tones of badges, which are classes of the stylesheet.
const (
	toneGood = "good"
	toneBad  = "bad"
	toneBusy = "busy"
	toneWarn = "warn"
	toneCalm = "calm"
)

// moment is a time as people read it, with the exact one beside it. It is false in
// templates when it is zero.
type moment struct{ Ago, Exact, ISO string }

func (h *handler) moment(at time.Time) *moment {
	if at.IsZero() {
		return nil
	}
	at = at.UTC()
	return &moment{Ago: ago(h.Now().Sub(at)), Exact: at.Format("2 January 2006, 15:04:05 UTC"), ISO: at.Format(time.RFC3339)}
}

// ago is how long something is past, or in how long it comes.
func ago(past time.Duration) string {
	switch {
	case past <= -time.Second:
		return "in " + words.Age(-past)
	case past < 5*time.Second:
		return "just now"
	}
	return words.Age(past) + " ago"
}

// shownJob is a Job as pages show it.
type shownJob struct {
	Job

	Title      string
	Badge      badge
	Where      link // the repository
	CommitLink link
	Ref        link // the branch, tag or pull request
	Domain     link
	Created    *moment
	Due        *moment // while it waits to be tried again
	Started    *moment
	Ended      *moment
	Took       string
	// Doing is what goes on now, while it runs.
	Doing     string
	StepTimes []stepTime
}

// stepTime is a Step that is done, and how long it took.
type stepTime struct{ Name, Took string }

func (h *handler) shown(one Job) shownJob {
	seen := shownJob{
		Job: one, Title: title(one), Badge: jobBadge(one, h.Now()), Where: h.repository(one.Repository), CommitLink: h.commit(one.Repository, one.Commit),
		Ref: h.ref(one), Created: h.moment(one.CreatedAt), Started: h.moment(one.StartedAt), Ended: h.moment(one.EndedAt),
	}
	if one.State == StateReady && one.DueAt.After(h.Now()) {
		seen.Due = h.moment(one.DueAt)
	}
	if one.Result != nil {
		seen.Domain = link{one.Result.Domain, safeURL(one.Result.URL)}
	}
	if !one.StartedAt.IsZero() {
		until := h.Now()
		if one.State == StateEnded {
			until = one.EndedAt
		}
		seen.Took = words.Elapsed(max(0, until.Sub(one.StartedAt)))
	}
	for _, step := range one.Steps {
		name := capitalised(strings.ReplaceAll(step.Name, "-", " "))
		seen.StepTimes = append(seen.StepTimes, stepTime{name, words.Elapsed(max(0, step.FinishedAt.Sub(step.StartedAt)))})
	}
	return seen
}

func (h *handler) shownAll(jobs []Job) []shownJob {
	all := make([]shownJob, 0, len(jobs))
	for _, one := range jobs {
		all = append(all, h.shown(one))
	}
	return all
}

// title says what a Job is to do.
func title(one Job) string {
	if one.Target == nil {
		if one.Kind == "decide" {
			return fmt.Sprintf("Find out what Delivery %d asks for", one.Delivery)
		}
		return "Job " + strconv.FormatInt(one.Number, 10)
	}
	service, environment := words.Names([]string{one.Service}), words.Names([]string{one.Target.Environment})
	if one.Kind == "tell" {
		return "Tell GitHub what came of " + service + " in " + environment
	}
	switch one.Verb {
	case "release":
		return fmt.Sprintf("Release %s to %s", service, environment)
	case "promote":
		return fmt.Sprintf("Promote %s to %s", service, environment)
	case "rollback":
		return fmt.Sprintf("Roll %s back in %s", service, environment)
	case "preview":
		return fmt.Sprintf("Preview %s as %s", service, environment)
	case "remove-preview", "teardown":
		return fmt.Sprintf("Remove %s of %s", environment, service)
	case "sweep":
		return "Remove previews of " + service + " that nobody needs"
	}
	return fmt.Sprintf("Deploy %s to %s", service, environment)
}

// jobBadge says how far a Job is, or how it ended.
func jobBadge(one Job, now time.Time) badge {
	switch {
	case one.State == StateRunning:
		return badge{toneBusy, "◐", "Running"}
	case one.State == StateReady && one.Attempts > 0 && one.DueAt.After(now):
		return badge{toneWarn, "↻", "Tried again"}
	case one.State != StateEnded:
		return badge{toneCalm, "…", "Queued"}
	}
	switch one.Outcome {
	case OutcomeFailed:
		return badge{toneBad, "✕", "Failed"}
	case OutcomeSuperseded:
		return badge{toneCalm, "»", "Superseded"}
	case OutcomeCancelled:
		return badge{toneWarn, "■", "Cancelled"}
	}
	word := "Done"
	if one.Result != nil {
		switch one.Result.Status {
		case job.Deployed:
			word = "Deployed"
		case job.Promoted:
			word = "Promoted"
		case job.RolledBack:
			word = "Rolled back"
		case job.TornDown:
			word = "Removed"
		case job.Unchanged:
			word = "Unchanged"
		case job.Pruned, job.Superseded, job.Planned, job.Skipped, job.Failed:
		}
	}
	return badge{toneGood, "✓", word}
}

// isRepository is what GitHub calls one; nothing else gets into an address.
func isRepository(name string) bool { return repositoryName.MatchString(name) }

var repositoryName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+$`)

func (h *handler) repository(name string) link {
	if !isRepository(name) {
		return link{Text: name}
	}
	return link{name, safeURL(h.GitHubURL + "/" + name)}
}

func (h *handler) commit(repository, sha string) link {
	text := words.Commit(sha)
	if !isRepository(repository) || text == sha { // it is none
		return link{Text: text}
	}
	return link{text, safeURL(h.GitHubURL + "/" + repository + "/commit/" + sha)}
}

// ref is what the commit was pushed as.
func (h *handler) ref(one Job) link {
	path := ""
	var seen link
	switch {
	case one.PullRequest > 0:
		seen.Text, path = fmt.Sprintf("pull request %d", one.PullRequest), fmt.Sprintf("/pull/%d", one.PullRequest)
	case one.Tag != "":
		seen.Text, path = "tag "+one.Tag, "/releases/tag/"+url.PathEscape(one.Tag)
	case one.Branch != "":
		seen.Text, path = "branch "+one.Branch, "/tree/"+strings.ReplaceAll(url.PathEscape(one.Branch), "%2F", "/")
	}
	if path != "" && isRepository(one.Repository) {
		seen.URL = safeURL(h.GitHubURL + "/" + one.Repository + path)
	}
	return seen
}

// safeURL is an address that a browser may be led to, or nothing.
func safeURL(text string) string {
	parsed, err := url.Parse(text)
	if err != nil || parsed.Host == "" || parsed.Scheme != "https" && parsed.Scheme != "http" {
		return ""
	}
	return text
}

func capitalised(text string) string {
	if text == "" || text[0] < 'a' || text[0] > 'z' {
		return text
	}
	return string(text[0]-'a'+'A') + text[1:]
}
