package gh

import (
	"net/http"

	"github.com/slipway-dev/slipway/internal/secret"
)

// NewTransport is the transport of a Client that was given none.
var NewTransport = newTransport

// Send sends a request as the Client's own leave.
func (c *Client) Send(r *http.Request) error {
	response, err := c.signed(secret.New("t")).Transport.RoundTrip(r)
	if err == nil {
		err = response.Body.Close()
	}
	return err
}

// IsWanted tells whether an App's token is asked to have a permission.
func IsWanted(permission string) bool { return covers(wanted(), permission) }

// Wanted are the permissions that an App's tokens are asked to have.
func Wanted() map[string]string { return wanted() }
