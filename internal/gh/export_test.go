package gh

import "net/http"

// NewTransport is the transport of a Client that was given none.
var NewTransport = newTransport

// Send sends a request as the Client's own leave.
func (c *Client) Send(r *http.Request) error {
	response, err := c.http.Transport.RoundTrip(r)
	if err == nil {
		err = response.Body.Close()
	}
	return err
}
