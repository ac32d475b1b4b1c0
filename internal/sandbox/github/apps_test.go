package github_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/sandbox/github"
)

var appKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// webToken signs a JSON web token.
func webToken(t *testing.T, key *rsa.PrivateKey, header, claims string) string {
	t.Helper()
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode([]byte(header)) + "." + encode([]byte(claims))
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + encode(signature)
}

const rs256 = `{"alg":"RS256","typ":"JWT"}`

// claimsFrom are those of the App 42, from seconds before now to seconds after.
func claimsFrom(before, after int64) string {
	now := time.Now().Unix()
	return fmt.Sprintf(`{"iss":"42","iat":%d,"exp":%d}`, now-before, now+after)
}

func apps() []github.App {
	may := map[string]string{"contents": "read", "statuses": "write"}
	return []github.App{
		{ID: 42, ClientID: "Iv1.a", Slug: "slipway", Key: &appKey().PublicKey, Installations: []github.Installation{
			{ID: 7, Account: "acme", Repositories: []string{"acme/voice"}, Permissions: may},
			{ID: 8, Account: "other", Permissions: may},
			{ID: 9, Account: "idle", Permissions: may, Suspended: true},
		}},
		{ID: 43, Slug: "foreign", Key: &appKey().PublicKey, Installations: []github.Installation{{ID: 10, Account: "acme"}}},
	}
}

func appRepositories() []github.Repository {
	return append(repositories(), github.Repository{Owner: "other", Name: "shop", Private: true}, github.Repository{Owner: "idle", Name: "x", Private: true})
}

func TestWebTokens(t *testing.T) {
	t.Parallel()
	another, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	b := newBox(t, github.Options{Repositories: appRepositories(), Apps: apps()})
	for name, test := range map[string]struct {
		token, want string
	}{
		"good":                {webToken(t, appKey(), rs256, claimsFrom(60, 300)), ""},
		"as long as may be":   {webToken(t, appKey(), rs256, claimsFrom(0, 600)), ""},
		"a number":            {webToken(t, appKey(), rs256, strings.Replace(claimsFrom(60, 300), `"42"`, "42", 1)), ""},
		"the client's ID":     {webToken(t, appKey(), rs256, strings.Replace(claimsFrom(60, 300), "42", "Iv1.a", 1)), ""},
		"too long":            {webToken(t, appKey(), rs256, claimsFrom(60, 630)), "401 'Expiration time' claim ('exp') is too far in the future"},
		"ended":               {webToken(t, appKey(), rs256, claimsFrom(60, -1)), "401 'Expiration time' claim ('exp') must be a numeric value"},
		"not begun":           {webToken(t, appKey(), rs256, claimsFrom(-60, 300)), "401 'Issued at' claim ('iat') must be an Integer"},
		"a fraction":          {webToken(t, appKey(), rs256, strings.Replace(claimsFrom(60, 300), `,"exp"`, `.5,"exp"`, 1)), "401 'Issued at' claim ('iat') must be an Integer"},
		"no end":              {webToken(t, appKey(), rs256, `{"iss":42,"iat":1}`), "401 'Expiration time' claim ('exp') must be a numeric value"},
		"another App's":       {webToken(t, appKey(), rs256, strings.Replace(claimsFrom(60, 300), "42", "44", 1)), "404 Integration not found"},
		"nobody's":            {webToken(t, appKey(), rs256, `{"iat":1,"exp":2}`), "404 Integration not found"},
		"another key's":       {webToken(t, another, rs256, claimsFrom(60, 300)), "401 A JSON web token could not be decoded"},
		"another algorithm":   {webToken(t, appKey(), `{"alg":"none"}`, claimsFrom(60, 300)), "401 A JSON web token could not be decoded"},
		"no claims":           {webToken(t, appKey(), rs256, `[]`), "401 A JSON web token could not be decoded"},
		"no signature":        {"e30.e30.", "401 A JSON web token could not be decoded"},
		"none at all":         {"a.b.c", "401 A JSON web token could not be decoded"},
		"a workflow's token":  {github.DefaultToken().Value, "401 A JSON web token could not be decoded"},
		"a token of nobody's": {"ghs_1", "401 Bad credentials"},
	} {
		got := b.as(test.token).get(voice + "/installation")
		if said := fmt.Sprint(got.status, " ", got.text("message")); test.want == "" && (got.status != http.StatusOK || got.text("app_slug") != "slipway") || !strings.HasPrefix(said, test.want) {
			t.Errorf("%s: got %s", name, said)
		}
	}
	if got := b.with("Authorization", "").get(voice + "/installation"); got.status != http.StatusUnauthorized {
		t.Errorf("nobody: %d", got.status)
	}
	// An App itself may see nothing of a repository.
	if got := b.as(webToken(t, appKey(), rs256, claimsFrom(60, 300))).get(voice); got.status != http.StatusUnauthorized {
		t.Errorf("the App itself: %d", got.status)
	}
}

