package doctor

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/retry"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// SurveyVersion is the version of the form of a Survey.
const SurveyVersion = 1

// Position is where a fact stands between two readings.
type Position string

// The positions.
const (
	// Off and On are the two readings that the Sandbox has for the fact.
	Off Position = "off"
	On  Position = "on"
	// Neither is a third one, that the Sandbox does not have.
	Neither Position = "neither"
	// Open says that it was not settled; Why says why.
	Open Position = "open"
)

// Finding is what was found about one fact.
type Finding struct {
	// Switch names the fact, as the Sandbox's switch.
	Switch   string   `json:"switch"`
	Position Position `json:"position"`
	// Meaning says in words what the position means. It is the front door's to
	// fill in.
	Meaning string `json:"meaning,omitempty"`
	// Seen is what it was concluded from.
	Seen []Sight `json:"seen"`
	// Why is why it is Open; empty otherwise.
	Why string `json:"why,omitempty"`
}

// Note is what was seen about something for which the Sandbox has no switch.
type Note struct {
	// About says what, in a few words.
	About string `json:"about"`
	// Seen is what was seen; empty when it stays open.
	Seen string `json:"seen,omitempty"`
	// Open is why it stays open, all or in part; empty when it does not.
	Open string `json:"open,omitempty"`
}

// Surveyed is what a Survey found.
type Surveyed struct {
	Version int `json:"version"`
	// Tool is what made it, as it calls itself to the platform.
	Tool string `json:"tool"`
	// Region is the one that was asked for; empty for US1.
	Region string `json:"region,omitempty"`
	// Service is the unique name of the throwaway Service, ServiceSID its SID;
	// both are empty when none was made.
	Service    string `json:"service"`
	ServiceSID string `json:"service_sid"`
	// IsDeleted tells that it has gone. Left are the Services, by name and SID,
	// that could not be deleted.
	IsDeleted bool     `json:"deleted"`
	Left      []string `json:"left"`
	// Findings has one for each of Switches, in their order.
	Findings []Finding `json:"findings"`
	Notes    []Note    `json:"notes"`
	// APICalls counts the calls, with those that were repeated.
	APICalls   int   `json:"api_calls"`
	DurationMS int64 `json:"duration_ms"`
	// Sandbox is the command line of a Sandbox that behaves alike, and Error why
	// the Survey ended early. Both are the front door's to fill in.
	Sandbox string       `json:"sandbox"`
	Error   *job.Failure `json:"error,omitempty"`
}

// LeftError says that Services of a Survey are still there, or may be.
type LeftError struct {
	// Left names those that are there, with their SIDs.
	Left []string
	// Unseen is what the names begin with of Services that may be there, too:
	// there was no seeing. Empty means that there are none.
	Unseen string
	// Err is what their deletion met.
	Err error
}

// Error names what is left, and why.
func (e *LeftError) Error() string {
	if len(e.Left) == 0 {
		return fmt.Sprintf("whether a throwaway Service %s… is still there could not be seen: %v", e.Unseen, e.Err)
	}
	return fmt.Sprintf("the throwaway Service could not be deleted and is still there: %s: %v", strings.Join(e.all(), ", "), e.Err)
}

func (e *LeftError) all() []string {
	if e.Unseen == "" {
		return e.Left
	}
	return append(slices.Clone(e.Left), e.Unseen+"… (if there is another of that name)")
}

// Unwrap returns what the deletion met.
func (e *LeftError) Unwrap() error { return e.Err }

// Hint says what to do.
func (e *LeftError) Hint() string {
	return "Delete what is named in the Twilio Console under Functions and Assets > Services, or with the API: DELETE /v1/Services/{SID}. Nothing else in the account was touched."
}

// ownName recognises the names of throwaway Services. The upper-case letter
// tells whether domains fold case.
var ownName = regexp.MustCompile(`(?i)slipway-Doctor-[0-9a-f]{12}(?:\.[0-9]+)?`)

func newName() (string, error) {
	random := make([]byte, 6)
	if _, err := rand.Read(random); err != nil {
		return "", fmt.Errorf("draw a name: %w", err)
	}
	return "slipway-Doctor-" + hex.EncodeToString(random), nil
}

