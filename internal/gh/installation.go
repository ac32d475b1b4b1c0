package gh

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/slipway-dev/slipway/internal/secret"
)

const (
	// renewBefore is how long before its end a token is renewed; it lasts an hour:
	// docs.github.com/rest/apps/apps#create-an-installation-access-token-for-an-app.
	renewBefore = 10 * time.Minute
	// renewAgain is when that is tried once more, should it fail.
	renewAgain = 30 * time.Second
	// leastLeft is what has to be left of a token for it to be of use.
	leastLeft = time.Minute
	// settlesWithin is how long it may take until a new token is known to all of GitHub
	// (401 until then), and what it may do (403): octokit/auth-app.js issues 65 and 589.
	settlesWithin = 10 * time.Second
	// regrantedAfter is how old a token is when a permission that it lacks may have been
	// granted since.
	regrantedAfter = time.Minute
)

// wanted are the permissions that the verbs of this package need, as GitHub spells
// them. What of it an App was not granted is left out, and named by the verb that
// needs it.
func wanted() map[string]string {
	return map[string]string{
		"actions": "read", "contents": "write", "deployments": "write", "pull_requests": "write", "statuses": "write",
	}
}

// installation is the credential of an App for a repository: a token that is made when
// it is needed and kept until it ends, for all who ask.
type installation struct {
	app        *Client
	appID      string
	repository Repository
	renewing   chan struct{} // full while a token is made

	mu    sync.Mutex
	found *installed // what was found before the first token; nil once it is used
	held  installationToken
}

// installationToken is a token. The zero value is none.
type installationToken struct {
	value   secret.String
	made    time.Time
	renewAt time.Time
	ends    time.Time
	may     map[string]string
}

// installed is where an App is installed.
type installed struct {
	id      int64
	login   string // who the App acts as
	granted map[string]string
}

// token returns the token, once it has been made or renewed. Renewing that fails is no
// error as long as the old one lasts.
func (i *installation) token(ctx context.Context) (secret.String, error) {
	if held := i.current(); time.Now().Before(held.renewAt) {
		return held.value, nil
	}
	select {
	case i.renewing <- struct{}{}:
		defer func() { <-i.renewing }()
	case <-ctx.Done():
		return secret.String{}, cutOff(ctx, i.operation())
	}
	held := i.current() // which another may have renewed meanwhile
	if time.Now().Before(held.renewAt) {
		return held.value, nil
	}
	made, err := i.make(ctx)
	switch {
	case err == nil:
	case time.Until(held.ends) > leastLeft && ctx.Err() == nil:
		made = held
		made.renewAt = time.Now().Add(renewAgain)
	default:
		return secret.String{}, err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.held = made
	return made.value, nil
}

func (i *installation) current() installationToken {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.held
}

// refused lets go of a token that GitHub does not accept any more, or that lacks a
// permission which may have been granted since, for one that is made anew; but not of
// one that is new itself, which may only have to settle.
func (i *installation) refused(token secret.String, lacks string, _ http.Header) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	held := i.held
	age, isGranted := time.Since(held.made), lacks == "" || covers(held.may, lacks)
	switch {
	case held.value != token: // it is renewed already
		return true
	case age < settlesWithin && isGranted:
		return true
	case age < regrantedAfter:
		return false
	}
	i.held = installationToken{}
	return true
}

// covers tells whether permissions have one as a workflow spells it, such as
// "pull-requests: write".
func covers(may map[string]string, permission string) bool {
	name, level, _ := strings.Cut(strings.ReplaceAll(permission, "-", "_"), ": ")
	return levelOf(may[name]) >= levelOf(level)
}

// levelOf orders the levels of permissions; 0 is none.
func levelOf(level string) int {
	return slices.Index([]string{"read", "write", "admin"}, level) + 1
}

func (i *installation) operation() operation {
	return operation{name: "get a token as the GitHub App " + i.appID, repository: i.repository}
}

// make makes a token for the repository alone, with what is needed of what was granted.
// That is looked up each time, since it may have changed.
func (i *installation) make(ctx context.Context) (installationToken, error) {
	i.mu.Lock()
	found := i.found
	i.found = nil
	i.mu.Unlock()
	if found == nil {
		now, err := i.find(ctx)
		if err != nil {
			return installationToken{}, err
		}
		found = &now
	}
	may := found.limits()
	permissions := &github.InstallationPermissions{}
	if err := convert(may, permissions); err != nil {
		return installationToken{}, err
	}
	options := &github.InstallationTokenOptions{Repositories: []string{i.repository.Name}, Permissions: permissions}
	// A token that is made twice does no harm, so that it goes by read.
	made, err := read(ctx, i.app, i.operation(), func(ctx context.Context, sdk *github.Client) (installationToken, *github.Response, error) {
		got, response, err := sdk.Apps.CreateInstallationToken(ctx, found.id, options)
		if err != nil {
			return installationToken{}, response, err //nolint:wrapcheck // judge reads it.
		}
		value, now := secret.New(got.GetToken()), time.Now()
		if checkToken(value) != nil || got.GetExpiresAt().IsZero() {
			return installationToken{}, response, errShape
		}
		// By GitHub's clock, should this one be wrong.
		lasts := got.GetExpiresAt().Sub(serverTime(response.Header))
		return installationToken{value: value, made: now, renewAt: now.Add(lasts - renewBefore), ends: now.Add(lasts), may: may}, response, nil
	})
	if isNotFound(err) {
		err = i.notInstalled(err)
	}
	return made, err
}

// limits are what a token is to be limited to. More than was granted would be refused.
func (one installed) limits() map[string]string {
	may := wanted()
	for name, level := range may {
		if granted := one.granted[name]; levelOf(granted) < levelOf(level) {
			may[name] = granted
		}
	}
	maps.DeleteFunc(may, func(_, level string) bool { return level == "" })
	return may
}

// find asks where the App is installed.
func (i *installation) find(ctx context.Context) (installed, error) {
	op := operation{name: "look up the GitHub App " + i.appID, repository: i.repository}
	found, err := read(ctx, i.app, op, func(ctx context.Context, sdk *github.Client) (*github.Installation, *github.Response, error) {
		got, response, err := sdk.Apps.FindRepositoryInstallation(ctx, i.repository.Owner, i.repository.Name)
		if err == nil && (got.GetID() == 0 || got.GetAppSlug() == "" || got.Permissions == nil) {
			err = errShape
		}
		return got, response, err
	})
	switch {
	case isNotFound(err):
		return installed{}, i.notInstalled(err)
	case err != nil:
		return installed{}, err
	case found.SuspendedAt != nil:
		return installed{}, fmt.Errorf("the GitHub App %s is suspended for %s; who owns that can lift it in its settings, under Applications", i.appID, i.repository)
	}
	one := installed{id: found.GetID(), login: found.GetAppSlug() + "[bot]"}
	return one, convert(found.Permissions, &one.granted)
}

// notInstalled says what a 404 means. It does not hand that on: it is not about what the
// token was for.
func (i *installation) notInstalled(err error) error {
	return fmt.Errorf("the GitHub App %s is not installed for %s, or there is no such App; "+
		"install it there, or add the repository to where it is installed (%v)", i.appID, i.repository, err)
}

// convert goes between the SDK's permissions, which has a field for each, and a map.
func convert(from, to any) error {
	raw, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(raw, to)
	}
	if err != nil {
		return fmt.Errorf("read an App's permissions: %w", err)
	}
	return nil
}
