package gh

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/go-github/v60/github"
)

// TokenInfo is what GitHub tells about a token.
type TokenInfo struct {
	// Login is the person that it acts as; empty for the token of an
	// installation, such as a workflow's, which is nobody's, and for one that has
	// no requests left to tell.
	Login string
	// Scopes are those of a classic personal access token. Others have
	// permissions instead, of which GitHub does not tell.
	Scopes []string
	// Expires is when it ends; zero when that is not told.
	Expires time.Time
	// Limit is how many requests it has in an hour, Remaining how many are left
	// until Reset.
	Limit, Remaining int
	Reset            time.Time
}

// Token asks GitHub about the Client's own token. It changes nothing, and needs
// no permission.
func (c *Client) Token(ctx context.Context) (TokenInfo, error) {
	limits := operation{name: "read the rate limit"}
	info, err := read(ctx, c, limits, func(ctx context.Context, sdk *github.Client) (TokenInfo, *github.Response, error) {
		rates, response, err := sdk.RateLimit.Get(ctx)
		if err == nil && rates.GetCore() == nil {
			err = errShape
		}
		if err != nil {
			return TokenInfo{}, response, err
		}
		core := rates.GetCore()
		return TokenInfo{
			Scopes: scopes(response.Header.Get("X-OAuth-Scopes")), Expires: response.TokenExpiration.Time,
			Limit: core.Limit, Remaining: core.Remaining, Reset: core.Reset.Time,
		}, response, nil
	})
	if err != nil {
		return info, err
	}
	if info.Remaining == 0 { // it may ask for nothing else
		return info, nil
	}
	info.Login, err = c.login(ctx)
	if _, isInstallation := errors.AsType[*PermissionError](err); isInstallation {
		return info, nil
	}
	return info, err
}

// login asks who the token acts as. The error is a *PermissionError for an
// installation's.
func (c *Client) login(ctx context.Context) (string, error) {
	user := operation{name: "read whose token it is"}
	return read(ctx, c, user, func(ctx context.Context, sdk *github.Client) (string, *github.Response, error) {
		got, response, err := sdk.Users.Get(ctx, "")
		if err == nil && got.GetLogin() == "" {
			err = errShape
		}
		return got.GetLogin(), response, err
	})
}

// scopes reads the header that answers to classic tokens have.
func scopes(header string) []string {
	var read []string
	for scope := range strings.SplitSeq(header, ",") {
		if scope = oneLine(scope, 50); scope != "" {
			read = append(read, scope)
		}
	}
	return read
}
