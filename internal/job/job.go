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
	// Dependencies is "locked" or "ranges".
	Dependencies string `json:"dependencies,omitempty"`
	// DryRun ends the Job with its Plan: nothing is changed.
	DryRun bool `json:"dry_run,omitempty"`
	// NoManifest leaves the Manifest out of Builds.
	NoManifest bool `json:"no_manifest,omitempty"`
	// BuildTimeout is how long a Build may take; 0 means 5 minutes.
	BuildTimeout time.Duration `json:"build_timeout,omitempty"`
}
