package github

import (
	"encoding/base64"
	"fmt"
	"hash/crc32"
	"strings"
	"time"
)

// repositoryLinks are the addresses that a webhook's repository has below its own.
func repositoryLinks() map[string]string {
	return map[string]string{
		"archive_url": "/{archive_format}{/ref}", "assignees_url": "/assignees{/user}", "blobs_url": "/git/blobs{/sha}",
		"branches_url": "/branches{/branch}", "collaborators_url": "/collaborators{/collaborator}", "comments_url": "/comments{/number}",
		"commits_url": "/commits{/sha}", "compare_url": "/compare/{base}...{head}", "contents_url": "/contents/{+path}",
		"contributors_url": "/contributors", "deployments_url": "/deployments", "downloads_url": "/downloads", "events_url": "/events",
		"forks_url": "/forks", "git_commits_url": "/git/commits{/sha}", "git_refs_url": "/git/refs{/sha}", "git_tags_url": "/git/tags{/sha}",
		"hooks_url": "/hooks", "issue_comment_url": "/issues/comments{/number}", "issue_events_url": "/issues/events{/number}",
		"issues_url": "/issues{/number}", "keys_url": "/keys{/key_id}", "labels_url": "/labels{/name}", "languages_url": "/languages",
		"merges_url": "/merges", "milestones_url": "/milestones{/number}", "notifications_url": "/notifications{?since,all,participating}",
		"pulls_url": "/pulls{/number}", "releases_url": "/releases{/id}", "stargazers_url": "/stargazers", "statuses_url": "/statuses/{sha}",
		"subscribers_url": "/subscribers", "subscription_url": "/subscription", "tags_url": "/tags", "teams_url": "/teams", "trees_url": "/git/trees{/sha}",
	}
}

// repositoryPayload is the repository of a push, which has some fields that that of other
// events has not, and times as numbers.
func (s *Sandbox) repositoryPayload(api string, one *repository, at time.Time) map[string]any {
	page, visibility := htmlURL(one.owner, one.name), "public"
	if one.private {
		visibility = "private"
	}
	owner := userPayload(api, one.owner)
	owner["name"], owner["email"] = one.owner, email(one.owner)
	payload := map[string]any{
		"id": one.id, "node_id": nodeID("Repository", one.id), "name": one.name, "full_name": one.fullName(), "private": one.private,
		"owner": owner, "html_url": page, "description": nil, "fork": false, "url": page,
		"created_at": at.Unix(), "updated_at": timestamp(at), "pushed_at": at.Unix(),
		"git_url": "git" + strings.TrimPrefix(page, "https") + ".git", "ssh_url": "git@github.com:" + one.fullName() + ".git", "clone_url": page + ".git", "svn_url": page,
		"homepage": nil, "size": 0, "stargazers_count": 0, "watchers_count": 0, "language": "JavaScript",
		"has_issues": true, "has_projects": true, "has_downloads": true, "has_wiki": true, "has_pages": false,
		"forks_count": 0, "mirror_url": nil, "archived": false, "disabled": false, "open_issues_count": 0, "license": nil,
		"forks": 0, "open_issues": 0, "watchers": 0, "stargazers": 0,
		"default_branch": one.defaultBranch, "master_branch": one.defaultBranch,
		"is_template": false, "topics": []string{}, "visibility": visibility, "web_commit_signoff_required": false, "custom_properties": map[string]any{},
	}
	for name, below := range repositoryLinks() {
		payload[name] = api + "/repos/" + one.fullName() + below
	}
	return payload
}

// userPayload is a user as webhooks have them.
func userPayload(api, login string) map[string]any {
	id, address := userID(login), api+"/users/"+login
	payload := map[string]any{
		"login": login, "id": id, "node_id": nodeID("User", id), "avatar_url": fmt.Sprintf("https://avatars.githubusercontent.com/u/%d?v=4", id),
		"gravatar_id": "", "url": address, "html_url": htmlURL(login), "type": "User", "site_admin": false,
	}
	for name, below := range map[string]string{
		"followers_url": "/followers", "following_url": "/following{/other_user}", "gists_url": "/gists{/gist_id}", "starred_url": "/starred{/owner}{/repo}",
		"subscriptions_url": "/subscriptions", "organizations_url": "/orgs", "repos_url": "/repos", "events_url": "/events{/privacy}", "received_events_url": "/received_events",
	} {
		payload[name] = address + below
	}
	return payload
}

// userID makes up the number of a user, the same each time.
func userID(login string) int64 {
	return int64(crc32.ChecksumIEEE([]byte(strings.ToLower(login))))
}

func email(login string) string {
	return fmt.Sprintf("%d+%s@users.noreply.github.com", userID(login), login)
}

// nodeID is what GitHub calls a global node ID, in its older form.
func nodeID(kind string, id int64) string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "0%d:%s%d", len(kind), kind, id))
}
