package deploy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/project"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// uploadsAtOnce bounds the files in work. The client's Limiter decides how many
// requests are in flight; this only keeps a huge project from making a
// goroutine for each file. It is above any useful limit, so that files that
// wait for a repetition do not hold the others up.
const uploadsAtOnce = 128

// uploaded is the result of the upload step.
type uploaded struct {
	// Versions are the SIDs of the Versions by path.
	Versions map[string]twilio.VersionSID `json:"versions"`
	Bytes    int64                        `json:"bytes"`
}

// upload takes each file from its Function or Asset to its Version on its own:
// no file waits for another.
func (d *Deployer) upload(ctx context.Context, service twilio.ServiceSID, plan Plan) (uploaded, error) {
	files := plan.Uploads()
	d.tell(job.Event{Kind: job.Started, Phase: job.PhaseUpload, Total: len(files)})

	var mu sync.Mutex
	result := uploaded{Versions: make(map[string]twilio.VersionSID, len(files))}
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(uploadsAtOnce)
	for _, file := range files {
		if groupCtx.Err() != nil {
			break
		}
		group.Go(guarded(func() error {
			version, err := d.uploadFile(groupCtx, service, file)
			if err != nil {
				return fmt.Errorf("%s: %w", file.Name, err)
			}
			mu.Lock()
			defer mu.Unlock()
			result.Versions[file.Path] = version
			result.Bytes += file.Size
			d.tell(job.Event{Kind: job.Moved, Phase: job.PhaseUpload, Done: len(result.Versions), Total: len(files)})
			return nil
		}))
	}
	err := group.Wait()
	if cause := context.Cause(ctx); err == nil || errors.Is(cause, context.Canceled) {
		// A file that was cut off is not at fault.
		if err = cause; cause != nil {
			err = fmt.Errorf("upload the files: %w", cause)
		}
	}
	if err != nil {
		return result, err
	}
	d.tell(job.Event{Kind: job.Finished, Phase: job.PhaseUpload, Done: len(files), Total: len(files)})
	return result, nil
}

func (d *Deployer) uploadFile(ctx context.Context, service twilio.ServiceSID, file FilePlan) (twilio.VersionSID, error) {
	content := twilio.Upload{
		Path: file.Path, Visibility: string(file.Visibility), ContentType: file.ContentType, Size: file.Size, SHA256: file.SHA256,
		Open: func() (io.ReadCloser, error) { return d.Source.Open(file.Name) },
	}
	if file.Kind == project.KindFunction {
		function := twilio.FunctionSID(file.ParentSID)
		if function == "" {
			created, err := d.Client.CreateFunction(ctx, service, file.Path)
			if err != nil {
				return "", err
			}
			function = created.SID
		}
		version, err := d.Client.CreateFunctionVersion(ctx, service, function, content)
		return version.SID, err
	}
	asset := twilio.AssetSID(file.ParentSID)
	if asset == "" {
		created, err := d.Client.CreateAsset(ctx, service, file.Path)
		if err != nil {
			return "", err
		}
		asset = created.SID
	}
	version, err := d.Client.CreateAssetVersion(ctx, service, asset, content)
	return version.SID, err
}
