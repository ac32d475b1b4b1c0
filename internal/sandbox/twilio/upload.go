package twilio

import (
	"errors"
	"io"
	"io/fs"
	"mime"
	"mime/multipart"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// upload is a multipart body as received: Path, Visibility and Content.
type upload struct {
	path        string
	visibility  string
	contentType string
	blob        string // held once, for the caller to release; empty: none yet
	size        int64

	kind     kind
	switches *Switches
	blobs    *blobStore
}

// readUpload reads a multipart body as a stream. The blob it may hold is the
// caller's to release, also with an error.
func (c *call) readUpload(k kind) (upload, error) {
	r := c.request
	contentType := r.Header.Get("Content-Type")
	mediaType, params, err := mime.ParseMediaType(contentType)
	if err != nil || mediaType != "multipart/form-data" || params["boundary"] == "" {
		return upload{}, badRequest("Content-Type is %q; an upload is multipart/form-data with a boundary", contentType)
	}
	received := upload{kind: k, switches: c.switches(), blobs: c.world.blobs}
	known, seen := []string{"Path", "Visibility", "Content"}, map[string]bool{}
	var wrong []string
	for parts := multipart.NewReader(r.Body, params["boundary"]); ; {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return received, badRequest("The body is not whole multipart/form-data: %v", err)
		}
		name := part.FormName()
		// A part too many ends the upload, so that there are three at most.
		switch {
		case !slices.Contains(known, name):
			return received, refusal(append(wrong, unknownParameter(name)))
		case seen[name]:
			return received, refusal(append(wrong, "Parameter "+strconv.Quote(name)+" is given twice"))
		}
		seen[name] = true
		complaints, err := received.take(part)
		if err != nil {
			return received, err
		}
		wrong = append(wrong, complaints...)
	}
	for _, name := range known {
		if !seen[name] {
			wrong = append(wrong, "Missing required parameter "+name+" in the post body")
		}
	}
	if len(wrong) > 0 {
		return received, refusal(wrong)
	}
	// The Visibility may have come after the Content.
	if received.size > received.maxBytes() {
		return received, errTooLarge
	}
	return received, nil
}

// take reads one known part. What is wrong with its value is returned as complaints,
// so that all of them are known in the end; an error ends the upload.
func (u *upload) take(part *multipart.Part) ([]string, error) {
	switch part.FormName() {
	case "Path":
		text, err := readPart(part)
		u.path = text
		return u.pathComplaints(), err
	case "Visibility":
		text, err := readPart(part)
		u.visibility = text
		switch strings.ToLower(text) {
		case visibilityPublic, visibilityProtected, visibilityPrivate:
			return nil, err
		default:
			return []string{"Visibility is " + strconv.Quote(text) + "; it is public, protected or private"}, err
		}
	default:
		return u.takeContent(part)
	}
}

// maxBytes is the most that the content may have, as far as the Visibility is
// known yet.
func (u *upload) maxBytes() int64 {
	return u.switches.maxContentBytes(u.kind, strings.ToLower(u.visibility))
}

func (u *upload) takeContent(part *multipart.Part) ([]string, error) {
	var complaints []string
	if part.FileName() == "" {
		complaints = append(complaints, "Content has no filename")
	}
	u.contentType = part.Header.Get("Content-Type")
	mediaType, _, err := mime.ParseMediaType(u.contentType)
	switch {
	case err != nil || !strings.Contains(mediaType, "/"):
		complaints = append(complaints, "Content has the Content-Type "+strconv.Quote(u.contentType)+"; it is a media type")
	case u.kind == kindFunction && mediaType != "application/javascript" && mediaType != "text/javascript":
		complaints = append(complaints, "Content has the Content-Type "+strconv.Quote(u.contentType)+"; a Function's is application/javascript")
	}
	u.blob, u.size, err = u.blobs.receive(part, u.maxBytes())
	if err == nil {
		return complaints, nil
	}
	_, isDisk := errors.AsType[*fs.PathError](err)
	_, isRename := errors.AsType[*os.LinkError](err)
	if isDisk || isRename || errors.Is(err, errTooLarge) {
		return nil, err
	}
	return nil, badRequest("The body is not whole multipart/form-data: %v", err)
}

func (u *upload) pathComplaints() []string {
	path := u.path
	switch {
	case path == "":
		return []string{"Path is empty"}
	case !utf8.ValidString(path):
		return []string{"Path is not valid UTF-8"}
	case utf8.RuneCountInString(normalPath(path)) > maxPath:
		return []string{"Path is longer than " + strconv.Itoa(maxPath) + " characters"}
	case u.switches.ReservedPathsRefused && strings.HasPrefix(normalPath(path), "/_"):
		return []string{"Path " + strconv.Quote(path) + " begins with /_, which is reserved"}
	case u.switches.PathCharactersChecked && strings.ContainsAny(path, refusedInPaths):
		return []string{"Path " + strconv.Quote(path) + " has one of the characters " + refusedInPaths}
	}
	return nil
}

// refusedInPaths are the characters that the toolkit refuses (utils/fs.ts), white
// space among them.
const refusedInPaths = "#;,?:@+&$()'\" \t\r\n"

// readPart reads a short value.
func readPart(part io.Reader) (string, error) {
	text, err := io.ReadAll(io.LimitReader(part, maxPartBytes+1))
	if err != nil {
		return "", badRequest("The body is not whole multipart/form-data: %v", err)
	}
	if len(text) > maxPartBytes {
		return "", errTooLarge
	}
	return string(text), nil
}
