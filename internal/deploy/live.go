package deploy

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/project"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// Live is what is there in a Target before a deploy. A part that does not exist
// has an empty SID.
type Live struct {
	Service     twilio.Service
	Environment twilio.Environment
	// Environments counts all of the Service's.
	Environments int
	// Build is the one that is live in the Environment, and Known what can be
	// told of it.
	Build twilio.Build
	Known Known
	// Twin is a Build of the Service that holds what is wanted already, other than
	// the live one; its SID is empty when none is found.
	Twin Twin
	// Staged is what is live in Question.From.
	Staged Staged
	// Functions and Assets are the Service's, by friendly name; Slipway and the
	// Toolkit name them by path. They are read where the live Build does not tell
	// them all.
	Functions map[string]twilio.FunctionSID
	Assets    map[string]twilio.AssetSID
	// Variables are the Environment's, by key.
	Variables map[string]twilio.Variable
	// Like is the Environment whose variables a new one starts from, LikeService the
	// Service that it belongs to, and LikeVariables are those, by key. They are read
	// where they count.
	Like          twilio.Environment
	LikeService   twilio.ServiceSID
	LikeVariables map[string]twilio.Variable
}

// Question is what a deploy has to know of a Target.
type Question struct {
	// Account is where the Target is, as far as that is known before anything is
	// read.
	Account Account
	// Service is a unique name or a SID.
	Service     string
	Environment Environment
	Wanted      *project.Project
	// Manifest says whether the Build will have one.
	Manifest bool
	// Like is the Environment whose variables a new one starts from; its zero value
	// is none.
	Like Environment
	// LikeService is the unique name or the SID of the Service that Like is one of;
	// empty means Service.
	LikeService string
	// IsPreview says that the Environment is that of a pull request, which is never to
	// have the variables of production.
	IsPreview bool
	// IsForeign says that Wanted is a stranger's: a Service that gives its Functions the
	// account's credentials is refused, and none is created.
	IsForeign bool
	// PruneVariables says whether variables go that the Project does not have. Those
	// that Like has stay.
	PruneVariables bool
	// IsTag says that the Project is that of a tag: a Build that holds it is looked for
	// among those that are live in other Environments, too, and the Plan says why there
	// is none.
	IsTag bool
	// From is the Environment of the same Service whose live Build comes first then; its
	// zero value is none.
	From Environment
}

// ReadLive reads what is there, with as few calls and as many of them at once as
// it can. The error is a problem.Problem when the input names something that
// cannot be; everything else is the client's.
func ReadLive(ctx context.Context, client *twilio.Client, asked Question) (Live, error) {
	live := Live{}
	var err error
	if live.Service, err = client.FetchService(ctx, asked.Service); err != nil {
		if !twilio.IsNotFound(err) {
			return live, err
		}
		if err := missingService(asked.Service, asked.Environment); err != nil {
			return live, err
		}
		if asked.IsForeign {
			return live, noServiceForStrangers(asked.Service)
		}
		if err := live.findLike(ctx, client, asked, nil); err != nil || live.Like.SID == "" {
			return live, err
		}
		live.LikeVariables, err = readVariables(ctx, client, live.LikeService, live.Like.SID)
		return live, err
	}
	if asked.IsForeign && live.Service.IncludeCredentials {
		return live, credentialsForStrangers(live.Service)
	}
	environments, err := collect(client.Environments(ctx, live.Service.SID))
	if err != nil {
		return live, err
	}
	live.Environments = len(environments)
	if live.Environment, _, err = asked.Environment.among(environments); err != nil {
		return live, err
	}
	if err := live.findLike(ctx, client, asked, environments); err != nil {
		return live, err
	}
	live.findStaged(asked, environments)
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(guarded(func() (err error) {
		if live.Environment.SID != "" {
			live.Variables, err = readVariables(groupCtx, client, live.Service.SID, live.Environment.SID)
		}
		return err
	}))
	group.Go(guarded(func() (err error) {
		if live.Like.SID != "" {
			live.LikeVariables, err = readVariables(groupCtx, client, live.LikeService, live.Like.SID)
		}
		return err
	}))
	group.Go(guarded(func() error { return live.readFiles(groupCtx, client, asked, environments) }))
	err = group.Wait()
	return live, err //nolint:wrapcheck // the client's own error.
}

