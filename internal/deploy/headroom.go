package deploy

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/slipway-dev/slipway/internal/project"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// MostEnvironments is how many Environments a Service may have by Twilio's page on
// the Functions and Assets API of 2020. Whether that still holds is not known, so
// deploys are not kept from trying.
const MostEnvironments = 25

// What else that page allows; of the 50 Functions that it allows in a Build it is
// known that they do not hold.
const (
	pagePrivateAssets = 50 // of one Build, as are the next
	pageOpenAssets    = 1000
)

// Headroom notes what is nearly used up, or is, of what the account has: today the
// Services, when the Plan creates one. It costs a call only then.
func (d *Deployer) Headroom(ctx context.Context, plan Plan) ([]string, error) {
	if plan.ServiceSID != "" {
		return nil, nil
	}
	services, err := collect(d.Client.Services(ctx))
	if refused, ok := errors.AsType[*twilio.Error](err); ok && (refused.Status == http.StatusForbidden || refused.Status == http.StatusUnauthorized) {
		return nil, nil // who may deploy need not be allowed to list them
	}
	if err != nil {
		return nil, err
	}
	const nearly = twilio.MaxServices - twilio.FewServices
	switch count := len(services); {
	case count >= twilio.MaxServices:
		return []string{fmt.Sprintf("the account has %d Services of %d: Twilio will refuse another, unless it has raised the limit for the account", count, twilio.MaxServices)}, nil
	case count >= nearly:
		return []string{fmt.Sprintf("the account has %d Services of %d, and this makes another", count, twilio.MaxServices)}, nil
	default:
		return nil, nil
	}
}

// headroom notes which limits of the Service a Plan comes near to, or crosses. What
// is beyond one already shows that it does not hold.
func (p *Plan) headroom(live Live) []string {
	var notes []string
	const documented = "Twilio's documentation of 2020 allows %d; if that still holds, %s"
	const few = 3
	if p.ServiceSID != "" && p.EnvironmentSID == "" && live.Environments > MostEnvironments-few && live.Environments <= MostEnvironments {
		what := fmt.Sprintf("the Service %s has %d Environments, and this makes another: ", p.Service, live.Environments)
		outcome := fmt.Sprintf("there is room for %d more behind it", MostEnvironments-live.Environments-1)
		if live.Environments == MostEnvironments {
			outcome = "the deploy will be refused"
		}
		notes = append(notes, what+fmt.Sprintf(documented, MostEnvironments, outcome))
	}
	for _, limit := range []struct {
		name      string
		most      int
		isPrivate bool
	}{{"private Assets", pagePrivateAssets, true}, {"public and protected Assets", pageOpenAssets, false}} {
		now, before := 0, 0
		for _, file := range p.files() {
			if file.Kind == project.KindAsset && (file.Visibility == project.Private) == limit.isPrivate {
				now++
			}
		}
		for _, version := range live.Build.AssetVersions {
			if (version.Visibility == string(project.Private)) == limit.isPrivate {
				before++
			}
		}
		if p.Build == BuildNew && now > limit.most && before <= limit.most {
			notes = append(notes, fmt.Sprintf("the Build will have %d %s: ", now, limit.name)+fmt.Sprintf(documented, limit.most, "the deploy will be refused"))
		}
	}
	return notes
}
