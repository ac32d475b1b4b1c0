package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/slipway-dev/slipway/internal/queue"
)

// lookPatience bounds how long the database may take when metrics are read.
const lookPatience = 5 * time.Second

// Watch has the metrics tell what a Queue holds, and what kept returns: why the last
// server.yml that was read does not hold, nil when it does. It is called once.
func (m *Metrics) Watch(held *queue.Queue, kept func() error) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "slipway_server_yml_last_read_successful", Help: "1 when server.yml was sound when it was last read, 0 when what it said before holds.",
	}, func() float64 {
		if kept() != nil {
			return 0
		}
		return 1
	}), &jobs{
		held: held, kinds: m.kinds,
		open: prometheus.NewDesc("slipway_jobs", "Jobs that have not ended, by kind and state: waiting for one of their lane, ready, or running.", []string{"kind", "state"}, nil),
		age: prometheus.NewDesc("slipway_queue_age_seconds", "The age of the oldest Job that does not run, by kind; 0 when there is none. "+
			"One that is put off counts from when it was stored, too.", []string{"kind"}, nil),
	})
}

// jobs is what is in the queue when somebody looks.
type jobs struct {
	held      *queue.Queue
	kinds     []string
	open, age *prometheus.Desc
}

// Describe is a prometheus.Collector's.
func (j *jobs) Describe(into chan<- *prometheus.Desc) {
	into <- j.open
	into <- j.age
}

// Collect is a prometheus.Collector's.
func (j *jobs) Collect(into chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), lookPatience) // a Collector has none
	defer cancel()
	if err := j.countOpen(ctx, into); err != nil {
		into <- prometheus.NewInvalidMetric(j.open, err)
	}
	now := time.Now()
	for _, kind := range j.kinds {
		oldest, err := j.oldest(ctx, kind, now)
		if err != nil {
			into <- prometheus.NewInvalidMetric(j.age, err)
			return
		}
		into <- prometheus.MustNewConstMetric(j.age, prometheus.GaugeValue, max(0, now.Sub(oldest).Seconds()), kind)
	}
}

func (j *jobs) countOpen(ctx context.Context, into chan<- prometheus.Metric) error {
	counts, err := j.held.Counts(ctx)
	if err != nil {
		return err
	}
	for _, kind := range j.kinds {
		for _, state := range []queue.State{queue.Waiting, queue.Ready, queue.Running} {
			found := 0
			for _, one := range counts {
				if one.Kind == kind && one.State == state {
					found = one.Jobs
				}
			}
			into <- prometheus.MustNewConstMetric(j.open, prometheus.GaugeValue, float64(found), kind, string(state))
		}
	}
	return nil
}

// oldest is when the oldest Job was stored that does not run; now when there is none.
func (j *jobs) oldest(ctx context.Context, kind string, now time.Time) (time.Time, error) {
	for _, state := range []queue.State{queue.Waiting, queue.Ready} {
		found, err := j.held.Open(ctx, kind, state, 1)
		if err != nil {
			return now, err
		}
		if len(found) > 0 && found[0].CreatedAt.Before(now) {
			now = found[0].CreatedAt
		}
	}
	return now, nil
}