// readFiles reads the live Build and, where it does not hold all that is wanted,
// what else is needed to make one that does.
func (l *Live) readFiles(ctx context.Context, client *twilio.Client, asked Question, environments []twilio.Environment) error {
	if err := l.readBuilds(ctx, client); err != nil {
		return err
	}
	wanted := digest(asked.Wanted)
	search := &twinSearch{
		client: client, service: l.Service.SID, digest: wanted,
		known: []twilio.BuildSID{l.Environment.BuildSID, l.Staged.Environment.BuildSID}, environments: environments,
	}
	if err := l.readManifests(ctx, asked, search); err != nil || l.Known.Digest == wanted || l.Twin.SID != "" {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	if l.Known.Manifest == "" && len(l.Build.FunctionVersions) > 0 {
		group.Go(guarded(func() (err error) {
			l.Known.Files, err = compare(ctx, client, l.Service.SID, l.Build, asked.Wanted)
			return err
		}))
	}
	held := l.versions()
	holds := func(file project.File) bool { return held[file.Path].parent(file.Kind) != "" }
	if isLacking := asked.Manifest && l.Known.Manifest == ""; isLacking || !all(asked.Wanted.Functions, holds) {
		group.Go(guarded(func() (err error) {
			l.Functions, err = functionsByName(ctx, client, l.Service.SID)
			return err
		}))
	}
	if !all(asked.Wanted.Assets, holds) {
		group.Go(guarded(func() (err error) {
			l.Assets, err = assetsByName(ctx, client, l.Service.SID)
			return err
		}))
	}
	return group.Wait() //nolint:wrapcheck // the client's own error.
}

// readManifests reads the Manifests of the live Build and of the staged one, and where
// neither is the wanted one, looks for a twin of that. The paths of the Manifests say so
// beforehand, so that all go out together.
func (l *Live) readManifests(ctx context.Context, asked Question, search *twinSearch) error {
	lookForTwin := func(ctx context.Context) (err error) {
		l.Twin, err = search.find(ctx, asked.IsTag)
		return err
	}
	isFound := func() bool { return l.Known.Digest == search.digest || l.Twin.SID != "" }
	isHinted := search.hints(l.Build) || search.hints(l.Staged.Build)
	group, groupCtx := errgroup.WithContext(ctx)
	if l.Build.SID != "" {
		group.Go(guarded(func() (err error) {
			l.Known, err = know(groupCtx, search.client, l.Service.SID, l.Build)
			return err
		}))
	}
	if l.Staged.Build.SID != "" && l.Staged.Build.SID != l.Build.SID {
		group.Go(guarded(func() (err error) {
			l.Staged.Known, err = know(groupCtx, search.client, l.Service.SID, l.Staged.Build)
			return err
		}))
	}
	if asked.Manifest && !isHinted {
		group.Go(guarded(func() error { return lookForTwin(groupCtx) }))
	}
	if err := group.Wait(); err != nil {
		return err //nolint:wrapcheck // the client's own error.
	}
	if l.Staged.Build.SID == l.Build.SID {
		l.Staged.Known = l.Known
	}
	if l.Known.Digest != search.digest && l.Staged.Known.Digest == search.digest {
		l.Twin = Twin{SID: l.Staged.Build.SID, Commit: l.Staged.Known.Commit, In: NameOf(l.Staged.Environment)}
	}
	if !isHinted || !asked.Manifest || isFound() {
		return nil
	}
	return lookForTwin(ctx)
}

// readBuild reads the live Build. One that is not there was replaced by another
// deploy since the Environment was read, and removed by Twilio; or it is a state
// that should not be, and nothing is known of what is live.
func (l *Live) readBuild(ctx context.Context, client *twilio.Client) error {
	const mostLooks = 3
	for look := 1; l.Environment.BuildSID != ""; look++ {
		build, err := client.FetchBuild(ctx, l.Service.SID, l.Environment.BuildSID)
		if !twilio.IsNotFound(err) {
			l.Build = build
			return err
		}
		now, err := client.FetchEnvironment(ctx, l.Service.SID, l.Environment.SID)
		if err != nil {
			return err
		}
		if now.BuildSID == l.Environment.BuildSID || look == mostLooks {
			l.Known.Doubt = "it is gone"
			return nil
		}
		l.Environment.BuildSID = now.BuildSID
	}
	return nil
}

func functionsByName(ctx context.Context, client *twilio.Client, service twilio.ServiceSID) (map[string]twilio.FunctionSID, error) {
	return oldestByName(client.Functions(ctx, service), func(f twilio.Function) named[twilio.FunctionSID] {
		return named[twilio.FunctionSID]{f.FriendlyName, f.SID, f.DateCreated}
	})
}

func assetsByName(ctx context.Context, client *twilio.Client, service twilio.ServiceSID) (map[string]twilio.AssetSID, error) {
	return oldestByName(client.Assets(ctx, service), func(a twilio.Asset) named[twilio.AssetSID] {
		return named[twilio.AssetSID]{a.FriendlyName, a.SID, a.DateCreated}
	})
}

func all[T any](items []T, holds func(T) bool) bool {
	return !slices.ContainsFunc(items, func(item T) bool { return !holds(item) })
}

// guarded makes a panic of a worker an error.
func guarded(do func() error) func() error {
	return func() error { return problem.Guard(do) }
}

// missingService says whether a Service that is not there can be created.
func missingService(service string, environment Environment) error {
	switch {
	case twilio.IsSID("ZS", service):
		return &problem.Problem{
			Message: fmt.Sprintf("there is no Service %s in the account of these credentials", service),
			Fix:     "Check the SID, and that the credentials belong to its account and region; or name the Service to have it created.",
		}
	case environment.SID != "":
		return &problem.Problem{
			Message: fmt.Sprintf("environment %s cannot be used: there is no Service %q in the account of these credentials", environment.SID, service),
			Fix:     "Name the Service that the Environment belongs to.",
		}
	}
	return nil
}

func readVariables(ctx context.Context, client *twilio.Client, service twilio.ServiceSID, environment twilio.EnvironmentSID) (map[string]twilio.Variable, error) {
	found := make(map[string]twilio.Variable)
	for variable, err := range client.Variables(ctx, service, environment) {
		if err != nil {
			return nil, err
		}
		found[variable.Key] = variable
	}
	return found, nil
}

// values returns the variables' values by key.
func values(variables map[string]twilio.Variable) map[string]secret.String {
	byKey := make(map[string]secret.String, len(variables))
	for key, variable := range variables {
		byKey[key] = variable.Value
	}
	return byKey
}

// named is an item of a listing whose names need not be unique.
type named[SID ~string] struct {
	name    string
	sid     SID
	created *time.Time
}

// oldestByName reads a listing into a map. Of several items with one name, which
// the API allows and two first deploys at once can bring about, the oldest
// counts, so that every run settles on the same one.
func oldestByName[T any, SID ~string](items iter.Seq2[T, error], name func(T) named[SID]) (map[string]SID, error) {
	oldest := make(map[string]named[SID])
	for item, err := range items {
		if err != nil {
			return nil, err
		}
		next := name(item)
		if first, ok := oldest[next.name]; !ok || next.isOlder(first) {
			oldest[next.name] = next
		}
	}
	sids := make(map[string]SID, len(oldest))
	for name, item := range oldest {
		sids[name] = item.sid
	}
	return sids, nil
}

func (n named[SID]) isOlder(other named[SID]) bool {
	if n.created != nil && other.created != nil && !n.created.Equal(*other.created) {
		return n.created.Before(*other.created)
	}
	return n.sid < other.sid
}

func collect[T any](items iter.Seq2[T, error]) ([]T, error) {
	var all []T
	for item, err := range items {
		if err != nil {
			return nil, err
		}
		all = append(all, item)
	}
	return all, nil
}

// held is a Version that a Build has at a path.
type held struct {
	kind project.Kind
	twilio.Version
}

// parent is the SID of the Function or the Asset that a held Version belongs to;
// empty when it is none of that kind.
func (h held) parent(kind project.Kind) string {
	if kind == project.KindFunction {
		return string(h.FunctionSID)
	}
	return string(h.AssetSID)
}

// heldIn lists what a Build has.
func heldIn(build twilio.Build) []held {
	all := make([]held, 0, len(build.FunctionVersions)+len(build.AssetVersions))
	for _, version := range build.FunctionVersions {
		all = append(all, held{project.KindFunction, version})
	}
	for _, version := range build.AssetVersions {
		all = append(all, held{project.KindAsset, version})
	}
	return all
}

// versions returns the live Build's Versions by path, its Manifest aside.
func (l *Live) versions() map[string]held {
	byPath := make(map[string]held)
	for _, one := range heldIn(l.Build) {
		if !isManifest(one.Version) {
			byPath[one.Path] = one
		}
	}
	return byPath
}

// fingerprint names the state that a Plan was made from. It changes when
// another Build goes live or a variable changes, and says nothing of values.
func (l *Live) fingerprint() string {
	parts := []string{string(l.Service.SID), string(l.Environment.SID), string(l.Environment.BuildSID)}
	for _, variable := range l.Variables {
		changed := ""
		if variable.DateUpdated != nil {
			changed = variable.DateUpdated.UTC().Format("20060102T150405")
		}
		parts = append(parts, string(variable.SID)+"@"+changed)
	}
	slices.SortFunc(parts[3:], cmp.Compare)
	return hashOf(parts)
}
