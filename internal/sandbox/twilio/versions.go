package twilio

import (
	"fmt"
	"io"
	"net/http"
	"strings"
)

// version is one upload of a Function or an Asset. It belongs to its file, and
// never changes.
type version struct {
	record
	Kind        kind   `json:"kind"`
	ServiceSID  string `json:"service_sid"`
	Path        string `json:"path"`
	Visibility  string `json:"visibility"` // lower case
	ContentType string `json:"content_type"`
	Blob        string `json:"blob"` // SHA-256 of the content
	Size        int64  `json:"size"` // bytes
}

func (v *version) blobs() []string { return []string{v.Blob} }

const (
	visibilityPublic    = "public"
	visibilityProtected = "protected"
	visibilityPrivate   = "private"
)

type versionBody struct {
	SID         string        `json:"sid"`
	AccountSID  string        `json:"account_sid"`
	ServiceSID  string        `json:"service_sid"`
	FunctionSID string        `json:"function_sid,omitempty"`
	AssetSID    string        `json:"asset_sid,omitempty"`
	Path        string        `json:"path"`
	Visibility  string        `json:"visibility"`
	DateCreated string        `json:"date_created"`
	URL         string        `json:"url,omitempty"`
	Links       *versionLinks `json:"links,omitempty"`
}

type versionLinks struct {
	Content string `json:"function_version_content"`
}

// bareVersionBody is what Version and Build replies share.
func (c *call) bareVersionBody(one *version) versionBody {
	body := versionBody{
		SID: one.SID, AccountSID: c.world.account.SID, ServiceSID: one.ServiceSID,
		Path: one.Path, Visibility: one.Visibility, DateCreated: timestamp(one.Created),
	}
	if one.Kind == kindFunction {
		body.FunctionSID = one.Parent
	} else {
		body.AssetSID = one.Parent
	}
	return body
}

func (c *call) versionBody(one *version) any {
	body := c.bareVersionBody(one)
	body.URL = c.url("Services", one.ServiceSID, one.Kind.plural(), one.Parent, "Versions", one.SID)
	if one.Kind == kindFunction {
		body.Links = &versionLinks{Content: body.URL + "/Content"}
	}
	return body
}

func listVersions(c *call, k kind) (reply, error) {
	_, parent, err := c.file(k, k.name()+"Sid")
	if err != nil {
		return reply{}, err
	}
	return page(c, string(k)+"_versions", c.world.versions.of(parent.SID), newestFirst, c.versionBody)
}

// version finds the Version that the path names.
func (c *call) version(k kind) (*version, error) {
	_, parent, err := c.file(k, k.name()+"Sid")
	if err != nil {
		return nil, err
	}
	one, found := c.world.versions.get(c.params["Sid"])
	if !found || one.Parent != parent.SID {
		return nil, c.notFound()
	}
	return one, nil
}

func fetchVersion(c *call, k kind) (reply, error) {
	one, err := c.version(k)
	if err != nil {
		return reply{}, err
	}
	return ok(c.versionBody(one))
}

type contentBody struct {
	SID         string `json:"sid"`
	AccountSID  string `json:"account_sid"`
	ServiceSID  string `json:"service_sid"`
	FunctionSID string `json:"function_sid"`
	Content     string `json:"content"`
	URL         string `json:"url"`
}

func fetchContent(c *call) (reply, error) {
	one, err := c.version(kindFunction)
	if err != nil {
		return reply{}, err
	}
	content, err := c.world.blobs.open(one.Blob)
	if err != nil {
		return reply{}, err
	}
	defer content.Close()
	source, err := io.ReadAll(content)
	if err != nil {
		return reply{}, fmt.Errorf("read a content: %w", err)
	}
	return ok(contentBody{
		SID: one.SID, AccountSID: c.world.account.SID, ServiceSID: one.ServiceSID, FunctionSID: one.Parent,
		Content: string(source),
		URL:     c.url("Services", one.ServiceSID, "Functions", one.Parent, "Versions", one.SID, "Content"),
	})
}

// uploadVersion receives a Version. The lock is held before and after the body
// travels, not meanwhile.
func uploadVersion(c *call, k kind) (reply, error) {
	c.world.mu.RLock()
	_, _, err := c.file(k, k.name()+"Sid")
	c.world.mu.RUnlock()
	if err != nil {
		return reply{}, err
	}
	received, err := c.readUpload(k)
	if received.blob != "" {
		defer c.world.blobs.release([]string{received.blob})
	}
	if err != nil {
		return reply{}, err
	}

	c.world.mu.Lock()
	defer c.world.mu.Unlock()
	service, parent, err := c.file(k, k.name()+"Sid")
	if err != nil {
		return reply{}, err
	}
	one := &version{
		record: c.world.newRecord(sidVersion, parent.SID),
		Kind:   k, ServiceSID: service.SID,
		Path: normalPath(received.path), Visibility: strings.ToLower(received.visibility),
		ContentType: received.contentType, Blob: received.blob, Size: received.size,
	}
	if old := c.sameUpload(one); old != nil {
		one = old
	} else if err := c.world.commit(change{Version: one}); err != nil {
		return reply{}, err
	}
	// No source tells the success code of the upload host; see Switches.
	answer := reply{status: http.StatusCreated, body: c.versionBody(one)}
	if c.switches().UploadAnswers200 {
		answer.status = http.StatusOK
	}
	return answer, nil
}

// sameUpload finds what takes the place of a Version that is uploaded again; nil
// when that is a new one.
func (c *call) sameUpload(one *version) *version {
	if !c.switches().UploadsDeduplicated {
		return nil
	}
	for _, old := range c.world.versions.of(one.Parent) {
		if old.Blob == one.Blob && old.Path == one.Path && old.Visibility == one.Visibility && old.ContentType == one.ContentType {
			return old
		}
	}
	return nil
}

// normalPath adds the leading slash, as the API does: path of Function Version
// in the OpenAPI file.
func normalPath(path string) string {
	if strings.HasPrefix(path, "/") {
		return path
	}
	return "/" + path
}
