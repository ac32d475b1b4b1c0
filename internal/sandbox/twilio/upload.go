package twilio

import (
	"errors"
	"io"
	"io/fs"
	"mime"
	"mime/multipart"
	"net/http"
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
}

// readUpload reads a multipart body as a stream. The blob it may hold is the
// caller's to release, also with an error.
func readUpload(r *http.Request, blobs *blobStore, k kind) (upload, error) {
	contentType := r.Header.Get("Content-Type")
	mediaType, params, err := mime.ParseMediaType(contentType)
	if err != nil || mediaType != "multipart/form-data" || params["boundary"] == "" {
		return upload{}, badRequest("Content-Type is %q; an upload is multipart/form-data with a boundary", contentType)
	}
	var received upload
	seen := map[string]bool{}
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
		if seen[name] {
			wrong = append(wrong, "Parameter "+strconv.Quote(name)+" is given twice")
			continue
		}
		seen[name] = true
		complaints, err := received.take(part, blobs, k)
		if err != nil {
			return received, err
		}
		wrong = append(wrong, complaints...)
	}
	for _, name := range []string{"Path", "Visibility", "Content"} {
		if !seen[name] {
			wrong = append(wrong, "Missing required parameter "+name+" in the post body")
		}
	}
	if len(wrong) > 0 {
		slices.Sort(wrong)
		return received, badRequest("%s", strings.Join(slices.Compact(wrong), "; "))
	}
	// The Visibility may have come after the Content.
	if limit := maxContentBytes(k, strings.ToLower(received.visibility)); limit > 0 && received.size > limit {
		return received, errTooLarge
	}
	return received, nil
}

// take reads one part. What is wrong with its value is returned as complaints,
// so that all of them are known in the end; an error ends the upload.
func (u *upload) take(part *multipart.Part, blobs *blobStore, k kind) ([]string, error) {
	switch part.FormName() {
	case "Path":
		text, err := readPart(part)
		u.path = text
		return pathComplaints(text), err
	case "Visibility":
		text, err := readPart(part)
		u.visibility = text
		switch strings.ToLower(text) {
		case visibilityPublic, visibilityProtected, visibilityPrivate:
			return nil, err
		default:
			return []string{"Visibility is " + strconv.Quote(text) + "; it is public, protected or private"}, err
		}
	case "Content":
		return u.takeContent(part, blobs, k)
	default:
		_, err := readPart(part)
		return []string{unknownParameter(part.FormName())}, err
	}
}

func (u *upload) takeContent(part *multipart.Part, blobs *blobStore, k kind) ([]string, error) {
	var complaints []string
	if part.FileName() == "" {
		complaints = append(complaints, "Content has no filename")
	}
	u.contentType = part.Header.Get("Content-Type")
	mediaType, _, err := mime.ParseMediaType(u.contentType)
	switch {
	case err != nil || !strings.Contains(mediaType, "/"):
		complaints = append(complaints, "Content has the Content-Type "+strconv.Quote(u.contentType)+"; it is a media type")
	case k == kindFunction && mediaType != "application/javascript" && mediaType != "text/javascript":
		complaints = append(complaints, "Content has the Content-Type "+strconv.Quote(u.contentType)+"; a Function's is application/javascript")
	}
	u.blob, u.size, err = blobs.receive(part, maxContentBytes(k, strings.ToLower(u.visibility)))
	if err == nil {
		return complaints, nil
	}
	if _, isDisk := errors.AsType[*fs.PathError](err); isDisk || errors.Is(err, errTooLarge) {
		return nil, err
	}
	return nil, badRequest("The body is not whole multipart/form-data: %v", err)
}

func pathComplaints(path string) []string {
	switch {
	case path == "":
		return []string{"Path is empty"}
	case !utf8.ValidString(path):
		return []string{"Path is not valid UTF-8"}
	case utf8.RuneCountInString(normalPath(path)) > maxPath:
		return []string{"Path is longer than " + strconv.Itoa(maxPath) + " characters"}
	}
	return nil
}

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
