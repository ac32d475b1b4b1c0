// Package contract holds the client and the Sandbox of Twilio's Serverless API to
// what Twilio has published about it:
//
//   - the official OpenAPI file: every operation is done by the client over real
//     HTTP, and every exchange is held to the file, requests and replies alike;
//   - its reference pages: every reply shown there is read by the client, and every
//     curl sample runs on the Sandbox.
//
// It has no code but tests. Neither the file nor the pages are part of this
// project; the tests are skipped unless they are named:
//
//	SLIPWAY_OPENAPI=twilio_serverless_v1.json SLIPWAY_TWILIO_PAGES=pages/ go test ./internal/contract
//
// The file comes from github.com/twilio/twilio-oai (spec/json).
package contract
