package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/twilio"
)

func form(pairs ...string) func() url.Values {
	return func() url.Values {
		made := url.Values{}
		for i := 0; i+1 < len(pairs); i += 2 {
			made.Add(pairs[i], pairs[i+1])
		}
		return made
	}
}

// probeService looks at the Service's domain and at the headers of an answer.
func probeService(ctx context.Context, l *lab) error {
	base := l.service.DomainBase
	seen := Sight{Method: http.MethodPost, Path: "/Services", Status: http.StatusCreated, What: fmt.Sprintf("domain_base %q for %q", digitsOff(base, l.name), "slipway-Doctor-…")}
	switch {
	case strings.HasPrefix(base, l.name):
		l.settle("lower-case-domains", Off, seen)
	case strings.HasPrefix(base, strings.ToLower(l.name)):
		l.settle("lower-case-domains", On, seen)
	default:
		l.settle("lower-case-domains", Neither, seen)
	}

	answered, err := l.get(ctx, nil, l.in()...)
	if err != nil {
		return err
	}
	concurrent := answered.header.Get("Twilio-Concurrent-Requests")
	at := Off
	if concurrent == "" {
		at = On
	}
	l.settle("no-concurrency-header", at, answered.seeing("Twilio-Concurrent-Requests: %s", concurrent))

	request := answered.header.Get("Twilio-Request-Id")
	first, second, isTwice := strings.Cut(request, ",")
	switch {
	case isTwice && strings.TrimSpace(second) == first:
		at = On
	case isTwice || request == "":
		at = Neither
	default:
		at = Off
	}
	l.settle("doubled-request-ids", at, answered.seeing("Twilio-Request-Id: %s", request))
	return nil
}

// digitsOff is a domain base without the random parts.
func digitsOff(base, name string) string {
	for _, written := range []string{name, strings.ToLower(name)} {
		if rest, ok := strings.CutPrefix(base, written); ok {
			return written[:len("slipway-doctor-")] + "…" + strings.Map(func(r rune) rune {
				if r >= '0' && r <= '9' {
					return 'N'
				}
				return r
			}, rest)
		}
	}
	return base
}

// probeServiceNames asks for a Service whose name is taken, and for one whose
// name has a dot. Either may come to be, and is deleted.
func probeServiceNames(ctx context.Context, l *lab) error {
	return errors.Join(
		l.secondService(ctx, "service-conflicts-are-400", http.StatusConflict, http.StatusBadRequest, func() string { return l.name }),
		l.secondService(ctx, "service-names-checked", http.StatusCreated, http.StatusBadRequest, func() string { return l.name + "." + l.number() }),
	)
}

func (l *lab) secondService(ctx context.Context, name string, off, on int, uniqueName func() string) error {
	answered, err := l.post(ctx, func() url.Values {
		return form("UniqueName", uniqueName(), "FriendlyName", "Throwaway of slipway doctor")()
	}, "Services")
	if err != nil {
		return err
	}
	if sid := answered.text("sid"); answered.isCreated() && sid != string(l.service.SID) {
		// What remains is found again at the end.
		_ = l.client.DeleteService(ctx, twilio.ServiceSID(sid))
	}
	if strings.Contains(answered.What, "limited to") {
		l.open(name, "the account has no room for a second Service", answered.Sight)
		return nil
	}
	l.settleByStatus(name, answered, off, on)
	return nil
}

// probePaths asks for what may not be there.
func probePaths(ctx context.Context, l *lab) error {
	byName, err := l.get(ctx, nil, "Services", l.name, "Environments")
	if err == nil {
		l.settleByStatus("nested-service-names", byName, http.StatusNotFound, http.StatusOK)
	}
	malformed, malformedErr := l.get(ctx, nil, l.in("Environments", "ZE1")...)
	if malformedErr == nil {
		l.settleByStatus("malformed-sids-are-400", malformed, http.StatusNotFound, http.StatusBadRequest)
	}
	large, largeErr := l.get(ctx, url.Values{"PageSize": {"1001"}}, l.in("Functions")...)
	if largeErr == nil {
		l.settleByStatus("large-pages-refused", large, http.StatusOK, http.StatusBadRequest)
	}
	return errors.Join(err, malformedErr, largeErr)
}