// Survey makes a throwaway Service, settles what it can about the API, and
// deletes the Service, whatever happens; that may take up to Pace.Deletion
// after ctx has ended. What could not be settled is Open, with the reason.
//
// The error says that there was no Service to be had, that ctx ended first, or
// that the Service is still there (a *LeftError). What was found until then is
// returned beside it.
func Survey(ctx context.Context, cfg Config) (Surveyed, error) {
	started := time.Now()
	cfg = cfg.complete()
	l, err := newLab(cfg)
	if err != nil {
		return newSurveyed(cfg), err
	}
	err = l.run(ctx)
	result := newSurveyed(cfg)
	result.Service, result.ServiceSID = l.service.UniqueName, string(l.service.SID)
	result.IsDeleted = l.service.SID != "" && len(l.left) == 0
	result.Left = append(result.Left, l.left...)
	result.Findings = l.findings()
	result.Notes = append(result.Notes, l.allNotes()...)
	result.APICalls = l.watcher.calls
	result.DurationMS = time.Since(started).Milliseconds()
	return result, err
}

func newSurveyed(cfg Config) Surveyed {
	return Surveyed{
		Version: SurveyVersion, Tool: cfg.UserAgent, Region: cfg.Region,
		Left: []string{}, Findings: []Finding{}, Notes: []Note{},
	}
}

// run makes the Service, runs the probes, and deletes it.
func (l *lab) run(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, l.clear(ctx)) }()
	l.cfg.Progress(Step{Number: 1, Of: parts(), Title: "a throwaway Service"})
	l.service, err = l.client.CreateService(ctx, twilio.NewService{UniqueName: l.name, FriendlyName: "Throwaway of slipway doctor"})
	if err != nil {
		return err
	}
	l.cfg.Made(l.service.UniqueName, string(l.service.SID))
	for i, one := range probes() {
		l.cfg.Progress(Step{Number: i + 2, Of: parts(), Title: one.title})
		err := one.run(ctx, l)
		l.leaveOpen(one.settles, err)
		if ctx.Err() != nil && (err != nil || i+1 < len(probes())) {
			return fmt.Errorf("the survey was cut short: %w", context.Cause(ctx))
		}
	}
	return nil
}

// parts counts the probes, with what is before and behind them.
func parts() int { return len(probes()) + 2 }

// clear deletes what the Survey made: the Service that is known, first of all,
// since whoever interrupts may not wait for long; then every other with its
// name, since the answer to the creation of one may have been lost.
func (l *lab) clear(ctx context.Context) error {
	if !l.watcher.mayHaveMade() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.cfg.Pace.Deletion)
	defer cancel()
	l.cfg.Progress(Step{Number: parts(), Of: parts(), Title: "the deletion of the throwaway Service"})
	left := &LeftError{}
	tried := make(map[twilio.ServiceSID]bool)
	clearOne := func(one twilio.Service) {
		if tried[one.SID] {
			return
		}
		tried[one.SID] = true
		if err := l.deleteService(ctx, one.SID); err != nil {
			left.Left = append(left.Left, fmt.Sprintf("%s (%s)", one.UniqueName, one.SID))
			left.Err = errors.Join(left.Err, err)
		}
	}
	if l.service.SID != "" {
		clearOne(l.service)
	}
	if err := l.clearOthers(ctx, clearOne); err != nil {
		left.Unseen = l.name
		left.Err = errors.Join(left.Err, err)
	}
	if left.Err == nil {
		return nil
	}
	l.left = left.all()
	return left
}

// clearOthers looks for Services of the Survey that it does not know of. One of
// whose creation nothing was heard may come to be a little later.
func (l *lab) clearOthers(ctx context.Context, clearOne func(twilio.Service)) error {
	looks := 1
	if l.watcher.isUnsure() {
		looks = 3
	}
	again := retry.Polling{Every: l.cfg.Pace.Lost, Steady: l.cfg.Pace.Deletion, Max: l.cfg.Pace.Lost}
	return retry.Poll(ctx, again, func(ctx context.Context) (bool, error) {
		looks--
		for one, err := range l.client.Services(ctx) {
			if err != nil {
				return false, err
			}
			if l.isOwn(one) {
				clearOne(one)
			}
		}
		return looks == 0, nil
	})
}

// isOwn goes by the Survey's name, which nobody else can have, however the
// platform may write it.
func (l *lab) isOwn(one twilio.Service) bool {
	return len(one.UniqueName) >= len(l.name) && strings.EqualFold(one.UniqueName[:len(l.name)], l.name)
}

// deleteService deletes a Service. Should the platform refuse it while Builds
// are under way, it is asked again.
func (l *lab) deleteService(ctx context.Context, service twilio.ServiceSID) error {
	return retry.Poll(ctx, retry.Polling{Every: 2 * time.Second, Steady: l.cfg.Pace.Deletion, Max: 5 * time.Second}, func(ctx context.Context) (bool, error) {
		err := l.client.DeleteService(ctx, service)
		refused, ok := errors.AsType[*twilio.Error](err)
		if ok && (refused.Status == http.StatusConflict || refused.Status == http.StatusBadRequest) {
			return false, retry.Transient(err, 0)
		}
		return err == nil, err
	})
}
