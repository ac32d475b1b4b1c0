package deploy

import (
	"fmt"

	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// byHand is how one calls the API by hand; Slipway itself changes no setting of
// a Service that is there.
const byHand = `curl -u "$TWILIO_API_KEY:$TWILIO_API_SECRET" https://serverless.twilio.com/v1/Services`

// credentialsForStrangers refuses a Service whose Functions find the account's SID and
// auth token in their context: a stranger's code could send them anywhere.
func credentialsForStrangers(service twilio.Service) error {
	return &problem.Problem{
		Message: fmt.Sprintf("the Service %s gives its Functions the account's auth token (include_credentials is true), and this is a fork's code", service.UniqueName),
		Fix: fmt.Sprintf("Name a Service of their own for previews of forks with preview-service, or switch it off for all of this one: %s/%s -d IncludeCredentials=false",
			byHand, service.SID),
	}
}

// noServiceForStrangers refuses to create a Service for a fork. One that Slipway creates
// gives its Functions the credentials, as the Toolkit's do, and those that come later
// count on it; its name is taken for good, and an account has few of them. Whether there
// is one that does not is the account's owner's to decide.
func noServiceForStrangers(name string) error {
	return &problem.Problem{
		Message: fmt.Sprintf("there is no Service %q, and none is created for a fork's code", name),
		Fix: fmt.Sprintf("Create it without the account's credentials: %s -d UniqueName=%s -d FriendlyName=%s -d IncludeCredentials=false",
			byHand, name, name),
	}
}
