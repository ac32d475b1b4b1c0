package deploy

import "context"

// NewerError says that a deploy gave way right before its activation. Nothing that
// is live has changed.
type NewerError struct {
	// By is what is to be live instead, such as "commit 0123456".
	By string
}

// Error says so.
func (e *NewerError) Error() string { return e.By + " has taken the place of this deploy" }

// giveWay returns a *NewerError when something newer is to be live.
func (d *Deployer) giveWay(ctx context.Context) error {
	if d.Newer == nil {
		return nil
	}
	if by := d.Newer(ctx); by != "" {
		return &NewerError{By: by}
	}
	return nil
}
