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

// giveWay returns a *NewerError when something newer is to be live, and the error of
// Newer, which ends the deploy as well.
func (d *Deployer) giveWay(ctx context.Context) error {
	if d.Newer == nil {
		return nil
	}
	by, err := d.Newer(ctx)
	if err == nil && by != "" {
		err = &NewerError{By: by}
	}
	return err
}
