package doctor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-dev/slipway/internal/twilio"
)

const (
	public    = "public"
	protected = "protected"
	private   = "private"

	script = "application/javascript"
	text   = "text/plain"

	indexText      = "index of slipway doctor\n"
	otherIndexText = "other index of slipway doctor\n"
	probeText      = "probe of slipway doctor\n"
)

func newFunction(path, visibility string) *file {
	return newFile(path, visibility, script, `exports.handler = function (context, event, callback) {
  console.log("written by slipway doctor");
  callback(null, "answered by slipway doctor");
};
`)
}

// contents are what the main Build is made of.
type contents struct {
	talks, guarded, small uploaded // Functions
	assets                []uploaded
	otherIndex            uploaded // an Asset that is not in it
}

func (c contents) all() []uploaded {
	return append([]uploaded{c.talks, c.guarded, c.small}, c.assets...)
}

// mainContents uploads what the main Build is made of.
func (l *lab) mainContents(ctx context.Context) (contents, error) {
	return l.contents.get(func() (made contents, err error) {
		for _, one := range []struct {
			at   *uploaded
			file *file
		}{{&made.talks, newFunction("/talks", public)}, {&made.guarded, newFunction("/guarded", protected)}, {&made.small, newFunction("/small", public)}} {
			if *one.at, _, err = l.newUpload(ctx, "Functions", one.file); err != nil {
				return made, err
			}
		}
		for _, asset := range []*file{
			newFile("/probe.txt", public, text, probeText),
			newFile("/index.html", public, "text/html", indexText),
			newFile("/Mixed/Case.txt", public, text, "mixed case\n"),
			newFile("/typed.txt", public, "application/json", "{}\n"),
		} {
			one, _, err := l.newUpload(ctx, "Assets", asset)
			if err != nil {
				return made, err
			}
			made.assets = append(made.assets, one)
		}
		made.otherIndex, _, err = l.newUpload(ctx, "Assets", newFile("/assets/index.html", public, "text/html", otherIndexText))
		return made, err
	})
}

// probeUploads uploads the same twice, and what may be refused.
func probeUploads(ctx context.Context, l *lab) error {
	content := newFunction("/doctor", public)
	made, first, err := l.newUpload(ctx, "Functions", content)
	if err != nil {
		return err
	}
	// Any other 2xx is neither.
	switch first.Status {
	case http.StatusCreated:
		l.settle("upload-answers-200", Off, first.Sight)
	case http.StatusOK:
		l.settle("upload-answers-200", On, first.Sight)
	default:
		l.settle("upload-answers-200", Neither, first.Sight)
	}

	again, err := l.upload(ctx, made, content)
	switch {
	case err != nil:
	case !again.isSuccess():
		l.settle("uploads-deduplicated", Neither, again.Sight)
	case again.text("sid") == made.version:
		l.settle("uploads-deduplicated", On, again.seeing("the same Version again"))
	default:
		l.settle("uploads-deduplicated", Off, again.seeing("another Version"))
	}

	wrong, wrongErr := l.upload(ctx, made, newFunction("/doctor", "nobody"))
	if wrongErr == nil {
		at := Neither
		switch {
		case wrong.isSuccess():
		case wrong.object != nil:
			at = Off
		case len(strings.TrimSpace(string(wrong.body))) > 0:
			at = On
		}
		l.settle("plain-upload-errors", at, wrong.seeing("%s: %s", wrong.header.Get("Content-Type"), wrong.body[:min(len(wrong.body), 160)]))
		l.note("error of the upload host", fmt.Sprintf("%s with the fields %s", wrong.Sight, joinedKeys(wrong.object)), "")
	}
	return errors.Join(err, wrongErr,
		l.oddPaths(ctx, made), l.reservedPath(ctx, made))
}

// oddPaths uploads to a path with each of the characters that the Toolkit
// refuses (its utils/fs.ts): the platform may refuse some.
func (l *lab) oddPaths(ctx context.Context, to uploaded) error {
	const odd = "#;,?:@+&$()'\" "
	statuses := make(map[int]string)
	var last reply
	for _, character := range odd {
		answered, err := l.upload(ctx, to, newFunction("/odd"+string(character)+"path", public))
		if err != nil {
			return err
		}
		statuses[answered.Status] += string(character)
		last = answered
	}
	if len(statuses) == 1 {
		l.settleByStatus("path-characters-checked", last.about("each of %q", odd), http.StatusCreated, http.StatusBadRequest)
		return nil
	}
	seen := []string{}
	for _, status := range slices.Sorted(maps.Keys(statuses)) {
		seen = append(seen, fmt.Sprintf("%d for %q", status, statuses[status]))
	}
	l.settle("path-characters-checked", Neither, Sight{What: "an upload whose Path has one of them: " + strings.Join(seen, ", ")})
	return nil
}

func (l *lab) reservedPath(ctx context.Context, to uploaded) error {
	const path = "/_slipway-doctor"
	answered, err := l.upload(ctx, to, newFunction(path, public))
	if err == nil {
		l.settleByStatus("reserved-paths-refused", answered.about("Path %q", path), http.StatusCreated, http.StatusBadRequest)
	}
	return err
}

// probeSizes uploads a Function of more than 1 MB and a private Asset of more
// than 10 MB.
func probeSizes(ctx context.Context, l *lab) error {
	return errors.Join(
		l.largeUpload(ctx, "large-functions-refused", "Functions", newFunction("/large", public).filled(1_200_000), http.StatusCreated, http.StatusRequestEntityTooLarge),
		l.largeUpload(ctx, "large-private-assets", "Assets", newFile("/large.txt", private, text, "large").filled(11<<20), http.StatusRequestEntityTooLarge, http.StatusCreated),
	)
}

