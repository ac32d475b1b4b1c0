package github

import (
	"net/http"
	"strings"
)

// getUser is refused to installations, whose tokens act as nobody:
// docs.github.com/rest/users/users#get-the-authenticated-user.
func getUser(c *call) (reply, error) {
	switch {
	case c.token == nil:
		return reply{}, refusal(http.StatusUnauthorized, "Requires authentication")
	case strings.HasSuffix(c.token.Login, "[bot]"):
		return reply{}, refusal(http.StatusForbidden, "Resource not accessible by integration")
	}
	return ok(c.userBody(c.token.Login))
}
