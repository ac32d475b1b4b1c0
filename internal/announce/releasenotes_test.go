package announce_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/slipway-dev/slipway/internal/announce"
	"github.com/slipway-dev/slipway/internal/job"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/github"
)

// TestReleaseNotes tells what a tag made live, once, and only that.
func TestReleaseNotes(t *testing.T) {
	t.Parallel()
	const before = "## New\n\nmuch\n"
	line := "- Deployed<!-- slipway:voice/production --> `voice` to `production`: Build `ZB00000000000000000000000000000001`, digest `" +
		strings.Repeat("d", 64) + "`<!-- /slipway -->\n"
	for name, test := range map[string]struct {
		statuses []job.Status // of one run after the other
		verb     job.Verb     // job.Tag unless another is given
		tag      string
		id       int64
		isOff    bool
		level    string // of the permission, write unless another is given
		want     string
		warning  string
	}{
		"promoted":           {statuses: []job.Status{job.Promoted}, tag: "v1", want: before + "\n" + line},
		"by its id":          {statuses: []job.Status{job.Deployed}, tag: "v1", id: 101, want: before + "\n" + line},
		"two events":         {statuses: []job.Status{job.Deployed, job.Unchanged}, tag: "v1", want: before + "\n" + line},
		"a command":          {statuses: []job.Status{job.Promoted}, verb: job.Promote, tag: "v1", want: before + "\n" + line},
		"failed":             {statuses: []job.Status{job.Failed}, tag: "v1", want: before},
		"superseded":         {statuses: []job.Status{job.Superseded}, tag: "v1", want: before},
		"rolled back":        {statuses: []job.Status{job.RolledBack}, verb: job.Rollback, tag: "v1", want: before},
		"taken away":         {statuses: []job.Status{job.TornDown}, verb: job.Teardown, tag: "v1", want: before},
		"switched off":       {statuses: []job.Status{job.Promoted}, tag: "v1", isOff: true, want: before},
		"no tag":             {statuses: []job.Status{job.Deployed}, want: before},
		"no GitHub Release":  {statuses: []job.Status{job.Promoted}, tag: "v2", want: before},
		"one that is gone":   {statuses: []job.Status{job.Promoted}, tag: "v1", id: 7, want: before},
		"without permission": {statuses: []job.Status{job.Promoted}, tag: "v1", level: "read", want: before, warning: `release notes: No release notes: edit GitHub Release: the GitHub token may not do this; add the line "contents: write"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				token := sandbox.DefaultToken()
				token.Permissions["contents"] = "write"
				if test.level != "" {
					token.Permissions["contents"] = test.level
				}
				world := newHub(t, sandbox.Options{Tokens: []sandbox.Token{token}})
				if _, err := world.AddRelease("acme/voice", sandbox.Release{ID: 101, Tag: "v1", Body: before}); err != nil {
					t.Fatal(err)
				}
				about := onPush()
				about.Tag, about.Release = test.tag, test.id
				asked := deployOf("voice", "production")
				if asked.Verb = job.Tag; test.verb != "" {
					asked.Verb = test.verb
				}
				var warnings []announce.Warning
				for _, status := range test.statuses {
					settings := announce.Settings{Comment: announce.CommentNever, ReleaseNotes: !test.isOff}
					warnings = append(warnings, tell(t, newAnnouncer(t, world, about, settings), asked, resultOf(asked, status))...)
				}
				if got := world.Snapshot().Repositories[0].Releases[0].Body; got != test.want {
					t.Errorf("got  %q\nwant %q", got, test.want)
				}
				if len(warnings) > 0 != (test.warning != "") || len(warnings) > 0 && !strings.HasPrefix(warnings[0].Place+": "+warnings[0].Text, test.warning) {
					t.Errorf("warned of %+v, want %q", warnings, test.warning)
				}
			})
		})
	}
}
