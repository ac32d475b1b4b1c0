package source

import (
	"errors"
	"io/fs"
	"testing"
)

// TestUnusable makes the errors itself: to root, who runs tests in containers,
// nothing is unreadable.
func TestUnusable(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		`the folder "closed" cannot be read: permission denied. Let this user read it.`:                fs.ErrPermission,
		`the folder "closed" does not exist. Check the name, and that the repository was checked out.`: fs.ErrNotExist,
	} {
		if got := unusable("closed", &fs.PathError{Op: "open", Path: "closed", Err: err}).Error(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	odd := errors.New("odd")
	if got := unusable("closed", odd); got == nil || got.Error() == "" {
		t.Errorf("an unknown error is %v", got)
	}
}
