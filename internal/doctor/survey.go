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

// LeftError says that Services of a Survey are still there.
type LeftError struct {
	// Left names them, with their SIDs.
	Left []string
	// Err is what their deletion met.
	Err error
}

// Error names what is left, and why.
func (e *LeftError) Error() string {
	return fmt.Sprintf("the throwaway Service could not be deleted and is still there: %s: %v", strings.Join(e.Left, ", "), e.Err)
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
	l.cfg.Progress(Step{Number: 1, Of: len(probes()) + 1, Title: "a throwaway Service"})
	l.mayExist = true
	l.service, err = l.client.CreateService(ctx, twilio.NewService{UniqueName: l.name, FriendlyName: "Throwaway of slipway doctor"})
	if refused, ok := errors.AsType[*twilio.Error](err); ok {
		l.mayExist = refused.Status >= http.StatusInternalServerError
	}
	if err != nil {
		return err
	}
	for i, one := range probes() {
		if ctx.Err() != nil {
			return fmt.Errorf("the survey was cut short: %w", context.Cause(ctx))
		}
		l.cfg.Progress(Step{Number: i + 2, Of: len(probes()) + 1, Title: one.title})
		l.leaveOpen(one.settles, one.run(ctx, l))
	}
	return nil
}

// clear deletes what the Survey made: every Service with its name, since the
// answer to the creation of one may have been lost.
func (l *lab) clear(ctx context.Context) error {
	if !l.mayExist {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.cfg.Pace.Deletion)
	defer cancel()
	own, listErr := l.ownServices(ctx)
	if l.service.SID != "" && !slices.ContainsFunc(own, func(one twilio.Service) bool { return one.SID == l.service.SID }) {
		own = append(own, l.service)
	}
	var failed []error
	for _, one := range own {
		if err := l.deleteService(ctx, one.SID); err != nil {
			l.left = append(l.left, fmt.Sprintf("%s (%s)", one.UniqueName, one.SID))
			failed = append(failed, err)
		}
	}
	if listErr != nil {
		l.left = append(l.left, l.name+"… (if there is another of that name)")
		failed = append(failed, listErr)
	}
	if len(failed) == 0 {
		return nil
	}
	return &LeftError{Left: l.left, Err: errors.Join(failed...)}
}

// ownServices lists those that begin with the Survey's name.
func (l *lab) ownServices(ctx context.Context) ([]twilio.Service, error) {
	var own []twilio.Service
	for one, err := range l.client.Services(ctx) {
		if err != nil {
			return own, err
		}
		if strings.HasPrefix(one.UniqueName, l.name) {
			own = append(own, one)
		}
	}
	return own, nil
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
