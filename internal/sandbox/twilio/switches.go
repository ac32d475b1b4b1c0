package twilio

// Switches hold one field for each fact about the API that no source settles.
// The zero value is the position the Sandbox takes by default; a client is
// right only when it works in both. SwitchTable says what the positions mean.
type Switches struct {
	// What names a resource, and what a name may be.
	NestedServiceNames      bool
	MalformedSIDsAre400     bool
	ServiceNamesChecked     bool
	ServiceConflictsAre400  bool
	VariableConflictsAre400 bool
	SuffixesUnchecked       bool
	BareDomainsShared       bool
	LowerCaseDomains        bool

	// Lists and headers.
	LargePagesRefused   bool
	ShuffledBuilds      bool
	ShuffledLists       bool
	NoConcurrencyHeader bool
	DoubledRequestIDs   bool
	RetryAfterTold      bool

	// Uploads.
	UploadAnswers200      bool
	PlainUploadErrors     bool
	UploadsDeduplicated   bool
	PathCharactersChecked bool
	ReservedPathsRefused  bool
	LargeFunctionsRefused bool
	LargePrivateAssets    bool

	// Builds.
	BareVersions             bool
	RangesResolved           bool
	OlderDefaultDependencies bool
	DuplicatePathsAre409     bool
	LateRuntimeErrors        bool
	Node20Retired            bool
	RuntimeKept              bool

	// Deployments, and what may be deleted.
	StaleBuildIs400        bool
	UnfinishedBuildIs409   bool
	BuildGuardIs400        bool
	FileGuardIs400         bool
	UndeployedBuildsVanish bool

	// Limits that are known from 2020, or guessed at.
	FunctionLimit    bool
	AssetLimits      bool
	EnvironmentLimit bool
	BuildRateLimit   bool
	VariablesLimit   bool

	// Logs, and deployed domains.
	UpperCaseLevels       bool
	LateLogs              bool
	RootServesIndex       bool
	ProtectedFunctions403 bool
	PathsIgnoreCase       bool
	TypesByExtension      bool
}

// Switch is one row of SwitchTable.
type Switch struct {
	// Name is the switch in words, such as "nested-service-names".
	Name string
	// Off and On say what the Sandbox does in each position. Off is the default.
	Off, On string

	field func(*Switches) *bool
}

// IsOn reports the position of the switch.
func (s Switch) IsOn(switches Switches) bool { return *s.field(&switches) }

// TurnOn returns the switches with this one on.
func (s Switch) TurnOn(switches Switches) Switches {
	*s.field(&switches) = true
	return switches
}

