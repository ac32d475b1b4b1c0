// Package twilio is a typed client of Twilio's Serverless API (Functions and
// Assets): both hosts, paging, uploads, waiting for a Build, and errors that
// say what happened.
//
// A Client is made by New and is safe for concurrent use; all work of one
// account in a process should share one, because it holds the account's
// Limiter. Each operation is one method named after the verb and the resource:
// FetchService, CreateBuild, Environments (a listing). There is a method for each
// of the 39 operations of Twilio's OpenAPI file, and for the two uploads, which
// that file lacks. They share one way to the wire (call.go):
//
//   - A 429 was never processed, so every call is repeated after it.
//   - Reading and repeatable calls are repeated after a 5xx or a broken
//     connection; a write that creates something is looked up first, so that
//     nothing is made twice. A deletion is repeated, and finds its work done.
//   - A call that waits for its next attempt holds no slot of the Limiter.
//
// The package knows nothing of projects, plans or deploys. Level 1: it imports
// retry and secret.
package twilio
