package twilio

import (
	"context"
	"iter"
	"net/url"
	"time"
)

// Asset is an Asset of a Service: a name under which Asset Versions are kept.
type Asset struct {
	SID          AssetSID   `json:"sid"`
	FriendlyName string     `json:"friendly_name"`
	DateCreated  *time.Time `json:"date_created"`
	DateUpdated  *time.Time `json:"date_updated"`
}

func (a Asset) check() error { return checkSID("ZH", string(a.SID)) }

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
	return create(ctx, c, OpCreateAsset, url.Values{"FriendlyName": {friendlyName}}, lookUp[Asset]{find: find},
		"Services", string(service), "Assets")
}

// UpdateAsset gives an Asset another friendly name, as UpdateFunction does.
func (c *Client) UpdateAsset(ctx context.Context, service ServiceSID, asset AssetSID, friendlyName string) (Asset, error) {
	return update[Asset](ctx, c, "update asset", url.Values{"FriendlyName": {friendlyName}},
		"Services", string(service), "Assets", string(asset))
}

// DeleteAsset removes an Asset with its Versions, as DeleteFunction does.
func (c *Client) DeleteAsset(ctx context.Context, service ServiceSID, asset AssetSID) error {
	return c.remove(ctx, OpDeleteAsset, "Services", string(service), "Assets", string(asset))
}
