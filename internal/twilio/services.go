package twilio

import (
	"context"
	"fmt"
	"iter"
	"net/url"
	"strconv"
	"time"
)

// MaxServices is how many Services an account may have: "Services are limited
// to less than or equal to 50" (twilio-labs/dev-phone issue 178). FewServices are
// so few left that people should know.
const (
	MaxServices = 50
	FewServices = 5
)

// Service is a project's home: it holds Functions, Assets, Builds and
// Environments.
type Service struct {
	SID                ServiceSID `json:"sid"`
	AccountSID         AccountSID `json:"account_sid"`
	UniqueName         string     `json:"unique_name"`
	FriendlyName       string     `json:"friendly_name"`
	IncludeCredentials bool       `json:"include_credentials"`
	UIEditable         bool       `json:"ui_editable"`
	DomainBase         string     `json:"domain_base"`
	DateCreated        *time.Time `json:"date_created"`
	DateUpdated        *time.Time `json:"date_updated"`
}

func (s Service) check() error { return checkSID("ZS", string(s.SID)) }

// NewService is what a Service is created with.
type NewService struct {
	// UniqueName is at most 50 characters, unique in the account, and permanent.
	UniqueName string
	// FriendlyName is at most 255 characters.
	FriendlyName string
	// IncludeCredentials gives Functions the account's SID and auth token.
	IncludeCredentials bool
	// UIEditable lets people edit the Service in Twilio's Console.
	UIEditable bool
}

// ServiceChanges are new values for a Service; what is nil stays as it is. A
// unique name cannot be changed.
type ServiceChanges struct {
	FriendlyName       *string
	IncludeCredentials *bool
	UIEditable         *bool
}

// FetchService returns a Service by its SID or its unique name.
func (c *Client) FetchService(ctx context.Context, sidOrUniqueName string) (Service, error) {
	return get[Service](ctx, c, "fetch service", "Services", sidOrUniqueName)
}

// Services lists the account's Services.
func (c *Client) Services(ctx context.Context) iter.Seq2[Service, error] {
	return list[Service](ctx, c, "list services", nil, "Services")
}

// CreateService creates a Service, or returns the one that has the unique name
// already.
func (c *Client) CreateService(ctx context.Context, service NewService) (Service, error) {
	form := url.Values{
		"UniqueName":         {service.UniqueName},
		"FriendlyName":       {service.FriendlyName},
		"IncludeCredentials": {strconv.FormatBool(service.IncludeCredentials)},
		"UiEditable":         {strconv.FormatBool(service.UIEditable)},
	}
	find := func(ctx context.Context) (Service, bool, error) {
		found, err := c.FetchService(ctx, service.UniqueName)
		if IsNotFound(err) {
			return found, false, nil
		}
		return found, err == nil, err
	}
	return create(ctx, c, OpCreateService, form, lookUp[Service]{find: find, byName: true}, "Services")
}

// UpdateService changes a Service.
func (c *Client) UpdateService(ctx context.Context, service ServiceSID, changes ServiceChanges) (Service, error) {
	form := url.Values{}
	if changes.FriendlyName != nil {
		form.Set("FriendlyName", *changes.FriendlyName)
	}
	if changes.IncludeCredentials != nil {
		form.Set("IncludeCredentials", strconv.FormatBool(*changes.IncludeCredentials))
	}
	if changes.UIEditable != nil {
		form.Set("UiEditable", strconv.FormatBool(*changes.UIEditable))
	}
	return update[Service](ctx, c, "update service", form, "Services", string(service))
}

// DeleteService removes a Service with everything in it, what is live included
// (twilio-labs/plugin-rtc removes its app that way). One that is not there is no
// error.
func (c *Client) DeleteService(ctx context.Context, service ServiceSID) error {
	return c.remove(ctx, "delete service", "Services", string(service))
}

// checkSID is the check of every resource: what has its SID is what was asked
// for.
func checkSID(prefix, sid string) error {
	if !IsSID(prefix, sid) {
		return fmt.Errorf("it has no %s SID", prefix)
	}
	return nil
}
