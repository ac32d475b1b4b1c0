package server

import (
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/queue"
)

// stand says whether the overview shows this Job for its Target from now on, and which
// lanes it shows no more: what is live in a Target is what went there last, and until
// something did, what failed to.
func (r *running) stand(result job.Result) (stands queue.Standing, cleared []string) {
	for _, gone := range result.RemovedPreviews {
		if r.grant != nil && !gone.RemovedAt.IsZero() {
			cleared = append(cleared, r.grant.LaneOf(gone.Environment))
		}
	}
	verb, _ := r.task.Request.Job()
	switch {
	case verb == job.Sweep:
	case result.Status == job.TornDown:
		cleared = append(cleared, r.held.Lane)
	case result.Status.IsLive(), result.Status == job.Unchanged, result.IsLiveThoughFailed():
		stands = queue.StandsNow
	case result.Status == job.Failed:
		stands = queue.StandsAlone
	}
	return stands, cleared
}
