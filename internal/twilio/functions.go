package twilio

import (
	"context"
	"iter"
	"net/url"
	"time"
)

// Function is a Function of a Service: a name under which Function Versions
// are kept. Slipway, as the official Toolkit, names it by its path.
type Function struct {
	SID          FunctionSID `json:"sid"`
	FriendlyName string      `json:"friendly_name"`
	DateCreated  *time.Time  `json:"date_created"`
	DateUpdated  *time.Time  `json:"date_updated"`
}

func (f Function) check() error { return checkSID("ZH", string(f.SID)) }

// FetchFunction returns a Function of a Service.
func (c *Client) FetchFunction(ctx context.Context, service ServiceSID, function FunctionSID) (Function, error) {
	return get[Function](ctx, c, "fetch function", "Services", string(service), "Functions", string(function))
}

// Functions lists a Service's Functions.
func (c *Client) Functions(ctx context.Context, service ServiceSID) iter.Seq2[Function, error] {
	return list[Function](ctx, c, "list functions", nil, "Services", string(service), "Functions")
}

// CreateFunction creates a Function. The API does not keep friendly names
// apart: list first, and create only what is missing.
func (c *Client) CreateFunction(ctx context.Context, service ServiceSID, friendlyName string) (Function, error) {
	find := func(ctx context.Context) (Function, bool, error) {
		return first(c.Functions(ctx, service), func(f Function) bool { return f.FriendlyName == friendlyName })
	}
	return create(ctx, c, OpCreateFunction, url.Values{"FriendlyName": {friendlyName}}, lookUp[Function]{find: find},
		"Services", string(service), "Functions")
}

// UpdateFunction gives a Function another friendly name, at most 255
// characters. It changes no path: that is a Version's.
func (c *Client) UpdateFunction(ctx context.Context, service ServiceSID, function FunctionSID, friendlyName string) (Function, error) {
	return update[Function](ctx, c, "update function", url.Values{"FriendlyName": {friendlyName}},
		"Services", string(service), "Functions", string(function))
}

// DeleteFunction removes a Function with its Versions. The API refuses it while
// a live Build holds one of them (Twilio's Function page). One that is not there
// is no error.
func (c *Client) DeleteFunction(ctx context.Context, service ServiceSID, function FunctionSID) error {
	return c.remove(ctx, OpDeleteFunction, "Services", string(service), "Functions", string(function))
}
