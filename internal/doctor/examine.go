package doctor

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/twilio"
	"github.com/slipway-dev/slipway/internal/words"
)

// clockTolerance is what the clocks may differ by. The Date header has whole
// seconds.
const clockTolerance = 5 * time.Second

// Examined is what Examine found.
type Examined struct {
	Checks []Check
	// Services are the account's; nil when they could not be listed.
	Services []twilio.Service
}

// Examine checks what a deploy needs of the platform: that both hosts answer,
// that the clocks agree, and what the credentials are good for. It reads, and
// changes nothing. What went wrong stands in the Checks; addresses that are none
// are for whoever read them to tell.
func Examine(ctx context.Context, cfg Config) Examined {
	cfg = cfg.complete()
	api, upload, err := cfg.hosts()
	if err != nil {
		e := &examiner{}
		e.skip("the settings do not lead to a host", "api-host", "upload-host", "clock", "credentials", "account", "quota", "permissions")
		return e.result
	}
	patience := cfg.Retry
	patience.MaxAttempts = min(patience.MaxAttempts, 4)
	watching := &watcher{base: cfg.Transport, logger: cfg.Logger}
	e := &examiner{cfg: cfg, watching: watching, wire: &wire{
		api: api, upload: upload, credentials: cfg.Credentials, userAgent: cfg.UserAgent, retry: patience,
		http: &http.Client{Transport: watching, CheckRedirect: stay},
	}}
	if !e.reach(ctx, "api-host", api, false) {
		e.skip("the API cannot be reached", "upload-host", "clock", "credentials", "account", "quota", "permissions")
		return e.result
	}
	e.reach(ctx, "upload-host", upload, true)
	e.clock()
	if cfg.Credentials.User == "" || cfg.Credentials.Password.IsZero() {
		e.skip("the settings give none that are whole", "credentials", "account", "quota", "permissions")
		return e.result
	}
	if !e.credentials(ctx) {
		e.skip("the credentials were not accepted", "account", "quota", "permissions")
		return e.result
	}
	e.account()
	e.quota()
	e.leftovers()
	e.permissions(ctx)
	return e.result
}

// examiner is one examination under way.
type examiner struct {
	cfg      Config
	watching *watcher
	wire     *wire
	answer   reply // of the API host
	result   Examined
}

func (e *examiner) add(name string, status Status, message, fix string) {
	e.result.Checks = append(e.result.Checks, Check{Name: name, Status: status, Message: message, Fix: fix})
}

func (e *examiner) fail(name string, err error) {
	e.result.Checks = append(e.result.Checks, Check{Name: name, Status: Failed, Err: err})
}

func (e *examiner) skip(why string, names ...string) {
	for _, name := range names {
		e.add(name, Skipped, why, "")
	}
}

// reach asks a host for what it refuses to tell without credentials, and tells
// whether it answers.
func (e *examiner) reach(ctx context.Context, name string, host *url.URL, isUpload bool) bool {
	asked := request{method: http.MethodGet, path: []string{"Services"}, isAnonymous: true, onUpload: isUpload}
	answered, err := e.wire.call(ctx, asked)
	if answered.Status == 0 {
		e.fail(name, err)
		return false
	}
	if !isUpload {
		e.answer = answered
	}
	through := ""
	if transport, ok := e.cfg.Transport.(*http.Transport); ok && transport.Proxy != nil {
		proxy, err := transport.Proxy(&http.Request{URL: host})
		if err == nil && proxy != nil {
			through = " through the proxy " + proxy.Host
		}
	}
	message := fmt.Sprintf("%s answers in %s%s", host.Host, words.Elapsed(answered.took), through)
	// How the upload host refuses what it does not have is not known.
	isTwilios := answered.object != nil || isUpload && answered.Status >= 400
	if !isTwilios || answered.passes() {
		e.result.Checks = append(e.result.Checks, Check{
			Name: name, Status: Failed, Reason: job.TimedOut,
			Message: fmt.Sprintf("%s, but not as Twilio does: %s", message, answered.Sight),
			Fix:     "Check api-url and upload-url, and whether a proxy answers in Twilio's place; otherwise run it again later.",
		})
		return false
	}
	e.add(name, OK, message, "")
	return true
}

// clock compares this machine's with the platform's.
func (e *examiner) clock() {
	theirs, err := http.ParseTime(e.answer.header.Get("Date"))
	if err != nil {
		e.skip("the API does not tell the time", "clock")
		return
	}
	ahead := e.answer.at.Sub(theirs).Truncate(time.Second)
	switch {
	case ahead > clockTolerance:
		e.add("clock", Warning, fmt.Sprintf("this machine's clock is %s ahead of Twilio's", ahead), clockFix)
	case ahead < -clockTolerance:
		e.add("clock", Warning, fmt.Sprintf("this machine's clock is %s behind Twilio's", -ahead), clockFix)
	default:
		e.add("clock", OK, "this machine's clock agrees with Twilio's", "")
	}
}

const clockFix = "Set it by a time server: certificates and slipway logs --since go by it."

