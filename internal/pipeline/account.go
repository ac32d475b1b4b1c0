package pipeline

import (
	"log/slog"
	"strconv"
	"strings"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/retry"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// CheckAccount finds what is wrong with the form of the account's settings. The
// error is a problem.List.
func CheckAccount(values config.Values) error {
	var problems problem.List
	checkSID(&problems, values[config.AccountSID], "AC", "an Account SID")
	checkSID(&problems, values[config.APIKey], "SK", "the SID of an API key")
	for _, name := range []string{config.APIURL, config.UploadURL} {
		if value := values[name]; value.Text != "" {
			if _, err := twilio.ParseBaseURL(value.Text); err != nil {
				problems.Add(value.Source()+": "+redacted(err, value), "")
			}
		}
	}
	return problems.Err()
}

// Opening says how to reach an account.
type Opening struct {
	// Values are the settings as they were resolved, for Problems to cite.
	Values config.Values
	// Account is what was read from them.
	Account config.Account
	// Concurrency caps the calls in flight; 0 means adaptive.
	Concurrency int
	// Limiter is shared with other clients of the account; nil means one of its own, for
	// which Concurrency holds.
	Limiter *twilio.Limiter
	// Observe is told of each call; may be nil.
	Observe func(twilio.Call)
	// Repeated is told of each call that will be repeated; may be nil.
	Repeated func(retry.Wait)
	// UserAgent is what the client calls itself.
	UserAgent string
	// Logger receives each call at debug level.
	Logger *slog.Logger
}

// OpenAccount makes the client for an account. It sends nothing. The error is a
// problem.List or a *problem.Problem.
func OpenAccount(opening Opening) (*twilio.Client, error) {
	if err := CheckAccount(opening.Values); err != nil {
		return nil, err
	}
	account, limiter := opening.Account, opening.Limiter
	if limiter == nil {
		limiter = twilio.NewLimiter(opening.Concurrency)
	}
	client, err := twilio.New(twilio.Config{
		Credentials: twilio.Credentials{User: account.User, Password: account.Password},
		APIURL:      account.APIURL, UploadURL: account.UploadURL,
		Region: account.Region, Edge: account.Edge,
		UserAgent: opening.UserAgent,
		Limiter:   limiter,
		Logger:    opening.Logger,
		Retry:     retry.Policy{Notify: opening.Repeated},
		Observe: func(call twilio.Call) {
			logCall(opening.Logger, call)
			if opening.Observe != nil {
				opening.Observe(call)
			}
		},
	})
	if err != nil {
		return nil, &problem.Problem{Message: err.Error()}
	}
	return client, nil
}

func checkSID(problems *problem.List, value config.Value, prefix, what string) {
	if value.Text != "" && !twilio.IsSID(prefix, value.Text) {
		problems.Add(value.Cited()+" is not "+what, "It has the form "+prefix+" and 32 hexadecimal digits.")
	}
}

// redacted is what is wrong with a value, of which it shows no more than may be
// shown: a URL may hold a password.
func redacted(err error, value config.Value) string {
	if value.Shown() == value.Text {
		return err.Error()
	}
	return strings.ReplaceAll(err.Error(), strconv.Quote(value.Text), value.Shown())
}

func logCall(logger *slog.Logger, call twilio.Call) {
	attributes := []any{
		"operation", call.Operation, "method", call.Method, "path", call.Path,
		"status", call.Status, "duration_ms", call.Duration.Milliseconds(),
	}
	if call.Err != nil {
		attributes = append(attributes, "error", call.Err.Error())
	}
	logger.Debug("api call", attributes...)
}
