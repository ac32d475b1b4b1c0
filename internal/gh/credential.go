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
	// refused is told that GitHub did not accept a token, or not for what was asked
	// with it, and the header of that answer. It tells whether another attempt may
	// end otherwise.
	refused(token secret.String, answer http.Header) bool
}

// fixed is a token that stays as it is.
type fixed secret.String

func (f fixed) token(context.Context) (secret.String, error) { return secret.String(f), nil }
func (f fixed) refused(secret.String, http.Header) bool      { return false }

// isUnaccepted tells whether an attempt ended because of its token.
func isUnaccepted(err error) bool {
	if _, lacks := errors.AsType[*PermissionError](err); lacks {
		return true
	}
	refused, isRefused := errors.AsType[*Error](err)
	return isRefused && refused.Status == http.StatusUnauthorized
}
