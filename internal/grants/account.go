package grants

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/document"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// account reads one of a repository's.
func (p *parser) account(m document.Member) Account {
	read := Account{Name: m.Name, Line: m.Line, Settings: map[string]Reference{}}
	if fault := faultOfName(m.Name); fault != "" {
		p.Wrong(m.Line, fmt.Sprintf("the account's name %s %s", document.Shown(m.Name), fault), "Choose a short one, such as main.")
	}
	if m.Value.Kind != document.Nothing && !p.IsMapping(m) {
		return read
	}
	before := len(p.Problems)
	found := p.section(ofAccount, m.Value)
	for _, one := range p.keys(ofAccount) {
		if at, isThere := found[one.name]; isThere {
			if setting, isRead := p.accountSetting(one, at); isRead {
				read.Settings[one.name] = setting
			}
		}
	}
	if len(p.Problems) == before { // otherwise what is missing may be what is wrong
		p.checkPairs(read)
	}
	return read
}

// faultOfName says why a name of an account is none; empty when it is one.
func faultOfName(name string) string {
	switch {
	case strings.TrimSpace(name) != name || name == "":
		return "begins or ends with nothing that can be seen"
	case len(name) > 64:
		return "is longer than 64 bytes"
	case strings.ContainsAny(name, "\r\n\t\x00"):
		return "has characters that cannot be seen"
	default:
		return ""
	}
}

// accountSetting reads a setting of an account.
func (p *parser) accountSetting(one key, m document.Member) (read Reference, isRead bool) {
	if one.form != plainText && m.Value.Kind == document.Mapping {
		return p.reference(m, ofCredential)
	}
	if one.form == reference {
		p.Wrong(m.Line, m.Name+" is no reference, and a credential never stands in the file", byReference)
		return Reference{}, false
	}
	text := p.Text(m)
	if text == "" {
		return Reference{}, false
	}
	if fault, fix := faultOfSetting(one.name, text); fault != "" {
		p.Wrong(m.Line, m.Name+" "+fault, fix)
		return Reference{}, false
	}
	return Reference{Value: text, Line: m.Line}, true
}

// faultOfSetting says what is wrong with the form of an account's setting, without
// repeating it: it may be a secret in the wrong place.
func faultOfSetting(name, text string) (fault, fix string) {
	const form = "It has the form %s and 32 hexadecimal digits."
	switch name {
	case config.AccountSID:
		if !twilio.IsSID("AC", text) {
			return "is not an Account SID", fmt.Sprintf(form, "AC")
		}
	case config.APIKey:
		if !twilio.IsSID("SK", text) {
			return "is not the SID of an API key", fmt.Sprintf(form, "SK")
		}
	case config.APISecret, config.AuthToken:
		if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return "holds blanks, line breaks or other characters that no secret of Twilio has", "Copy it again, without anything around it."
		}
	case config.APIURL, config.UploadURL:
		if _, err := twilio.ParseBaseURL(text); err != nil {
			return "is not a base URL that credentials may go to", "Give scheme, host and port, such as https://serverless.twilio.com; http is for this machine's own addresses."
		}
	case config.Region, config.Edge, config.LiveURL:
		return faultByConfig(name, text)
	}
	return "", ""
}

// faultByConfig is what the table of settings finds wrong with a text.
func faultByConfig(name, text string) (fault, fix string) {
	const enough = "x" // for credentials, which are not asked about here
	given := map[string]string{name: text, config.APIKey: enough, config.APISecret: enough}
	values := config.Resolve(config.Settings(), func(setting string) (string, bool) { return given[setting], true }, func(string) string { return "" })
	_, err := config.ReadRemote(values)
	var problems problem.List
	_ = problems.Take(err) // it is a list
	if len(problems) == 0 {
		return "", ""
	}
	_, fault, _ = strings.Cut(problems[0].Message, " is ")
	return "is " + fault, problems[0].Fix
}

// checkPairs makes sure that there is one pair of credentials, and that it is whole.
func (p *parser) checkPairs(account Account) {
	has := func(name string) bool { _, isThere := account.Settings[name]; return isThere }
	key, keySecret, token := has(config.APIKey), has(config.APISecret), has(config.AuthToken)
	who := "account " + document.Shown(account.Name)
	switch {
	case token && (key || keySecret):
		p.Wrong(account.Line, who+" has an API key and an auth token", "Keep one of them; a key can be taken back by itself.")
	case key != keySecret:
		p.Wrong(account.Line, who+" has only one of api-key and api-secret", "Give both.")
	case token && !has(config.AccountSID):
		p.Wrong(account.Line, who+" has an auth-token and no account-sid", "Give account-sid too.")
	case !key && !token:
		p.Wrong(account.Line, who+" has no credentials", "Give api-key and api-secret, or account-sid and auth-token, each as {env: NAME} or {file: PATH}.")
	}
}

// ID names the account at Twilio: two that have the same are one, as far as the file
// tells. It is the SID where that stands in the file, and otherwise where the
// credentials come from; with the region, since each has Services of its own.
func (a Account) ID() string {
	sid, region := a.Settings[config.AccountSID], a.Settings[config.Region].Value
	from := cmp.Or(sid.Value, sid.place(), a.Settings[config.APIKey].place())
	if region == twilio.DefaultRegion {
		region = ""
	}
	return strings.Join([]string{from, region, strings.ToLower(strings.TrimSuffix(a.Settings[config.APIURL].Value, "/"))}, "|")
}

// place is where the value is, as a name for it; empty for the zero value.
func (r Reference) place() string {
	switch {
	case r.Env != "":
		return "env:" + r.Env
	case r.File != "":
		return "file:" + r.File
	default:
		return r.Value
	}
}
