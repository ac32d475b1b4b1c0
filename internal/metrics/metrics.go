package metrics

import (
	"log/slog"
	"net/http"
	"runtime"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/slipway-dev/slipway/internal/queue"
)

// Config is what Metrics are made of.
type Config struct {
	// Version and Commit are the binary's.
	Version, Commit string
	// Labels are the values that labels have from the start.
	Labels Labels
	// Logger is told when metrics cannot be read.
	Logger *slog.Logger
}

// Labels are values of labels. A series that is there from the start, with 0, lets an
// alert see its first increase.
type Labels struct {
	// Events are those that something is done on; all others count as one.
	Events []string
	// Verdicts are the intake's, Decisions those on what was stored.
	Verdicts, Decisions []string
	// Kinds are those of the Jobs.
	Kinds []string
}

// The event of a Delivery that is none of Labels.Events.
const (
	eventOther      = "other"
	eventUnverified = "unverified"
)

// Metrics counts. Make it with New. It is safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry
	logger   *slog.Logger
	events   []string
	kinds    []string
	rates    *rates

	deliveries *prometheus.CounterVec
	stored     prometheus.Histogram
	decisions  *prometheus.CounterVec
	ended      *prometheus.CounterVec
	again      *prometheus.CounterVec
	steps      *prometheus.HistogramVec
	calls      *prometheus.CounterVec
	repeats    *prometheus.CounterVec
}

// New makes Metrics that count from 0.
func New(cfg Config) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(), logger: cfg.Logger, events: cfg.Labels.Events, kinds: cfg.Labels.Kinds, rates: newRates(),
		deliveries: counter("deliveries_total", "Requests to /webhook, by event and what the intake made of them.", "event", "verdict"),
		stored: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "slipway_delivery_store_duration_seconds", Help: "How long it took to store a Delivery, until the disk had it.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 8},
		}),
		decisions: counter("decisions_total", "Deliveries that were decided, by what was decided.", "verdict"),
		ended:     counter("jobs_ended_total", "Jobs that have ended, by kind and outcome.", "kind", "outcome"),
		again:     counter("job_retries_total", "Jobs that were put off, to be tried again, by kind.", "kind"),
		steps: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "slipway_step_duration_seconds", Help: "How long Steps of deploys took, by name and whether they failed.",
			Buckets: []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600},
		}, []string{"step", "outcome"}),
		calls:   counter("api_calls_total", "Requests to the platforms' APIs, by platform (twilio or github), method and status; none is one without an answer.", "platform", "method", "status"),
		repeats: counter("api_retries_total", "Requests to the platforms' APIs that were repeated, by platform.", "platform"),
	}
	info := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "slipway_build_info", Help: "Always 1; its labels say which Slipway runs."}, []string{"version", "commit", "go"})
	info.WithLabelValues(cfg.Version, cfg.Commit, runtime.Version()).Set(1)
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), info,
		m.deliveries, m.stored, m.decisions, m.ended, m.again, m.steps, m.calls, m.repeats, m.rates)
	m.begin(cfg.Labels)
	return m
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "slipway_" + name, Help: help}, labels)
}

// begin makes the series that are there from the start.
func (m *Metrics) begin(labels Labels) {
	for _, event := range append(slices.Clone(labels.Events), eventOther, eventUnverified) {
		for _, verdict := range labels.Verdicts {
			m.deliveries.WithLabelValues(event, verdict)
		}
	}
	for _, verdict := range labels.Decisions {
		m.decisions.WithLabelValues(verdict)
	}
	for _, kind := range labels.Kinds {
		for _, outcome := range []queue.Outcome{queue.Done, queue.Failed, queue.Superseded, queue.Cancelled} {
			m.ended.WithLabelValues(kind, string(outcome))
		}
		m.again.WithLabelValues(kind)
	}
	for _, platform := range []string{platformTwilio, platformGitHub} {
		m.repeats.WithLabelValues(platform)
	}
}

// Handler answers with all metrics, in the form that the request asks for.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(m.logger.Handler(), slog.LevelWarn), ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 4,
	})
}

// Delivered counts a request to the intake. The event is empty where nobody has
// verified it; one that is not known counts as other, since its name is a sender's.
func (m *Metrics) Delivered(event, verdict string) {
	switch {
	case event == "":
		event = eventUnverified
	case !slices.Contains(m.events, event):
		event = eventOther
	}
	m.deliveries.WithLabelValues(event, verdict).Inc()
}

const (
	outcomeDone   = "done"
	outcomeFailed = "failed"
)

func outcomeOf(err error) string {
	if err != nil {
		return outcomeFailed
	}
	return outcomeDone
}

// OfQueue counts what a Queue does.
func (m *Metrics) OfQueue() queue.Hooks {
	return queue.Hooks{
		Stored:  func(took time.Duration) { m.stored.Observe(took.Seconds()) },
		Ended:   func(kind string, outcome queue.Outcome) { m.ended.WithLabelValues(kind, string(outcome)).Inc() },
		Again:   func(kind string) { m.again.WithLabelValues(kind).Inc() },
		Decided: func(verdict string) { m.decisions.WithLabelValues(verdict).Inc() },
		Stepped: func(step string, took time.Duration, err error) {
			m.steps.WithLabelValues(step, outcomeOf(err)).Observe(took.Seconds())
		},
	}
}
