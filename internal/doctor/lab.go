package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/slipway-dev/slipway/internal/twilio"
)

// lab is a throwaway Service, what was made in it, and what was found out.
type lab struct {
	cfg     Config
	watcher *watcher
	client  *twilio.Client // for what has to be there
	wire    *wire          // for what is to be seen
	visitor *http.Client   // of deployed domains, without credentials

	name    string
	service twilio.Service
	left    []string
	fresh   int // counts names

	mu    sync.Mutex
	found map[string]Finding
	noted []Note

	// What several probes need is made by the first.
	plain     once[twilio.Environment]
	bare      once[twilio.Environment]
	contents  once[contents]
	simple    once[reply] // Builds as they were created
	main      once[reply]
	usual     once[reply] // simple, completed
	live      once[string]
	domain    once[string]
	many      once[[]uploaded]
	manyBuild once[reply]
	// mainRuntime is what the main Build asked for; empty when that was refused.
	mainRuntime string
	// rootMissed is what "/" answered while nothing but /index.html was there for
	// it; nil when it was another answer.
	rootMissed *reply
	builds     []string // SIDs, oldest first
}

func newLab(cfg Config) (*lab, error) {
	api, upload, err := cfg.hosts()
	if err != nil {
		return nil, err
	}
	name, err := newName()
	if err != nil {
		return nil, err
	}
	watching := &watcher{base: cfg.Transport, logger: cfg.Logger}
	client, err := twilio.New(twilio.Config{
		Credentials: cfg.Credentials, APIURL: api.String(), UploadURL: upload.String(), UserAgent: cfg.UserAgent,
		Transport: watching, Limiter: twilio.NewLimiter(atOnce), Retry: cfg.Retry, Polling: cfg.Pace.Builds, Logger: cfg.Logger,
	})
	if err != nil {
		return nil, err
	}
	return &lab{
		cfg: cfg, watcher: watching, name: name, found: make(map[string]Finding),
		// Whether a Service was made must be known.
		client: client.WithGrace(5 * time.Second),
		wire: &wire{
			api: api, upload: upload, credentials: cfg.Credentials, userAgent: cfg.UserAgent, retry: cfg.Retry,
			http: &http.Client{Transport: watching, CheckRedirect: stay},
		},
		visitor: &http.Client{Transport: cfg.Transport, CheckRedirect: stay},
	}, nil
}

// stay follows no redirect: the credentials would go along.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// once is a thing that is made when it is first asked for. What could not be
// made is not tried again: whatever needs it fails for the same reason.
type once[T any] struct {
	isMade bool
	thing  T
	err    error
}

func (o *once[T]) get(make func() (T, error)) (T, error) {
	if !o.isMade {
		o.thing, o.err = make()
		o.isMade = true
	}
	return o.thing, o.err
}

// settle records where a fact stands.
func (l *lab) settle(name string, at Position, seen ...Sight) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.found[name] = Finding{Switch: name, Position: at, Seen: seen}
}

// settleByStatus records where a fact stands by the status of an answer; any
// other than the two means neither.
func (l *lab) settleByStatus(name string, answered reply, off, on int) {
	l.settle(name, byStatus(answered.Status, off, on), answered.Sight)
}

func byStatus(status, off, on int) Position {
	// What is made may be answered with any 2xx.
	family := func(status int) int {
		if status >= 200 && status < 300 {
			return 200
		}
		return status
	}
	switch family(status) {
	case family(off):
		return Off
	case family(on):
		return On
	default:
		return Neither
	}
}

// open records why a fact is not settled.
func (l *lab) open(name, why string, seen ...Sight) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.found[name] = Finding{Switch: name, Position: Open, Seen: seen, Why: why}
}

// leaveOpen records why a probe that has ended did not settle all that it
// should.
func (l *lab) leaveOpen(names []string, err error) {
	for _, name := range names {
		if _, isSettled := l.found[name]; isSettled {
			continue
		}
		why := "the probe ended before it could tell"
		if err != nil {
			why = oneLine(err.Error())
		}
		l.open(name, why)
	}
}

// note records what was seen about something else.
func (l *lab) note(about, seen, open string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.noted = append(l.noted, Note{About: about, Seen: oneLine(seen), Open: open})
}

// findings has a Finding for each fact, in order.
func (l *lab) findings() []Finding {
	l.settleRetryAfter()
	found := []Finding{}
	for _, name := range Switches() {
		one, ok := l.found[name]
		if !ok {
			one = Finding{Switch: name, Position: Open, Why: "the survey ended before it came to this"}
			if why, isNever := neverAsked()[name]; isNever {
				one.Why = why
			}
		}
		if one.Seen == nil {
			one.Seen = []Sight{}
		}
		found = append(found, one)
	}
	return found
}

