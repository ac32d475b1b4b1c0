package gh

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/slipway-dev/slipway/internal/secret"
)

// The headers of a webhook: docs.github.com/webhooks/webhook-events-and-payloads#delivery-headers.
const (
	headerEvent     = "X-GitHub-Event"
	headerDelivery  = "X-GitHub-Delivery"
	headerSignature = "X-Hub-Signature-256"

	// signaturePrefix comes before the digits of the signature:
	// docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries.
	signaturePrefix = "sha256="
)

// ErrSignature says that a webhook is not signed with any of the secrets, or not at
// all. Errors that match it never show a signature.
var ErrSignature = errors.New("the webhook is not signed with a secret of this server")

// Webhook is what the headers of a webhook say, which its signature does not cover.
type Webhook struct {
	// Delivery is its ID, which a repetition keeps.
	Delivery string
	// Event is the event's name, such as EventPush.
	Event string
}

// ReadWebhook reads the headers that name the event and the delivery, and looks at
// their form. The error joins all that is wrong.
func ReadWebhook(header http.Header) (Webhook, error) {
	delivery, errDelivery := formed(header, headerDelivery, isGUID)
	event, errEvent := formed(header, headerEvent, isEventName)
	if err := errors.Join(errDelivery, errEvent); err != nil {
		return Webhook{}, err
	}
	return Webhook{Delivery: strings.ToLower(delivery), Event: event}, nil
}

// formed returns a header that must be there once, and in a form.
func formed(header http.Header, name string, isFormed func(string) bool) (string, error) {
	switch values := header.Values(name); {
	case len(values) == 0:
		return "", fmt.Errorf("the webhook has no header %s", name)
	case len(values) > 1:
		return "", fmt.Errorf("the webhook has the header %s more than once", name)
	case !isFormed(values[0]):
		return "", fmt.Errorf("the webhook's header %s is %q, which GitHub does not send", name, oneLine(values[0], 100))
	default:
		return values[0], nil
	}
}

// isGUID tells whether a text is one, such as 72d3162e-cc78-11e3-81ab-4c9367dc0958.
func isGUID(text string) bool {
	digits, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	return err == nil && len(digits) == 16 && len(text) == 36 && text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-'
}

// isEventName tells whether an event may be called that: letters and underscores, as
// all are so far, or digits.
func isEventName(text string) bool {
	isOdd := func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') && (r < '0' || r > '9') }
	return text != "" && len(text) <= 64 && !strings.ContainsFunc(text, isOdd)
}

// WebhookSecrets are those that a webhook may be signed with: more than one while
// they are changed. The zero value accepts none. It is immutable and safe for
// concurrent use.
type WebhookSecrets struct {
	secrets []secret.String
}

// NewWebhookSecrets takes the secrets, of which there must be one at least. The error
// joins all that is wrong with them.
func NewWebhookSecrets(secrets ...secret.String) (WebhookSecrets, error) {
	var wrong []error
	if len(secrets) == 0 {
		wrong = append(wrong, errors.New("there is no webhook secret; without one anybody could send webhooks"))
	}
	for i, one := range secrets {
		switch value := one.Reveal(); {
		case strings.TrimSpace(value) == "":
			wrong = append(wrong, fmt.Errorf("webhook secret %d is empty; without one anybody could send webhooks", i+1))
		case strings.TrimSpace(value) != value:
			wrong = append(wrong, fmt.Errorf("webhook secret %d begins or ends with a space or a line break, which is not part of it", i+1))
		}
	}
	if err := errors.Join(wrong...); err != nil {
		return WebhookSecrets{}, err
	}
	return WebhookSecrets{secrets: append([]secret.String(nil), secrets...)}, nil
}

// Verify tells whether a webhook's body is signed with one of the secrets, by its
// header for SHA-256; that for SHA-1 counts for nothing. How long it takes tells
// nothing about the secrets. The error matches ErrSignature.
func (s WebhookSecrets) Verify(header http.Header, body []byte) error {
	values := header.Values(headerSignature)
	if len(values) != 1 {
		return fmt.Errorf("%w: it has the header %s %d times", ErrSignature, headerSignature, len(values))
	}
	digits, isSHA256 := strings.CutPrefix(values[0], signaturePrefix)
	given, err := hex.DecodeString(digits)
	if err != nil || !isSHA256 || len(given) != sha256.Size {
		return fmt.Errorf("%w: its header %s is not %s and %d hexadecimal digits", ErrSignature, headerSignature, signaturePrefix, 2*sha256.Size)
	}
	isSigned := false
	for _, one := range s.secrets { // all of them, whichever it is
		isEqual := hmac.Equal(given, sign(one, body))
		isSigned = isSigned || isEqual
	}
	if !isSigned {
		return ErrSignature
	}
	return nil
}

// SignWebhook is the value of the header X-Hub-Signature-256 with which a webhook of
// this body is sent.
func SignWebhook(key secret.String, body []byte) string {
	return signaturePrefix + hex.EncodeToString(sign(key, body))
}

func sign(key secret.String, body []byte) []byte {
	sum := hmac.New(sha256.New, []byte(key.Reveal()))
	_, _ = sum.Write(body) // never fails, as documented
	return sum.Sum(nil)
}
