package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/report"
)

// readPlan reads the file of a saved Plan. The error is a *problem.Problem that
// names the file.
func readPlan(name string) (deploy.Saved, error) {
	file, err := os.Open(name) //nolint:gosec // it is the user's choice.
	if err != nil {
		return deploy.Saved{}, planFileProblem(name, "read from", err, "Name a file that slipway plan --out wrote.")
	}
	defer file.Close()
	// One byte more than there may be, so that more is seen.
	document, err := io.ReadAll(io.LimitReader(file, deploy.MaxSaved+1))
	if err != nil {
		return deploy.Saved{}, planFileProblem(name, "read from", err, "Name a file that slipway plan --out wrote.")
	}
	saved, err := deploy.ParseSaved(document)
	if wrong, ok := errors.AsType[*problem.Problem](err); ok {
		return deploy.Saved{}, oneProblem(fmt.Sprintf("the plan in %s cannot be used: %s", name, wrong.Message), wrong.Fix)
	}
	return saved, err
}

func planFileProblem(name, done string, err error, fix string) error {
	return oneProblem(fmt.Sprintf("the plan cannot be %s %s: %s", done, name, problem.Reason(err)), fix)
}

// checkPlanFile finds what would keep a Plan from being written to a file, before
// there is one. The error is a *problem.Problem.
func checkPlanFile(name string) error {
	const fix = "Name a file, in a folder that is there."
	info, err := os.Stat(name)
	switch {
	case err == nil && info.IsDir():
		return planFileProblem(name, "written to", errors.New("it is a folder"), fix)
	case err == nil && !info.Mode().IsRegular():
		return planFileProblem(name, "written to", errors.New("it is no regular file"), fix)
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return planFileProblem(name, "written to", err, fix)
	}
	folder, err := os.Stat(filepath.Dir(name))
	if err != nil {
		return planFileProblem(name, "written to", err, fix)
	}
	if !folder.IsDir() {
		return planFileProblem(name, "written to", fmt.Errorf("%s is no folder", filepath.Dir(name)), fix)
	}
	return nil
}

// writePlan writes a Plan to a file that its owner alone may read: the whole of it,
// or nothing. The error is a *problem.Problem.
func writePlan(name string, saved deploy.Saved) error {
	document, err := report.JSON(saved)
	if err == nil && len(document) > deploy.MaxSaved {
		err = fmt.Errorf("it has more than %d MB", deploy.MaxSaved>>20)
	}
	if err == nil {
		err = replaceFile(name, document)
	}
	if err != nil {
		return planFileProblem(name, "written to", err, "Name a file that can be written.")
	}
	return nil
}

// replaceFile puts a new file in the place of whatever is there; a link stays.
func replaceFile(name, content string) error {
	if actual, err := filepath.EvalSymlinks(name); err == nil {
		name = actual
	}
	file, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*") // for its owner alone
	if err != nil {
		return err //nolint:wrapcheck // its reason is told with the name that was given.
	}
	_, err = file.WriteString(content)
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		_ = os.Remove(file.Name())
	}
	return err //nolint:wrapcheck // as above.
}
