package github

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// tag is what a tag stands for.
type tag struct {
	sha    string // of the commit
	object string // of an annotated tag, whose own SHA it is; empty for others
}

// TagPush is a tag that somebody pushes.
type TagPush struct {
	// Tag is its name, without refs/tags/. One that is there is moved.
	Tag string
	// SHA is the commit that it is put on, which is known; empty means the head of the
	// default branch.
	SHA string
	// Message makes it an annotated tag, which is an object of its own.
	Message string
	// Login is who pushes. Empty means the repository's owner.
	Login string
}

// PushTag puts a tag on a commit of a repository, given as "owner/name".
func (s *Sandbox) PushTag(fullName string, push TagPush) (Pushed, error) {
	var made Pushed
	return made, s.change(fullName, func(one *repository) error {
		push.Login, push.SHA = orDefault(push.Login, one.owner), orDefault(push.SHA, one.branches[one.defaultBranch])
		known := one.commit(push.SHA)
		if known == nil || push.Tag == "" {
			return errors.New("a tag needs a name, and a commit that is known")
		}
		before, wasThere := one.tags[push.Tag]
		named := tag{sha: push.SHA}
		if push.Message != "" {
			who := fmt.Sprintf("%s <%s> %d +0000", push.Login, email(push.Login), s.options.Now().Unix())
			named.object = objectSHA("tag", strings.Join([]string{"object " + push.SHA, "type commit", "tag " + push.Tag, "tagger " + who, "", push.Message, ""}, "\n"))
		}
		one.tags[push.Tag] = named
		payload := s.pushPayload(one, Push{Message: "Update", Login: push.Login}, Commit{SHA: push.SHA, At: known.at}, "",
			commitPayload(one, Push{Message: "Update", Login: push.Login}, Commit{SHA: push.SHA, At: known.at}, nil, known.tree))
		// "after" is the tag itself when it is annotated, and "head_commit" the commit:
		// github.blog/changelog/2021-10-01-the-push-webhook-payload-provides-a-consistent-head_commit-on-tag-creation.
		payload["ref"], payload["after"], payload["commits"] = "refs/tags/"+push.Tag, orDefault(named.object, push.SHA), []any{}
		if wasThere {
			payload["before"], payload["created"], payload["forced"] = orDefault(before.object, before.sha), false, true
		}
		made.SHA = push.SHA
		var err error
		made.Payload, err = json.Marshal(payload)
		return err //nolint:wrapcheck // it cannot fail: all of it is plain data.
	})
}

// DeleteTag takes a tag away. One that is not there is no error.
func (s *Sandbox) DeleteTag(fullName, name string) error {
	return s.change(fullName, func(one *repository) error {
		delete(one.tags, name)
		return nil
	})
}

// ReleasePayload is that of the event "release" as GitHub sends it to a webhook, when
// login did what action says ("published" and so on) with a GitHub Release, given by its
// number: docs.github.com/webhooks/webhook-events-and-payloads#release.
func (s *Sandbox) ReleasePayload(fullName string, id int64, action, login string) ([]byte, error) {
	var text []byte
	return text, s.change(fullName, func(one *repository) error {
		api := orDefault(s.options.BaseURL, "https://api.github.com")
		for _, made := range one.releases {
			if made.ID != id {
				continue
			}
			body := (&call{sandbox: s, base: api, params: map[string]string{"owner": one.owner, "repo": one.name}}).releaseBody(made)
			// Times of the repository are texts in all events but a push.
			repository := s.repositoryPayload(api, one, made.Created)
			repository["created_at"], repository["pushed_at"] = timestamp(made.Created), timestamp(made.Created)
			payload := map[string]any{"action": action, "release": body, "repository": repository, "sender": userPayload(api, login)}
			s.addInstallation(one, payload)
			var err error
			text, err = json.Marshal(payload)
			return err //nolint:wrapcheck // it cannot fail: all of it is plain data.
		}
		return fmt.Errorf("%s has no GitHub Release %d", fullName, id)
	})
}
