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

	// Clients that join headers show "RQ…, RQ…" for two lines, too.
	request := strings.Join(answered.header.Values("Twilio-Request-Id"), ", ")
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
	return errors.Join(l.takenName(ctx), l.dottedName(ctx))
}

func (l *lab) takenName(ctx context.Context) error {
	answered, err := l.secondService(ctx, func() string { return l.name })
	if err == nil {
		l.settleByStatus("service-conflicts-are-400", answered, http.StatusConflict, http.StatusBadRequest)
	}
	return err
}

// dottedName tells a name that is refused from an account that has no room: that
// refuses a name without a dot, too.
func (l *lab) dottedName(ctx context.Context) error {
	const name = "service-names-checked"
	answered, err := l.secondService(ctx, func() string { return l.name + "." + l.number() })
	if err != nil {
		return err
	}
	if answered.Status == http.StatusBadRequest {
		dashed, err := l.secondService(ctx, func() string { return l.name + "-" + l.number() })
		if err != nil {
			return err
		}
		if !dashed.isSuccess() {
			l.open(name, "a second Service with a name that nothing is wrong with was refused, too", answered.Sight, dashed.Sight)
			return nil
		}
	}
	l.settleByStatus(name, answered, http.StatusCreated, http.StatusBadRequest)
	return nil
}

// secondService asks for a Service, and deletes the one that comes to be.
func (l *lab) secondService(ctx context.Context, uniqueName func() string) (reply, error) {
	answered, err := l.call(ctx, request{method: http.MethodPost, path: []string{"Services"}, lingers: true, form: func() url.Values {
		return form("UniqueName", uniqueName(), "FriendlyName", "Throwaway of slipway doctor")()
	}})
	if err != nil {
		return answered, err
	}
	if sid := answered.text("sid"); answered.isSuccess() && twilio.IsSID("ZS", sid) && sid != string(l.service.SID) {
		// What remains is found again at the end.
		_ = l.client.DeleteService(ctx, twilio.ServiceSID(sid))
	}
	return answered, nil
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

	return errors.Join(err, l.fillVariables(ctx, environment.SID, path))
}

// fillVariables goes on until there are more bytes than AWS Lambda has room for,
// 4 KB, which may be what is below.
func (l *lab) fillVariables(ctx context.Context, environment twilio.EnvironmentSID, path []string) error {
	const many, large, most = 12, 450, 3000
	for range many {
		key := ""
		answered, err := l.post(ctx, func() url.Values {
			key = "DOCTOR_" + l.number()
			return form("Key", key, "Value", strings.Repeat("x", large))()
		}, path...)
		if err != nil {
			return err
		}
		if answered.isSuccess() {
			continue
		}
		there, err := l.variableBytes(ctx, environment)
		if err != nil {
			return err
		}
		at := Neither
		if answered.Status == http.StatusBadRequest && there <= most && there+len(key)+large > most {
			at = On
		}
		l.settle("variables-limit", at, answered.about("%d bytes more than %d", len(key)+large, there).Sight)
		return nil
	}
	there, err := l.variableBytes(ctx, environment)
	if err == nil {
		l.settle("variables-limit", Off, Sight{What: fmt.Sprintf("%d bytes of keys and values were taken", there)})
	}
	return err
}

// variableBytes counts what is there: an answer that was lost may have been that
// of one more.
func (l *lab) variableBytes(ctx context.Context, environment twilio.EnvironmentSID) (int, error) {
	bytes := 0
	for one, err := range l.client.Variables(ctx, l.service.SID, environment) {
		if err != nil {
			return 0, err
		}
		bytes += len(one.Key) + len(one.Value.Reveal())
	}
	return bytes, nil
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
		if !last.isSuccess() {
			break
		}
	}
	// An answer that was lost may have been that of another.
	if count, err = l.countEnvironments(ctx); err != nil {
		return err
	}
	seen := last.about("%d Environments are there", count)
	switch {
	case last.isSuccess() && count > most:
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