func (l *lab) largeUpload(ctx context.Context, name, kind string, content *file, off, on int) error {
	small, _, err := l.newUpload(ctx, kind, newFile(content.path, content.visibility, content.mediaType, content.head))
	if err != nil {
		return err
	}
	answered, err := l.upload(ctx, small, content)
	if err != nil {
		return err
	}
	l.settleByStatus(name, answered.about("%d bytes", content.size), off, on)
	if answered.Status == http.StatusRequestEntityTooLarge {
		l.note("body of a 413", answered.String(), "")
	}
	return nil
}

// manyFunctions are one more than a Build of the beta could have. The first few
// are made one after the other, so that their order is known.
func (l *lab) manyFunctions(ctx context.Context) ([]uploaded, error) {
	return l.many.get(func() ([]uploaded, error) {
		const many, inOrder = 51, 10
		made := make([]uploaded, many)
		upload := func(ctx context.Context, i int) (err error) {
			// In another order than by age.
			made[i], _, err = l.newUpload(ctx, "Functions", newFunction(fmt.Sprintf("/many/%d", (i+1)*7%(many+2)), public))
			return err
		}
		for i := range inOrder {
			if err := upload(ctx, i); err != nil {
				return nil, err
			}
		}
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(atOnce)
		for i := inOrder; i < many; i++ {
			group.Go(func() error { return upload(ctx, i) })
		}
		return made, group.Wait()
	})
}

// probeManyFunctions asks for a Build of many Functions, and lists them.
func probeManyFunctions(ctx context.Context, l *lab) error {
	made, err := l.manyFunctions(ctx)
	if err != nil {
		return err
	}
	_, err = l.manyInABuild(ctx) // it is looked at when there was time to complete it
	var inOrder []string
	for _, one := range made[:10] {
		inOrder = append(inOrder, one.sid)
	}
	return errors.Join(err, l.order(ctx, "shuffled-lists", "functions", inOrder, "Functions"), l.notePages(ctx))
}

func (l *lab) manyInABuild(ctx context.Context) (reply, error) {
	return l.manyBuild.get(func() (reply, error) {
		made, err := l.manyFunctions(ctx)
		if err != nil {
			return reply{}, err
		}
		return l.build(ctx, wanted{files: made})
	})
}

// probeManyBuild looks at how the Build of many Functions ended.
func probeManyBuild(ctx context.Context, l *lab) error {
	answered, err := l.manyInABuild(ctx)
	if err != nil {
		return err
	}
	ended, err := l.endOf(ctx, answered)
	if err != nil {
		return err
	}
	at := byStatus(answered.Status, http.StatusCreated, http.StatusBadRequest)
	if ended == twilio.BuildFailed {
		at = Neither
	}
	l.settle("function-limit", at, endSight(answered.about("%d Function Versions", len(l.many.thing)), ended))
	return nil
}

// order settles whether a list has what was made in the order given, newest
// first.
func (l *lab) order(ctx context.Context, name, key string, made []string, kind string) error {
	listed, err := l.get(ctx, url.Values{"PageSize": {"100"}}, l.in(kind)...)
	if err != nil {
		return err
	}
	age := make(map[string]int)
	for i, sid := range made {
		age[sid] = i
	}
	var found []int
	var dates []string
	for _, one := range listed.objects(key) {
		sid, _ := one["sid"].(string)
		if at, isOurs := age[sid]; isOurs {
			found = append(found, at)
			date, _ := one["date_created"].(string)
			dates = append(dates, date)
		}
	}
	const fewest = 8 // fewer could be in order by chance
	if len(found) < fewest {
		l.open(name, fmt.Sprintf("only %d of those that were made are listed; %d would tell", len(found), fewest), listed.Sight)
		return nil
	}
	ups, downs := 0, 0
	for i := range found[1:] {
		if found[i+1] > found[i] {
			ups++
		} else {
			downs++
		}
	}
	switch {
	case ups == 0:
		l.settle(name, Off, listed.seeing("newest first"))
	case downs == 0:
		l.settle(name, Neither, listed.seeing("oldest first"))
	case areNewestFirst(dates):
		l.settle(name, Off, listed.seeing("newest first by date_created, which has whole seconds: made as 0 to %d, listed as %v", len(made)-1, found))
	default:
		l.settle(name, On, listed.seeing("made as 0 to %d, listed as %v", len(made)-1, found))
	}
	return nil
}

// areNewestFirst tells whether dates of whole seconds are in order, and too many
// for that to be by chance.
func areNewestFirst(dates []string) bool {
	const fewest = 4
	falling := slices.Clone(dates)
	slices.Sort(falling)
	slices.Reverse(falling)
	return slices.Equal(dates, falling) && len(slices.Compact(falling)) >= fewest
}

// notePages tells what page tokens begin with.
func (l *lab) notePages(ctx context.Context) error {
	listed, err := l.get(ctx, url.Values{"PageSize": {"2"}}, l.in("Functions")...)
	if err != nil {
		return err
	}
	meta, _ := listed.object["meta"].(map[string]any)
	next, _ := meta["next_page_url"].(string)
	address, err := url.Parse(next)
	if err != nil || next == "" {
		l.note("PageToken", "no next page of many Functions", "")
		return nil //nolint:nilerr // what is no address is what was seen
	}
	token := address.Query().Get("PageToken")
	l.note("PageToken", fmt.Sprintf("begins with %q", token[:min(len(token), 2)]), "what is in it is Twilio's own; clients pass it on as it is")
	return nil
}
