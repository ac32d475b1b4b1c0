// Package job holds the nouns that the front doors, the pipeline and the
// reports share: what is to be done (Job), what is happening (Event), and what
// came of it (Result). All of them are plain data that encodes as JSON; none
// holds a credential or the value of a variable.
//
// Level 0: it imports nothing of the project.
package job

import "time"

// Verb is what a Job does.
type Verb string

// The verbs.
const (
	// Deploy takes a Project live in the Target.
	Deploy Verb = "deploy"
	// Promote makes a Build live in the Target that was made for another
	// Environment of its Service.
	Promote Verb = "promote"
	// Rollback makes a Build live in the Target that was live there before.
	Rollback Verb = "rollback"
	// Teardown takes away what is live in the Target, and its Environment.
	Teardown Verb = "teardown"
	// Tag takes the Project of a tag live in the Target, by a Build that was made of the
	// same where there is one: the one that is live in Release.From, else any.
	Tag Verb = "tag"
	// Preview takes a Project live in the Environment of a pull request, for which
	// it makes room.
	Preview Verb = "preview"
	// Sweep takes away the previews of the Target's Service that nobody needs.
	Sweep Verb = "sweep"
)

// Target is a Service and an Environment in one Twilio account.
type Target struct {
	// Service is the Service's unique name or its SID. Empty means the name in
	// the Project's package.json.
	Service string `json:"service"`
	// Environment is a domain suffix, "production" for the bare domain, or an
	// Environment's SID.
	Environment string `json:"environment"`
}

// Job is one thing to do.
type Job struct {
	Verb   Verb   `json:"verb"`
	Target Target `json:"target"`
	// Folder is the project's folder in the Source, with slashes; "." is its
	// root.
	Folder string `json:"folder"`
	// Commit is the SHA of the Source's commit; empty when it is not known.
	Commit string `json:"commit,omitempty"`
	// Options say how the Project is read and built.
	Options Options `json:"options"`
	// Release says which Build a promote or a roll-back makes live, and which comes
	// first for a tag, and what a promote and a teardown may do.
	Release Release `json:"release,omitzero"`
	// Previews say how long previews stay.
	Previews Previews `json:"previews,omitzero"`
}

// Previews are the rules by which previews go.
type Previews struct {
	// Number is the pull request that Preview is for.
	Number int `json:"number,omitempty"`
	// IsFork says that the tree is a stranger's. It goes only to a Service that is there
	// and does not give its Functions the account's credentials.
	IsFork bool `json:"is_fork,omitempty"`
	// Most is how many previews a Service may have. 0 means that only the platform
	// limits them.
	Most int `json:"most,omitempty"`
	// TTL is how long a preview stays that is not updated. 0 means for ever.
	TTL time.Duration `json:"ttl,omitempty"`
	// LikeService is the Service that has the Environment of Options.VariablesLike;
	// empty means the Target's.
	LikeService string `json:"like_service,omitempty"`
}

// HealthCheck is what a deployed domain has to answer.
type HealthCheck struct {
	// Path is asked for, such as "/health"; empty means that nothing is checked.
	Path string `json:"path,omitempty"`
	// Status is the statuses that will do, such as "200" or "2xx,301-302". Empty means
	// 2xx.
	Status string `json:"status,omitempty"`
	// Text has to be in the answer; empty means that any will do.
	Text string `json:"text,omitempty"`
	// Headers are lines of "Name: value", sent with the request. ${KEY} in them stands
	// for a value that is looked up when it is sent.
	Headers []string `json:"headers,omitempty"`
	// Timeout is how long the right answer may take to come; 0 means 30 s.
	Timeout time.Duration `json:"timeout,omitempty"`
}

// Release is what is asked for of a Build that is there already.
type Release struct {
	// From is the Environment whose live Build is promoted, named as a Target's
	// is. For a Promote either it or BuildSID is set; a Tag may have none.
	From string `json:"from,omitempty"`
	// BuildSID is the Build that is promoted.
	BuildSID string `json:"build_sid,omitempty"`
	// To is the Build or the commit to roll back to. Empty means the Release
	// before the one that is live.
	To string `json:"to,omitempty"`
	// CreateEnvironment lets a promote create the Target's Environment.
	CreateEnvironment bool `json:"create_environment,omitempty"`
	// AllowProduction lets a teardown take the bare domain away.
	AllowProduction bool `json:"allow_production,omitempty"`
}

// Options are the settings that a Job carries. The zero value of each means
// that the Project or the default decides.
type Options struct {
	FunctionsFolder string `json:"functions_folder,omitempty"`
	AssetsFolder    string `json:"assets_folder,omitempty"`
	// Runtime is "node22" and the like.
	Runtime string `json:"runtime,omitempty"`
	// EnvFile is the file with variables, relative to Folder.
	EnvFile string `json:"env_file,omitempty"`
	// VariablesLike is the Environment whose variables a new one starts from, named
	// as a Target's is.
	VariablesLike string `json:"variables_like,omitempty"`
	// PruneVariables removes the variables that the Project does not have.
	PruneVariables bool `json:"prune_variables,omitempty"`
	// Dependencies is "locked" or "ranges".
	Dependencies string `json:"dependencies,omitempty"`
	// DryRun ends the Job with its Plan: nothing is changed.
	DryRun bool `json:"dry_run,omitempty"`
	// NoManifest leaves the Manifest out of Builds.
	NoManifest bool `json:"no_manifest,omitempty"`
	// HealthCheck is what the Environment has to answer once the Build is live.
	HealthCheck HealthCheck `json:"health_check,omitzero"`
	// Watch is how long the Environment's Logs are followed then; 0 means not at all.
	// As many entries of the level error as WatchErrors mean that it does not work; 0
	// means 1.
	Watch       time.Duration `json:"watch,omitempty"`
	WatchErrors int           `json:"watch_errors,omitempty"`
	// KeepFailed leaves a Build live that does not work. Otherwise what was live
	// before is brought back.
	KeepFailed bool `json:"keep_failed,omitempty"`
	// BuildTimeout is how long a Build may take; 0 means 5 minutes.
	BuildTimeout time.Duration `json:"build_timeout,omitempty"`
}
