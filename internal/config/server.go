package config

import (
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/slipway-dev/slipway/internal/secret"
)

// The names of the settings that the webhook server alone has.
const (
	Listen           = "listen"
	TLSCert          = "tls-cert"
	TLSKey           = "tls-key"
	AdminListen      = "admin-listen"
	Data             = "data"
	Workers          = "workers"
	ShutdownTimeout  = "shutdown-timeout"
	ServerConfig     = "server-config"
	PublicURL        = "public-url"
	WebhookSecret    = "webhook-secret"
	GitHubAppID      = "github-app-id"
	GitHubPrivateKey = "github-private-key"
)

// ServerSettings returns the rows that the webhook server has, as flags.
func ServerSettings() []Setting {
	logLevel, _ := Lookup(LogLevel)
	return []Setting{
		{ServerConfig, "SLIPWAY_SERVER_CONFIG", "server.yml", Text, "FILE", "the file that says which repositories may deploy where"},
		{Data, "SLIPWAY_DATA", "", Text, "DIR", "the folder that keeps Deliveries and Jobs; required"},
		{WebhookSecret, "SLIPWAY_WEBHOOK_SECRET", "", Secret, "SECRET", "what webhooks are signed with; several, one a line, while it is changed; required"},
		{GitHubAppID, "SLIPWAY_GITHUB_APP_ID", "", Text, "ID", "the GitHub App that the server acts as"},
		{GitHubPrivateKey, "SLIPWAY_GITHUB_PRIVATE_KEY", "", Secret, "PEM|FILE", "the App's private key, or the file with it"},
		{GitHubToken, "GITHUB_TOKEN", "", Secret, "TOKEN", "a token for all repositories, instead of an App"},
		{Listen, "SLIPWAY_LISTEN", ":8080", Text, "ADDRESS", "where webhooks are taken: host:port, unix:/path, or systemd"},
		{TLSCert, "SLIPWAY_TLS_CERT", "", Text, "FILE", "the certificate that webhooks are taken with, and those that signed it, as PEM; SIGHUP has it read again (default no TLS)"},
		{TLSKey, "SLIPWAY_TLS_KEY", "", Text, "FILE", "the certificate's private key, as PEM"},
		{AdminListen, "SLIPWAY_ADMIN_LISTEN", "127.0.0.1:8081", Text, "ADDRESS", "where people and monitoring look: the overview and metrics, open to all who reach it"},
		{PublicURL, "SLIPWAY_PUBLIC_URL", "", Text, "URL", "where people find the overview, for links at GitHub (default no links)"},
		{Workers, "SLIPWAY_WORKERS", "4", Integer, "N", "how many Jobs run at once"},
		{ShutdownTimeout, "SLIPWAY_SHUTDOWN_TIMEOUT", "1m", Duration, "DURATION", "how long Steps that run may take to come to their end when the server is stopped"},
		logLevel,
	}
}

// Server is the settings of the webhook server.
type Server struct {
	// ConfigFile is the path of server.yml, Data the folder that keeps what must not be
	// lost.
	ConfigFile, Data string
	// WebhookSecrets are what webhooks may be signed with; there is at least one.
	WebhookSecrets []secret.String
	// AppID and PrivateKey are those of the GitHub App, of which the latter is PEM text
	// or the path of a file with it. Both are empty where Token is used.
	AppID      string
	PrivateKey secret.String
	Token      secret.String
	// Listen and AdminListen are where it listens: host:port, unix:/path or systemd.
	Listen, AdminListen string
	// TLSCert and TLSKey are the files of the certificate and of its key, both or none.
	TLSCert, TLSKey string
	// PublicURL has no final slash; empty means that there are no links.
	PublicURL string
	Workers   int
	// Shutdown is how long the end may take.
	Shutdown time.Duration
	LogLevel slog.Level
}

// ReadServer reads values as a Server. The error is a problem.List.
func ReadServer(values Values) (Server, error) {
	r := reader{values: values}
	r.singleLines([]string{ServerConfig, Data, GitHubAppID, Listen, TLSCert, TLSKey, AdminListen, PublicURL, Workers, ShutdownTimeout, LogLevel})
	read := Server{
		ConfigFile: r.text(ServerConfig), Data: r.text(Data), AppID: r.text(GitHubAppID),
		PrivateKey: secret.New(r.text(GitHubPrivateKey)), Token: secret.New(r.text(GitHubToken)),
		Listen: r.text(Listen), TLSCert: r.text(TLSCert), TLSKey: r.text(TLSKey), AdminListen: r.text(AdminListen), PublicURL: r.publicURL(),
		Workers: r.count(Workers), Shutdown: r.duration(ShutdownTimeout), LogLevel: r.logLevel(),
	}
	for line := range strings.Lines(r.text(WebhookSecret)) {
		if line = strings.TrimSpace(line); line != "" {
			read.WebhookSecrets = append(read.WebhookSecrets, secret.New(line))
		}
	}
	if len(read.WebhookSecrets) == 0 {
		r.problems.Add("there is no webhook secret, without which anybody could send webhooks",
			"Make one (openssl rand -hex 32), give it to the webhook at GitHub, and here as SLIPWAY_WEBHOOK_SECRET.")
	}
	if read.Data == "" {
		r.problems.Add("there is no folder for what the server must not lose", "Name one with data (SLIPWAY_DATA), such as /var/lib/slipway.")
	}
	if (read.TLSCert == "") != (read.TLSKey == "") {
		r.problems.Add("there is only one of tls-cert and tls-key", "Give both, or none where a proxy in front speaks TLS.")
	}
	r.signIn(read)
	return read, r.problems.Err()
}

// signIn checks that there is one way to act at GitHub.
func (r *reader) signIn(read Server) {
	const fix = "Give github-app-id and github-private-key, or github-token."
	isApp, isWhole := read.AppID != "" || !read.PrivateKey.IsZero(), read.AppID != "" && !read.PrivateKey.IsZero()
	switch {
	case isApp && !read.Token.IsZero():
		r.problems.Add("there are a GitHub App and a GitHub token", "Give one of them.")
	case isApp && !isWhole:
		r.problems.Add("the GitHub App is half given", fix)
	case !isApp && read.Token.IsZero():
		r.problems.Add("there is nothing to sign in to GitHub with", strings.TrimSuffix(fix, ".")+"; to try the server, --sandbox needs neither.")
	}
}

func (r *reader) publicURL() string {
	text := strings.TrimRight(r.text(PublicURL), "/")
	if text == "" {
		return ""
	}
	parsed, err := url.Parse(text)
	if err != nil || parsed.Host == "" || parsed.Scheme != "https" && parsed.Scheme != "http" || parsed.RawQuery != "" || parsed.Fragment != "" || parsed.User != nil {
		r.wrong(PublicURL, "is not the address of a page", "Give one such as https://deploys.example.com.")
		return ""
	}
	return text
}
