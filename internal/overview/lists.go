package overview

import (
	"context"
	"net/http"
	"strconv"
)

// shownDelivery is a Delivery as pages show it.
type shownDelivery struct {
	Delivery

	Where    link
	Received *moment
	Badge    badge
}

func (h *handler) shownDeliveries(ctx context.Context, before int64, most int) (all []shownDelivery, next int64, err error) {
	found, err := h.Reader.Deliveries(ctx, before, most+1)
	if err != nil {
		return nil, 0, err
	}
	if len(found) > most {
		found, next = found[:most], found[most-1].Number
	}
	for _, one := range found {
		all = append(all, shownDelivery{one, h.repository(one.Repository), h.moment(one.ReceivedAt), deliveryBadge(one.Verdict)})
	}
	return all, next, nil
}

func deliveryBadge(verdict string) badge {
	switch verdict {
	case "":
		return badge{toneBusy, "◐", "Being decided"}
	case "queued":
		return badge{toneGood, "✓", "Taken"}
	case "skipped":
		return badge{toneCalm, "–", "Skipped"}
	case "refused":
		return badge{toneBad, "✕", "Refused"}
	case "failed":
		return badge{toneBad, "!", "Not decided"}
	}
	return badge{toneCalm, "–", verdict}
}

// list is a page of a longer list.
type list struct {
	Jobs       []shownJob
	Deliveries []shownDelivery
	// Next asks for what is behind; 0 means that there is nothing. IsFirst says that
	// nothing is in front.
	Next    int64
	IsFirst bool
}

func (h *handler) history(w http.ResponseWriter, r *http.Request) {
	before, ok := readBefore(r)
	if !ok {
		h.missing(w, r)
		return
	}
	found, next, err := h.jobs(r.Context(), Query{Before: before, Most: listed})
	if err != nil {
		h.failPage(w, r, err)
		return
	}
	h.show(w, r, http.StatusOK, "jobs", "jobs", "Jobs", list{Jobs: h.shownAll(found), Next: next, IsFirst: before == 0})
}

func (h *handler) deliveries(w http.ResponseWriter, r *http.Request) {
	before, ok := readBefore(r)
	if !ok {
		h.missing(w, r)
		return
	}
	found, next, err := h.shownDeliveries(r.Context(), before, listed)
	if err != nil {
		h.failPage(w, r, err)
		return
	}
	h.show(w, r, http.StatusOK, "deliveries", "deliveries", "Deliveries", list{Deliveries: found, Next: next, IsFirst: before == 0})
}

// readBefore reads where a page begins; 0 means at the newest.
func readBefore(r *http.Request) (before int64, ok bool) {
	text := r.URL.Query().Get("before")
	if text == "" {
		return 0, true
	}
	before, err := strconv.ParseInt(text, 10, 64)
	return before, err == nil && before > 0
}
