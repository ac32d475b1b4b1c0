package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/queue"
)

const (
	// maxBody is what GitHub limits a payload to
	// (docs.github.com/webhooks/webhook-events-and-payloads, read 2026-11).
	maxBody = 25 << 20
	// largeBody is what few payloads are above, and mostLarge is how many of those are
	// read at once.
	largeBody = 1 << 20
	mostLarge = 4
	// storePatience is how long a Delivery may take to be stored: GitHub gives an answer
	// 10 s (docs.github.com/webhooks/using-webhooks/best-practices-for-using-webhooks).
	storePatience = 8 * time.Second
	// largePatience is how long a large payload waits for others, within bodyPatience.
	largePatience = 5 * time.Second
)

// Verdict is what the intake made of a request.
type Verdict string

// The verdicts.
const (
	// Stored says that the Delivery is on disk, and will be decided.
	Stored Verdict = "stored"
	// Duplicate says that it was stored before.
	Duplicate Verdict = "duplicate"
	// Ignored says that nothing is done on such events, or for such a repository.
	Ignored Verdict = "ignored"
	// Refused says that it is no webhook of GitHub's.
	Refused Verdict = "refused"
	// Unstored says that it could not be stored; GitHub shows it as failed, and can send
	// it again.
	Unstored Verdict = "unstored"
)

// IntakeConfig is what an Intake works with. All its fields are required.
type IntakeConfig struct {
	// Secrets are those that webhooks are signed with.
	Secrets gh.WebhookSecrets
	// Events are the names of the events that something may be done on.
	Events []string
	// IsKnown reports whether something may be done for a repository.
	IsKnown func(gh.Repository) bool
	// Store stores a Delivery, and reports whether it is new.
	Store func(context.Context, queue.Delivery) (isNew bool, err error)
	// Told is called with each verdict; event is empty where it is not known to be
	// GitHub's.
	Told   func(event string, verdict Verdict)
	Logger *slog.Logger
}

// Intake answers POST /webhook: it stores what GitHub delivers, and does nothing else.
// Make one with NewIntake. It is safe for concurrent use.
type Intake struct {
	IntakeConfig

	// large has a place for each payload that is large and being read, so that those
	// who know no secret cannot fill the memory.
	large chan struct{}
}

// NewIntake makes an Intake.
func NewIntake(cfg IntakeConfig) *Intake {
	return &Intake{IntakeConfig: cfg, large: make(chan struct{}, mostLarge)}
}

// refusal is an answer to what is no webhook of GitHub's.
type refusal struct {
	status int
	why    string
}

func (r *refusal) Error() string { return r.why }

func refuse(status int, format string, args ...any) error {
	return &refusal{status, fmt.Sprintf(format, args...)}
}

// ServeHTTP answers 202 when the Delivery is stored, was stored before, or is ignored;
// 400 when its headers or its payload are not GitHub's, 401 when its signature is
// missing or wrong, 405, 413 over 25 MiB, 415 for another content type or an encoding,
// and 503 when it could not be stored.
func (i *Intake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	event, verdict, err := i.take(w, r)
	i.Told(event, verdict)
	status := http.StatusAccepted
	if err != nil {
		status = http.StatusServiceUnavailable
		if refused, ok := errors.AsType[*refusal](err); ok {
			status = refused.status
		}
		i.Logger.WarnContext(r.Context(), "webhook not taken", "status", status, "verdict", string(verdict), "event", event, "error", err.Error())
	}
	answer(w, status, verdict, err)
}

// answer tells the verdict, which GitHub shows beside the delivery.
func answer(w http.ResponseWriter, status int, verdict Verdict, err error) {
	said := struct {
		Verdict Verdict `json:"verdict"`
		Error   string  `json:"error,omitempty"`
	}{Verdict: verdict}
	if _, isRefused := errors.AsType[*refusal](err); isRefused {
		said.Error = err.Error()
	} else if err != nil {
		said.Error = "the delivery could not be stored; send it again" // the log has why
	}
	text, _ := json.Marshal(said) //nolint:errchkjson // texts alone, which never fail.
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, _ = w.Write(text) // whom it is for may be gone
}

// take reads a request, and stores what it delivers.
func (i *Intake) take(w http.ResponseWriter, r *http.Request) (event string, verdict Verdict, err error) {
	received := time.Now()
	if err := checkForm(w, r); err != nil {
		return "", Refused, err
	}
	webhook, err := gh.ReadWebhook(r.Header)
	if err != nil {
		return "", Refused, refuse(http.StatusBadRequest, "%s", err)
	}
	body, err := i.read(w, r)
	if errors.Is(err, errCrowded) {
		return "", Unstored, err
	}
	if err != nil {
		return "", Refused, err
	}
	if err := i.Secrets.Verify(r.Header, body); err != nil {
		return "", Refused, refuse(http.StatusUnauthorized, "%s", err)
	}
	if !slices.Contains(i.Events, webhook.Event) {
		return webhook.Event, Ignored, nil
	}
	repository, err := repositoryOf(body)
	if err != nil {
		return webhook.Event, Refused, refuse(http.StatusBadRequest, "%s", err)
	}
	if !i.IsKnown(repository) {
		return webhook.Event, Ignored, nil
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), storePatience)
	defer cancel()
	isNew, err := i.Store(limited, queue.Delivery{
		ID: webhook.Delivery, Event: webhook.Event, Repository: repository.String(), Body: body, ReceivedAt: received,
	})
	switch {
	case err != nil:
		return webhook.Event, Unstored, err
	case !isNew:
		return webhook.Event, Duplicate, nil
	}
	return webhook.Event, Stored, nil
}

// checkForm looks at what can be told without the body.
func checkForm(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return refuse(http.StatusMethodNotAllowed, "a webhook is sent with POST, and not %.20q", r.Method)
	}
	kind, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if charset := parameters["charset"]; err != nil || kind != "application/json" || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return refuse(http.StatusUnsupportedMediaType, "the content type is %.100q; set that of the webhook to application/json", r.Header.Get("Content-Type"))
	}
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return refuse(http.StatusUnsupportedMediaType, "the body is encoded as %.100q, which GitHub does not do", encoding)
	}
	switch {
	case r.ContentLength > maxBody:
		return refuse(http.StatusRequestEntityTooLarge, "the payload has more than %d MiB", maxBody>>20)
	case r.ContentLength < 0:
		return refuse(http.StatusBadRequest, "the request does not tell how long its body is, as GitHub's do")
	}
	return nil
}

// errCrowded says that others are being read.
var errCrowded = errors.New("too many large payloads come at once")

// read reads the body, whose length is known by then.
func (i *Intake) read(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength > largeBody {
		select {
		case i.large <- struct{}{}:
			defer func() { <-i.large }()
		case <-time.After(largePatience):
			return nil, errCrowded
		}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, r.ContentLength))
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "the body ended early")
	}
	return body, nil
}

// repositoryOf returns the repository that a payload is about. The error says that it
// is no payload.
func repositoryOf(body []byte) (gh.Repository, error) {
	if !bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) || !isJSON(body) {
		return gh.Repository{}, errors.New("the payload is not JSON, or not of an event that this server knows")
	}
	return gh.ParseRepository(gjson.GetBytes(body, "repository.full_name").String())
}

// isJSON checks a payload with what is quick, and takes no bound on how deep it goes:
// that one is left to encoding/json, which has one.
func isJSON(body []byte) bool {
	const deep = 10_000
	if bytes.Count(body, []byte("["))+bytes.Count(body, []byte("{")) > deep {
		return json.Valid(body)
	}
	return gjson.ValidBytes(body)
}
