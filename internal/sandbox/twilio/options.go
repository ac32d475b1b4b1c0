package twilio

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/slipway-dev/slipway/internal/sandbox/wire"
)

// Options say what the Sandbox is like. The zero value is a Sandbox of one
// account (DefaultAccount) in memory, without latency, delays or faults.
type Options struct {
	// Accounts are the credentials that are accepted. Each account has a world
	// of its own. None means one account, DefaultAccount.
	Accounts []Account
	// BaseURL is the externally visible scheme://host:port that absolute URLs
	// in answers start with. Empty derives it from each request's Host header.
	BaseURL string
	// Latency is added to each API answer, never to live traffic.
	Latency time.Duration
	// BuildTime is how long a Build stays "building"; 0 means that it has left
	// that status by the next request.
	BuildTime time.Duration
	// BuildTimeMax, when larger than BuildTime, makes each Build take a time
	// between the two, drawn by Seed.
	BuildTimeMax time.Duration
	// MaxConcurrent is how many API requests of one account may be in flight;
	// more are answered with 429. 0 means 50: that many uploads at once have
	// been seen to be refused (twilio-labs/serverless-api issue 37). There is no
	// value for "no limit", and New refuses a negative one.
	MaxConcurrent int
	// PageSize caps the size of pages, so that small worlds have several. 0
	// means as asked: 50 by default, at most 1000.
	PageSize int
	// FaultRate is the share of API requests, 0 to 1, that meet a fault of a
	// kind drawn by Seed (see Fault for the kinds).
	FaultRate float64
	// Seed makes faults and build times repeatable.
	Seed uint64
	// SlowAnswer is how long FaultSlow holds an answer back; 0 means 2 s.
	SlowAnswer time.Duration
	// FailBuilds makes every Build end "failed".
	FailBuilds bool
	// DataDir keeps the world: what was there is there again when it is opened
	// anew, also after a SIGKILL (not after a loss of power: nothing is
	// synced), logs aside. One process at a time, which outside Unix is the
	// caller's to see to. Empty keeps everything in memory, contents above 1 MB
	// aside: they are in a temporary folder until Close.
	DataDir string
	// Switches choose between readings of what is not known about Twilio.
	Switches Switches
	// Fault, when set, decides the fault of each request in place of FaultRate.
	// It is called concurrently and must leave the body alone.
	Fault func(*http.Request) Fault
	// Observe, when set, is told of each API request right before its answer
	// leaves, so a client that has its answer finds the call counted. It is
	// called concurrently.
	Observe func(Call)
}

// Account is one set of accepted credentials: the account SID with its auth
// token, an API key with its secret, or both. Half a pair that is empty is
// never accepted.
type Account struct {
	SID       string // AC and 32 lower-case hex digits
	AuthToken string // also signs requests to protected resources
	KeySID    string // SK and 32 lower-case hex digits
	KeySecret string
}

// DefaultAccount returns the account of a Sandbox that was given none. Its
// credentials are made up, well-formed and always the same.
func DefaultAccount() Account {
	return Account{
		SID:       "AC" + strings.Repeat("5a", 16),
		AuthToken: strings.Repeat("a5", 16),
		KeySID:    "SK" + strings.Repeat("5b", 16),
		KeySecret: strings.Repeat("sandbox5", 4),
	}
}

// complete fills in defaults and reports everything that is wrong at once.
func (o *Options) complete() error {
	if len(o.Accounts) == 0 {
		o.Accounts = []Account{DefaultAccount()}
	}
	if o.MaxConcurrent == 0 {
		o.MaxConcurrent = defaultConcurrency
	}
	if o.SlowAnswer == 0 {
		o.SlowAnswer = 2 * time.Second
	}
	o.BaseURL = strings.TrimSuffix(o.BaseURL, "/")
	wrong := wire.CheckOptions(o.BaseURL, o.FaultRate, map[string]int64{
		"Latency":       int64(o.Latency),
		"BuildTime":     int64(o.BuildTime),
		"BuildTimeMax":  int64(o.BuildTimeMax),
		"SlowAnswer":    int64(o.SlowAnswer),
		"MaxConcurrent": int64(o.MaxConcurrent),
		"PageSize":      int64(o.PageSize),
	})
	return errors.Join(slices.Concat(validateAccounts(o.Accounts), wrong)...)
}

var accountDigits = regexp.MustCompile(`^[0-9a-f]{32}$`)

func validateAccounts(accounts []Account) []error {
	var wrong []error
	seen := map[string]bool{}
	for i, account := range accounts {
		if hex, ok := strings.CutPrefix(account.SID, "AC"); !ok || !accountDigits.MatchString(hex) {
			wrong = append(wrong, fmt.Errorf("account %d has the SID %q; an account SID is AC and 32 hex digits", i+1, account.SID))
		}
		if hex, ok := strings.CutPrefix(account.KeySID, "SK"); account.KeySID != "" && (!ok || !accountDigits.MatchString(hex)) {
			wrong = append(wrong, fmt.Errorf("account %d has the API key %q; a key SID is SK and 32 hex digits", i+1, account.KeySID))
		}
		if account.AuthToken == "" && (account.KeySID == "" || account.KeySecret == "") {
			wrong = append(wrong, fmt.Errorf("account %d has neither an auth token nor an API key with its secret", i+1))
		}
		for _, sid := range []string{account.SID, account.KeySID} {
			if sid != "" && seen[sid] {
				wrong = append(wrong, fmt.Errorf("account %d repeats %s", i+1, sid))
			}
			seen[sid] = true
		}
	}
	return wrong
}
