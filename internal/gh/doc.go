// Package gh is go-github made safe: one constructor, one way to make a call,
// and narrow verbs with types of our own, so that no type of the SDK leaves
// this package. It also reads the payloads of GitHub's events (ParseEvent).
//
// A Client is made by New, for one token, or handed out by Clients, for a repository of
// a GitHub App's installation. It is safe for concurrent use. What it adds to the SDK:
//
//   - The token goes to the API's host alone, and no redirect leads elsewhere.
//   - Rate limits are told apart from missing permissions and waited out within
//     the retry policy; one that lasts longer ends the call at once and names
//     the time. Until a limit ends, nothing else is sent.
//   - A creation is repeated only when the first was surely not handled;
//     otherwise its effect is looked for before.
//   - Statuses of one context or GitHub Deployment stay in the order in which they
//     were set, also where requests are cut off and take effect late (StatusLine,
//     DeploymentLine).
//   - What is not there is told from what the token may not see (ReadFile).
//   - An answer of another shape is an error, never an empty value.
//
// Of webhooks it knows the headers and the signature (ReadWebhook, WebhookSecrets); it
// serves none.
//
// The package knows nothing of deploys or of what a comment should say. Level
// 1: it imports retry and secret, and is the only importer of go-github.
package gh
