// Package action is the front door for GitHub workflows: it turns inputs and
// the event into a deploy, and what comes of it into outputs, annotations, a
// step summary and a commit status.
//
// Run is all there is to call. Everything that reaches the log goes through one
// console, which masks secrets and keeps foreign text from being taken for
// workflow commands. GitHub never holds a deploy up, and a deploy that went well
// never fails because of it: what cannot be reported is a warning.
//
// Level 5: it is the only importer of go-githubactions, and nothing below it
// knows that there are workflows.
package action
