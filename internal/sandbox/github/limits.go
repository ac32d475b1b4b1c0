package github

import "time"

// Limits of the API, each with where it was seen.
const (
	// docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api.
	defaultRateLimit      = 1000 // a workflow's GITHUB_TOKEN, in an hour
	anonymousRateLimit    = 60   // whoever shows no token, in an hour
	rateWindow            = time.Hour
	defaultSecondaryAfter = 80 // requests that create content, in a minute
	secondaryWindow       = time.Minute

	defaultBranch = "main" // of a repository that was given none

	// docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api.
	defaultPageSize = 30
	largestPageSize = 100

	// "description is too long (maximum is 140 characters)":
	// zalando/zappr issue 378 and many others.
	maxDescription = 140
	// docs.github.com/rest/commits/statuses: "1000 statuses per sha and context".
	maxStatuses = 1000
	// runatlantis/atlantis issue 2506.
	maxContext = 255
	// docs.github.com/actions/reference/workflows-and-actions/deployments-and-environments.
	maxEnvironmentName = 255

	// "Body is too long (maximum is 65536 characters)": runatlantis/atlantis issue 3038.
	maxComment = 65_536

	// "body is too long (maximum is 125000 characters)": ncipollo/release-action issue 493.
	maxReleaseBody = 125_000

	// docs.github.com/rest/repos/contents#get-repository-content: what base64 is
	// given of.
	maxContent = 1 << 20
	// docs.github.com/rest/commits/commits#compare-two-commits.
	maxComparedCommits = 250
	maxComparedFiles   = 300

	// docs.github.com/rest/repos/contents#download-a-repository-archive-tar.
	archiveLinkLasts = 5 * time.Minute

	// docs.github.com/rest/apps/apps#create-an-installation-access-token-for-an-app.
	accessTokenLasts = time.Hour
	// docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/
	// generating-a-json-web-token-jwt-for-a-github-app.
	webTokenLasts = 10 * time.Minute

	// A bound of the Sandbox itself, far above what any client has to send.
	maxBodyBytes = 1 << 20
)
