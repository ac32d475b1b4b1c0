package overview

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/words"
)

// detail is the page of a Job.
type detail struct {
	shownJob

	Lines []logLine
	Last  int64 // the number of the last line
	// BehindDelivery asks for the page that begins with the Job's Delivery.
	BehindDelivery int64
	Changes        []changed
	Cost           string
}

// changed is what became of the files or variables of a kind.
type changed struct {
	Kind, Sum string
	Lines     []string
}

func (h *handler) job(w http.ResponseWriter, r *http.Request) {
	number, err := strconv.ParseInt(r.PathValue("number"), 10, 64)
	if err != nil {
		h.missing(w, r)
		return
	}
	// What is told between these two is in the log at the next look; the other way
	// round a Job that has ended would lack its last lines.
	one, err := h.Reader.Job(r.Context(), number)
	var notes []Note
	if err == nil {
		notes, err = h.Reader.LogSoFar(r.Context(), number)
	}
	switch {
	case errors.Is(err, ErrNone):
		h.missing(w, r)
		return
	case err != nil:
		h.failPage(w, r, err)
		return
	}
	made := detail{shownJob: h.shown(one), Lines: logLines(notes), BehindDelivery: one.Delivery + 1}
	if one.State == StateRunning {
		made.Doing = doing(notes)
	}
	if len(notes) > 0 {
		made.Last = notes[len(notes)-1].Number
	}
	if result := one.Result; result != nil {
		made.Changes = []changed{changesOf("Functions", result.Functions), changesOf("Assets", result.Assets), changesOf("Variables", result.Variables)}
		made.Changes = slices.DeleteFunc(made.Changes, func(one changed) bool { return one.Sum == "" })
		made.Cost = words.Size(result.UploadedBytes) + " uploaded with " + words.Count(result.APICalls, "API call")
	}
	h.show(w, r, http.StatusOK, "job", "jobs", fmt.Sprintf("%s: %s · Job %d", made.Badge.Word, made.Title, number), made)
}

// changesOf counts what happened, and names what changed.
func changesOf(kind string, all job.Changes) changed {
	seen := changed{Kind: kind}
	var sums []string
	for _, one := range []struct {
		what  string
		names []string
	}{{"created", all.Created}, {"updated", all.Updated}, {"removed", all.Removed}, {"unchanged", all.Unchanged}} {
		if len(one.names) == 0 {
			continue
		}
		sums = append(sums, fmt.Sprintf("%d %s", len(one.names), one.what))
		if one.what != "unchanged" {
			seen.Lines = append(seen.Lines, capitalised(one.what)+" "+words.Names(one.names))
		}
	}
	seen.Sum = strings.Join(sums, ", ")
	return seen
}
