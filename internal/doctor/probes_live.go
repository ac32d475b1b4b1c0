package doctor

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/slipway-dev/slipway/internal/retry"
	"github.com/slipway-dev/slipway/internal/twilio"
	"github.com/slipway-dev/slipway/internal/words"
)

// goLive makes the main Build live and waits until its domain answers.
func (l *lab) goLive(ctx context.Context) (domain string, err error) {
	return l.live.get(func() (string, error) {
		built, err := l.mainBuild(ctx)
		if err != nil {
			return "", err
		}
		build := twilio.BuildSID(built.text("sid"))
		if err := l.mustComplete(ctx, string(build)); err != nil {
			return "", err
		}
		environment, err := l.plainEnvironment(ctx)
		if err != nil {
			return "", err
		}
		_, err = l.client.CreateDeployment(ctx, l.service.SID, environment.SID, build)
		return environment.DomainName, err
	})
}

// visit asks a deployed domain for a path, until it answers other than with 429
// or 5xx.
func (l *lab) visit(ctx context.Context, domain, path string) (reply, error) {
	var answered reply
	err := retry.Do(ctx, l.cfg.Retry, func(ctx context.Context) (err error) {
		answered, err = l.look(ctx, domain, path)
		if err == nil && (answered.Status == http.StatusTooManyRequests || answered.Status >= 500) {
			err = fmt.Errorf("the answer was %s", answered.Sight)
		}
		return retry.Transient(err, 0)
	})
	return answered, err
}

// look asks a deployed domain for a path once.
func (l *lab) look(ctx context.Context, domain, path string) (reply, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	target := strings.ReplaceAll(l.cfg.LiveURL, "{domain}", domain) + path
	made, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return reply{}, fmt.Errorf("visit a deployed domain: %w", err)
	}
	made.Header.Set("User-Agent", l.cfg.UserAgent)
	answered, err := exchange(l.visitor, made, Sight{Method: http.MethodGet, Path: "{domain}" + path})
	if to := answered.header.Get("Location"); to != "" {
		answered.What = oneLine("Location: " + strings.ReplaceAll(to, domain, "{domain}"))
	}
	return answered, err
}

// awaits waits until a domain serves something twice in a row: its edges do not
// learn of a Deployment all at once.
func (l *lab) awaits(ctx context.Context, isServed func(context.Context) (bool, reply, error)) error {
	inARow := 0
	var last reply
	err := retry.Poll(ctx, l.cfg.Pace.Domain, func(ctx context.Context) (bool, error) {
		is, answered, err := isServed(ctx)
		if err == nil {
			last = answered
		}
		if inARow++; !is || err != nil {
			inARow = 0
		}
		return inARow == 2, retry.Transient(err, 0)
	})
	if err != nil {
		return fmt.Errorf("the deployed domain did not serve what is live: %w; last %s", err, last.Sight)
	}
	return nil
}

// answering waits until the domain of a new Deployment serves it.
func (l *lab) answering(ctx context.Context) (domain string, err error) {
	return l.domain.get(func() (string, error) {
		domain, err := l.goLive(ctx)
		if err != nil {
			return "", err
		}
		started := time.Now()
		var first time.Time
		err = l.awaits(ctx, func(ctx context.Context) (bool, reply, error) {
			// An Asset, and a Function: each may come before the other.
			asset, err := l.look(ctx, domain, "/probe.txt")
			if err != nil || string(asset.body) != probeText {
				return false, asset, err
			}
			function, err := l.look(ctx, domain, "/small")
			is := err == nil && function.Status == http.StatusOK
			if is && first.IsZero() {
				first = time.Now()
			}
			return is, function, err
		})
		if err != nil {
			return "", err
		}
		l.note("wait for the domain of a Deployment", words.Elapsed(first.Sub(started)), "")
		return domain, nil
	})
}

// probeDomain asks for a Deployment of a Build that is not there, then looks at
// what a deployed domain serves.
func probeDomain(ctx context.Context, l *lab) error {
	return errors.Join(l.staleBuild(ctx), l.servings(ctx))
}

func (l *lab) staleBuild(ctx context.Context) error {
	environment, err := l.plainEnvironment(ctx)
	if err != nil {
		return err
	}
	gone := "ZB" + strings.Repeat("0d", 16)
	answered, err := l.post(ctx, form("BuildSid", gone), l.in("Environments", string(environment.SID), "Deployments")...)
	if err == nil {
		l.settleByStatus("stale-build-is-400", answered, http.StatusNotFound, http.StatusBadRequest)
	}
	return err
}

func (l *lab) servings(ctx context.Context) error {
	domain, err := l.answering(ctx)
	if err != nil {
		return err
	}
	root, err := l.visit(ctx, domain, "/")
	switch {
	case err != nil:
	case string(root.body) == indexText:
		l.settle("root-serves-index", On, root.seeing("/index.html"))
	case root.Status == http.StatusNotFound:
		l.rootMissed = &root // the second Deployment has the other index
	default:
		l.settle("root-serves-index", Neither, root.Sight)
	}
	guarded, guardedErr := l.visit(ctx, domain, "/guarded")
	if guardedErr == nil {
		l.settleByStatus("protected-functions-403", guarded, http.StatusBadRequest, http.StatusForbidden)
	}
	otherCase, caseErr := l.visit(ctx, domain, "/mixed/case.TXT")
	if caseErr == nil {
		l.settleByStatus("paths-ignore-case", otherCase.about("for /Mixed/Case.txt"), http.StatusNotFound, http.StatusOK)
	}
	typed, typedErr := l.visit(ctx, domain, "/typed.txt")
	if typedErr == nil {
		l.settleType(typed)
	}
	return errors.Join(err, guardedErr, caseErr, typedErr)
}

