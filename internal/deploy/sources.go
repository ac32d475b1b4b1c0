package deploy

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-dev/slipway/internal/project"
	"github.com/slipway-dev/slipway/internal/twilio"
	"github.com/slipway-dev/slipway/internal/words"
)

// maxSource bounds the sources that are compared, in bytes.
const maxSource = 1 << 20

// SourceChange is the source of a Function that a Plan updates.
type SourceChange struct {
	// Path is where it is live, and Name its file in the Source.
	Path string
	Name string
	// Live is what runs now, and Wanted what would.
	Live, Wanted string
	// Lack says why there are none; empty when there are.
	Lack string
}

// ReadSources reads what runs now and what would, of each Function that the Plan
// updates, sorted by path. Of Assets, the API gives nothing back.
func (d *Deployer) ReadSources(ctx context.Context, plan Plan) ([]SourceChange, error) {
	updated := slices.DeleteFunc(slices.Clone(plan.Functions), func(file FilePlan) bool { return file.Change != Updated })
	changes := make([]SourceChange, len(updated))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(uploadsAtOnce)
	for i, file := range updated {
		group.Go(guarded(func() (err error) {
			changes[i], err = d.readSource(ctx, plan.ServiceSID, file)
			return err
		}))
	}
	return changes, group.Wait() //nolint:wrapcheck // wrapped by readSource.
}

func (d *Deployer) readSource(ctx context.Context, service twilio.ServiceSID, file FilePlan) (SourceChange, error) {
	change := SourceChange{Path: file.Path, Name: file.Name}
	if file.Size > maxSource {
		change.Lack = tooLarge("file", file.Size)
		return change, nil
	}
	live, err := d.Client.FetchFunctionVersionContent(ctx, service, twilio.FunctionSID(file.ParentSID), file.LiveVersionSID)
	if twilio.IsNotFound(err) {
		change.Lack = "its live source is gone"
		return change, nil
	}
	if err != nil {
		return change, fmt.Errorf("read the source of %s: %w", file.Path, err)
	}
	wanted, err := fs.ReadFile(d.Source, file.Name)
	if err != nil {
		return change, &twilio.FileError{Err: err}
	}
	switch {
	case len(live) > maxSource:
		change.Lack = tooLarge("live source", int64(len(live)))
	case isBinary(live) || isBinary(string(wanted)):
		change.Lack = "it is no text"
	default:
		change.Live, change.Wanted = live, string(wanted)
	}
	return change, nil
}

func tooLarge(what string, bytes int64) string {
	return fmt.Sprintf("its %s has %s, more than is compared", what, words.Size(bytes))
}

func isBinary(text string) bool { return !utf8.ValidString(text) || strings.ContainsRune(text, 0) }

// HasAssetsToUpdate reports whether there are changes that ReadSources cannot show.
func (p *Plan) HasAssetsToUpdate() bool {
	return slices.ContainsFunc(p.Assets, func(file FilePlan) bool { return file.Change == Updated && file.Kind == project.KindAsset })
}