// SwitchTable lists all switches, one for each field of Switches and in their
// order.
func SwitchTable() []Switch {
	return []Switch{
		{
			"nested-service-names",
			"paths below a Service take its SID alone", "they take its unique name, too",
			func(s *Switches) *bool { return &s.NestedServiceNames },
		},
		{
			"malformed-sids-are-400",
			"a path with a malformed SID is 404/20404", "it is 400/20001",
			func(s *Switches) *bool { return &s.MalformedSIDsAre400 },
		},
		{
			"service-names-checked",
			"the unique name of a Service may have any characters", "others than letters, digits and dashes are 400/20001",
			func(s *Switches) *bool { return &s.ServiceNamesChecked },
		},
		{
			"service-conflicts-are-400",
			"a Service whose name is taken is 409/20409", "it is 400/20001",
			func(s *Switches) *bool { return &s.ServiceConflictsAre400 },
		},
		{
			"variable-conflicts-are-400",
			"a Variable whose key is taken is 409/20409", "it is 400/20001",
			func(s *Switches) *bool { return &s.VariableConflictsAre400 },
		},
		{
			"suffixes-unchecked",
			"a domain suffix has letters, digits and inner dashes, others are 400/20001", "it may have any characters",
			func(s *Switches) *bool { return &s.SuffixesUnchecked },
		},
		{
			"bare-domains-shared",
			"a second Environment without a suffix is 409/20409", "a Service may have several",
			func(s *Switches) *bool { return &s.BareDomainsShared },
		},
		{
			"lower-case-domains",
			"a domain has the unique name of the Service, and the suffix, as they are", "it has them in lower case",
			func(s *Switches) *bool { return &s.LowerCaseDomains },
		},
		{
			"large-pages-refused",
			"a PageSize over 1000 counts as 1000", "it is 400/20001",
			func(s *Switches) *bool { return &s.LargePagesRefused },
		},
		{
			"shuffled-builds",
			"Builds are listed newest first", "they are listed in no useful order",
			func(s *Switches) *bool { return &s.ShuffledBuilds },
		},
		{
			"shuffled-lists",
			"Services, Environments, Functions, Assets, Variables and logs are listed newest first", "they are listed in no useful order, logs within each second",
			func(s *Switches) *bool { return &s.ShuffledLists },
		},
		{
			"no-concurrency-header",
			"replies have the header Twilio-Concurrent-Requests", "they have not",
			func(s *Switches) *bool { return &s.NoConcurrencyHeader },
		},
		{
			"doubled-request-ids",
			"Twilio-Request-Id has one request's ID", `it has it twice, as "RQ…, RQ…"`,
			func(s *Switches) *bool { return &s.DoubledRequestIDs },
		},
		{
			"retry-after-told",
			"a 429 does not say when to come back", "it says so with Retry-After",
			func(s *Switches) *bool { return &s.RetryAfterTold },
		},
		{
			"upload-answers-200",
			"an upload is answered with 201", "it is answered with 200",
			func(s *Switches) *bool { return &s.UploadAnswers200 },
		},
		{
			"plain-upload-errors",
			"the upload host refuses in JSON", "it refuses in plain text",
			func(s *Switches) *bool { return &s.PlainUploadErrors },
		},
		{
			"uploads-deduplicated",
			"the same upload again is a new Version", "it is the Version that is there",
			func(s *Switches) *bool { return &s.UploadsDeduplicated },
		},
		{
			"path-characters-checked",
			"a path may have any characters", "those that the Toolkit refuses are 400/20001",
			func(s *Switches) *bool { return &s.PathCharactersChecked },
		},
		{
			"reserved-paths-refused",
			"a path may begin with /_", "such a path is 400/20001",
			func(s *Switches) *bool { return &s.ReservedPathsRefused },
		},
		{
			"large-functions-refused",
			"the source of a Function may be larger than 1 MB", "a larger one is 413",
			func(s *Switches) *bool { return &s.LargeFunctionsRefused },
		},
		{
			"large-private-assets",
			"a private Asset over 10 MB is 413", "it may have 25 MB, as others may",
			func(s *Switches) *bool { return &s.LargePrivateAssets },
		},
		{
			"bare-versions",
			"the reply to a new Build has its Versions as objects", "it has their SIDs alone",
			func(s *Switches) *bool { return &s.BareVersions },
		},
		{
			"ranges-resolved",
			"a Build repeats the ranges of versions that it was asked for", "it has exact versions in their place",
			func(s *Switches) *bool { return &s.RangesResolved },
		},
		{
			"older-default-dependencies",
			"a Build without dependencies gets twilio and @twilio/runtime-handler", "it gets fs, lodash, util and xmldom, too",
			func(s *Switches) *bool { return &s.OlderDefaultDependencies },
		},
		{
			"duplicate-paths-are-409",
			"a Build with two Versions of one path is 400/20001", "it is 409/20409",
			func(s *Switches) *bool { return &s.DuplicatePathsAre409 },
		},
		{
			"late-runtime-errors",
			"a Build on node18, or with a handler too old for node24, is 400/20001", `it is accepted, and ends "failed"`,
			func(s *Switches) *bool { return &s.LateRuntimeErrors },
		},
		{
			"node20-retired",
			"a Build may run on node20", "it is refused, as on node18",
			func(s *Switches) *bool { return &s.Node20Retired },
		},
		{
			"runtime-kept",
			"a Build without a Runtime runs on node22", "it runs on what the Service's newest live Build runs on, if there is one",
			func(s *Switches) *bool { return &s.RuntimeKept },
		},
		{
			"stale-build-is-400",
			"a Deployment of a Build that is not there is 404/20404", "it is 400/20001",
			func(s *Switches) *bool { return &s.StaleBuildIs400 },
		},
		{
			"unfinished-build-is-409",
			"a Deployment of a Build that is not completed is 400/20001", "it is 409/20409",
			func(s *Switches) *bool { return &s.UnfinishedBuildIs409 },
		},
		{
			"build-guard-is-400",
			"to delete a Build that is live is 409/20409", "it is 400/20001",
			func(s *Switches) *bool { return &s.BuildGuardIs400 },
		},
		{
			"file-guard-is-400",
			"to delete a Function or an Asset that is live is 409/20409", "it is 400/20001",
			func(s *Switches) *bool { return &s.FileGuardIs400 },
		},
		{
			"undeployed-builds-vanish",
			"a Build stays when another takes its place", "it is deleted at once, and Versions that no other Build has go with it",
			func(s *Switches) *bool { return &s.UndeployedBuildsVanish },
		},
		{
			"function-limit",
			"a Build may have any number of Functions", "more than 50 are 400/20001",
			func(s *Switches) *bool { return &s.FunctionLimit },
		},
		{
			"asset-limits",
			"a Build may have any number of Assets", "more than 50 private ones, or 1000 others, are 400/20001",
			func(s *Switches) *bool { return &s.AssetLimits },
		},
		{
			"environment-limit",
			"a Service may have any number of Environments", "more than 25 are 400/20001",
			func(s *Switches) *bool { return &s.EnvironmentLimit },
		},
		{
			"build-rate-limit",
			"an account may create any number of Builds", "more than 100 within an hour are 400/20001",
			func(s *Switches) *bool { return &s.BuildRateLimit },
		},
		{
			"variables-limit",
			"an Environment may have Variables of any total size", "more than 3000 bytes of keys and values are 400/20001",
			func(s *Switches) *bool { return &s.VariablesLimit },
		},
		{
			"upper-case-levels",
			`logs have the level "info"`, `they have the level "INFO"`,
			func(s *Switches) *bool { return &s.UpperCaseLevels },
		},
		{
			"late-logs",
			"a log entry can be read at once", "it can be read 3 s later",
			func(s *Switches) *bool { return &s.LateLogs },
		},
		{
			"root-serves-index",
			`"/" of a domain falls back to the path /assets/index.html alone`, "it falls back to /index.html, too",
			func(s *Switches) *bool { return &s.RootServesIndex },
		},
		{
			"protected-functions-403",
			"a protected Function without a valid signature is 400", "it is 403",
			func(s *Switches) *bool { return &s.ProtectedFunctions403 },
		},
		{
			"paths-ignore-case",
			"paths of a domain are told apart by case", "they are not, and a Build cannot have both /a and /A",
			func(s *Switches) *bool { return &s.PathsIgnoreCase },
		},
		{
			"types-by-extension",
			"an Asset is served with the content type of its upload", "it is served with that of its extension",
			func(s *Switches) *bool { return &s.TypesByExtension },
		},
	}
}