func (l *lab) settleType(typed reply) {
	given := typed.header.Get("Content-Type")
	mediaType, _, _ := mime.ParseMediaType(given) // what is none is neither
	seen := typed.seeing("Content-Type %q for an upload as application/json", given)
	switch {
	case typed.Status == http.StatusOK && mediaType == "application/json":
		l.settle("types-by-extension", Off, seen)
	case typed.Status == http.StatusOK && mediaType == text:
		l.settle("types-by-extension", On, seen)
	default:
		l.settle("types-by-extension", Neither, seen)
	}
}

// probeLogs calls a Function that writes to the console, and waits for the
// entry.
func probeLogs(ctx context.Context, l *lab) error {
	domain, err := l.answering(ctx)
	if err != nil {
		return err
	}
	called, err := l.visit(ctx, domain, "/talks")
	if err != nil {
		return err
	}
	if called.Status != http.StatusOK {
		return fmt.Errorf("the Function that writes to the console answered %s", called.Sight)
	}
	written := time.Now()
	var entry map[string]any
	var listed reply
	looks := 0
	err = retry.Poll(ctx, l.cfg.Pace.Logs, func(ctx context.Context) (bool, error) {
		looks++
		listed, err = l.get(ctx, url.Values{"FunctionSid": {l.contents.thing.talks.sid}, "PageSize": {"50"}}, l.in("Environments", string(l.plain.thing.SID), "Logs")...)
		if err != nil {
			return false, err
		}
		for _, one := range listed.objects("logs") {
			if one["function_sid"] == l.contents.thing.talks.sid {
				entry = one
			}
		}
		return entry != nil, nil
	})
	waited := time.Since(written)
	switch {
	case errors.Is(err, retry.ErrBudget):
		l.settle("late-logs", Neither, listed.seeing("no entry within %s", words.Elapsed(waited)))
		return errors.New("no log entry was to be seen")
	case err != nil:
		return err
	case looks == 1:
		l.settle("late-logs", Off, listed.seeing("seen at once"))
	default:
		l.settle("late-logs", On, listed.seeing("seen %s later", words.Elapsed(waited)))
	}
	level, _ := entry["level"].(string)
	at := Neither
	switch level {
	case "info":
		at = Off
	case "INFO":
		at = On
	}
	l.settle("upper-case-levels", at, listed.seeing("level %q", level))
	return nil
}

// probeGuards deletes what is live, which should be refused.
func probeGuards(ctx context.Context, l *lab) error {
	if _, err := l.goLive(ctx); err != nil {
		return err
	}
	function, err := l.delete(ctx, l.in("Functions", l.contents.thing.guarded.sid)...)
	if err == nil {
		l.settleByStatus("file-guard-is-400", function, http.StatusConflict, http.StatusBadRequest)
	}
	build, buildErr := l.delete(ctx, l.in("Builds", l.main.thing.text("sid"))...)
	if buildErr == nil {
		l.settleByStatus("build-guard-is-400", build, http.StatusConflict, http.StatusBadRequest)
	}
	return errors.Join(err, buildErr)
}

// probeSecondDeployment puts another Build in the place of the one that is live,
// and looks for that.
func probeSecondDeployment(ctx context.Context, l *lab) error {
	if _, err := l.goLive(ctx); err != nil {
		return err
	}
	before, err := l.fetchBuild(ctx, l.main.thing.text("sid"))
	if err != nil {
		return err
	}
	if !before.isSuccess() {
		return errors.New("the Build that was live has gone before: " + before.String())
	}
	usual, err := l.usualBuild(ctx)
	if err != nil {
		return err
	}
	if _, err := l.client.CreateDeployment(ctx, l.service.SID, l.plain.thing.SID, twilio.BuildSID(usual.text("sid"))); err != nil {
		return err
	}
	after, err := l.fetchBuild(ctx, l.main.thing.text("sid"))
	if err == nil {
		l.settleByStatus("undeployed-builds-vanish", after.about("the Build that was live before"), http.StatusOK, http.StatusNotFound)
	}
	return errors.Join(err, l.otherRoot(ctx))
}

// otherRoot asks for "/" where there is an Asset /assets/index.html, which has to
// be served for the reading that it alone is.
func (l *lab) otherRoot(ctx context.Context) error {
	domain, err := l.answering(ctx)
	if err != nil || l.rootMissed == nil {
		return err
	}
	err = l.awaits(ctx, func(ctx context.Context) (bool, reply, error) {
		answered, err := l.look(ctx, domain, "/assets/index.html")
		return string(answered.body) == otherIndexText, answered, err
	})
	if err != nil {
		return err
	}
	root, err := l.visit(ctx, domain, "/")
	if err != nil {
		return err
	}
	at, seen := Neither, root.about("with /assets/index.html there")
	if string(root.body) == otherIndexText {
		at, seen.What = Off, "/assets/index.html"
	}
	l.settle("root-serves-index", at, l.rootMissed.about("with /index.html there").Sight, seen.Sight)
	return nil
}
