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

// Switches hold one field for each fact about the API that no source settles.
// The zero value is the position the Sandbox takes by default; a client is
// right only when it works in both.
type Switches struct {
	// NestedServiceNames lets paths below a Service name it by its unique name.
	// Default: only the Service's own operations do, others are 404.
	NestedServiceNames bool
	// LargePagesRefused answers a PageSize over 1000 with 400. Default: 1000.
	LargePagesRefused bool
	// ConflictsAre400 answers a Service or a Variable whose name is taken with
	// 400/20001. Default: 409/20409.
	ConflictsAre400 bool
	// GuardsAre400 answers the deletion of what is live with 400/20001.
	// Default: 409/20409.
	GuardsAre400 bool
	// StaleBuildIs400 answers a Deployment of a Build that is not there with
	// 400/20001. Default: 404/20404.
	StaleBuildIs400 bool
	// UploadAnswers200 answers an upload with 200. Default: 201.
	UploadAnswers200 bool
	// RangesResolved answers dependencies with one exact version in place of
	// the range that was asked for. Default: the range.
	RangesResolved bool
	// LateRuntimeErrors finds a node18 runtime, and a handler too old for
	// node24, only while building: the Build ends "failed". Default: 400/20001
	// when the Build is created.
	LateRuntimeErrors bool
	// ShuffledBuilds lists Builds in no useful order. Default: newest first.
	ShuffledBuilds bool
	// UpperCaseLevels answers logs with the level "INFO". Default: "info".
	UpperCaseLevels bool
	// RootServesIndex makes "/" of a domain fall back to the Asset
	// "/index.html" too. Default: to "/assets/index.html" alone.
	RootServesIndex bool
	// ProtectedFunctions403 answers a protected Function without a valid
	// signature with 403. Default: 400.
	ProtectedFunctions403 bool
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
