package twilio

// Limits of the API. Lengths are of the API's own reference, counted in
// characters unless they say bytes; the others name where they were seen.
const (
	maxServiceUniqueName     = 50
	maxFriendlyName          = 255
	maxEnvironmentUniqueName = 100
	maxDomainSuffix          = 16
	maxVariableKey           = 128
	maxVariableValueBytes    = 450
	maxPath                  = 255

	// "Services are limited to less than or equal to 50":
	// twilio-labs/dev-phone issue 178.
	maxServices = 50

	// Functions and Assets API page, 2020. Whether a megabyte is 1000² or 1024²
	// bytes is not said; this is the wider reading.
	maxOpenAssetBytes    = 25 << 20
	maxPrivateAssetBytes = 10 << 20

	// Limits of the beta, from the Functions and Assets API page of 2019 and 2020.
	// Whether they still hold is not known; see Switches.
	maxEnvironments  = 25
	maxFunctions     = 50 // of one Build, as are the next two
	maxPrivateAssets = 50
	maxOpenAssets    = 1000
	maxBuildsAnHour  = 100

	// A guess: AWS Lambda takes 4 KB of variables in all, some of which the
	// platform needs for its own.
	maxVariablesBytes = 3000

	defaultPageSize = 50
	largestPageSize = 1000

	// Twilio's own deployer met 429 with 50 uploads in flight:
	// twilio-labs/serverless-api issue 37.
	defaultConcurrency = 50

	// Bounds of the Sandbox itself, far above what any client has to send.
	maxFormBytes = 4 << 20
	maxPartBytes = 64 << 10
	maxLogs      = 1000 // of one Environment
	// No limit is known for the source of a Function; see Switches for the second.
	maxFunctionBytes      = 64 << 20
	maxSmallFunctionBytes = 1 << 20
)

// maxContentBytes is the largest upload of a kind and visibility.
func (s *Switches) maxContentBytes(k kind, visibility string) int64 {
	switch {
	case k == kindFunction && s.LargeFunctionsRefused:
		return maxSmallFunctionBytes
	case k == kindFunction:
		return maxFunctionBytes
	case visibility == visibilityPrivate && !s.LargePrivateAssets:
		return maxPrivateAssetBytes
	default:
		return maxOpenAssetBytes
	}
}
