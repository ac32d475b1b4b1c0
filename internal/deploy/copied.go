package deploy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/twilio"
	"github.com/slipway-dev/slipway/internal/words"
)

// CopiedVariables are those that a new Environment gets from another one.
type CopiedVariables struct {
	// From is the Environment that they are those of, as it was named.
	From    string                `json:"from"`
	FromSID twilio.EnvironmentSID `json:"from_sid"`
	// FromServiceSID is the Service that it belongs to; empty means the Plan's.
	FromServiceSID twilio.ServiceSID `json:"from_service_sid,omitempty"`
	// Keys are sorted.
	Keys []string `json:"keys"`
}

// ParseLike reads the name of the Environment whose variables a new target starts
// from. An empty one is none, the zero Environment. The error is a
// *problem.Problem, also when the name is the target's own; the zero target, of
// which there is none, is for one of another Service.
func ParseLike(name string, target Environment) (Environment, error) {
	if name == "" {
		return Environment{}, nil
	}
	like, err := ParseEnvironment(name)
	if err != nil {
		return Environment{}, aboutLike(err)
	}
	if target.Name != "" && like.is(target) {
		return Environment{}, likeItself(like)
	}
	return like, nil
}

// isNew reports whether nothing is live in the Environment, or there is none yet.
func (l *Live) isNew() bool { return l.Environment.BuildSID == "" }

// findLike finds the Environment whose variables a new one starts from, among those
// of the Target's Service or, where another Service is named, among its own. It
// counts for a new one alone; and where variables are pruned, because those that it
// gave stay.
func (l *Live) findLike(ctx context.Context, client *twilio.Client, asked Question, environments []twilio.Environment) error {
	if asked.Like.Name == "" {
		return nil
	}
	isNeeded := l.isNew() || asked.PruneVariables
	l.LikeService = l.Service.SID
	if isElsewhere := asked.LikeService != "" && !l.isService(asked.LikeService); isElsewhere {
		if !isNeeded {
			return nil
		}
		service, err := client.FetchService(ctx, asked.LikeService)
		if twilio.IsNotFound(err) {
			return missingLike(asked)
		}
		if err != nil {
			return err
		}
		l.LikeService = service.SID
		if environments, err = collect(client.Environments(ctx, service.SID)); err != nil {
			return err
		}
	}
	found, ok, err := asked.Like.among(environments)
	switch {
	case ok && found.SID == l.Environment.SID:
		return likeItself(asked.Like)
	case ok && asked.IsPreview && isProduction(found):
		return likeProduction(asked.Like)
	case !isNeeded:
		return nil
	case err != nil:
		return aboutLike(err)
	case !ok:
		return missingLike(asked)
	}
	l.Like = found
	return nil
}

// isService reports whether the Target's Service has that unique name or SID.
func (l *Live) isService(named string) bool {
	return l.Service.SID != "" && (named == l.Service.UniqueName || named == string(l.Service.SID))
}

// planVariables says what happens to the variables. Keys that only the
// Environment has stay, unless they are pruned: nothing says that they are the
// Project's.
func (p *Plan) planVariables(asked Question, wanted map[string]secret.String, live Live) {
	p.Variables = diffVariables(values(live.Variables), wanted)
	if live.Like.SID != "" && live.isNew() {
		p.copyVariables(asked.Like, wanted, live)
	}
	if !asked.PruneVariables {
		return
	}
	for key := range live.Variables {
		_, isWanted := wanted[key]
		if _, isLike := live.LikeVariables[key]; !isWanted && !isLike {
			p.Variables.Removed = append(p.Variables.Removed, key)
		}
	}
	slices.Sort(p.Variables.Removed)
}

