package github

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Release is a GitHub Release.
type Release struct {
	// ID is the Sandbox's to give where it is 0.
	ID int64
	// Tag is the name of its tag, without refs/tags/. Target is what the tag is made of
	// where it is not there; empty means the default branch.
	Tag, Target string
	// Name is its title; may be empty. Body is its text, as it was written.
	Name, Body string
	// Author is a login.
	Author string
	// IsDraft hides it from all who may not write, and from whoever asks by its tag.
	IsDraft, IsPrerelease bool
	// Created never changes; Updated does with each edit.
	Created, Updated time.Time
}

// AddRelease makes a GitHub Release in a repository, given as "owner/name", and returns
// its id. Only drafts may share a tag.
func (s *Sandbox) AddRelease(fullName string, given Release) (id int64, err error) {
	err = s.change(fullName, func(one *repository) error {
		isTaken := func(other *Release) bool {
			return other.ID == given.ID && given.ID != 0 || other.Tag == given.Tag && !other.IsDraft && !given.IsDraft
		}
		switch {
		case given.Tag == "":
			return errors.New("a GitHub Release needs a tag")
		case slices.ContainsFunc(one.releases, isTaken):
			return fmt.Errorf("%s has a GitHub Release %s, or %d, already", fullName, given.Tag, given.ID)
		}
		if given.ID == 0 {
			given.ID = s.nextID()
		}
		given.Target = orDefault(given.Target, one.defaultBranch)
		given.Created = time.Now().UTC()
		given.Updated = given.Created
		one.releases = append(one.releases, &given)
		id = given.ID
		return nil
	})
	return id, err
}

// EditRelease has a person save the text of a GitHub Release, given by its number.
func (s *Sandbox) EditRelease(fullName string, id int64, body string) error {
	return s.change(fullName, func(one *repository) error {
		at := slices.IndexFunc(one.releases, func(other *Release) bool { return other.ID == id })
		if at < 0 {
			return fmt.Errorf("%s has no GitHub Release %d", fullName, id)
		}
		one.releases[at].Body, one.releases[at].Updated = body, time.Now().UTC()
		return nil
	})
}

type releaseBody struct {
	ID              int64      `json:"id"`
	URL             string     `json:"url"`
	AssetsURL       string     `json:"assets_url"`
	HTMLURL         string     `json:"html_url"`
	TagName         string     `json:"tag_name"`
	TargetCommitish string     `json:"target_commitish"`
	Name            *string    `json:"name"`
	Body            *string    `json:"body"`
	Draft           bool       `json:"draft"`
	Prerelease      bool       `json:"prerelease"`
	Immutable       bool       `json:"immutable"`
	CreatedAt       string     `json:"created_at"`
	UpdatedAt       string     `json:"updated_at"`
	PublishedAt     *string    `json:"published_at"`
	Author          userBody   `json:"author"`
	Assets          []struct{} `json:"assets"`
}

func (c *call) releaseBody(one *Release) releaseBody {
	in := c.repository()
	address := c.repositoryURL() + "/releases/" + strconv.FormatInt(one.ID, 10)
	body := releaseBody{
		ID: one.ID, URL: address, AssetsURL: address + "/assets", HTMLURL: htmlURL(in.owner, in.name, "releases", "tag", one.Tag),
		TagName: one.Tag, TargetCommitish: one.Target, Name: orNull(one.Name), Body: orNull(one.Body), Draft: one.IsDraft, Prerelease: one.IsPrerelease,
		CreatedAt: timestamp(one.Created), UpdatedAt: timestamp(one.Updated), Author: c.userBody(one.Author), Assets: []struct{}{},
	}
	if !one.IsDraft {
		body.PublishedAt = orNull(timestamp(one.Created))
	}
	return body
}

// findRelease is the GitHub Release that the path names; nil when there is none to be
// seen. Who may not write sees no drafts:
// docs.github.com/rest/releases/releases#list-releases.
func (c *call) findRelease() *Release {
	mayWrite := c.token.covers(c.repository()) && c.token.may(permission{"contents", "write"})
	for _, one := range c.repository().releases {
		if strconv.FormatInt(one.ID, 10) == c.params["release_id"] && (mayWrite || !one.IsDraft) {
			return one
		}
	}
	return nil
}

func getRelease(c *call) (reply, error) {
	found := c.findRelease()
	if found == nil {
		return reply{}, notFound()
	}
	return ok(c.releaseBody(found))
}

// getReleaseByTag answers with a published one:
// docs.github.com/rest/releases/releases#get-a-release-by-tag-name.
func getReleaseByTag(c *call) (reply, error) {
	for _, one := range c.repository().releases {
		if one.Tag == c.params["tag"] && !one.IsDraft {
			return ok(c.releaseBody(one))
		}
	}
	return reply{}, notFound()
}

// updateRelease changes what is given, and leaves the rest as it is.
func updateRelease(c *call) (reply, error) {
	found := c.findRelease()
	if found == nil {
		return reply{}, notFound()
	}
	if length := utf8.RuneCountInString(c.body["body"]); length > maxReleaseBody {
		return reply{}, &apiError{status: http.StatusUnprocessableEntity, message: "Validation Failed", errors: []fieldError{{
			Resource: "Release", Code: "custom", Field: "body", Message: fmt.Sprintf("body is too long (maximum is %d characters)", maxReleaseBody),
		}}}
	}
	for name, into := range map[string]*string{"tag_name": &found.Tag, "target_commitish": &found.Target, "name": &found.Name, "body": &found.Body} {
		if value, isGiven := c.body[name]; isGiven {
			*into = value
		}
	}
	for name, into := range map[string]*bool{"draft": &found.IsDraft, "prerelease": &found.IsPrerelease} {
		if value, isGiven := c.body[name]; isGiven {
			*into = strings.TrimSpace(value) == "true"
		}
	}
	found.Updated = c.now.UTC()
	c.release = found
	return ok(c.releaseBody(found))
}