// plainEnvironment is the Environment that Builds go live in.
func (l *lab) plainEnvironment(ctx context.Context) (twilio.Environment, error) {
	return l.plain.get(func() (twilio.Environment, error) {
		return l.client.CreateEnvironment(ctx, l.service.SID, "doctor-environment", "doctor")
	})
}

// bareEnvironment is the Environment without a suffix, in which nothing goes
// live.
func (l *lab) bareEnvironment(ctx context.Context) (twilio.Environment, error) {
	return l.bare.get(func() (twilio.Environment, error) {
		return l.client.CreateEnvironment(ctx, l.service.SID, "production", "")
	})
}

// probeEnvironments asks for a second bare domain and for an odd suffix.
func probeEnvironments(ctx context.Context, l *lab) error {
	_, err := l.bareEnvironment(ctx)
	if err == nil {
		var second reply
		second, err = l.post(ctx, func() url.Values { return form("UniqueName", "bare-"+l.number())() }, l.in("Environments")...)
		if err == nil {
			l.settleByStatus("bare-domains-shared", second, http.StatusConflict, http.StatusCreated)
		}
	}
	odd, oddErr := l.post(ctx, func() url.Values {
		number := l.number()
		return form("UniqueName", "odd-"+number, "DomainSuffix", "a_b-"+number)()
	}, l.in("Environments")...)
	if oddErr == nil {
		l.settleByStatus("suffixes-unchecked", odd.about("a DomainSuffix with an underscore"), http.StatusBadRequest, http.StatusCreated)
	}
	return errors.Join(err, oddErr)
}

// probeVariables asks for a key that is taken, and for more bytes than may fit.
func probeVariables(ctx context.Context, l *lab) error {
	environment, err := l.bareEnvironment(ctx)
	if err != nil {
		return err
	}
	path := l.in("Environments", string(environment.SID), "Variables")
	if _, err = l.client.CreateVariable(ctx, l.service.SID, environment.SID, "DOCTOR", secret.New("first")); err != nil {
		return err
	}
	taken, err := l.post(ctx, form("Key", "DOCTOR", "Value", "second"), path...)
	if err == nil {
		l.settleByStatus("variable-conflicts-are-400", taken, http.StatusConflict, http.StatusBadRequest)
	}

	const many, large = 8, 450
	for i := range many {
		answered, err := l.post(ctx, func() url.Values {
			return form("Key", "DOCTOR_"+l.number(), "Value", strings.Repeat("x", large))()
		}, path...)
		if err != nil {
			return err
		}
		seen := answered.seeing("Variable %d of %d bytes: %s", i+1, large, answered.What)
		switch {
		case answered.Status == http.StatusBadRequest:
			l.settle("variables-limit", On, seen)
			return nil
		case !answered.isCreated():
			l.settle("variables-limit", Neither, seen)
			return nil
		case i+1 == many:
			seen.What = fmt.Sprintf("%d Variables of %d bytes each were taken", many, large)
			l.settle("variables-limit", Off, seen)
		}
	}
	return err
}

// probeManyEnvironments makes as many Environments as the beta allowed, and one
// more.
func probeManyEnvironments(ctx context.Context, l *lab) error {
	const most = 25
	count, err := l.countEnvironments(ctx)
	if err != nil {
		return err
	}
	var last reply
	for ; count <= most; count++ {
		last, err = l.post(ctx, func() url.Values {
			number := l.number()
			return form("UniqueName", "many-"+number, "DomainSuffix", "many-"+number)()
		}, l.in("Environments")...)
		if err != nil {
			return err
		}
		if !last.isCreated() {
			break
		}
	}
	// An answer that was lost may have been that of another.
	if count, err = l.countEnvironments(ctx); err != nil {
		return err
	}
	seen := last.about("%d Environments are there", count)
	switch {
	case last.isCreated() && count > most:
		l.settle("environment-limit", Off, seen.Sight)
	case last.Status == http.StatusBadRequest && count == most:
		l.settle("environment-limit", On, seen.Sight)
	default:
		l.settle("environment-limit", Neither, seen.Sight)
	}
	return nil
}

func (l *lab) countEnvironments(ctx context.Context) (int, error) {
	count := 0
	for _, err := range l.client.Environments(ctx, l.service.SID) {
		if err != nil {
			return 0, err
		}
		count++
	}
	return count, nil
}
