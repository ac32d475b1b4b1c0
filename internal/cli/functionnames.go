package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/twilio"
	"github.com/slipway-dev/slipway/internal/words"
)

// learnWithin is how long an entry waits for the name of a new Function.
const learnWithin = 5 * time.Second

// functionNames tells the Functions of an Environment by their SIDs, and the
// other way round.
type functionNames struct {
	service     twilio.Service
	environment twilio.EnvironmentSID
	// paths are what is live, names the Service's friendly names.
	paths, names map[twilio.FunctionSID]string
	// strangers are SIDs that were looked for in vain.
	strangers map[twilio.FunctionSID]bool
}

// readFunctions reads the Functions of a Service, and their paths in an
// Environment.
func readFunctions(ctx context.Context, client *twilio.Client, service twilio.Service, environment twilio.Environment) (*functionNames, error) {
	n := &functionNames{
		service: service, environment: environment.SID,
		paths: make(map[twilio.FunctionSID]string), names: make(map[twilio.FunctionSID]string), strangers: make(map[twilio.FunctionSID]bool),
	}
	return n, n.read(ctx, client, environment.BuildSID)
}

func (n *functionNames) read(ctx context.Context, client *twilio.Client, live twilio.BuildSID) error {
	for function, err := range client.Functions(ctx, n.service.SID) {
		if err != nil {
			return err
		}
		n.names[function.SID] = function.FriendlyName
	}
	if live == "" {
		return nil
	}
	build, err := client.FetchBuild(ctx, n.service.SID, live)
	for _, version := range build.FunctionVersions {
		if version.FunctionSID == "" {
			continue // a Build that lists its Versions by their SIDs alone
		}
		n.paths[version.FunctionSID] = version.Path
	}
	return err
}

// learn reads again what Functions there are when a Log comes of an unknown
// one: there was a deploy meanwhile. Names only help, so an error is no matter.
func (n *functionNames) learn(ctx context.Context, client *twilio.Client, logs []twilio.Log) {
	var unknown []twilio.FunctionSID
	for _, log := range logs {
		if n.of(log.FunctionSID) == "" && !n.strangers[log.FunctionSID] {
			unknown = append(unknown, log.FunctionSID)
		}
	}
	if len(unknown) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, learnWithin)
	defer cancel()
	environment, err := client.FetchEnvironment(ctx, n.service.SID, n.environment)
	if err == nil {
		err = n.read(ctx, client, environment.BuildSID)
	}
	if err != nil {
		return // what they write next asks again
	}
	for _, function := range unknown {
		n.strangers[function] = n.of(function) == ""
	}
}

// of returns a Function's path, else its friendly name; empty when there is no
// such Function.
func (n *functionNames) of(function twilio.FunctionSID) string {
	return cmp.Or(n.paths[function], n.names[function])
}

// all returns what of returns, of every Function.
func (n *functionNames) all() []string {
	var all []string
	for sid := range n.names {
		all = append(all, n.of(sid))
	}
	return all
}

// find returns the Function that a path, a friendly name or a SID means: first
// of what is live. A SID may be that of a Function that is gone. The error is a
// *problem.Problem.
func (n *functionNames) find(text string) (twilio.FunctionSID, error) {
	if twilio.IsSID("ZH", text) {
		return twilio.FunctionSID(text), nil
	}
	path := "/" + strings.TrimPrefix(text, "/")
	var found []string
	for _, names := range []map[twilio.FunctionSID]string{n.paths, n.names} {
		for sid, name := range names {
			if name == path || name == text {
				found = append(found, string(sid))
			}
		}
		if len(found) > 0 {
			break
		}
	}
	slices.Sort(found)
	switch len(found) {
	case 1:
		return twilio.FunctionSID(found[0]), nil
	case 0:
		wrong := &problem.Problem{Message: fmt.Sprintf("the Service %s has no Function %s", n.service.UniqueName, text)}
		if best := words.Closest(path, slices.Sorted(slices.Values(n.all()))); best != "" {
			wrong.Fix = fmt.Sprintf("Did you mean %s?", best)
		}
		return "", wrong
	default:
		return "", &problem.Problem{
			Message: fmt.Sprintf("the Service %s has %d Functions %s, none of which is live here: %s", n.service.UniqueName, len(found), text, strings.Join(found, ", ")),
			Fix:     "Name one of them by its SID.",
		}
	}
}
