// Package foreign has clients that this project did not write drive the Sandbox:
// Twilio's own twilio-run and @twilio-labs/serverless-api, and the SDKs for Node.js,
// Python and Go, as their registries deliver them. It also compares what twilio-run and
// Slipway make of the same projects; SLIPWAY_PROJECTS names a folder with more of them.
//
// And it has every payload that GitHub is known to send, those of
// @octokit/webhooks-examples, put into a fork: none of them is deployed. And delivered to
// a webhook server: each is answered as it should be, and decided.
//
//	go test ./internal/foreign
//
// It has no code but tests. They run the commands and files of docs/sandbox.md, and
// compare its table of operations with what each client did (-update writes it). They
// need npm and node, a python3 that has twilio-python, such as that of Debian's
// python3-twilio, and the go command; a test skips where its client's is missing, and
// all do with -short. The first run installs packages from npm into the user's cache.
package foreign
