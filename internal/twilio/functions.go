package twilio

import (
	"bytes"
	"context"
	"encoding/json"
	"iter"
	"net/url"
	"strings"
	"time"
)

// Function is a Function of a Service: a name under which Function Versions
// are kept. Slipway, as the official Toolkit, names it by its path.
type Function struct {
	SID          FunctionSID `json:"sid"`
	FriendlyName string      `json:"friendly_name"`
	DateCreated  *time.Time  `json:"date_created"`
}

func (f Function) check() error { return checkSID("ZH", string(f.SID)) }

// Asset is an Asset of a Service: a name under which Asset Versions are kept.
type Asset struct {
	SID          AssetSID   `json:"sid"`
	FriendlyName string     `json:"friendly_name"`
	DateCreated  *time.Time `json:"date_created"`
}

func (a Asset) check() error { return checkSID("ZH", string(a.SID)) }

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

// FetchFunction returns a Function of a Service.
func (c *Client) FetchFunction(ctx context.Context, service ServiceSID, function FunctionSID) (Function, error) {
	return get[Function](ctx, c, "fetch function", "Services", string(service), "Functions", string(function))
}

// Functions lists a Service's Functions.
func (c *Client) Functions(ctx context.Context, service ServiceSID) iter.Seq2[Function, error] {
	return list[Function](ctx, c, "list functions", nil, "Services", string(service), "Functions")
}

// CreateFunction creates a Function. The API does not keep friendly names
// apart: list first, and create only what is missing.
func (c *Client) CreateFunction(ctx context.Context, service ServiceSID, friendlyName string) (Function, error) {
	find := func(ctx context.Context) (Function, bool, error) {
		return first(c.Functions(ctx, service), func(f Function) bool { return f.FriendlyName == friendlyName })
	}
	return create(ctx, c, "create function", url.Values{"FriendlyName": {friendlyName}}, lookUp[Function]{find: find},
		"Services", string(service), "Functions")
}

// FetchAsset returns an Asset of a Service.
func (c *Client) FetchAsset(ctx context.Context, service ServiceSID, asset AssetSID) (Asset, error) {
	return get[Asset](ctx, c, "fetch asset", "Services", string(service), "Assets", string(asset))
}

// Assets lists a Service's Assets.
func (c *Client) Assets(ctx context.Context, service ServiceSID) iter.Seq2[Asset, error] {
	return list[Asset](ctx, c, "list assets", nil, "Services", string(service), "Assets")
}

// CreateAsset creates an Asset, as CreateFunction does a Function.
func (c *Client) CreateAsset(ctx context.Context, service ServiceSID, friendlyName string) (Asset, error) {
	find := func(ctx context.Context) (Asset, bool, error) {
		return first(c.Assets(ctx, service), func(a Asset) bool { return a.FriendlyName == friendlyName })
	}
	return create(ctx, c, "create asset", url.Values{"FriendlyName": {friendlyName}}, lookUp[Asset]{find: find},
		"Services", string(service), "Assets")
}
