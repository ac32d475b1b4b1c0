package github

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/slipway-dev/slipway/internal/sandbox/wire"
)

// ArchivePrefix is where the Sandbox stands for the host that has the archives of
// repositories, codeload.github.com. A GitHub Enterprise Server without subdomains has it
// below a path of its own host as well: docs.github.com/enterprise-server/admin/
// configuring-settings/hardening-security-for-your-enterprise/enabling-subdomain-isolation.
const ArchivePrefix = "/_codeload"

const archivePattern = ArchivePrefix + "/{owner}/{repo}/legacy.tar.gz/{ref...}"

// archiveLink is what one link to an archive opens.
type archiveLink struct {
	fullName, ref string
	ends          time.Time
}

// getTarball sends on to the archive. The link to that of a private repository opens it
// for five minutes, to anybody:
// docs.github.com/rest/repos/contents#download-a-repository-archive-tar.
func getTarball(c *call) (reply, error) {
	in, ref := c.repository(), c.params["ref"]
	if _, found := in.resolve(ref); !found && !c.sandbox.options.Switches.MissingTarballsHaveLinks {
		return reply{}, notFound()
	}
	link := strings.TrimSuffix(c.base, EnterprisePrefix) + ArchivePrefix + "/" + in.fullName() + "/legacy.tar.gz/" + ref
	if in.private {
		token := randomHex()
		c.sandbox.links[token] = archiveLink{in.fullName(), ref, c.now.Add(archiveLinkLasts)}
		link += "?token=" + token
	}
	return reply{status: http.StatusFound, header: map[string]string{"Location": link}, empty: true}, nil
}

func randomHex() string {
	var random [16]byte
	_, _ = rand.Read(random[:]) // never fails, as documented
	return hex.EncodeToString(random[:])
}

// serveArchive answers for the archives' host, which knows nothing of the API's tokens:
// it refuses a request that has one, so that a client which lets it out shows it.
func (x *exchange) serveArchive() {
	s, r := x.sandbox, x.Request
	x.Delay(s.options.Latency)
	var archives wire.Router[operation]
	archives.Add(http.MethodGet, archivePattern, operation{name: "codeload/legacy.tar.gz", query: []string{"token"}, handle: getArchive})
	found, params, _ := archives.Find(r.Method, r.URL.EscapedPath())
	switch {
	case found == nil:
		x.send(x.unknown(x.call.Path))
	case r.Header.Get("Authorization") != "" || r.Header.Get("Cookie") != "":
		x.call.Operation = found.name
		x.send(archiveReply(refusal(http.StatusBadRequest, "a token of the API came to the archives' host (the sandbox takes none here)")))
	default:
		x.call.Operation, x.call.Repository = found.name, params["owner"]+"/"+params["repo"]
		x.call.Fault = s.faultFor(r)
		x.withFault(&call{
			sandbox: s, op: found, params: params, writer: x.Writer, request: r, base: s.baseURL(r), path: x.call.Path, now: x.now,
		})
	}
}

// archiveReply is a refusal of the archives' host, as curl shows it.
func archiveReply(err error) reply {
	answer := replyTo(err, "")
	return reply{status: answer.status, isEdge: true, raw: &raw{"text/plain; charset=utf-8", fmt.Sprintf("%d: %v", answer.status, err)}}
}

// getArchive packs what a link opens. Whoever has none can have what is public.
func getArchive(c *call) (reply, error) {
	in, token := c.repository(), c.request.URL.Query().Get("token")
	link, isLink := c.sandbox.links[token]
	isOpen := isLink && c.now.Before(link.ends) && in != nil && link.fullName == in.fullName() && link.ref == c.params["ref"]
	if in == nil || in.private && !isOpen {
		return archiveReply(notFound()), nil
	}
	sha, found := in.resolve(c.params["ref"])
	if !found {
		return archiveReply(notFound()), nil
	}
	top := in.owner + "-" + in.name + "-" + sha[:7]
	packed, err := in.commit(sha).pack(top)
	if err != nil {
		return reply{}, err
	}
	return reply{
		status: http.StatusOK, isEdge: true, raw: &raw{"application/x-gzip", packed},
		header: map[string]string{"Content-Disposition": "attachment; filename=" + top + ".tar.gz"},
	}, nil
}

// pack makes a tarball as "git archive" does: first the commit's SHA in a header for
// all, then the tree in a folder. A submodule is an empty folder.
func (one *commit) pack(top string) (string, error) {
	var packed bytes.Buffer
	zipped := gzip.NewWriter(&packed)
	archive := tar.NewWriter(zipped)
	err := archive.WriteHeader(&tar.Header{Typeflag: tar.TypeXGlobalHeader, Name: "pax_global_header", PAXRecords: map[string]string{"comment": one.sha}})
	for _, name := range one.paths() {
		if err != nil {
			break
		}
		held, isEntry := one.tree[name]
		header := &tar.Header{Typeflag: tar.TypeDir, Name: path.Join(top, name) + "/", Mode: 0o775, ModTime: one.at}
		if isEntry && held.kind != "submodule" {
			header.Name = strings.TrimSuffix(header.Name, "/")
			header.Typeflag, header.Mode, header.Size = tar.TypeReg, 0o664, int64(len(held.content))
			if held.kind == "symlink" {
				header.Typeflag, header.Mode, header.Size, header.Linkname = tar.TypeSymlink, 0o777, 0, held.content
			}
		}
		if err = archive.WriteHeader(header); err == nil && header.Typeflag == tar.TypeReg {
			_, err = archive.Write([]byte(held.content))
		}
	}
	if err == nil {
		err = archive.Close()
	}
	if err == nil {
		err = zipped.Close()
	}
	if err != nil {
		return "", fmt.Errorf("pack %s: %w", one.sha, err)
	}
	return packed.String(), nil
}

// paths are those of the tree with its folders, each before what is in it. "." is the
// first.
func (one *commit) paths() []string {
	all := map[string]bool{".": true}
	for name := range one.tree {
		for ; name != "."; name = path.Dir(name) {
			all[name] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}