func TestInstallationTokens(t *testing.T) {
	t.Parallel()
	var late atomic.Int64 // minutes
	b := newBox(t, github.Options{
		Repositories: appRepositories(), Apps: apps(), Now: func() time.Time { return time.Now().Add(time.Duration(late.Load()) * time.Minute) },
	})
	app := func() *box {
		return b.as(webToken(t, appKey(), rs256, claimsFrom(60-60*late.Load(), 300+60*late.Load())))
	}
	found := app().get(voice + "/installation")
	if found.json["id"] != 7.0 || found.json["app_id"] != 42.0 || found.text("repository_selection") != "selected" || fmt.Sprint(found.json["permissions"]) != "map[contents:read metadata:read statuses:write]" || found.text("access_tokens_url") != b.url+"/app/installations/7/access_tokens" {
		t.Errorf("installed %s", found.raw)
	}
	for path, want := range map[string]int{"/repos/acme/site/installation": 404, "/repos/acme/none/installation": 404, "/repos/other/shop/installation": 200, "/repos/idle/x/installation": 200} {
		if got := app().get(path); got.status != want {
			t.Errorf("%s: got %d", path, got.status)
		}
	}
	for name, test := range map[string]struct {
		id, body, want string
	}{
		"all of it":                {"8", "", "201 map[contents:read metadata:read statuses:write] all"},
		"its repositories":         {"7", "", "201 map[contents:read metadata:read statuses:write] selected"},
		"limited":                  {"8", `{"repositories":["shop"],"permissions":{"statuses":"read"}}`, "201 map[metadata:read statuses:read] selected"},
		"more than granted":        {"8", `{"permissions":{"contents":"write"}}`, "422 The permissions requested are not granted to this installation."},
		"another permission":       {"8", `{"permissions":{"issues":"read"}}`, "422 The permissions requested are not granted to this installation."},
		"another repository":       {"7", `{"repositories":["site"]}`, "422 There is at least one repository that does not exist or is not accessible"},
		"none":                     {"7", `{"repositories":[]}`, "422 Invalid request."},
		"no strings":               {"7", `{"permissions":{"contents":1}}`, "422 Invalid request."},
		"another field":            {"7", `{"permission":{}}`, `422 Invalid request.`},
		"suspended":                {"9", "", "403 This installation has been suspended"},
		"another App's":            {"10", "", "404 Not Found"},
		"no installation":          {"11", "", "404 Not Found"},
		"no installation's number": {"x", "", "404 Not Found"},
	} {
		got := app().do("POST", "/app/installations/"+test.id+"/access_tokens", test.body)
		said := fmt.Sprint(got.status, " ", got.text("message"))
		if got.status == http.StatusCreated {
			said = fmt.Sprint(got.status, " ", got.json["permissions"], " ", got.text("repository_selection"))
		}
		if !strings.HasPrefix(said, test.want) {
			t.Errorf("%s: got %s, want %s", name, said, test.want)
		}
	}
	made := app().do("POST", "/app/installations/7/access_tokens", "")
	ends, err := time.Parse(time.RFC3339, made.text("expires_at"))
	if left := time.Until(ends); err != nil || left < 59*time.Minute || left > time.Hour || !regexp.MustCompile(`^ghs_[0-9]+_[\w-]+(\.[\w-]+){2}$`).MatchString(made.text("token")) {
		t.Errorf("made %s", made.raw)
	}
	installed := b.as(made.text("token"))
	set := func() answer { return installed.do("POST", voice+"/statuses/"+sha, `{"state":"success"}`) }
	wantStatus(t, set(), http.StatusCreated)
	for path, want := range map[string]int{"/repos/acme/site/statuses/" + sha: 403, "/repos/other/shop/statuses/" + sha: 404} {
		if got := installed.do("POST", path, `{"state":"success"}`); got.status != want {
			t.Errorf("%s: got %d %s", path, got.status, got.raw)
		}
	}
	if creator := b.Snapshot().Repositories[0].Statuses[0].Creator; creator != "slipway[bot]" {
		t.Errorf("the creator is %s", creator)
	}
	late.Store(59)
	wantStatus(t, set(), http.StatusCreated)
	late.Store(61)
	wantStatus(t, set(), http.StatusUnauthorized)
	late.Store(0)
	gone := apps()[0]
	gone.Installations = gone.Installations[1:]
	if err := b.SetApp(gone); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, set(), http.StatusUnauthorized)
	if err := b.SetApp(github.App{ID: 42}); err == nil {
		t.Error("an App without a key is taken")
	}
}

// TestInstallationsShareALimit, whichever of their tokens comes.
func TestInstallationsShareALimit(t *testing.T) {
	t.Parallel()
	b := newBox(t, github.Options{Repositories: appRepositories(), Apps: apps(), RateLimit: 3})
	app := b.as(webToken(t, appKey(), rs256, claimsFrom(60, 300)))
	one, two := app.do("POST", "/app/installations/7/access_tokens", "").text("token"), app.do("POST", "/app/installations/7/access_tokens", "").text("token")
	for i, token := range []string{one, two, one, two} {
		want := http.StatusOK
		if i == 3 {
			want = http.StatusForbidden
		}
		wantStatus(t, b.as(token).get(voice), want)
	}
}
