package github

import "net/http"

// operations is the whole of what the Sandbox knows. Names are GitHub's own
// operation ids, permissions those of docs.github.com/rest.
func operations() []operation {
	const (
		get, post = http.MethodGet, http.MethodPost

		repo   = repositoryPattern
		commit = repo + "/commits/{ref}"
	)
	return []operation{
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
			name: "repos/get-commit", method: get, pattern: commit, handle: getCommit,
			docs: "commits/commits#get-a-commit", needs: permission{"contents", "read"}, pages: true,
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
	}
}
