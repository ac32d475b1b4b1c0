package twilio

import "strings"

// The kinds of SIDs, typed so that one cannot be passed for another. A SID is
// two letters and 32 hexadecimal digits.
type (
	// AccountSID names an account: AC….
	AccountSID string
	// ServiceSID names a Service: ZS….
	ServiceSID string
	// EnvironmentSID names an Environment: ZE….
	EnvironmentSID string
	// VariableSID names a Variable: ZV….
	VariableSID string
	// FunctionSID names a Function: ZH…, a prefix it shares with AssetSID.
	FunctionSID string
	// AssetSID names an Asset: ZH…, a prefix it shares with FunctionSID.
	AssetSID string
	// VersionSID names a Function Version or an Asset Version: ZN….
	VersionSID string
	// BuildSID names a Build: ZB….
	BuildSID string
	// DeploymentSID names a Deployment: ZD….
	DeploymentSID string
	// LogSID names a Log: NO….
	LogSID string
)

// IsSID reports whether text has the form of a SID with the given two-letter
// prefix. Twilio's OpenAPI file allows hexadecimal digits of both cases.
func IsSID(prefix, text string) bool {
	digits, ok := strings.CutPrefix(text, prefix)
	return ok && len(digits) == 32 && strings.Trim(digits, "0123456789abcdefABCDEF") == ""
}
