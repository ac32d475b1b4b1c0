package twilio

import (
	"bytes"
	"context"
	"encoding/json"
	"iter"
	"strings"
	"time"
)

// Version is a Function Version or an Asset Version: content that never
// changes, at a path, with a visibility. It is a resource of its own, and part
// of a Build's reply, where fewer fields are filled.
type Version struct {
	SID VersionSID `json:"sid"`
	// FunctionSID is set for a Function Version, AssetSID for an Asset Version.
	FunctionSID FunctionSID `json:"function_sid"`
	AssetSID    AssetSID    `json:"asset_sid"`
	// Path begins with a slash.
	Path string `json:"path"`
	// Visibility is "public", "protected" or "private", in lower case although
	// a Build's reply has it in upper case (examples of Twilio's OpenAPI file).
	Visibility  string     `json:"visibility"`
	DateCreated *time.Time `json:"date_created"`
}

func (v Version) check() error { return checkSID("ZN", string(v.SID)) }

// UnmarshalJSON evens out what replies spell differently: the case of the
// visibility, a missing slash, and a bare SID in place of the object (as
// Twilio's Build page shows it).
func (v *Version) UnmarshalJSON(body []byte) error {
	if bytes.HasPrefix(body, []byte(`"`)) {
		*v = Version{}
		return json.Unmarshal(body, &v.SID) //nolint:wrapcheck // wrapped by send, with the operation.
	}
	type plain Version
	if err := json.Unmarshal(body, (*plain)(v)); err != nil {
		return err //nolint:wrapcheck // as above.
	}
	v.Visibility = strings.ToLower(v.Visibility)
	if v.Path != "" && !strings.HasPrefix(v.Path, "/") {
		v.Path = "/" + v.Path
	}
	return nil
}

// FetchFunctionVersion returns a Version of a Function.
func (c *Client) FetchFunctionVersion(ctx context.Context, service ServiceSID, function FunctionSID, version VersionSID) (Version, error) {
	return get[Version](ctx, c, "fetch function version", versionPath(service, "Functions", string(function), string(version))...)
}

// FunctionVersions lists a Function's Versions, newest first. Twilio removes
// those that no Build holds after a while (its page on the API: 7 days).
func (c *Client) FunctionVersions(ctx context.Context, service ServiceSID, function FunctionSID) iter.Seq2[Version, error] {
	return list[Version](ctx, c, "list function versions", nil, versionPath(service, "Functions", string(function))...)
}

// FetchFunctionVersionContent returns the source text of a Function Version. For
// Asset Versions the API has no such operation.
func (c *Client) FetchFunctionVersionContent(ctx context.Context, service ServiceSID, function FunctionSID, version VersionSID) (string, error) {
	read, err := get[contentReply](ctx, c, "fetch function version content",
		versionPath(service, "Functions", string(function), string(version), "Content")...)
	return read.Content, err
}

// FetchAssetVersion returns a Version of an Asset.
func (c *Client) FetchAssetVersion(ctx context.Context, service ServiceSID, asset AssetSID, version VersionSID) (Version, error) {
	return get[Version](ctx, c, "fetch asset version", versionPath(service, "Assets", string(asset), string(version))...)
}

// AssetVersions lists an Asset's Versions, as FunctionVersions does a Function's.
func (c *Client) AssetVersions(ctx context.Context, service ServiceSID, asset AssetSID) iter.Seq2[Version, error] {
	return list[Version](ctx, c, "list asset versions", nil, versionPath(service, "Assets", string(asset))...)
}

func versionPath(service ServiceSID, kind, parent string, rest ...string) []string {
	return append([]string{"Services", string(service), kind, parent, "Versions"}, rest...)
}

// contentReply is the Function Version Content resource.
type contentReply struct {
	SID     VersionSID `json:"sid"`
	Content string     `json:"content"`
}

func (r contentReply) check() error { return checkSID("ZN", string(r.SID)) }
