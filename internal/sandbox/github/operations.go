package github

import (
	"net/http"
	"slices"
)

// operations is the whole of what the Sandbox knows. Names are GitHub's own
// operation ids, permissions those of docs.github.com/rest.
func operations() []operation {
	const (
		get, post = http.MethodGet, http.MethodPost

		repo   = repositoryPattern
		commit = repo + "/commits/{ref}"
	)
	return slices.Concat(codeOperations(), deploymentOperations(), commentOperations(), appOperations(), releaseOperations(), reviewOperations(), []operation{
		{
			name: "rate-limit/get", method: get, pattern: "/rate_limit", handle: getRateLimit,
			docs: "rate-limit/rate-limit#get-rate-limit-status-for-the-authenticated-user", isFree: true,
		},
		{
			name: "users/get-authenticated", method: get, pattern: "/user", handle: getUser,
			docs: "users/users#get-the-authenticated-user",
		},
		{
			name: "repos/get", method: get, pattern: repo, handle: getRepository,
			docs: "repos/repos#get-a-repository", needs: permission{"metadata", "read"},
		},
		{
			name: "repos/list-commit-statuses-for-ref", method: get, pattern: commit + "/statuses", handle: listStatuses,
			docs: "commits/statuses#list-commit-statuses-for-a-reference", needs: permission{"statuses", "read"}, pages: true,
		},
		{
			name: "repos/get-combined-status-for-ref", method: get, pattern: commit + "/status", handle: getCombinedStatus,
			docs: "commits/statuses#get-the-combined-status-for-a-specific-reference", needs: permission{"statuses", "read"}, pages: true,
		},
		{
			name: "repos/create-commit-status", method: post, pattern: repo + "/statuses/{sha}", handle: createStatus,
			docs: "commits/statuses#create-a-commit-status", needs: permission{"statuses", "write"}, creates: true,
			fields: []field{
				{name: "state", required: true},
				{name: "target_url", mayBeNull: true},
				{name: "description", mayBeNull: true},
				{name: "context"},
			},
		},
		{ // behind those of which one has fewer segments than a ref may
			name: "repos/get-commit", method: get, pattern: repo + "/commits/{ref...}", handle: getCommit,
			docs: "commits/commits#get-a-commit", needs: permission{"contents", "read"}, pages: true,
		},
	})
}

// codeOperations are those on what was pushed, and on what is proposed.
func codeOperations() []operation {
	const (
		get  = http.MethodGet
		repo = repositoryPattern
	)
	contents, pulls := permission{"contents", "read"}, permission{"pull_requests", "read"}
	return []operation{
		{
			name: "git/get-commit", method: get, pattern: repo + "/git/commits/{sha}", handle: getGitCommit,
			docs: "git/commits#get-a-commit-object", needs: contents,
		},
		{
			name: "git/get-ref", method: get, pattern: repo + "/git/ref/{name...}", handle: getRef,
			docs: "git/refs#get-a-reference", needs: contents,
		},
		{
			name: "repos/get-content", method: get, pattern: repo + "/contents/{path...}", handle: getContent,
			docs: "repos/contents#get-repository-content", needs: contents, query: []string{"ref"},
		},
		{
			name: "repos/download-tarball-archive", method: get, pattern: repo + "/tarball/{ref...}", handle: getTarball,
			docs: "repos/contents#download-a-repository-archive-tar", needs: contents,
		},
		{
			name: "repos/compare-commits-with-basehead", method: get, pattern: repo + "/compare/{basehead}", handle: compareCommits,
			docs: "commits/commits#compare-two-commits", needs: contents, pages: true,
		},
		{
			name: "pulls/list", method: get, pattern: repo + "/pulls", handle: listPulls,
			docs: "pulls/pulls#list-pull-requests", needs: pulls, query: []string{"state"}, pages: true,
		},
		{
			name: "pulls/get", method: get, pattern: repo + "/pulls/{pull_number}", handle: getPull,
			docs: "pulls/pulls#get-a-pull-request", needs: pulls,
		},
	}
}

// commentOperations are those on comments of pull requests, which have them as
// issues do. On a pull request the permission for either will do:
// docs.github.com/rest/authentication/permissions-required-for-github-apps.
func commentOperations() []operation {
	const (
		on  = repositoryPattern + "/issues/{issue_number}/comments"
		one = repositoryPattern + "/issues/comments/{comment_id}"
	)
	read, write := permission{"pull_requests", "read"}, permission{"pull_requests", "write"}
	body := []field{{name: "body", required: true}}
	return []operation{
		{
			name: "issues/list-comments", method: http.MethodGet, pattern: on, handle: listComments,
			docs: "issues/comments#list-issue-comments", needs: read, orNeeds: "issues", pages: true,
		},
		{
			name: "issues/create-comment", method: http.MethodPost, pattern: on, handle: createComment, fields: body, creates: true,
			docs: "issues/comments#create-an-issue-comment", needs: write, orNeeds: "issues",
		},
		{
			name: "issues/get-comment", method: http.MethodGet, pattern: one, handle: getComment,
			docs: "issues/comments#get-an-issue-comment", needs: read, orNeeds: "issues",
		},
		{
			name: "issues/update-comment", method: http.MethodPatch, pattern: one, handle: updateComment, fields: body, creates: true,
			docs: "issues/comments#update-an-issue-comment", needs: write, orNeeds: "issues",
		},
		{
			name: "issues/delete-comment", method: http.MethodDelete, pattern: one, handle: deleteComment,
			docs: "issues/comments#delete-an-issue-comment", needs: write, orNeeds: "issues",
		},
	}
}