// copyVariables adds what the Environment gets from another one: what neither the
// project sets nor the Environment has already.
func (p *Plan) copyVariables(like Environment, wanted map[string]secret.String, live Live) {
	p.Copied = &CopiedVariables{From: like.Name, FromSID: live.Like.SID, Keys: []string{}}
	if live.LikeService != "" && live.LikeService != live.Service.SID {
		p.Copied.FromServiceSID = live.LikeService
	}
	for _, key := range slices.Sorted(maps.Keys(live.LikeVariables)) {
		_, isWanted := wanted[key]
		if _, isThere := live.Variables[key]; !isWanted && !isThere {
			p.Copied.Keys = append(p.Copied.Keys, key)
		}
	}
	p.Variables.Created = slices.Sorted(slices.Values(slices.Concat(p.Variables.Created, p.Copied.Keys)))
	switch count := len(p.Copied.Keys); count {
	case 0:
		p.Notes = append(p.Notes, fmt.Sprintf("no variable is taken from %s: it has none that would be new", like.Name))
	case 1:
		p.Notes = append(p.Notes, fmt.Sprintf("1 variable is that of %s: %s", like.Name, words.Names(p.Copied.Keys)))
	default:
		p.Notes = append(p.Notes, fmt.Sprintf("%d variables are those of %s: %s", count, like.Name, words.Names(p.Copied.Keys)))
	}
}

// checkPruned refuses to remove all that an Environment has because the project
// has nothing: then its variables are rather missing than none. The error is a
// *problem.Problem.
func (p *Plan) checkPruned(given map[string]secret.String) error {
	count := len(p.Variables.Removed)
	if count == 0 || len(given) > 0 {
		return nil
	}
	return &problem.Problem{
		Message: fmt.Sprintf("prune-variables would remove %s of %s, because the project gives none at all",
			words.Count(count, "variable"), p.Environment.Name),
		Fix: "Give the variables with variables or env-file (in CI .env is usually not in the repository), or leave prune-variables out.",
	}
}

// with adds the copied variables, as they are now, to those that an Environment
// shall have. Keys that it has already stay. Nothing is copied where c is nil. The
// error is a *StaleError.
func (c *CopiedVariables) with(wanted map[string]secret.String, now present) (map[string]secret.String, error) {
	if c == nil {
		return wanted, nil
	}
	all := make(map[string]secret.String, len(wanted)+len(c.Keys))
	var gone []string
	for _, key := range c.Keys {
		copied, isNow := now.copied[key]
		_, isWanted := wanted[key]
		_, isThere := now.variables[key]
		switch {
		case isWanted || isThere:
		case !isNow:
			gone = append(gone, key)
		default:
			all[key] = copied.Value
		}
	}
	maps.Copy(all, wanted)
	if len(gone) > 0 {
		stale := newStaleError(fmt.Sprintf("environment %s, which variables are copied from, has no %s", c.From, words.Names(gone)))
		stale.Fix = "Run it again; a saved plan has to be made anew."
		return nil, stale
	}
	return all, nil
}

// aboutLike makes a Problem with an Environment one of the setting.
func aboutLike(err error) error {
	found, ok := errors.AsType[*problem.Problem](err)
	if !ok {
		return err
	}
	return &problem.Problem{Message: "variables-like: " + found.Message, Fix: found.Fix}
}

func likeItself(like Environment) error {
	return &problem.Problem{
		Message: fmt.Sprintf("variables-like: environment %s is the one that is deployed to", like.Name),
		Fix:     "Name another Environment, or leave variables-like out.",
	}
}

// CheckLike finds what can be told to be wrong with Like before the first request. The
// error is a *problem.Problem.
func (q Question) CheckLike() error {
	if q.IsPreview && strings.EqualFold(q.Like.Name, Production) {
		return likeProduction(q.Like)
	}
	return nil
}

// isProduction reports whether people use an Environment: that on the bare domain, and
// one that is called production.
func isProduction(environment twilio.Environment) bool {
	return environment.DomainSuffix == "" || strings.EqualFold(environment.DomainSuffix, Production)
}

func likeProduction(like Environment) error {
	message := "variables-like: previews do not start from the variables of production, which pull requests are not to have"
	if !strings.EqualFold(like.Name, Production) {
		message += "; " + like.Name + " is production"
	}
	return &problem.Problem{Message: message, Fix: "Name another Environment."}
}

// missingLike is for a Service that is not there as well.
func missingLike(asked Question) error {
	return &problem.Problem{
		Message: fmt.Sprintf("variables-like: there is no environment %s in the Service %s", asked.Like.Name, cmp.Or(asked.LikeService, asked.Service)),
		Fix:     "Name one that is there (slipway list environments shows them), deploy to it first, or leave variables-like out.",
	}
}
