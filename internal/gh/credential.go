package gh

import (
	"context"
	"errors"
	"net/http"

	"github.com/slipway-dev/slipway/internal/secret"
)

// credential is what a Client signs with. It is safe for concurrent use.
type credential interface {
	// token returns what to sign the next request with, and may ask GitHub for it
	// first, as often as the retry policy allows. Its errors are final.
	token(ctx context.Context) (secret.String, error)
	// refused is told of a token that GitHub did not accept, or, when lacks is not
	// empty, not for what needs that permission; and of the header of that answer. It
	// tells whether another attempt may end otherwise.
	refused(token secret.String, lacks string, answer http.Header) bool
}

// fixed is a token that stays as it is.
type fixed secret.String

func (f fixed) token(context.Context) (secret.String, error) { return secret.String(f), nil }
func (f fixed) refused(secret.String, string, http.Header) bool {
	return false
}

// tokenRefusal tells whether an attempt ended because of its token, and because of which
// permission that it lacks, if it was that.
func tokenRefusal(err error) (lacks string, is bool) {
	if missing, isPermission := errors.AsType[*PermissionError](err); isPermission {
		return missing.Permission, true
	}
	refused, isRefused := errors.AsType[*Error](err)
	return "", isRefused && refused.Status == http.StatusUnauthorized
}
