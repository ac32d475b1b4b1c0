package gh

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

const (
	// editTries is how often an edit is written before it is left to whoever keeps
	// changing the text.
	editTries = 10
	// overlap is how long another job may take between reading a text and writing it:
	// what it has not seen is gone then. GitHub has no condition for such a write.
	overlap = 2 * time.Second
)

// shared is a text that several jobs edit.
type shared struct {
	// name is what an UnsettledError calls it.
	name      string
	operation operation // its reading
	// confirms looks once more when others that had read it before have written it, too.
	confirms bool
	// edit reads the text and writes it, unless it is as it should be: then it is
	// settled. hadOne is false when there was none.
	edit func(context.Context) (hadOne, isSettled bool, err error)
}

// untilSettled edits a text until nobody has undone that. Edits of one Client are made
// one after the other.
func (c *Client) untilSettled(ctx context.Context, text shared) (written bool, err error) {
	for range editTries {
		hadOne, isSettled, err := c.editAlone(ctx, text)
		if err != nil || isSettled {
			return written, err
		}
		written = true
		if !text.confirms && hadOne {
			return true, nil
		}
		if err := waitForOthers(ctx, text.operation); err != nil {
			return true, err
		}
	}
	return written, &UnsettledError{Text: text.name, Repository: text.operation.repository}
}

func (c *Client) editAlone(ctx context.Context, text shared) (hadOne, isSettled bool, err error) {
	select {
	case c.editing <- struct{}{}:
		defer func() { <-c.editing }()
	case <-ctx.Done():
		return false, false, cutOff(ctx, text.operation)
	}
	return text.edit(ctx)
}

// waitForOthers lets those write who have read before.
func waitForOthers(ctx context.Context, op operation) error {
	// Two that wait alike would write alike again.
	own := rand.N(overlap / 2) //nolint:gosec // it hides nothing
	settled := time.NewTimer(min(overlap+own, patienceOf(ctx)))
	defer settled.Stop()
	select {
	case <-settled.C:
		return nil
	case <-ctx.Done():
		return cutOff(ctx, op)
	}
}

// UnsettledError says that others changed a text again and again.
type UnsettledError struct {
	// Text is which, such as "comment on pull request 7".
	Text       string
	Repository Repository
}

// Error says so.
func (e *UnsettledError) Error() string {
	return fmt.Sprintf("the %s of %s was changed by others each time that it was written", e.Text, e.Repository)
}
