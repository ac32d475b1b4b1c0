package github

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// claims are those of an App's JSON web token: docs.github.com/apps/creating-github-apps/
// authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app.
type claims struct {
	Issuer    json.RawMessage `json:"iss"`
	IssuedAt  json.Number     `json:"iat"`
	ExpiresAt json.Number     `json:"exp"`
}

// madePrefix begins the tokens that Apps have made, which may have a JSON web token in
// them.
const madePrefix = "ghs_"

// isWebToken tells whether a token has the form of a JSON web token.
func isWebToken(value string) bool {
	return strings.Count(value, ".") == 2 && !strings.HasPrefix(value, madePrefix)
}

// signedInAsApp holds an App's JSON web token to its form, its times and its signature.
// The texts are as in actions/create-github-app-token issues 153 and 178, and
// sigmavirus24/github3.py issue 1050.
func (s *Sandbox) signedInAsApp(value string, now time.Time) (*Token, error) {
	undecodable := refusal(http.StatusUnauthorized, "A JSON web token could not be decoded")
	signed, signature, _ := cutLast(value, ".")
	head, body, _ := strings.Cut(signed, ".")
	var header struct {
		Algorithm string `json:"alg"`
	}
	var said claims
	sum, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil || !decodePart(head, &header) || !decodePart(body, &said) || header.Algorithm != "RS256" {
		return nil, undecodable
	}
	app := s.appOf(strings.Trim(string(said.Issuer), `"`))
	if app == nil {
		return nil, refusal(http.StatusNotFound, "Integration not found") // as in actions/create-github-app-token issue 76
	}
	digest := sha256.Sum256([]byte(signed))
	if rsa.VerifyPKCS1v15(app.Key, crypto.SHA256, digest[:], sum) != nil {
		return nil, undecodable
	}
	issued, issuedErr := said.IssuedAt.Int64()
	expires, expiresErr := said.ExpiresAt.Int64()
	switch {
	case issuedErr != nil || issued > now.Unix():
		return nil, refusal(http.StatusUnauthorized, "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued")
	case expiresErr != nil || expires <= now.Unix():
		return nil, refusal(http.StatusUnauthorized, "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires")
	case expires > now.Add(webTokenLasts).Unix():
		return nil, refusal(http.StatusUnauthorized, "'Expiration time' claim ('exp') is too far in the future")
	}
	return &Token{Value: "app " + app.Slug, Login: app.Slug + "[bot]", app: app.ID}, nil
}

func cutLast(text, separator string) (before, after string, found bool) {
	at := strings.LastIndex(text, separator)
	if at < 0 {
		return text, "", false
	}
	return text[:at], text[at+len(separator):], true
}

func decodePart(part string, into any) bool {
	raw, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(raw, into) == nil
}

// appOf finds an App by its ID or its client ID.
func (s *Sandbox) appOf(issuer string) *App {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.apps {
		if issuer == strconv.FormatInt(one.ID, 10) || one.ClientID != "" && issuer == one.ClientID {
			return &one
		}
	}
	return nil
}
