package github_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/sandbox/github"
)

func TestUserIsWhoTheTokenActsAs(t *testing.T) {
	t.Parallel()
	sandbox, err := github.New(github.Options{Tokens: []github.Token{
		{Value: "persons", Login: "ada", Scopes: []string{"repo", "read:org"}}, {Value: "installations"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for token, want := range map[string]struct {
		status       int
		says, scopes string
	}{
		"persons":       {http.StatusOK, `"login":"ada"`, "repo, read:org"},
		"installations": {http.StatusForbidden, "Resource not accessible by integration", ""},
		"":              {http.StatusUnauthorized, "Requires authentication", ""},
	} {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/user", nil)
		request.Header.Set("User-Agent", "test")
		if token != "" {
			request.Header.Set("Authorization", "Bearer "+token)
		}
		recorder := httptest.NewRecorder()
		sandbox.ServeHTTP(recorder, request)
		body, scopes := recorder.Body.String(), recorder.Header().Get("X-OAuth-Scopes")
		if recorder.Code != want.status || !strings.Contains(body, want.says) || scopes != want.scopes {
			t.Errorf("token %q: got %d, %q, %s; want %+v", token, recorder.Code, scopes, body, want)
		}
	}
}
