package deploy

import (
	"cmp"
	"context"
	"iter"
	"path"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// candidate is a thing that may go.
type candidate struct {
	noun string // what it is, in prose
	item *PrunedItem
	// why says why it stays whatever else is found; empty when nothing does.
	why string
	// look reads what can be told of it now, and says why it stays.
	look   func(context.Context, *PrunedItem) (why string, err error)
	remove func(context.Context, *twilio.Client) error
	// isGuarded says that the API refuses to remove it while it is in use.
	isGuarded bool
	err       error
}

// settle looks at a candidate, and does to it unless it stays.
func (c *candidate) settle(ctx context.Context, do func(context.Context, candidate) (PruneOutcome, string, error)) {
	outcome, why, isTried := PruneKept, c.why, false
	c.err = problem.Guard(func() (err error) {
		if why == "" && ctx.Err() == nil {
			why, err = c.look(ctx, c.item)
		}
		if why == "" && err == nil && ctx.Err() == nil {
			isTried = true
			outcome, why, err = do(ctx, *c)
		}
		return err
	})
	switch isOver := ctx.Err() != nil; {
	case c.err != nil && isOver && isTried:
		outcome, why, c.err = PruneFailed, whyUnknown, nil
	case c.err != nil && isOver:
		outcome, why, c.err = PruneKept, whyOver, nil
	case twilio.IsNotFound(c.err): // somebody else has removed it
		outcome, why, c.err = "", "", nil
	case c.err != nil:
		outcome, why = PruneFailed, c.err.Error()
	case outcome == PruneKept && why == "":
		why = whyOver
	}
	c.item.Outcome, c.item.Why = outcome, why
}

// Why something stays.
const (
	whyOver       = "the run ended before"
	whyUnknown    = "the run ended meanwhile: whether it is gone is not known"
	whyYoung      = "younger than an hour"
	whyAgeless    = "its age is not known"
	whyHeld       = "a Build holds it"
	whyUntold     = "what a Build holds is not told"
	whyUploaded   = "uploaded within an hour"
	whyProduction = "production"
	whyLive       = "a Build is live in it"
	whyTouched    = "changed within an hour"
)

// holdings are what all Builds of a Service hold.
type holdings struct {
	// parents are the SIDs of Functions and Assets.
	parents map[string]bool
	// versions are those of which a Build tells no more than the SID.
	versions map[twilio.VersionSID]bool
	// untold is a Build that does not tell what it holds; empty when there is none.
	untold twilio.BuildSID
}

// readHoldings reads the Builds of a Service.
func readHoldings(ctx context.Context, client *twilio.Client, service twilio.ServiceSID) (holdings, error) {
	all := holdings{parents: make(map[string]bool), versions: make(map[twilio.VersionSID]bool)}
	err := client.EachBuild(ctx, service, all.add)
	return all, err
}

func (h *holdings) add(build twilio.Build) {
	isEmpty := len(build.FunctionVersions)+len(build.AssetVersions) == 0
	if isEmpty && build.Status != twilio.BuildFailed {
		h.untold = build.SID // the API makes none of nothing
	}
	for _, one := range heldIn(build) {
		switch parent := one.parent(one.kind); {
		case parent != "":
			h.parents[parent] = true
		case one.SID != "":
			h.versions[one.SID] = true
		default:
			h.untold = build.SID
		}
	}
}

// find reads what a Service has, and which of it may go. Functions and Assets come
// first: a Build that is made meanwhile is seen then.
func (p *Pruner) find(ctx context.Context) (Pruned, []candidate, error) {
	pruned := Pruned{Version: 1, Functions: []PrunedItem{}, Assets: []PrunedItem{}, Environments: []PrunedItem{}, Notes: []string{}, Service: p.Service}
	service, err := FindService(ctx, p.Client, p.Service)
	if err != nil {
		return pruned, nil, err
	}
	pruned.Service, pruned.ServiceSID = service.UniqueName, service.SID
	var functions, assets, environments []found
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(guarded(func() (err error) {
		functions, err = collect(foundIn(p.Client.Functions(groupCtx, service.SID), func(f twilio.Function) found {
			return found{sid: string(f.SID), name: f.FriendlyName, created: f.DateCreated}
		}))
		return err
	}))
	group.Go(guarded(func() (err error) {
		assets, err = collect(foundIn(p.Client.Assets(groupCtx, service.SID), func(a twilio.Asset) found {
			return found{sid: string(a.SID), name: a.FriendlyName, created: a.DateCreated}
		}))
		return err
	}))
	if p.Environments != "" {
		group.Go(guarded(func() (err error) {
			environments, err = collect(foundIn(p.Client.Environments(groupCtx, service.SID), func(e twilio.Environment) found {
				return found{sid: string(e.SID), name: NameOf(e), created: e.DateCreated, updated: e.DateUpdated, isProduction: e.DomainSuffix == "", isLive: e.BuildSID != ""}
			}))
			return err
		}))
	}
	if err := group.Wait(); err != nil {
		return pruned, nil, err //nolint:wrapcheck // the client's own error.
	}
	held, err := readHoldings(ctx, p.Client, service.SID)
	if err != nil {
		return pruned, nil, err
	}
	now := p.Client.Now()
	isUsed := func(one found) bool { return held.parents[one.sid] }
	unused := func(all []found) []found { return slices.DeleteFunc(slices.Clone(all), isUsed) }
	named := slices.DeleteFunc(environments, func(one found) bool {
		matches, err := path.Match(p.Environments, one.name)
		return err != nil || !matches
	})
	var candidates []candidate
	pruned.Functions = p.items(&candidates, unused(functions), func(one found) candidate { return p.functionOf(service.SID, one, held, now) })
	pruned.Assets = p.items(&candidates, unused(assets), func(one found) candidate { return p.assetOf(service.SID, one, held, now) })
	pruned.Environments = p.items(&candidates, named, func(one found) candidate { return p.environmentOf(service.SID, one, now) })
	for _, one := range functions {
		if isUsed(one) && one.name != ManifestFunction { // which is none of the project's
			pruned.FunctionsInBuilds++
		}
	}
	pruned.AssetsInBuilds = len(assets) - len(pruned.Assets)
	if p.Environments != "" && len(named) == 0 {
		pruned.Notes = append(pruned.Notes, "No Environment has a name that "+p.Environments+" fits.")
	}
	if held.untold != "" {
		pruned.Notes = append(pruned.Notes, "Build "+string(held.untold)+" does not tell which Functions and Assets it holds, so all of them are kept. Delete it if nobody needs it.")
	} else if service.UIEditable && len(pruned.Functions)+len(pruned.Assets) > 0 {
		pruned.Notes = append(pruned.Notes, "The Service can be edited in the Twilio Console: what was saved there more than an hour ago and never deployed is held by no Build, too.")
	}
	return pruned, candidates, nil
}

// found is a thing in a listing.
type found struct {
	sid, name            string
	created, updated     *time.Time
	isProduction, isLive bool // of an Environment
}

func foundIn[T any](items iter.Seq2[T, error], row func(T) found) iter.Seq2[found, error] {
	return func(yield func(found, error) bool) {
		for item, err := range items {
			if !yield(row(item), err) {
				return
			}
		}
	}
}

// items makes candidates of what was found, sorted by name.
func (p *Pruner) items(candidates *[]candidate, all []found, of func(found) candidate) []PrunedItem {
	slices.SortFunc(all, func(a, b found) int {
		return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.sid, b.sid))
	})
	items := make([]PrunedItem, len(all))
	for i, one := range all {
		items[i] = PrunedItem{SID: one.sid, Name: one.name}
		next := of(one)
		next.item = &items[i]
		*candidates = append(*candidates, next)
	}
	return items
}

