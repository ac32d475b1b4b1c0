package cli

import (
	"context"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/source"
)

// tokenSetting is the setting of the GitHub token. help says what it is for.
func tokenSetting(help string) config.Setting {
	return config.Setting{Name: config.GitHubToken, Env: "GITHUB_TOKEN", Kind: config.Secret, Placeholder: "TOKEN", Help: help}
}

// repositorySetting is the setting of the repository on GitHub.
func repositorySetting() config.Setting {
	return config.Setting{
		Name: "repository", Env: "GITHUB_REPOSITORY", Placeholder: "OWNER/NAME",
		Help: "the repository on GitHub (default that of the git remote origin; a sweep has to be told)",
	}
}

// addSetting gives a command the flag of a setting that is in no table.
func addSetting(cmd *cobra.Command, setting config.Setting) {
	cmd.Flags().Var(&settingValue{setting: setting}, setting.Name, setting.Help+" ["+setting.Env+"]")
}

// openGitHub makes the client for GitHub's API. The error is a *problem.Problem.
func openGitHub(env Env, token string, logger *slog.Logger) (*gh.Client, error) {
	client, err := gh.New(gh.Config{Token: secret.New(token), APIURL: env.Getenv("GITHUB_API_URL"), UserAgent: userAgent(), Logger: logger})
	if err != nil {
		return nil, oneProblem(err.Error(), "")
	}
	return client, nil
}

// originOf returns the repository that a folder was cloned from, as owner/name; empty
// when that is not told, or not on GitHub.
func originOf(env Env, folder string) string {
	tree, err := source.Folder(folder)
	if err != nil {
		return ""
	}
	defer func() { _ = tree.Close() }()
	repository, err := gh.RepositoryOf(tree.Origin, env.Getenv("GITHUB_SERVER_URL"))
	if err != nil {
		return ""
	}
	return repository.String()
}

// openPullRequests tells whether pull requests of a repository are open. One that is
// not there is an error: they cannot be deleted, so it is another repository's.
func openPullRequests(client *gh.Client, repository gh.Repository) func(context.Context, int) (bool, error) {
	return func(ctx context.Context, number int) (bool, error) {
		pull, err := client.PullRequest(ctx, repository, number)
		return pull.IsOpen, err
	}
}
