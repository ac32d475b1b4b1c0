package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/slipway-dev/slipway/internal/problem"
)

func newDemo(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Play GitHub's part for slipway serve --sandbox",
		Long: `Play GitHub's part, and that of the people there, for a webhook server that
slipway serve --sandbox has started.`,
		Args: unknownCommand,
		RunE: showHelp,
	}
	cmd.AddCommand(newDemoPush(env))
	return cmd
}

func newDemoPush(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "push",
		Short: "Push a commit, and watch it go live",
		Long: `Push a commit to the repository of slipway serve --sandbox: it changes a Function.
The sandbox of GitHub delivers the event to the webhook, signed, as GitHub does. Then
follow the commit's status there until the deployment is over.`,
		Example: `  slipway demo push
  slipway demo push --url http://127.0.0.1:9002 --wait 0`,
		Args: noArguments,
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	url := flags.String("url", "http://"+sandboxAddress, "where the sandboxes answer, as slipway serve --sandbox says")
	wait := flags.Duration("wait", time.Minute, "how long to follow the deployment; 0 does not")
	namePlaceholder(flags, "url", "URL")
	namePlaceholder(flags, "wait", "DURATION")
	output := addOutput(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		var problems problem.List
		form := output.read(&problems)
		if *wait < 0 {
			problems.Add(fmt.Sprintf("wait %q is less than nothing", wait), "")
		}
		if err := problems.Err(); err != nil {
			return err
		}
		return runDemoPush(cmd.Context(), env, strings.TrimRight(*url, "/"), *wait, form)
	}
	return cmd
}

// demoResult is the JSON of the command.
type demoResult struct {
	Version int `json:"version"`
	demoPush

	// State is the commit status's, empty where nobody waited for it.
	State       string `json:"state"`
	Description string `json:"description"`
	// Details is the page of the Job, and URL where the Function answers.
	Details string `json:"details"`
	URL     string `json:"url"`
}

func runDemoPush(ctx context.Context, env Env, url string, wait time.Duration, form format) error {
	made := demoResult{Version: 1}
	if err := askDemo(ctx, http.MethodPost, url+demoPushPath, "", &made.demoPush); err != nil {
		return err
	}
	fmt.Fprintf(env.Stderr, "pushed %.7s to %s of %s: %s\n", made.Commit, made.Branch, made.Repository, made.Message)
	fmt.Fprintf(env.Stderr, "delivered it to %s: %d %s\n", made.Webhook, made.Status, made.Verdict)
	if made.Status != http.StatusAccepted {
		return fmt.Errorf("the webhook answered %d (%s) to delivery %s", made.Status, made.Verdict, made.Delivery)
	}
	var failed error
	if wait > 0 {
		limited, cancel := context.WithTimeout(ctx, wait)
		defer cancel()
		failed = (&demoFollower{env: env, url: url, made: &made}).follow(limited)
	}
	if form == formatJSON {
		if err := printJSON(env, made); err != nil {
			return err
		}
		return failed
	}
	if made.URL != "" && failed == nil {
		fmt.Fprintf(env.Stdout, "%s is live: %s\n", made.Message, made.URL)
	}
	if made.Overview != "" {
		fmt.Fprintf(env.Stdout, "overview: %s\n", made.Overview)
	}
	if made.Details != "" {
		fmt.Fprintf(env.Stdout, "this Job: %s\n", made.Details)
	}
	return failed
}

// askDemo asks the sandboxes of slipway serve --sandbox for JSON.
func askDemo(ctx context.Context, method, url, token string, into any) error {
	const fix = "Start slipway serve --sandbox in another terminal, or give with --url what it says."
	request, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return oneProblem(fmt.Sprintf("url %q is none", url), fix)
	}
	request.Header.Set("User-Agent", userAgent())
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := (&http.Client{Timeout: 30 * time.Second}).Do(request)
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return oneProblem(fmt.Sprintf("nothing answers at %s://%s: %v", request.URL.Scheme, request.URL.Host, rootCause(err)), fix)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, 4<<20))
	if err != nil {
		return fmt.Errorf("read the answer of %s: %w", url, err)
	}
	if response.StatusCode != http.StatusOK || json.Unmarshal(body, into) != nil {
		return oneProblem(fmt.Sprintf("%s answered %d: %.200s", url, response.StatusCode, strings.TrimSpace(string(body))), fix)
	}
	return nil
}
