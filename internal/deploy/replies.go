package deploy

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// knownReply is a reply of the platform whose cause is known: from Twilio's error
// dictionary and pages, and from reports of those who use the API. What a field
// leaves empty may be anything.
type knownReply struct {
	statuses []statusRange
	code     int
	ops      []string // of twilio.Error.Op
	text     string   // a part of the message, in any case of letters
	reason   job.Reason
	cause    string // a sentence
	fix      string // sentences that say what to do
}

// statusRange are HTTP statuses, both ends included.
type statusRange struct{ from, to int }

func (r statusRange) has(status int) bool { return r.from <= status && status <= r.to }

func only(statuses ...int) []statusRange {
	ranges := make([]statusRange, len(statuses))
	for i, status := range statuses {
		ranges[i] = statusRange{status, status}
	}
	return ranges
}

func between(from, to int) []statusRange { return []statusRange{{from, to}} }

func (k knownReply) matches(reply *twilio.Error) bool {
	return (len(k.statuses) == 0 || slices.ContainsFunc(k.statuses, func(r statusRange) bool { return r.has(reply.Status) })) &&
		(k.code == 0 || k.code == reply.Code) &&
		(len(k.ops) == 0 || slices.Contains(k.ops, reply.Op)) &&
		strings.Contains(strings.ToLower(reply.Message), strings.ToLower(k.text))
}

// hint is what a person reads below the error.
func (k knownReply) hint() string { return k.cause + " " + k.fix }

// unknownReply is what there is to say of a reply that no row knows: the message
// has all that the platform said.
func unknownReply() knownReply {
	return knownReply{
		reason: job.Internal,
		cause:  "Slipway does not know this reply.",
		fix:    "See Twilio's page about its code, or ask Twilio's support with the request's ID. Where it has neither, it may be a proxy that answers in Twilio's place.",
	}
}

// explainReply tells what a reply means for a deploy.
func explainReply(reply *twilio.Error) knownReply {
	for _, known := range knownReplies() {
		if known.matches(reply) {
			return known
		}
	}
	return unknownReply()
}

