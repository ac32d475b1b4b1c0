package acceptance_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// forms returns how a secret can look in a log: as it is, escaped, and in base64
// wherever it stands in what was encoded, such as a header's user:password.
func forms(secret string) []string {
	quoted, err := json.Marshal(secret)
	if err != nil {
		panic(err)
	}
	found := []string{secret, url.QueryEscape(secret), url.PathEscape(secret), strings.Trim(string(quoted), `"`)}
	for _, alphabet := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for before := range 3 {
			encoded := alphabet.EncodeToString(append(make([]byte, before), secret...))
			// A digit that holds bits of its neighbours says nothing.
			encoded = encoded[(before*8+5)/6:]
			if (before+len(secret))%3 != 0 {
				encoded = encoded[:len(encoded)-1]
			}
			found = append(found, encoded)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func TestForms(t *testing.T) {
	t.Parallel()
	const secret = `p/ä"+s`
	for _, text := range []string{
		secret, "p%2F%C3%A4%22%2Bs", `p/ä\"+s`,
		base64.StdEncoding.EncodeToString([]byte(secret)),
		base64.StdEncoding.EncodeToString([]byte("a:" + secret + "!")),
		base64.URLEncoding.EncodeToString([]byte("user:" + secret)),
		base64.RawURLEncoding.EncodeToString([]byte("key:" + secret + "??")),
	} {
		if !slices.ContainsFunc(forms(secret), func(form string) bool { return strings.Contains(text, form) }) {
			t.Errorf("the secret is not found in %q", text)
		}
	}
}

// checkSecrets looks for every form of every secret in all that came of a run, and
// for masks of those that the Action was given before its first line.
func (w *world) checkSecrets(t *testing.T, run finished, given ...string) {
	t.Helper()
	texts := []string{run.stderr, w.texts()}
	for _, read := range run.log {
		if read.Command == "add-mask" {
			texts = append(texts, read.Message) // not what act keeps beside it
			continue
		}
		for _, field := range read.fields {
			if text, ok := field.(string); ok {
				texts = append(texts, text)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(w.secrets)) {
		if name == "TWILIO_API_KEY" {
			continue // an identifier, which Twilio's own pages show
		}
		for _, form := range forms(w.secrets[name]) {
			for _, text := range texts {
				if strings.Contains(text, form) {
					t.Errorf("%s is shown as %q in %q", name, form, text)
				}
			}
		}
	}
	masks := masked(run)
	for _, name := range given {
		if !slices.Contains(masks, w.secrets[name]) {
			t.Errorf("%s is not masked before the first line of the Action", name)
		}
	}
}

// texts is what was sent to GitHub.
func (w *world) texts() string {
	var all strings.Builder
	for _, status := range w.statuses() {
		all.WriteString(strings.Join([]string{status.Context, status.Description, status.TargetURL}, "\n"))
	}
	shown := w.github.Snapshot().Repositories[0]
	for _, made := range shown.Deployments {
		all.WriteString(strings.Join([]string{made.Environment, made.Description, made.Payload}, "\n"))
		for _, status := range made.Statuses {
			all.WriteString(strings.Join([]string{status.Description, status.LogURL, status.EnvironmentURL}, "\n"))
		}
	}
	for _, comment := range shown.Comments {
		all.WriteString(comment.Body)
	}
	return all.String()
}

// masked returns what the Action masks before it says anything else.
func masked(run finished) []string {
	var masks []string
	for _, read := range run.log {
		switch {
		case read.Command == "add-mask":
			masks = append(masks, read.Arg)
		case read.Printed, read.Command != "":
			return masks
		}
	}
	return masks
}
