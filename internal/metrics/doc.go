// Package metrics counts what the webhook server does, for Prometheus. Metrics has a
// method for each thing that other rooms tell of, and is read over HTTP.
//
// Labels have values from small sets alone: names of events, kinds and Steps, never
// those of repositories, and nothing that a sender of webhooks chooses. docs/server.md
// has every metric. It is the only room that knows Prometheus. Level 2: of the project
// it imports gh, queue, retry and twilio.
package metrics
