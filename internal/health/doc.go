// Package health asks a deployed domain whether it answers as it should (Check),
// patiently, since what went live takes a moment to reach every edge.
//
// What it sends goes to one address and nowhere else: redirects are followed on
// the same host only, and addresses of private networks are refused unless the
// address that was given is this machine's own. Of an answer it reads no more than
// 64 KB. Level 1: it imports job, problem, retry, secret and
// words.
package health