// credentials lists the Services, which needs little permission, and tells
// whether that went well.
func (e *examiner) credentials(ctx context.Context) bool {
	client, err := twilio.New(twilio.Config{
		Credentials: e.cfg.Credentials, APIURL: e.wire.api.String(), UploadURL: e.wire.upload.String(),
		UserAgent: e.cfg.UserAgent, Transport: e.watching, Limiter: twilio.NewLimiter(atOnce), Retry: e.wire.retry, Logger: e.cfg.Logger,
	})
	if err != nil {
		e.fail("credentials", err)
		return false
	}
	services := []twilio.Service{}
	for one, err := range client.Services(ctx) {
		if err != nil {
			e.fail("credentials", err)
			return false
		}
		services = append(services, one)
	}
	e.result.Services = services
	e.add("credentials", OK, "accepted: "+e.user(), "")
	return true
}

func (e *examiner) isKey() bool { return strings.HasPrefix(e.cfg.Credentials.User, "SK") }

func (e *examiner) user() string {
	if e.isKey() {
		return "the API key " + e.cfg.Credentials.User
	}
	return "the auth token of " + e.cfg.Credentials.User
}

// account compares the account that is given with the one that the Services are
// of: an API key does not tell whose it is.
func (e *examiner) account() {
	given := e.cfg.AccountSID
	if len(e.result.Services) == 0 {
		switch {
		case !e.isKey():
			e.add("account", OK, e.cfg.Credentials.User, "")
		case given == "":
			e.skip("the account has no Service that would tell which it is", "account")
		default:
			e.skip("the account has no Service that would tell whether it is "+string(given), "account")
		}
		return
	}
	actual := e.result.Services[0].AccountSID
	if given != "" && given != actual {
		e.result.Checks = append(e.result.Checks, Check{
			Name: "account", Status: Failed, Reason: job.BadInput,
			Message: fmt.Sprintf("account-sid is %s, but the credentials are those of %s", given, actual),
			Fix:     "Correct TWILIO_ACCOUNT_SID, or leave it out: an API key does without.",
		})
		return
	}
	e.add("account", OK, string(actual), "")
}

// quota counts the Services.
func (e *examiner) quota() {
	const nearly = twilio.MaxServices - twilio.FewServices
	count := len(e.result.Services)
	message := fmt.Sprintf("%s of %d", words.Count(count, "Service"), twilio.MaxServices)
	const fix = "Delete those that nobody uses, or ask Twilio's support for more."
	switch {
	case count >= twilio.MaxServices:
		e.add("quota", Warning, message+"; there is room for no other", fix)
	case count >= nearly:
		e.add("quota", Warning, message, fix)
	default:
		e.add("quota", OK, message, "")
	}
}

// leftovers names the Services of surveys that were killed. There is no such
// check where there are none.
func (e *examiner) leftovers() {
	var names []string
	for _, one := range e.result.Services {
		if at := ownName.FindStringIndex(one.UniqueName); at != nil && at[0] == 0 {
			names = append(names, fmt.Sprintf("%s (%s)", one.UniqueName, one.SID))
		}
	}
	if len(names) > 0 {
		e.add("leftovers", Warning, "slipway doctor --live made "+strings.Join(names, ", "),
			"Unless one is running now, it was killed: delete what it left, in the Twilio Console under Functions and Assets > Services.")
	}
}

// permissions reads one of everything. Whether the credentials may write is not
// to be seen without writing.
func (e *examiner) permissions(ctx context.Context) {
	if len(e.result.Services) == 0 {
		e.add("permissions", OK, "may list Services; there is none to read more of", "")
		return
	}
	service := string(e.result.Services[0].SID)
	var may []string
	read := func(kind string, path ...string) (reply, bool) {
		answered, err := e.wire.call(ctx, request{method: http.MethodGet, path: path, query: url.Values{"PageSize": {"1"}}})
		switch {
		case err != nil:
			e.fail("permissions", err)
		case answered.Status == http.StatusForbidden || answered.Status == http.StatusUnauthorized:
			e.result.Checks = append(e.result.Checks, Check{
				Name: "permissions", Status: Failed, Reason: job.BadCredentials,
				Message: fmt.Sprintf("may not read %s: %s", kind, answered.Sight),
				Fix:     "Use a Standard or Main API key, or give a Restricted key the permissions for Serverless.",
			})
		case answered.isSuccess():
			may = append(may, kind)
			return answered, true
		case answered.Status == http.StatusNotFound: // deleted meanwhile
			return answered, true
		default:
			e.add("permissions", Warning, fmt.Sprintf("reading %s met %s", kind, answered.Sight), "")
		}
		return answered, false
	}
	environments, ok := read("Environments", "Services", service, "Environments")
	for _, kind := range []string{"Functions", "Assets", "Builds"} {
		if ok {
			_, ok = read(kind, "Services", service, kind)
		}
	}
	if first := environments.objects("environments"); ok && len(first) > 0 {
		sid, _ := first[0]["sid"].(string)
		for _, kind := range []string{"Variables", "Deployments", "Logs"} {
			if ok {
				_, ok = read(kind, "Services", service, "Environments", sid, kind)
			}
		}
	}
	if ok {
		may = slices.Concat([]string{"Services"}, may)
		e.add("permissions", OK, "may read "+strings.Join(may, ", ")+"; whether it may write, reading does not tell", "")
	}
}
