package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/slipway-dev/slipway/internal/sandbox/github"
)

// demoPollEvery is how often GitHub's sandbox is asked how a commit is doing.
const demoPollEvery = 200 * time.Millisecond

// demoFollower follows a commit at GitHub's sandbox, as anybody can.
type demoFollower struct {
	env   Env
	url   string
	made  *demoResult
	shown int // of the commit's statuses
}

// follow shows each status of the commit until one is final. The error says that it is
// no success, or has not come.
func (f *demoFollower) follow(ctx context.Context) error {
	for {
		isOver, err := f.look(ctx)
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			return fmt.Errorf("the commit has no final status yet; its Job is on the overview: %s", f.made.Overview)
		case err != nil:
			return err
		case isOver && f.made.State != "success":
			return fmt.Errorf("the commit's status is %s: %s", f.made.State, f.made.Description)
		case isOver:
			return f.findURL(ctx)
		}
		select {
		case <-ctx.Done():
		case <-time.After(demoPollEvery):
		}
	}
}

// look shows the statuses that are new.
func (f *demoFollower) look(ctx context.Context) (isOver bool, err error) {
	var statuses []struct { // the newest first
		State       string `json:"state"`
		Context     string `json:"context"`
		Description string `json:"description"`
		TargetURL   string `json:"target_url"`
	}
	if err := f.ask(ctx, "commits/"+f.made.Commit+"/statuses", &statuses); err != nil {
		return false, err
	}
	for i := len(statuses) - 1 - f.shown; i >= 0; i-- {
		one := statuses[i]
		fmt.Fprintf(f.env.Stderr, "%s: %s, %s\n", one.Context, one.State, one.Description)
		f.made.State, f.made.Description = one.State, one.Description
		if f.made.Overview != "" && strings.HasPrefix(one.TargetURL, f.made.Overview+"/") {
			f.made.Details = one.TargetURL
		}
	}
	f.shown = len(statuses)
	return f.shown > 0 && f.made.State != "pending", nil
}

// findURL finds where the Function answers, which the GitHub Deployment of the commit
// tells.
func (f *demoFollower) findURL(ctx context.Context) error {
	var deployments []struct {
		ID int64 `json:"id"`
	}
	if err := f.ask(ctx, "deployments?sha="+f.made.Commit, &deployments); err != nil || len(deployments) == 0 {
		return err
	}
	var statuses []struct {
		EnvironmentURL string `json:"environment_url"`
	}
	if err := f.ask(ctx, fmt.Sprintf("deployments/%d/statuses", deployments[0].ID), &statuses); err != nil {
		return err
	}
	if len(statuses) > 0 && statuses[0].EnvironmentURL != "" {
		f.made.URL = statuses[0].EnvironmentURL + "/hello"
	}
	return nil
}

func (f *demoFollower) ask(ctx context.Context, below string, into any) error {
	return askDemo(ctx, http.MethodGet, f.url+github.EnterprisePrefix+"/repos/"+f.made.Repository+"/"+below, github.DefaultToken().Value, into)
}
