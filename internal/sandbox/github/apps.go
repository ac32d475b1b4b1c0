package github

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// App is a GitHub App, which signs in by a JSON web token and acts by the tokens that it
// makes for its installations.
type App struct {
	// ID or ClientID is what its tokens name as their issuer. An empty ClientID is none.
	ID       int64
	ClientID string
	// Slug is its name in addresses. It acts as Slug + "[bot]".
	Slug string
	// Key is the public half of the key that it signs with.
	Key *rsa.PublicKey
	// Installations are where it is installed.
	Installations []Installation
}

// Installation is an App on an account.
type Installation struct {
	ID      int64
	Account string // the owner
	// Repositories are those of the account that it may see, as "owner/name"; none means
	// all.
	Repositories []string
	// Permissions are what it was granted, as those of a Token.
	Permissions map[string]string
	// Suspended takes all of it away for the time being.
	Suspended bool
}

// made is a token that an App has made for an installation.
type made struct {
	token         Token
	installation  int64
	begins, works time.Time // when it is known, and when its permissions are
	ends          time.Time
}

// SetApp puts an App in the place of the one with the same ID, or adds it: so that it
// can be installed, suspended, or granted more. Tokens of installations that are gone
// end.
func (s *Sandbox) SetApp(app App) error {
	if err := errors.Join(wrongApps([]App{app})...); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.apps = append(slices.DeleteFunc(s.apps, func(one App) bool { return one.ID == app.ID }), app)
	maps.DeleteFunc(s.made, func(_ string, one *made) bool {
		_, installed := s.installation(one.installation)
		return installed == nil
	})
	return nil
}

func wrongApps(apps []App) []error {
	var wrong []error
	for i, one := range apps {
		if one.ID <= 0 || one.Slug == "" || one.Key == nil {
			wrong = append(wrong, fmt.Errorf("App %d lacks an ID, a slug or a key", i+1))
		}
		for _, installed := range one.Installations {
			if installed.ID <= 0 || !isName(installed.Account) {
				wrong = append(wrong, fmt.Errorf("App %d has an installation without an ID or an account", i+1))
			}
			for permission, level := range installed.Permissions {
				if levelOf(level) == 0 {
					wrong = append(wrong, fmt.Errorf("App %d has the permission %s: %q; a level is read, write or admin", i+1, permission, level))
				}
			}
		}
	}
	return wrong
}

// installation finds one of any App by its ID. The caller holds the lock.
func (s *Sandbox) installation(id int64) (App, *Installation) {
	for _, app := range s.apps {
		for i := range app.Installations {
			if app.Installations[i].ID == id {
				return app, &app.Installations[i]
			}
		}
	}
	return App{}, nil
}

// covers tells whether the App was installed for a repository.
func (i *Installation) covers(one *repository) bool {
	isListed := slices.ContainsFunc(i.Repositories, func(name string) bool { return strings.EqualFold(name, one.fullName()) })
	return strings.EqualFold(i.Account, one.owner) && (len(i.Repositories) == 0 || isListed)
}

// madeToken finds the token that an App has made. It is not found once it has ended, nor
// before it is known everywhere: octokit/auth-app.js issues 65 and 589.
func (s *Sandbox) madeToken(value string, now time.Time) (*Token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.made[value]
	if one == nil || now.Before(one.begins) || !now.Before(one.ends) {
		return nil, nil
	}
	if _, installed := s.installation(one.installation); installed == nil || installed.Suspended {
		return nil, suspended()
	}
	token := one.token
	if now.Before(one.works) {
		token.Permissions = nil
	}
	return &token, nil
}

// suspended is as in octokit/octokit.rb pull request 1307.
func suspended() error {
	return refusal(http.StatusForbidden, "This installation has been suspended")
}

type installationBody struct {
	ID                  int64             `json:"id"`
	ClientID            string            `json:"client_id,omitempty"`
	Account             userBody          `json:"account"`
	RepositorySelection string            `json:"repository_selection"`
	AccessTokensURL     string            `json:"access_tokens_url"`
	RepositoriesURL     string            `json:"repositories_url"`
	HTMLURL             string            `json:"html_url"`
	AppID               int64             `json:"app_id"`
	AppSlug             string            `json:"app_slug"`
	TargetType          string            `json:"target_type"`
	Permissions         map[string]string `json:"permissions"`
	Events              []string          `json:"events"`
	SuspendedAt         *string           `json:"suspended_at"`
}

// selection is how GitHub tells whether all repositories of an account are meant.
func (i *Installation) selection() string {
	if len(i.Repositories) > 0 {
		return "selected"
	}
	return "all"
}

// granted is what it may do; all installations may read metadata.
func (i *Installation) granted() map[string]string {
	granted := map[string]string{"metadata": "read"}
	maps.Copy(granted, i.Permissions)
	return granted
}

