package twilio

import (
	"context"
	"iter"
	"net/url"
	"time"
)

// Environment is a place of a Service where one Build is live, with a domain
// and variables of its own.
type Environment struct {
	SID        EnvironmentSID `json:"sid"`
	ServiceSID ServiceSID     `json:"service_sid"`
	// BuildSID is the Build that is live; empty when none is.
	BuildSID   BuildSID `json:"build_sid"`
	UniqueName string   `json:"unique_name"`
	// DomainSuffix is empty for the Service's bare domain.
	DomainSuffix string     `json:"domain_suffix"`
	DomainName   string     `json:"domain_name"`
	DateCreated  *time.Time `json:"date_created"`
	DateUpdated  *time.Time `json:"date_updated"`
}

func (e Environment) check() error { return checkSID("ZE", string(e.SID)) }

// FetchEnvironment returns an Environment of a Service.
func (c *Client) FetchEnvironment(ctx context.Context, service ServiceSID, environment EnvironmentSID) (Environment, error) {
	return get[Environment](ctx, c, "fetch environment", "Services", string(service), "Environments", string(environment))
}

// Environments lists a Service's Environments.
func (c *Client) Environments(ctx context.Context, service ServiceSID) iter.Seq2[Environment, error] {
	return list[Environment](ctx, c, "list environments", nil, "Services", string(service), "Environments")
}

// CreateEnvironment creates an Environment, or returns the one that has that
// unique name and suffix already. uniqueName is at most 100 characters,
// domainSuffix at most 16; an empty suffix means the bare domain.
func (c *Client) CreateEnvironment(ctx context.Context, service ServiceSID, uniqueName, domainSuffix string) (Environment, error) {
	form := url.Values{"UniqueName": {uniqueName}}
	if domainSuffix != "" {
		form.Set("DomainSuffix", domainSuffix)
	}
	find := func(ctx context.Context) (Environment, bool, error) {
		return first(c.Environments(ctx, service), func(e Environment) bool {
			return e.UniqueName == uniqueName && e.DomainSuffix == domainSuffix
		})
	}
	return create(ctx, c, OpCreateEnvironment, form, lookUp[Environment]{find: find, byName: true},
		"Services", string(service), "Environments")
}

// DeleteEnvironment removes an Environment with its Variables and its domain,
// also while a Build is live in it (RJPearson94/terraform-provider-twilio issue
// 28). The Build stays. One that is not there is no error.
func (c *Client) DeleteEnvironment(ctx context.Context, service ServiceSID, environment EnvironmentSID) error {
	return c.remove(ctx, "delete environment", "Services", string(service), "Environments", string(environment))
}