func (p *Pruner) functionOf(service twilio.ServiceSID, one found, held holdings, now time.Time) candidate {
	sid := twilio.FunctionSID(one.sid)
	return candidate{
		noun: "Function", isGuarded: true, why: held.why(one, now),
		look: func(ctx context.Context, _ *PrunedItem) (string, error) {
			return held.whyVersions(p.Client.FunctionVersions(ctx, service, sid), now)
		},
		remove: func(ctx context.Context, client *twilio.Client) error {
			return client.DeleteFunction(ctx, service, sid)
		},
	}
}

func (p *Pruner) assetOf(service twilio.ServiceSID, one found, held holdings, now time.Time) candidate {
	sid := twilio.AssetSID(one.sid)
	return candidate{
		noun: "Asset", isGuarded: true, why: held.why(one, now),
		look: func(ctx context.Context, _ *PrunedItem) (string, error) {
			return held.whyVersions(p.Client.AssetVersions(ctx, service, sid), now)
		},
		remove: func(ctx context.Context, client *twilio.Client) error { return client.DeleteAsset(ctx, service, sid) },
	}
}

func (h *holdings) why(one found, now time.Time) string {
	if h.untold != "" {
		return whyUntold
	}
	return whyYoungSince(one.created, now, whyYoung)
}

// whyVersions reads the Versions of a Function or an Asset: a deploy that is under
// way has uploaded one and not made its Build yet.
func (h *holdings) whyVersions(versions iter.Seq2[twilio.Version, error], now time.Time) (string, error) {
	for version, err := range versions {
		if err != nil {
			return "", err
		}
		if h.versions[version.SID] {
			return whyHeld, nil
		}
		if why := whyYoungSince(version.DateCreated, now, whyUploaded); why != "" {
			return why, nil
		}
	}
	return "", nil
}

func (p *Pruner) environmentOf(service twilio.ServiceSID, one found, now time.Time) candidate {
	sid := twilio.EnvironmentSID(one.sid)
	why := ""
	switch {
	case one.isProduction:
		why = whyProduction
	case one.isLive:
		why = whyLive
	}
	return candidate{
		noun: "Environment", why: why,
		look: func(ctx context.Context, item *PrunedItem) (string, error) {
			variables, err := readVariables(ctx, p.Client, service, sid)
			if err != nil {
				return "", err
			}
			item.Variables = len(variables)
			for _, variable := range variables {
				if variable.DateUpdated != nil && isYoung(variable.DateUpdated, now) {
					return whyTouched, nil
				}
			}
			// Last, since the API lets an Environment go with what is live in it.
			environment, err := p.Client.FetchEnvironment(ctx, service, sid)
			switch {
			case err != nil:
				return "", err
			case environment.BuildSID != "":
				return whyLive, nil
			case environment.DateUpdated != nil && isYoung(environment.DateUpdated, now):
				return whyTouched, nil
			}
			return whyYoungSince(environment.DateCreated, now, whyYoung), nil
		},
		remove: func(ctx context.Context, client *twilio.Client) error {
			return client.DeleteEnvironment(ctx, service, sid)
		},
	}
}

// whyYoungSince gives that reason for what is from within the last hour.
func whyYoungSince(created *time.Time, now time.Time, why string) string {
	switch {
	case created == nil:
		return whyAgeless
	case isYoung(created, now):
		return why
	default:
		return ""
	}
}

func isYoung(since *time.Time, now time.Time) bool { return now.Sub(*since) < unusedFor }