// getInstallation finds the App's own installation for a repository.
func getInstallation(c *call) (reply, error) {
	in := c.repository()
	for _, app := range c.sandbox.apps {
		for _, one := range app.Installations {
			if app.ID != c.token.app || in == nil || !one.covers(in) {
				continue
			}
			id := strconv.FormatInt(one.ID, 10)
			body := installationBody{
				ID: one.ID, ClientID: app.ClientID, Account: c.userBody(one.Account), RepositorySelection: one.selection(),
				AccessTokensURL: c.url("app/installations", id, "access_tokens"), RepositoriesURL: c.url("installation/repositories"),
				HTMLURL: htmlURL("settings/installations", id), AppID: app.ID, AppSlug: app.Slug, TargetType: "User",
				Permissions: one.granted(), Events: []string{"push"},
			}
			if one.Suspended {
				body.SuspendedAt = new(timestamp(c.now))
			}
			return ok(body)
		}
	}
	return reply{}, notFound()
}

// createAccessToken makes a token for an installation, which may be limited further:
// docs.github.com/rest/apps/apps#create-an-installation-access-token-for-an-app. The
// texts of its refusals are as in peter-murray/workflow-application-token-action issue
// 48, and actions/create-github-app-token issue 245.
func createAccessToken(c *call) (reply, error) {
	id, _ := strconv.ParseInt(c.params["installation_id"], 10, 64)
	app, installed := c.sandbox.installation(id)
	if installed == nil || app.ID != c.token.app {
		return reply{}, notFound()
	}
	if installed.Suspended {
		return reply{}, suspended()
	}
	one := &made{
		installation: id, begins: c.now.Add(c.sandbox.options.TokenLag / 2), works: c.now.Add(c.sandbox.options.TokenLag), ends: c.now.Add(accessTokenLasts),
		token: Token{Value: app.newToken(), Login: app.Slug + "[bot]", Permissions: installed.granted(), Repositories: installed.Repositories, account: installed.Account, installation: id},
	}
	body := map[string]any{"token": one.token.Value, "expires_at": timestamp(one.ends), "repository_selection": installed.selection()}
	if asked := c.body["permissions"]; asked != "" {
		limited, err := installed.limit(asked)
		if err != nil {
			return reply{}, err
		}
		one.token.Permissions = limited
	}
	if asked := c.body["repositories"]; asked != "" {
		found, err := c.repositoriesOf(installed, asked)
		if err != nil {
			return reply{}, err
		}
		one.token.Repositories = nil
		bodies := []repositoryBody{}
		for _, in := range found {
			one.token.Repositories = append(one.token.Repositories, in.fullName())
			bodies = append(bodies, c.repositoryBody(in))
		}
		body["repositories"], body["repository_selection"] = bodies, "selected"
	}
	body["permissions"] = one.token.Permissions
	c.sandbox.made[one.token.Value] = one
	return reply{status: http.StatusCreated, body: body}, nil
}

// newToken makes up a token as GitHub makes them since 2026, on its servers for
// enterprises apart: ghs_APPID_JWT, of some 520 characters, which only GitHub reads
// (github.blog/changelog/2026-04-24-notice-about-upcoming-new-format-for-github-app-
// installation-tokens).
func (a App) newToken() string {
	part := func(size int) string {
		random := make([]byte, size)
		_, _ = rand.Read(random) // never fails, as documented
		return base64.RawURLEncoding.EncodeToString(random)
	}
	return fmt.Sprintf("%s%d_%s.%s.%s", madePrefix, a.ID, part(40), part(80), part(256))
}

// limit is what is asked for of what was granted, of which nothing may be missing.
func (i *Installation) limit(asked string) (map[string]string, error) {
	limited := map[string]string{}
	if json.Unmarshal([]byte(asked), &limited) != nil {
		return nil, invalidRequest([]string{"For 'properties/permissions', it is not an object of strings."})
	}
	granted := i.granted()
	for name, level := range limited {
		if levelOf(level) == 0 || levelOf(level) > levelOf(granted[name]) {
			return nil, refusal(http.StatusUnprocessableEntity, "The permissions requested are not granted to this installation.")
		}
	}
	limited["metadata"] = "read"
	return limited, nil
}

// repositoriesOf finds those that are asked for by their names.
func (c *call) repositoriesOf(installed *Installation, asked string) ([]*repository, error) {
	var names []string
	if json.Unmarshal([]byte(asked), &names) != nil || len(names) == 0 {
		return nil, invalidRequest([]string{"For 'properties/repositories', it is not an array of strings."})
	}
	var found []*repository
	for _, name := range names {
		one := c.sandbox.repository(installed.Account, name)
		if one == nil || !installed.covers(one) {
			return nil, refusal(http.StatusUnprocessableEntity, "There is at least one repository that does not exist or is not accessible to the parent installation.")
		}
		found = append(found, one)
	}
	return found, nil
}