// knownReplies is the table of docs/errors.md. The first row that matches counts.
func knownReplies() []knownReply {
	return []knownReply{
		// Before the code, which may be that of bad credentials.
		{
			statuses: only(http.StatusForbidden), reason: job.BadCredentials,
			cause: "The credentials are valid but may not do this.",
			fix:   "Use a Standard or Main API key, or give a Restricted key the permissions for Serverless.",
		},
		{
			statuses: only(http.StatusUnauthorized), reason: job.BadCredentials,
			cause: notAccepted, fix: checkCredentials,
		},
		{
			code: twilio.CodeCredentials, reason: job.BadCredentials,
			cause: notAccepted, fix: checkCredentials,
		},
		{
			statuses: only(http.StatusTooManyRequests), reason: job.LimitReached,
			cause: "The account has too many requests in flight, live calls and messages included.",
			fix:   "Lower concurrency, or run it again when there is less traffic.",
		},
		{
			statuses: only(http.StatusRequestEntityTooLarge), ops: []string{twilio.OpUploadAsset}, reason: job.LimitReached,
			cause: "Twilio takes public and protected Assets up to 25 MB and private ones up to 10 MB.",
			fix:   "Host larger files elsewhere.",
		},
		{
			statuses: only(http.StatusRequestEntityTooLarge), ops: []string{twilio.OpUploadFunction}, reason: job.LimitReached,
			cause: "Twilio does not take a Function as large as this one.",
			fix:   "Take out of it what it does not need; data that it reads can be a private Asset.",
		},
		{
			statuses: only(http.StatusRequestEntityTooLarge), reason: job.LimitReached,
			cause: "The request is larger than Twilio, or a proxy in front of it, takes.",
			fix:   "Check whether a proxy bounds the size of requests; otherwise deploy fewer files at once, in several Services.",
		},
		{
			statuses: only(http.StatusNotFound), code: twilio.CodeNotFound, reason: job.BadInput,
			cause: "It does not exist, or belongs to another account than the credentials do.",
			fix:   "Check SIDs, credentials and region.",
		},
		{
			statuses: only(http.StatusNotFound), reason: job.BadInput,
			cause: "There is no such address, and it may not be Twilio's API that says so, for its own 404 has the code 20404.",
			fix:   "Check api-url, upload-url, region and edge, and whether a proxy answers in Twilio's place.",
		},
		{
			statuses: only(http.StatusMethodNotAllowed), reason: job.BadInput,
			cause: "What answers takes no such call at this address.",
			fix:   "Check api-url and upload-url, and whether a proxy changes requests on their way.",
		},
		{
			statuses: only(http.StatusRequestTimeout), reason: job.TimedOut,
			cause: "The request took too long to arrive.",
			fix:   "Check the network, and run it again; a lower concurrency leaves each upload more of a slow line.",
		},
		{
			statuses: only(http.StatusConflict), ops: []string{twilio.OpCreateEnvironment}, reason: job.BadInput,
			cause: "Another Environment of the Service has this unique name or domain suffix.",
			fix:   "Name that one, by its SID if need be, or choose another name.",
		},
		{
			statuses: only(http.StatusBadRequest, http.StatusConflict),
			ops:      []string{twilio.OpDeleteFunction, twilio.OpDeleteAsset, twilio.OpDeleteBuild}, reason: job.Internal,
			cause: "It is in use: a Build is live, or holds a Version of it.",
			fix:   "Deploy without it first; slipway prune removes it then.",
		},
		// That the Build is live already is no error, and is not met here.
		{
			statuses: only(http.StatusBadRequest, http.StatusConflict), ops: []string{twilio.OpCreateDeployment}, reason: job.Internal,
			cause: "The Build cannot go live: it is not complete, or has failed, or another one is just going live in this Environment.",
			fix:   "See the Build's status with slipway list builds, and run it again.",
		},
		{
			statuses: only(http.StatusBadRequest, http.StatusConflict), ops: []string{twilio.OpCreateBuild}, text: "duplicate path", reason: job.BadInput,
			cause: "Two files of a Build have the same path, be they Functions or Assets.",
			fix:   "Rename one of them.",
		},
		{
			statuses: only(http.StatusConflict), reason: job.Internal,
			cause: "Something else is changing the same thing.",
			fix:   "Run it again when that has ended.",
		},
		// Twilio has no code for a quota, only the text of a 20001, such as "Services
		// are limited to less than or equal to 50".
		{
			code: twilio.CodeInvalid, text: "are limited to", reason: job.LimitReached,
			cause: "A quota of the account is used up.",
			fix:   "Remove what is no longer needed, wait where it counts by the hour, or ask Twilio's support to raise the limit.",
		},
		{
			code: twilio.CodeInvalid, ops: []string{twilio.OpCreateBuild}, text: "runtime-handler", reason: job.BadInput,
			cause: "Twilio has versions of @twilio/runtime-handler of its own, which are not those on npm, and takes no range.",
			fix:   `Ask for exactly "2.0.1", which Twilio itself raises to what node24 needs.`,
		},
		{
			code: twilio.CodeInvalid, ops: []string{twilio.OpCreateBuild}, text: "could not be validated", reason: job.BadInput,
			cause: "Twilio installs what the public npm registry has, and looks each version up when a Build is created.",
			fix:   "Correct the version in package.json, and the lock file with it; bundle a private package, or make it a private Asset.",
		},
		{
			code: twilio.CodeInvalid, ops: []string{twilio.OpCreateBuild}, text: "node version", reason: job.BadInput,
			cause: "A dependency does not run on this version of Node, by the engines of its package.json.",
			fix:   "Choose another version of it, or another runtime.",
		},
		{
			code: twilio.CodeInvalid, ops: []string{twilio.OpCreateBuild}, text: "unsupported runtime", reason: job.BadInput,
			cause: "Twilio makes no Builds for this runtime, or not any more.",
			fix:   "Set runtime to node22 or node24.",
		},
		{
			code: twilio.CodeInvalid, ops: []string{twilio.OpCreateBuild}, text: "at least one", reason: job.BadInput,
			cause: "A Build without any Function or Asset cannot be made.",
			fix:   "Add one to the project; to leave an Environment empty, use slipway teardown.",
		},
		{
			code: twilio.CodeInvalid, ops: []string{twilio.OpCreateBuild}, reason: job.BadInput,
			cause: "Twilio checks dependencies and runtime when a Build is created.",
			fix:   "Correct package.json (and the lock file), or choose another runtime.",
		},
		{
			statuses: only(http.StatusBadRequest),
			ops:      []string{twilio.OpUploadFunction, twilio.OpUploadAsset, twilio.OpCreateFunction, twilio.OpCreateAsset}, reason: job.BadInput,
			cause: "Twilio does not take this file as it is named, or of its type.",
			fix:   "Rename it, or leave it out.",
		},
		{
			code: twilio.CodeInvalid, ops: []string{twilio.OpCreateService}, reason: job.BadInput,
			cause: "Twilio does not take this name for a Service: it has at most 50 letters, digits and dashes.",
			fix:   "Choose another name with service.",
		},
		{
			code: twilio.CodeInvalid, ops: []string{twilio.OpCreateEnvironment}, reason: job.BadInput,
			cause: "Twilio does not take this name for an Environment: a domain suffix has at most 16 letters, digits and inner dashes.",
			fix:   "Choose another name with environment.",
		},
		{
			code: twilio.CodeInvalid, ops: []string{twilio.OpCreateVariable, twilio.OpUpdateVariable}, reason: job.BadInput,
			cause: "Twilio does not take this variable: a key has at most 128 characters, a value at most 450 bytes.",
			fix:   "Shorten it; what is longer can be a private Asset.",
		},
		{
			code: twilio.CodeInvalid, reason: job.Internal,
			cause: "Twilio does not take something that it was sent, and its message says what.",
			fix:   "Change that; if it is nothing of yours, it is a fault of Slipway: report it with this message.",
		},
		{
			statuses: between(500, 999), reason: job.TimedOut,
			cause: "Twilio has a fault of its own, or a proxy in front of it has; see https://status.twilio.com.",
			fix:   "Run it again later.",
		},
		{
			statuses: between(300, 399), reason: job.TimedOut,
			cause: "A redirect is not Twilio's, whose API makes none.",
			fix:   "Check api-url, and whether a proxy answers in Twilio's place.",
		},
	}
}

