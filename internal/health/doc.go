// Package health asks a deployed domain whether it answers as it should (Check),
// patiently, since what went live takes a moment to reach every edge.
//
// What it sends goes to one host and nowhere else: redirects are followed on it
// only, and addresses of private networks are refused, this machine's own too unless
// live-url itself names it. Of an answer it reads no more than 64 KB, and what it tells
// of one is a line without the secrets that were sent. Level 1: it imports job, problem, retry, secret and
// words.
package health
