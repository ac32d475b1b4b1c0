package twilio

import (
	"context"
	"encoding/json"
	"iter"
	"net/url"
	"strings"
	"time"
)

// Log is a line that a Function wrote to its console.
type Log struct {
	SID LogSID `json:"sid"`
	// BuildSID, DeploymentSID and FunctionSID tell what wrote it.
	BuildSID      BuildSID      `json:"build_sid"`
	DeploymentSID DeploymentSID `json:"deployment_sid"`
	FunctionSID   FunctionSID   `json:"function_sid"`
	// RequestSID is the same for all that one call of a Function wrote: RQ….
	RequestSID string   `json:"request_sid"`
	Level      LogLevel `json:"level"`
	// Message is foreign text, of any form.
	Message     string     `json:"message"`
	DateCreated *time.Time `json:"date_created"`
}

func (l Log) check() error { return checkSID("NO", string(l.SID)) }

// LogLevel is the level of a Log in lower case: "info", "warning", "error" and
// maybe others. The OpenAPI file has no list of them.
type LogLevel string

// UnmarshalJSON folds case: examples have "warning" as well as "INFO".
func (l *LogLevel) UnmarshalJSON(body []byte) error {
	var word string
	if err := json.Unmarshal(body, &word); err != nil {
		return err //nolint:wrapcheck // wrapped by send, with the operation.
	}
	*l = LogLevel(strings.ToLower(word))
	return nil
}

// LogQuery narrows a listing of Logs. Its zero value means all of the last day.
type LogQuery struct {
	// FunctionSID limits the listing to what one Function wrote.
	FunctionSID FunctionSID
	// After and Before bound when a Log was created. They are sent as whole
	// seconds, rounded outwards. Zero leaves the choice to Twilio: a day ago, and
	// now (OpenAPI file). Logs are kept for 30 days (Twilio's page on the API).
	After, Before time.Time
	// PageSize is how many are read with one call, 1 to 1,000. 0 means 1,000;
	// fewer are quicker where only the newest are looked at.
	PageSize int
}

// FetchLog returns a Log of an Environment.
func (c *Client) FetchLog(ctx context.Context, service ServiceSID, environment EnvironmentSID, log LogSID) (Log, error) {
	return get[Log](ctx, c, "fetch log", logPath(service, environment, string(log))...)
}

// Logs lists an Environment's Logs, about newest first; the order is not stable
// (streams/logs.ts of the official Toolkit).
func (c *Client) Logs(ctx context.Context, service ServiceSID, environment EnvironmentSID, query LogQuery) iter.Seq2[Log, error] {
	return list[Log](ctx, c, "list logs", query.values(), logPath(service, environment)...)
}

func (q LogQuery) values() url.Values {
	values := url.Values{}
	if q.PageSize > 0 {
		values = pageSize(q.PageSize)
	}
	if q.FunctionSID != "" {
		values.Set("FunctionSid", string(q.FunctionSID))
	}
	if !q.After.IsZero() {
		values.Set("StartDate", q.After.UTC().Truncate(time.Second).Format(time.RFC3339))
	}
	if !q.Before.IsZero() {
		values.Set("EndDate", q.Before.UTC().Add(time.Second-1).Truncate(time.Second).Format(time.RFC3339))
	}
	return values
}

func logPath(service ServiceSID, environment EnvironmentSID, rest ...string) []string {
	return append([]string{"Services", string(service), "Environments", string(environment), "Logs"}, rest...)
}
