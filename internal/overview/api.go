package overview

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/report"
)

// How many Jobs the API returns at once.
const (
	usualJobs = 50
	mostJobs  = 200
)

// Jobs is the answer of GET /api/jobs.
type Jobs struct {
	Jobs []Job `json:"jobs"`
	// Next asks for those behind, with ?before=; 0 means that there are none.
	Next int64 `json:"next,omitempty"`
}

// apiJobs answers GET /api/jobs?before=NUMBER&limit=N&state=open.
func (h *handler) apiJobs(w http.ResponseWriter, r *http.Request) {
	query, err := readQuery(r)
	if err != nil {
		h.refuse(w, r, http.StatusBadRequest, err.Error(), "The API takes before=NUMBER, limit=1 to 200, and state=open.")
		return
	}
	found, next, err := h.jobs(r.Context(), query)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	h.answer(w, r, http.StatusOK, Jobs{Jobs: found, Next: next})
}

// jobs returns a page of Jobs, and where the next begins; 0 means that there is none.
func (h *handler) jobs(ctx context.Context, query Query) (found []Job, next int64, err error) {
	wanted := query.Most
	query.Most++ // which tells whether there are more
	found, err = h.Reader.Jobs(ctx, query)
	if err != nil || len(found) <= wanted {
		return nonNil(found), 0, err
	}
	found = found[:wanted]
	return found, found[wanted-1].Number, nil
}

func readQuery(r *http.Request) (Query, error) {
	query := Query{Most: usualJobs}
	for name, values := range r.URL.Query() {
		number, err := strconv.ParseInt(values[0], 10, 64)
		isNumber := err == nil && number > 0
		switch {
		case name == "before" && isNumber:
			query.Before = number
		case name == "limit" && isNumber && number <= mostJobs:
			query.Most = int(number)
		case name == "state" && values[0] == "open":
			query.IsOpen = true
		default:
			return Query{}, fmt.Errorf("%.20s=%.20q is nothing that Jobs can be asked for with", name, values[0])
		}
	}
	return query, nil
}

func (h *handler) apiJob(w http.ResponseWriter, r *http.Request) {
	h.about(w, r, func(ctx context.Context, number int64) (int, int64, error) { return http.StatusOK, number, nil })
}

// apiCancel answers POST /api/jobs/NUMBER/cancel with the Job as it is then: one that
// runs stops soon.
func (h *handler) apiCancel(w http.ResponseWriter, r *http.Request) {
	h.about(w, r, func(ctx context.Context, number int64) (int, int64, error) {
		isStopped, err := h.Manager.Cancel(ctx, number)
		if err == nil && !isStopped {
			err = &problem.Problem{Message: fmt.Sprintf("Job %d has ended, or is being stopped already", number)}
		}
		return http.StatusAccepted, number, err
	})
}

// apiRetry answers POST /api/jobs/NUMBER/retry with the new Job.
func (h *handler) apiRetry(w http.ResponseWriter, r *http.Request) {
	h.about(w, r, func(ctx context.Context, number int64) (int, int64, error) {
		made, err := h.Manager.Retry(ctx, number)
		return http.StatusCreated, made, err
	})
}

// about does something with the Job that a path names, and answers with the one that
// comes of it.
func (h *handler) about(w http.ResponseWriter, r *http.Request, do func(ctx context.Context, number int64) (status int, about int64, err error)) {
	var found Job
	var status int
	number, err := strconv.ParseInt(r.PathValue("number"), 10, 64)
	if err != nil {
		err = ErrNone
	}
	if err == nil {
		if status, number, err = do(r.Context(), number); err == nil {
			found, err = h.Reader.Job(r.Context(), number)
		}
	}
	wrong, isProblem := errors.AsType[*problem.Problem](err)
	switch {
	case err == nil:
		h.answer(w, r, status, found)
	case errors.Is(err, ErrNone):
		h.refuse(w, r, http.StatusNotFound, fmt.Sprintf("there is no Job %.20s", r.PathValue("number")), "GET /api/jobs lists those there are.")
	case isProblem:
		h.refuse(w, r, http.StatusConflict, wrong.Message, wrong.Fix)
	default:
		h.fail(w, r, err)
	}
}

// fault is an answer of the API that something is wrong, in the shape that Results have.
type fault struct {
	Error struct {
		Message string `json:"message"`
		Hint    string `json:"hint,omitempty"`
	} `json:"error"`
}

func (h *handler) refuse(w http.ResponseWriter, r *http.Request, status int, message, hint string) {
	var said fault
	said.Error.Message, said.Error.Hint = message, hint
	h.answer(w, r, status, said)
}

// fail answers when what was asked for could not be found out.
func (h *handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		return // nobody is there to be answered
	}
	h.Logger.ErrorContext(r.Context(), "the overview could not be shown", "path", r.URL.Path, "error", err)
	h.refuse(w, r, http.StatusInternalServerError, "the server could not find that out", "Its log says why.")
}

func (h *handler) answer(w http.ResponseWriter, r *http.Request, status int, value any) {
	text, err := report.JSON(value)
	if err != nil {
		h.Logger.ErrorContext(r.Context(), "an answer could not be written", "path", r.URL.Path, "error", err)
		status, text = http.StatusInternalServerError, "{}\n"
	}
	protect(w.Header())
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text)) // whom it is for may be gone
}

func nonNil(jobs []Job) []Job {
	if jobs == nil {
		return []Job{}
	}
	return jobs
}
