package gh

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"

	"github.com/slipway-dev/slipway/internal/secret"
)

// Clients hands out the Client for each repository: as a GitHub App, which has a token
// of its own for each, or with one token for all. Make it with NewClients. It is safe
// for concurrent use, and keeps what it has handed out.
type Clients struct {
	cfg Config
	all *Client // with one token; nil for an App
	app *Client // signs as the App itself; nil with one token
	id  string  // the App's

	mu           sync.Mutex
	byRepository map[string]*Client // by its name in small letters
	gates        map[int64]*gate    // by the installation, which is what limits are for
}

// NewClients checks cfg and app, one of which has to say what to sign with: app, or
// cfg.Token when app is zero. It sends nothing. The error joins everything that is
// wrong.
func NewClients(cfg Config, app App) (*Clients, error) {
	made := &Clients{cfg: cfg, id: app.ID, byRepository: map[string]*Client{}, gates: map[int64]*gate{}}
	var err error
	if app == (App{}) {
		made.all, err = New(cfg)
		if err != nil {
			return nil, err
		}
		return made, nil
	}
	if !cfg.Token.IsZero() {
		err = errors.New("there are a GitHub token and a GitHub App; give one of them")
	}
	key, keyErr := newAppKey(app)
	made.app, keyErr = newAppClient(cfg, key, keyErr)
	if err = errors.Join(err, keyErr); err != nil {
		return nil, err
	}
	return made, nil
}

// ServerURL is the root of GitHub's website, without a final slash.
func (c *Clients) ServerURL() string {
	client := c.all
	if client == nil {
		client = c.app
	}
	return strings.TrimRight(client.serverURL.String(), "/")
}

func newAppClient(cfg Config, key *appKey, err error) (*Client, error) {
	client, cfgErr := newClient(cfg, key)
	if cfgErr == nil {
		client.signer = signerApp
	}
	return client, errors.Join(err, cfgErr)
}

// Client returns the Client for a repository. That of an App acts for this repository
// alone, as SLUG[bot], with what Slipway needs of what the App was granted; its tokens
// are renewed as they end. The first call for a repository asks GitHub where the App is
// installed; the error says when it is not there, or suspended.
//
// Clients of one installation wait out rate limits together, since they share them.
func (c *Clients) Client(ctx context.Context, repository Repository) (*Client, error) {
	if c.all != nil {
		return c.all, nil
	}
	if err := repository.check(); err != nil {
		return nil, err
	}
	name := strings.ToLower(repository.String())
	c.mu.Lock()
	known := c.byRepository[name]
	c.mu.Unlock()
	if known != nil {
		return known, nil
	}
	token := &installation{app: c.app, appID: c.id, repository: repository, renewing: make(chan struct{}, 1)}
	found, err := token.find(ctx)
	if err != nil {
		return nil, err
	}
	token.found = &found
	cfg := c.cfg
	cfg.Token = secret.String{}
	cfg.Transport = c.app.transport // and its connections
	made, err := newClient(cfg, token)
	if err != nil {
		return nil, err
	}
	made.ofApp, made.whose.login, made.signer = true, found.login, strconv.FormatInt(found.id, 10)
	c.mu.Lock()
	defer c.mu.Unlock()
	if known := c.byRepository[name]; known != nil { // somebody was faster
		return known, nil
	}
	if c.gates[found.id] == nil {
		c.gates[found.id] = made.gate
	}
	made.gate = c.gates[found.id]
	c.byRepository[name] = made
	return made, nil
}