const (
	notAccepted      = "The credentials were not accepted."
	checkCredentials = "Check that key and secret, or account and token, belong together, that the key was not deleted, that it was made in the region in use, and that the account is not suspended."
)

// buildCause is a way in which a Build fails.
type buildCause struct{ cause, fix string }

// buildCauses are those that users of the platform have met. The API tells none,
// so a failed Build names them all.
func buildCauses() []buildCause {
	return []buildCause{
		{"a dependency that cannot be installed without a compiler or an install script", "choose one that is JavaScript alone"},
		{"a package that has grown too large", "drop dependencies that no Function requires"},
		{"no @twilio/runtime-handler, or a version that the runtime does not take", "ask for exactly 2.0.1"},
		{"a runtime that Twilio builds no more", "set runtime to node22 or node24"},
		{"a Function that throws when it is loaded", "require each with Node.js on your machine"},
	}
}

// manifestCause is for those who have none of these: the Manifest is the one thing
// in a Build that is not theirs.
func manifestCause() buildCause {
	return buildCause{"Slipway's Manifest, which is one Function more", "set manifest to false"}
}

// manyCause is for those who have so many that it can be it.
func manyCause() buildCause {
	return buildCause{fmt.Sprintf("more Assets than Twilio takes, which in 2020 were %d private ones and %d others", pagePrivateAssets, pageOpenAssets), "deploy fewer"}
}

func buildHint(failed *BuildError) string {
	causes := buildCauses()
	if failed.Assets > pagePrivateAssets {
		causes = append(causes, manyCause())
	}
	if failed.HasManifest {
		causes = append(causes, manifestCause())
	}
	told := make([]string, len(causes))
	for i, each := range causes {
		told[i] = each.cause + " (" + each.fix + ")"
	}
	return "Usual causes: " + strings.Join(told, "; ") + ". Take the newest change back to see whether it is the cause."
}
