package twilio

import (
	"fmt"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// logEntry is one line that a Function wrote. It belongs to its Environment.
// Logs are in memory alone, never in the journal: they tell of calls to this
// process, and Twilio forgets them too.
type logEntry struct {
	record
	BuildSID      string
	DeploymentSID string
	FunctionSID   string
	RequestSID    string
	Level         string
	Message       string
}

// The levels of entries: a stub writes one for each call, as info or, when it was
// told to fail, as an error.
const (
	levelInfo  = "info"
	levelError = "error"
)

type logBody struct {
	SID            string `json:"sid"`
	AccountSID     string `json:"account_sid"`
	ServiceSID     string `json:"service_sid"`
	EnvironmentSID string `json:"environment_sid"`
	BuildSID       string `json:"build_sid"`
	DeploymentSID  string `json:"deployment_sid"`
	FunctionSID    string `json:"function_sid"`
	RequestSID     string `json:"request_sid"`
	Level          string `json:"level"`
	Message        string `json:"message"`
	DateCreated    string `json:"date_created"`
	URL            string `json:"url"`
}

func (c *call) logBody(env *environment, one *logEntry) any {
	level := one.Level
	if c.switches().UpperCaseLevels {
		level = strings.ToUpper(level)
	}
	return logBody{
		SID: one.SID, AccountSID: c.world.account.SID, ServiceSID: env.Parent, EnvironmentSID: env.SID,
		BuildSID: one.BuildSID, DeploymentSID: one.DeploymentSID, FunctionSID: one.FunctionSID, RequestSID: one.RequestSID,
		Level: level, Message: one.Message, DateCreated: timestamp(one.Created),
		URL: c.url("Services", env.Parent, "Environments", env.SID, "Logs", one.SID),
	}
}

// logDelay is how late entries can be read with Switches.LateLogs.
const logDelay = 3 * time.Second

// logFilters are the parameters of ListLog besides the paging ones, in the
// order in which URLs of the OpenAPI file's example repeat them.
func logFilters() []string { return []string{"StartDate", "EndDate", "FunctionSid"} }

func listLogs(c *call) (reply, error) {
	_, env, err := c.environment("EnvironmentSid")
	if err != nil {
		return reply{}, err
	}
	passes, err := logFilter(c.request.URL.Query(), time.Now())
	if err != nil {
		return reply{}, err
	}
	var logs []*logEntry
	readable := time.Now()
	if c.switches().LateLogs {
		readable = readable.Add(-logDelay)
	}
	for _, one := range c.world.logs.of(env.SID) {
		if passes(one) && !one.Created.After(readable) {
			logs = append(logs, one)
		}
	}
	place := newestFirst[*logEntry]
	if c.switches().ShuffledLists {
		place = bySecond
	}
	return page(c, "logs", logs, place, func(one *logEntry) any { return c.logBody(env, one) })
}

// bySecond orders by the second, and in no useful way within one: about newest
// first, as the toolkit has seen it (streams/logs.ts). Multiplied by an odd number,
// counts lose their order and stay apart.
func bySecond(one *logEntry) uint64 {
	const odd = 2654435761
	return uint64(one.Created.Unix())<<32 | one.Seq*odd&math.MaxUint32 //nolint:gosec // no entry is from before 1970
}

var functionSID = regexp.MustCompile(`^ZH[0-9a-fA-F]{32}$`)

// logFilter reads the filters: entries created after StartDate, by default a
// day ago, and before EndDate, by default now (OpenAPI file).
func logFilter(query url.Values, now time.Time) (passes func(*logEntry) bool, err error) {
	after, before := now.AddDate(0, 0, -1), time.Time{}
	var wrong []string
	for _, bound := range []struct {
		name string
		time *time.Time
	}{{"StartDate", &after}, {"EndDate", &before}} {
		if !query.Has(bound.name) {
			continue
		}
		text := query.Get(bound.name)
		if *bound.time, err = time.Parse(time.RFC3339, text); err != nil {
			wrong = append(wrong, fmt.Sprintf("%s is %q; it is a date and time in ISO 8601, such as 2018-11-10T20:00:00Z", bound.name, text))
		}
	}
	function := query.Get("FunctionSid")
	if query.Has("FunctionSid") && !functionSID.MatchString(function) {
		wrong = append(wrong, fmt.Sprintf("FunctionSid is %q; it is ZH and 32 hex digits", function))
	}
	if len(wrong) > 0 {
		return nil, refusal(wrong)
	}
	return func(one *logEntry) bool {
		return one.Created.After(after) &&
			(before.IsZero() || one.Created.Before(before)) &&
			(function == "" || one.FunctionSID == function)
	}, nil
}

func fetchLog(c *call) (reply, error) {
	_, env, err := c.environment("EnvironmentSid")
	if err != nil {
		return reply{}, err
	}
	one, found := c.world.logs.get(c.params["Sid"])
	if !found || one.Parent != env.SID {
		return reply{}, c.notFound()
	}
	return ok(c.logBody(env, one))
}

// log notes a call of a Function, and what it threw if anything, unless its
// Environment has gone meanwhile. The oldest entries make room for it.
func (s served) log(r *http.Request, thrown string) {
	w := s.world
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, found := w.environments.get(s.environment.SID); !found {
		return
	}
	for logs := w.logs.of(s.environment.SID); len(logs) >= maxLogs; logs = w.logs.of(s.environment.SID) {
		w.logs.remove(logs[0].SID)
	}
	// A method is as long as the client likes, a path is not.
	level, message := levelInfo, fmt.Sprintf("%.20s %s (answered by the sandbox, which does not run Functions)", r.Method, s.file.Path)
	if thrown != "" {
		level, message = levelError, thrown
	}
	w.logs.put(&logEntry{
		record:   w.newRecord(sidLog, s.environment.SID),
		BuildSID: s.build.SID, DeploymentSID: s.deploymentSID, FunctionSID: s.file.Parent, RequestSID: newSID("RQ"),
		Level: level, Message: message,
	})
}

// forgetLogs drops what an Environment's Functions wrote.
func (w *world) forgetLogs(environmentSID string) {
	for logs := w.logs.of(environmentSID); len(logs) > 0; logs = w.logs.of(environmentSID) {
		w.logs.remove(logs[0].SID)
	}
}
