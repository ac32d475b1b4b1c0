package publish

import (
	"fmt"
	"regexp"

	"github.com/slipway-dev/slipway/internal/problem"
)

const actionFile = "action.yml"

var (
	// imageForm is an image at a registry by its digest: the same bytes whenever it is
	// pulled, which a tag does not promise.
	imageForm = regexp.MustCompile(`^[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)+@sha256:[0-9a-f]{64}$`)
	// fromSource is the line of action.yml that has the runner build the image.
	fromSource = regexp.MustCompile(`(?m)^  image: Dockerfile$`)
)

// Action returns action.yml as a release has it: with the image, which is named by its
// digest, in place of the Dockerfile, so that no run has to build it. Nothing else is
// changed. The error is a Problem.
func Action(text, image string) (string, error) {
	if !imageForm.MatchString(image) {
		return "", &problem.Problem{
			Message: fmt.Sprintf("%q is no image by its digest", image),
			Fix:     "Name it as REGISTRY/NAME@sha256: with the digest of the index behind.",
		}
	}
	if found := len(fromSource.FindAllString(text, -1)); found != 1 {
		return "", &problem.Problem{
			File: actionFile, Message: fmt.Sprintf("the line \"  image: Dockerfile\" is there %d times, not once", found),
			Fix: "Make releases from a branch on which the Action is built from source.",
		}
	}
	return fromSource.ReplaceAllLiteralString(text, "  image: docker://"+image), nil
}
