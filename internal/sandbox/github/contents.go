package github

import (
	"encoding/base64"
	"net/http"
	"path"
	"slices"
	"strings"
)

// contentBody is a file, a directory's entry, a symbolic link or a submodule, by
// its type.
type contentBody struct {
	Type            string  `json:"type"`
	Encoding        string  `json:"encoding,omitempty"`
	Size            int     `json:"size"`
	Name            string  `json:"name"`
	Path            string  `json:"path"`
	Content         *string `json:"content,omitempty"`
	Target          string  `json:"target,omitempty"`
	SubmoduleGitURL string  `json:"submodule_git_url,omitempty"`
	SHA             string  `json:"sha"`
	URL             string  `json:"url"`
	HTMLURL         string  `json:"html_url"`
	DownloadURL     *string `json:"download_url"`
}

// getContent answers with a file, or with what lies in a directory.
func getContent(c *call) (reply, error) {
	in := c.repository()
	ref := orDefault(c.request.URL.Query().Get("ref"), in.defaultBranch)
	sha, found := in.resolve(ref)
	if !found {
		// As in googleapis/repo-automation-bots issue 4725.
		return reply{}, refusal(http.StatusNotFound, "No commit found for the ref %s", ref)
	}
	tree, at := in.commit(sha).tree, path.Clean(c.params["path"])
	held, isThere := tree[at]
	if isThere {
		return c.entryReply(tree, at, held, ref)
	}
	below := c.directory(tree, at, ref)
	if len(below) == 0 {
		return reply{}, notFound()
	}
	return ok(below)
}

// entryReply answers with what the path names. A link to a file is that file:
// docs.github.com/rest/repos/contents#get-repository-content.
func (c *call) entryReply(tree map[string]entry, at string, held entry, ref string) (reply, error) {
	body := c.contentBody(at, held, ref)
	if target, isThere := tree[path.Join(path.Dir(at), held.content)]; held.kind == "symlink" && isThere && target.kind == "file" {
		held = target
		body.Type, body.Size, body.SHA = target.kind, len(target.content), blobSHA(target.content)
	}
	switch held.kind {
	case "symlink":
		body.Target = held.content
	case "submodule":
		body.SubmoduleGitURL = held.content
	default:
		return c.fileReply(body, held.content)
	}
	return ok(body)
}

// fileReply answers with a file as it is, when that is asked for, or in base64
// as far as it is not too large for that.
func (c *call) fileReply(body contentBody, content string) (reply, error) {
	if accept := c.request.Header.Get("Accept"); isRaw(accept) {
		return reply{status: http.StatusOK, raw: &raw{"application/vnd.github.raw+json; charset=utf-8", content}}, nil
	}
	encoded, encoding := inLines(base64.StdEncoding.EncodeToString([]byte(content))), "base64"
	if len(content) > maxContent {
		if c.sandbox.options.Switches.LargeFilesAre403 {
			// As in JasonEtco/todo issue 43.
			return reply{}, &apiError{
				status:  http.StatusForbidden,
				message: "This API returns blobs up to 1 MB in size. The requested blob is too large to fetch via the API, but you can use the Git Data API to request blobs up to 100 MB in size.",
				errors:  []fieldError{{Resource: "Blob", Field: "data", Code: "too_large"}},
			}
		}
		encoded, encoding = "", "none"
	}
	body.Content, body.Encoding = &encoded, encoding
	return ok(body)
}

func isRaw(accept string) bool {
	kind, _, _ := strings.Cut(accept, ";")
	kind = strings.TrimSuffix(strings.TrimSpace(kind), "+json")
	return kind == "application/vnd.github.raw" || kind == "application/vnd.github.v3.raw"
}

// inLines breaks base64 as GitHub does.
func inLines(encoded string) string {
	var lines strings.Builder
	for chunk := range slices.Chunk([]byte(encoded), 60) {
		lines.Write(chunk)
		lines.WriteByte('\n')
	}
	return lines.String()
}

// directory lists what lies right in a directory, as types without content.
// Submodules are called files there, for compatibility.
func (c *call) directory(tree map[string]entry, at, ref string) []contentBody {
	var below []contentBody
	for name, held := range tree {
		rest, isBelow := strings.CutPrefix(name, at+"/")
		if !isBelow {
			continue
		}
		if first, _, isDeeper := strings.Cut(rest, "/"); isDeeper {
			name, held = at+"/"+first, entry{kind: "dir"}
		}
		body := c.contentBody(name, held, ref)
		if held.kind == "submodule" {
			body.Type = "file"
		}
		if !slices.ContainsFunc(below, func(other contentBody) bool { return other.Path == name }) {
			below = append(below, body)
		}
	}
	slices.SortFunc(below, func(a, b contentBody) int { return strings.Compare(a.Path, b.Path) })
	return below
}

func (c *call) contentBody(at string, held entry, ref string) contentBody {
	in := c.repository()
	body := contentBody{
		Type: held.kind, Name: path.Base(at), Path: at, SHA: blobSHA(held.content),
		URL: c.repositoryURL() + "/contents/" + at + "?ref=" + ref, HTMLURL: htmlURL(in.owner, in.name, "blob", ref, at),
	}
	if held.kind == "file" {
		body.Size = len(held.content)
		body.DownloadURL = new("https://raw.githubusercontent.com/" + in.fullName() + "/" + ref + "/" + at)
	}
	return body
}

// blobSHA is git's name of a file's content.
func blobSHA(content string) string { return objectSHA("blob", content) }