// settleRetryAfter goes by the refusals that happened to come.
func (l *lab) settleRetryAfter() {
	l.watcher.mu.Lock()
	told, all, seen := 0, len(l.watcher.tooMany), l.watcher.lastSeen
	for _, isTold := range l.watcher.tooMany {
		if isTold {
			told++
		}
	}
	l.watcher.mu.Unlock()
	switch {
	case all == 0:
	case told == 0:
		l.settle("retry-after-told", Off, seen)
	case told == all:
		l.settle("retry-after-told", On, seen)
	default:
		l.settle("retry-after-told", Neither, seen, Sight{What: fmt.Sprintf("%d of %d such answers had it", told, all)})
	}
}

// number is another each time, for names.
func (l *lab) number() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fresh++
	return strconv.Itoa(l.fresh)
}

// in is a path in the Service.
func (l *lab) in(path ...string) []string {
	return append([]string{"Services", string(l.service.SID)}, path...)
}

// call makes a call as it is. That the credentials may not make it tells nothing
// of the API, and is an error.
func (l *lab) call(ctx context.Context, r request) (reply, error) {
	answered, err := l.wire.call(ctx, r)
	if err == nil && (answered.Status == http.StatusUnauthorized || answered.Status == http.StatusForbidden) {
		err = fmt.Errorf("the credentials may not do this: %s", answered.Sight)
	}
	return answered, err
}

func (l *lab) get(ctx context.Context, query url.Values, path ...string) (reply, error) {
	return l.call(ctx, request{method: http.MethodGet, path: path, query: query})
}

// post sends a form that is made anew for each attempt.
func (l *lab) post(ctx context.Context, form func() url.Values, path ...string) (reply, error) {
	return l.call(ctx, request{method: http.MethodPost, path: path, form: form})
}

func (l *lab) delete(ctx context.Context, path ...string) (reply, error) {
	return l.call(ctx, request{method: http.MethodDelete, path: path})
}

// uploaded is a Function or an Asset with its Version.
type uploaded struct {
	kind         string // "Functions" or "Assets"
	sid, version string
}

// newUpload makes a Function or an Asset and uploads its content, which has to
// be taken.
func (l *lab) newUpload(ctx context.Context, kind string, content *file) (uploaded, reply, error) {
	made := uploaded{kind: kind}
	if kind == "Functions" {
		one, err := l.client.CreateFunction(ctx, l.service.SID, content.path)
		if err != nil {
			return made, reply{}, err
		}
		made.sid = string(one.SID)
	} else {
		one, err := l.client.CreateAsset(ctx, l.service.SID, content.path)
		if err != nil {
			return made, reply{}, err
		}
		made.sid = string(one.SID)
	}
	answered, err := l.upload(ctx, made, content)
	if err != nil {
		return made, answered, err
	}
	if made.version = answered.text("sid"); !answered.isSuccess() || made.version == "" {
		return made, answered, fmt.Errorf("an upload that it depends on was refused: %s", answered.Sight)
	}
	return made, answered, nil
}

// upload uploads a content, as it may be refused.
func (l *lab) upload(ctx context.Context, to uploaded, content *file) (reply, error) {
	return l.call(ctx, request{method: http.MethodPost, path: l.in(to.kind, to.sid, "Versions"), file: content})
}

// wanted is what a Build is asked for.
type wanted struct {
	files        []uploaded
	dependencies string
	runtime      string
}

// build asks for a Build, as it may be refused.
func (l *lab) build(ctx context.Context, w wanted) (reply, error) {
	answered, err := l.post(ctx, func() url.Values {
		form := url.Values{}
		for _, one := range w.files {
			form.Add(map[string]string{"Functions": "FunctionVersions", "Assets": "AssetVersions"}[one.kind], one.version)
		}
		if w.dependencies != "" {
			form.Set("Dependencies", w.dependencies)
		}
		if w.runtime != "" {
			form.Set("Runtime", w.runtime)
		}
		return form
	}, l.in("Builds")...)
	if sid := answered.text("sid"); err == nil && answered.isSuccess() {
		l.builds = append(l.builds, sid)
	}
	return answered, err
}

// mustBuild asks for a Build that others depend on.
func (l *lab) mustBuild(ctx context.Context, w wanted) (reply, error) {
	answered, err := l.build(ctx, w)
	if err == nil && !answered.isSuccess() {
		err = fmt.Errorf("a Build that it depends on was refused: %s", answered.Sight)
	}
	return answered, err
}

// wait returns how a Build ended.
func (l *lab) wait(ctx context.Context, build string) (twilio.BuildStatus, error) {
	return l.client.WaitForBuild(ctx, l.service.SID, twilio.BuildSID(build))
}

func (l *lab) mustComplete(ctx context.Context, build string) error {
	status, err := l.wait(ctx, build)
	if err == nil && status != twilio.BuildCompleted {
		err = errors.New("a Build that it depends on ended " + string(status))
	}
	return err
}

// fetchBuild reads a Build.
func (l *lab) fetchBuild(ctx context.Context, build string) (reply, error) {
	return l.get(ctx, nil, l.in("Builds", build)...)
}