// releaseOperations are those on GitHub Releases.
func releaseOperations() []operation {
	const (
		of  = repositoryPattern + "/releases"
		one = of + "/{release_id}"
	)
	read := permission{"contents", "read"}
	return []operation{
		{
			name: "repos/get-release-by-tag", method: http.MethodGet, pattern: of + "/tags/{tag...}", handle: getReleaseByTag,
			docs: "releases/releases#get-a-release-by-tag-name", needs: read,
		},
		{
			name: "repos/get-release", method: http.MethodGet, pattern: one, handle: getRelease,
			docs: "releases/releases#get-a-release", needs: read,
		},
		{
			name: "repos/update-release", method: http.MethodPatch, pattern: one, handle: updateRelease, creates: true,
			docs: "releases/releases#update-a-release", needs: permission{"contents", "write"},
			fields: []field{
				{name: "tag_name"},
				{name: "target_commitish"},
				{name: "name", mayBeNull: true},
				{name: "body", mayBeNull: true},
				{name: "draft", kind: truth},
				{name: "prerelease", kind: truth},
			},
		},
	}
}

// appOperations are those of GitHub Apps.
func appOperations() []operation {
	return []operation{
		{
			name: "apps/get-repo-installation", method: http.MethodGet, pattern: repositoryPattern + "/installation", handle: getInstallation,
			docs: "apps/apps#get-a-repository-installation-for-the-authenticated-app", forApps: true,
		},
		{
			name: "apps/create-installation-access-token", method: http.MethodPost, pattern: "/app/installations/{installation_id}/access_tokens", handle: createAccessToken,
			docs: "apps/apps#create-an-installation-access-token-for-an-app", forApps: true, bodyless: true,
			fields: []field{{name: "repositories", kind: texts}, {name: "permissions", kind: object}},
		},
	}
}

// deploymentOperations are those on deployments and their environments.
func deploymentOperations() []operation {
	const (
		get, post = http.MethodGet, http.MethodPost

		deployments = repositoryPattern + "/deployments"
		statuses    = deployments + "/{deployment_id}/statuses"
	)
	read, write := permission{"deployments", "read"}, permission{"deployments", "write"}
	return []operation{
		{
			name: "repos/list-deployments", method: get, pattern: deployments, handle: listDeployments,
			docs: "deployments/deployments#list-deployments", needs: read, query: []string{"sha", "ref", "task", "environment"}, pages: true,
		},
		{
			name: "repos/create-deployment", method: post, pattern: deployments, handle: createDeployment,
			docs: "deployments/deployments#create-a-deployment", needs: write, creates: true,
			fields: []field{
				{name: "ref", required: true},
				{name: "task"},
				{name: "auto_merge", kind: truth},
				{name: "required_contexts", kind: texts},
				{name: "payload", kind: textOrObject},
				{name: "environment"},
				{name: "description", mayBeNull: true},
				{name: "transient_environment", kind: truth},
				{name: "production_environment", kind: truth},
			},
		},
		{
			name: "repos/get-deployment", method: get, pattern: deployments + "/{deployment_id}", handle: getDeployment,
			docs: "deployments/deployments#get-a-deployment", needs: read,
		},
		{
			name: "repos/list-deployment-statuses", method: get, pattern: statuses, handle: listDeploymentStatuses,
			docs: "deployments/statuses#list-deployment-statuses", needs: read, pages: true,
		},
		{
			name: "repos/create-deployment-status", method: post, pattern: statuses, handle: createDeploymentStatus,
			docs: "deployments/statuses#create-a-deployment-status", needs: write, creates: true,
			fields: []field{
				{name: "state", required: true},
				{name: "target_url"},
				{name: "log_url"},
				{name: "description"},
				{name: "environment"},
				{name: "environment_url"},
				{name: "auto_inactive", kind: truth},
			},
		},
		{
			name: "repos/get-environment", method: get, pattern: repositoryPattern + "/environments/{environment_name}", handle: getEnvironment,
			docs: "deployments/environments#get-an-environment", needs: permission{"actions", "read"},
		},
	}
}
