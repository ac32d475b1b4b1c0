package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/queue"
)

// noticeContext is the commit status of a Delivery for which nothing, or not all, could
// be done: which Target it would have been of may not be known.
const noticeContext = "slipway"

// notice is what the people of a repository are told of a Delivery, at its commit: why
// nothing was done, or that this is over. It is the payload of a Job of kindTell that
// follows no other.
type notice struct {
	Repository  gh.Repository `json:"repository"`
	SHA         string        `json:"sha"`
	State       gh.State      `json:"state"`
	Description string        `json:"description"`
}

// wanted is the Job that gives the notice. Those of one commit are given in order.
func (n notice) wanted() (queue.Wanted, error) {
	text, err := json.Marshal(n)
	if err != nil {
		return queue.Wanted{}, fmt.Errorf("keep what is to be told: %w", err)
	}
	return queue.Wanted{Kind: kindTell, Lane: strings.Join([]string{kindTell, strings.ToLower(n.Repository.String()), n.SHA}, " "), Payload: text}, nil
}

// giveNotice sets the commit status.
func (s *Server) giveNotice(ctx context.Context, held *queue.Held) (isFinal bool, err error) {
	var told notice
	if err := json.Unmarshal(held.Payload, &told); err != nil {
		return true, fmt.Errorf("read what is to be told: %w", err)
	}
	client, err := s.clients.Client(ctx, told.Repository)
	if err != nil {
		return gh.IsRefusal(err), err
	}
	_, err = client.SetCommitStatus(ctx, told.Repository, told.SHA, gh.CommitStatus{
		Context: noticeContext, State: told.State, Description: told.Description, TargetURL: s.publicURL,
	})
	return gh.IsRefusal(err), err
}

// whyRefused is an error about slipway.yml, or what it asks for, in the one line that a
// commit status has room for: what to do comes last, where it is cut off.
func whyRefused(errs []error) string {
	var all problem.List
	for _, err := range errs {
		if rest := all.Take(err); rest != nil {
			all.Add(rest.Error(), "")
		}
	}
	switch len(all) {
	case 0:
		return "" // there are none without a Problem
	case 1:
		return oneLine(all[0].Error())
	default:
		return oneLine(fmt.Sprintf("%d problems, first: %s", len(all), all[0].Error()))
	}
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// isRefused reports whether an error is about slipway.yml, or about what it asks for.
func isRefused(err error) bool {
	_, isList := errors.AsType[problem.List](err)
	return isList
}
