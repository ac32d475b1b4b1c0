package deploy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/project"
	"github.com/slipway-dev/slipway/internal/twilio"
	"github.com/slipway-dev/slipway/internal/words"
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
	// Manifest is the Version of the Manifest; empty when there is none.
	Manifest twilio.VersionSID `json:"manifest,omitempty"`
}

// upload takes each file from its Function or Asset to its Version on its own:
// no file waits for another.
func (d *Deployer) upload(ctx context.Context, service twilio.ServiceSID, plan Plan) (uploaded, error) {
	files := plan.Uploads()
	if len(files) > 0 {
		d.tell(job.Event{Kind: job.Started, Phase: job.PhaseUpload, Total: len(files)})
	}

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
	keeper := twilio.FunctionSID("") // of the Manifest
	group.Go(guarded(func() (err error) {
		keeper, err = d.manifestFunction(groupCtx, service, plan)
		return err
	}))
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
	if keeper != "" {
		if result.Manifest, err = d.uploadManifest(ctx, service, keeper, plan, result); err != nil {
			return result, err
		}
	}
	if len(files) > 0 {
		d.tell(job.Event{Kind: job.Finished, Phase: job.PhaseUpload, Done: len(files), Total: len(files)})
	}
	return result, nil
}

// manifestFunction finds or creates the Function that keeps Manifests; empty when
// the Build has none, also because Twilio refuses it.
func (d *Deployer) manifestFunction(ctx context.Context, service twilio.ServiceSID, plan Plan) (twilio.FunctionSID, error) {
	if !plan.Manifest {
		return "", nil
	}
	if plan.ManifestParentSID != "" {
		return plan.ManifestParentSID, nil
	}
	created, err := d.Client.CreateFunction(ctx, service, ManifestFunction)
	if isRefused(err) {
		d.warnLeftOut(err)
		return "", nil
	}
	return created.SID, err
}

// warnLeftOut says that there will be no Manifest, since Twilio refused it.
func (d *Deployer) warnLeftOut(refusal error) {
	d.warn(job.PhaseUpload, fmt.Sprintf("Twilio does not take the Manifest (%v): it is left out, and the next deploy uploads all Assets", refusal))
}

// uploadManifest uploads the Manifest of the files, once they all have Versions.
// A Build can do without: one that is too large, or that Twilio refuses, is left
// out with a warning.
func (d *Deployer) uploadManifest(
	ctx context.Context, service twilio.ServiceSID, keeper twilio.FunctionSID, plan Plan, files uploaded,
) (twilio.VersionSID, error) {
	source, err := d.manifest(plan, files).Source()
	if err != nil {
		return "", err
	}
	if len(source) > maxManifest {
		d.warn(job.PhaseUpload, fmt.Sprintf("the Manifest would have %s, and at most %s are kept: it is left out, and the next deploy uploads all Assets",
			words.Size(int64(len(source))), words.Size(maxManifest)))
		return "", nil
	}
	sum := sha256.Sum256([]byte(source))
	version, err := d.Client.CreateFunctionVersion(ctx, service, keeper, twilio.Upload{
		Path: manifestPath + plan.Digest, Visibility: string(project.Private), ContentType: "application/javascript",
		Size: int64(len(source)), SHA256: hex.EncodeToString(sum[:]),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(source)), nil },
	})
	if isRefused(err) {
		d.warnLeftOut(err)
		return "", nil
	}
	return version.SID, err
}

// manifest is that of the Build that a Plan's files make.
func (d *Deployer) manifest(plan Plan, files uploaded) Manifest {
	made := Manifest{Digest: plan.Digest, Dependencies: plan.Dependencies, Runtime: plan.Runtime, Commit: d.Commit, Tool: d.Tool}
	for _, file := range plan.files() {
		made.Files = append(made.Files, ManifestFile{
			Kind: file.Kind, Path: file.Path, Visibility: file.Visibility, ContentType: file.ContentType,
			SHA256: file.SHA256, VersionSID: files.versionOf(file),
		})
	}
	return made
}

// versionOf is the Version of a file: the one that it has already, or the one that
// was uploaded; empty when there is none.
func (u uploaded) versionOf(file FilePlan) twilio.VersionSID {
	if file.VersionSID != "" {
		return file.VersionSID
	}
	return u.Versions[file.Path]
}

// isRefused reports whether Twilio took a request for a wrong one, and not the
// credentials, the moment or the network.
func isRefused(err error) bool {
	reply, ok := errors.AsType[*twilio.Error](err)
	return ok && slices.Contains([]int{
		http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity,
	}, reply.Status)
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
