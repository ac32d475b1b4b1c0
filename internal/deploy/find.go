package deploy

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// FindService returns the Service with that unique name or SID. The error is a
// *problem.Problem when there is none.
func FindService(ctx context.Context, client *twilio.Client, service string) (twilio.Service, error) {
	found, err := client.FetchService(ctx, service)
	if twilio.IsNotFound(err) {
		return found, &problem.Problem{
			Message: fmt.Sprintf("there is no Service %q in the account of these credentials", service),
			Fix:     "Check the name and the account, or deploy first.",
		}
	}
	return found, err
}

// FindEnvironment returns the Environment that wanted means to a Service. The
// error is a *problem.Problem when there is none.
func FindEnvironment(ctx context.Context, client *twilio.Client, service twilio.Service, wanted Environment) (twilio.Environment, error) {
	environments, err := collect(client.Environments(ctx, service.SID))
	if err != nil {
		return twilio.Environment{}, err
	}
	found, ok, err := wanted.among(environments)
	if err == nil && !ok {
		err = missingEnvironment(service, wanted, environments)
	}
	return found, err
}

// missingEnvironment names those that a Service has instead.
func missingEnvironment(service twilio.Service, wanted Environment, environments []twilio.Environment) error {
	const mostNamed = 10
	fix := "It has none yet; deploy first."
	if len(environments) > 0 {
		var names []string
		for _, environment := range environments {
			names = append(names, NameOf(environment))
		}
		slices.SortFunc(names, CompareNames)
		if rest := len(names) - mostNamed; rest > 0 {
			names = append(names[:mostNamed], fmt.Sprintf("%d more", rest))
		}
		fix = "It has " + strings.Join(names, ", ") + "."
	}
	return &problem.Problem{Message: fmt.Sprintf("the Service %s has no Environment %s", service.UniqueName, wanted.Name), Fix: fix}
}

// NameOf is the name by which a deploy calls an Environment.
func NameOf(environment twilio.Environment) string {
	switch environment.DomainSuffix {
	case "":
		return Production
	case Production: // the bare domain has that name
		return string(environment.SID)
	default:
		return environment.DomainSuffix
	}
}

// CompareNames orders the names of Environments: production first.
func CompareNames(a, b string) int {
	if isProduction := a == Production; isProduction != (b == Production) {
		if isProduction {
			return -1
		}
		return 1
	}
	return strings.Compare(a, b)
}
