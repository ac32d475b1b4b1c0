package twilio

import (
	"context"
	"iter"
	"net/url"
	"time"

	"github.com/slipway-dev/slipway/internal/secret"
)

// Variable is a variable of an Environment. A change applies to the live Build
// at once. The API returns values in clear; here they are secret.
type Variable struct {
	SID         VariableSID
	Key         string
	Value       secret.String
	DateUpdated *time.Time
}

// FetchVariable returns a Variable of an Environment.
func (c *Client) FetchVariable(ctx context.Context, service ServiceSID, environment EnvironmentSID, variable VariableSID) (Variable, error) {
	read, err := get[variableReply](ctx, c, "fetch variable", variablePath(service, environment, string(variable))...)
	return read.variable(), err
}

// Variables lists an Environment's Variables.
func (c *Client) Variables(ctx context.Context, service ServiceSID, environment EnvironmentSID) iter.Seq2[Variable, error] {
	return func(yield func(Variable, error) bool) {
		for read, err := range list[variableReply](ctx, c, "list variables", nil, variablePath(service, environment)...) {
			if !yield(read.variable(), err) {
				return
			}
		}
	}
}

// CreateVariable creates a Variable; one that has the key already gets the
// value. A key is at most 128 characters, a value at most 450 bytes.
func (c *Client) CreateVariable(ctx context.Context, service ServiceSID, environment EnvironmentSID, key string, value secret.String) (Variable, error) {
	path := variablePath(service, environment)
	find := func(ctx context.Context) (variableReply, bool, error) {
		found, ok, err := first(list[variableReply](ctx, c, "list variables", nil, path...), func(v variableReply) bool { return v.Key == key })
		if err != nil || !ok || found.Value == value.Reveal() {
			return found, ok, err
		}
		found, err = c.updateVariable(ctx, service, environment, found.SID, key, value)
		return found, err == nil, err
	}
	created, err := create(ctx, c, OpCreateVariable, variableForm(key, value), lookUp[variableReply]{find: find, byName: true}, path...)
	return created.variable(), err
}

// UpdateVariable gives a Variable another value.
func (c *Client) UpdateVariable(ctx context.Context, service ServiceSID, environment EnvironmentSID, variable VariableSID, key string, value secret.String) (Variable, error) {
	updated, err := c.updateVariable(ctx, service, environment, variable, key, value)
	return updated.variable(), err
}

// DeleteVariable removes a Variable. One that is not there is no error.
func (c *Client) DeleteVariable(ctx context.Context, service ServiceSID, environment EnvironmentSID, variable VariableSID) error {
	return c.remove(ctx, "delete variable", variablePath(service, environment, string(variable))...)
}

func (c *Client) updateVariable(ctx context.Context, service ServiceSID, environment EnvironmentSID, variable VariableSID, key string, value secret.String) (variableReply, error) {
	return update[variableReply](ctx, c, OpUpdateVariable, variableForm(key, value), variablePath(service, environment, string(variable))...)
}

func variablePath(service ServiceSID, environment EnvironmentSID, rest ...string) []string {
	return append([]string{"Services", string(service), "Environments", string(environment), "Variables"}, rest...)
}

func variableForm(key string, value secret.String) url.Values {
	return url.Values{"Key": {key}, "Value": {value.Reveal()}}
}

// variableReply is a Variable on the wire, where its value is in clear.
type variableReply struct {
	SID         VariableSID `json:"sid"`
	Key         string      `json:"key"`
	Value       string      `json:"value"`
	DateUpdated *time.Time  `json:"date_updated"`
}

func (v variableReply) check() error { return checkSID("ZV", string(v.SID)) }

func (v variableReply) variable() Variable {
	return Variable{SID: v.SID, Key: v.Key, Value: secret.New(v.Value), DateUpdated: v.DateUpdated}
}
