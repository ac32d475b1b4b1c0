package cli

import (
	"log/slog"
	"strings"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// checkAccount finds what is wrong with the form of the account's settings. The
// error is a problem.List.
func checkAccount(values config.Values) error {
	var problems problem.List
	checkSID(&problems, values[config.AccountSID], "AC", "an Account SID")
	checkSID(&problems, values[config.APIKey], "SK", "the SID of an API key")
	for _, name := range []string{config.APIURL, config.UploadURL} {
		if text := values[name].Text; text != "" {
			if _, err := twilio.ParseBaseURL(text); err != nil {
				problems.Add(values[name].Source()+": "+err.Error(), "")
			}
		}
	}
	return problems.Err()
}

// newClient makes the client for an account. The error is a problem.List.
func newClient(values config.Values, account config.Account, concurrency int, logger *slog.Logger) (*twilio.Client, error) {
	if err := checkAccount(values); err != nil {
		return nil, err
	}
	client, err := twilio.New(twilio.Config{
		Credentials: twilio.Credentials{User: account.User, Password: account.Password},
		APIURL:      account.APIURL, UploadURL: account.UploadURL,
		Region: account.Region, Edge: account.Edge,
		UserAgent: userAgent(),
		Limiter:   twilio.NewLimiter(concurrency),
		Logger:    logger,
		Observe:   func(call twilio.Call) { logCall(logger, call) },
	})
	if err != nil {
		return nil, oneProblem(err.Error(), "")
	}
	return client, nil
}

func checkSID(problems *problem.List, value config.Value, prefix, what string) {
	if value.Text != "" && !twilio.IsSID(prefix, value.Text) {
		fix := "It has the form " + prefix + " and 32 hexadecimal digits."
		if strings.HasPrefix(value.Text, "SK") || strings.HasPrefix(value.Text, "AC") {
			problems.Add(value.Source()+" "+quote(value.Text)+" is not "+what, fix)
			return
		}
		// It may be a secret that was put in the wrong place: do not show it.
		problems.Add(value.Source()+" is not "+what, fix)
	}
}

func quote(text string) string { return `"` + text + `"` }

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
