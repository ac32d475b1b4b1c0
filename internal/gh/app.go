package gh

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/slipway-dev/slipway/internal/secret"
)

const (
	// GitHub wants an App's token to begin a minute ago, lest clocks differ, and to end
	// within ten: docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/
	// generating-a-json-web-token-jwt-for-a-github-app. One that ends in the middle of
	// that bears a clock that is minutes wrong either way.
	webTokenBegan = time.Minute
	webTokenLasts = 5 * time.Minute
	// clockDiffers is from when on a difference of clocks explains a refusal.
	clockDiffers = 30 * time.Second
	// leastKeyBits is what GitHub's own keys have.
	leastKeyBits = 2048
)

// App is a GitHub App, which acts where it is installed.
type App struct {
	// ID is its App ID, or its client ID; its settings show both.
	ID string
	// Key is its private key, as the PEM text that GitHub hands out. Line breaks may be
	// spelt \n, as files of variables have them.
	Key secret.String
}

// appKey signs as the App itself, by a JSON web token for each request. (A library would
// do the same; what it brings beside is reading tokens, which nothing here does.)
type appKey struct {
	id  string
	key *rsa.PrivateKey

	mu    sync.Mutex
	ahead time.Duration // how far GitHub's clock is known to be ahead of this one
}

func newAppKey(app App) (*appKey, error) {
	key, err := parseKey(app.Key)
	if !regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`).MatchString(app.ID) {
		err = errors.Join(errors.New("the GitHub App's ID is missing, or is none; its settings show it as App ID or Client ID"), err)
	}
	if err != nil {
		return nil, err
	}
	return &appKey{id: app.ID, key: key}, nil
}

// parseKey reads a private key in either form, PKCS #1 as GitHub has it or PKCS #8. The
// error shows nothing of it.
func parseKey(text secret.String) (*rsa.PrivateKey, error) {
	const remedy = "; give the .pem file that GitHub made in the App's settings, whole"
	if text.IsZero() {
		return nil, errors.New("the GitHub App's private key is missing")
	}
	plain := text.Reveal()
	if !strings.Contains(plain, "\n") {
		plain = strings.ReplaceAll(plain, `\n`, "\n")
	}
	block, _ := pem.Decode([]byte(plain))
	if block == nil {
		return nil, errors.New("the GitHub App's private key is not a key in PEM form" + remedy)
	}
	var parsed any
	var err error
	switch kind := block.Type; {
	case kind == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "":
		return nil, errors.New("the GitHub App's private key is locked with a passphrase; unlock it first")
	case kind == "RSA PRIVATE KEY":
		parsed, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case kind == "PRIVATE KEY":
		parsed, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	default:
		return nil, fmt.Errorf("the GitHub App's private key is none: it is a %q%s", oneLine(kind, 50), remedy)
	}
	if err != nil {
		return nil, errors.New("the GitHub App's private key is broken" + remedy)
	}
	key, isRSA := parsed.(*rsa.PrivateKey)
	if !isRSA || key.N.BitLen() < leastKeyBits {
		return nil, fmt.Errorf("the GitHub App's private key is not an RSA key of %d bits or more%s", leastKeyBits, remedy)
	}
	return key, nil
}

// token signs a token for a few minutes.
func (a *appKey) token(context.Context) (secret.String, error) {
	a.mu.Lock()
	now := time.Now().Add(a.ahead)
	a.mu.Unlock()
	claims, err := json.Marshal(struct {
		Issuer    string `json:"iss"`
		IssuedAt  int64  `json:"iat"`
		ExpiresAt int64  `json:"exp"`
	}{a.id, now.Add(-webTokenBegan).Unix(), now.Add(webTokenLasts).Unix()})
	if err != nil {
		return secret.String{}, fmt.Errorf("sign as the GitHub App: %w", err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + encode(claims)
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, a.key, crypto.SHA256, sum[:])
	if err != nil {
		return secret.String{}, fmt.Errorf("sign as the GitHub App: %w", err)
	}
	return secret.New(signed + "." + encode(signature)), nil
}

// refused sets this clock by GitHub's, should it be wrong by so much that a token looks
// as if it had ended, or had not begun: palantir/policy-bot issue 106.
func (a *appKey) refused(_ secret.String, _ string, answer http.Header) bool {
	date, err := http.ParseTime(answer.Get("Date"))
	if err != nil {
		return false
	}
	ahead := time.Until(date)
	a.mu.Lock()
	defer a.mu.Unlock()
	if difference := ahead - a.ahead; difference.Abs() <= clockDiffers {
		return false
	}
	a.ahead = ahead
	return true
}
