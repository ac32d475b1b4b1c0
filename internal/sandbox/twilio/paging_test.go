package twilio_test

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// walk follows next_page_url from path to the end, calling between after each
// page, and returns the SIDs seen and the last page.
func (b *box) walk(path, key string, between func(page int)) (sids []string, last answer) {
	b.t.Helper()
	next := b.url + path
	for page := 0; next != ""; page++ {
		if page > 100 {
			b.t.Fatal("the pages never end")
		}
		last = b.send(b.request(http.MethodGet, next, "", nil))
		wantStatus(b.t, last, http.StatusOK)
		for _, one := range last.list(key) {
			sids = append(sids, text(one, "sid"))
		}
		meta := last.meta()
		if meta["key"] != key || meta["page"] != float64(page) {
			b.t.Errorf("meta is %v", meta)
		}
		next = text(meta, "next_page_url")
		if next != "" && !strings.HasPrefix(next, b.url+"/v1/") {
			b.t.Fatalf("next_page_url is %s", next)
		}
		between(page)
	}
	return sids, last
}

func TestPagesStayTrueWhileRowsComeAndGo(t *testing.T) {
	t.Parallel()
	b := newBox(t, twilio.Options{PageSize: 3})
	functions := service(b.service("voice")) + "/Functions"
	var made []string
	for i := range 10 {
		made = append(made, b.make(functions, "FriendlyName", "/f"+strconv.Itoa(i)))
	}
	newestFirst := slices.Clone(made)
	slices.Reverse(newestFirst)

	got, _ := b.walk(functions, "functions", func(int) {})
	if !slices.Equal(got, newestFirst) {
		t.Errorf("got  %v\nwant %v", got, newestFirst)
	}
	got, _ = b.walk(functions, "functions", func(page int) {
		b.make(functions, "FriendlyName", "/late"+strconv.Itoa(page))
		if page == 1 {
			// The row that the cursor stands on goes.
			wantStatus(t, b.del(functions+"/"+newestFirst[5]), http.StatusNoContent)
		}
	})
	if !slices.Equal(got, newestFirst) {
		t.Errorf("under inserts got  %v\nwant %v", got, newestFirst)
	}
}

func TestPageEnvelope(t *testing.T) {
	t.Parallel()
	b := newBox(t, twilio.Options{BaseURL: "https://sandbox.test:8765/"})
	functions := service(b.service("voice")) + "/Functions"
	for i := range 5 {
		b.make(functions, "FriendlyName", "/f"+strconv.Itoa(i))
	}
	got := b.get(functions + "?PageSize=2")
	meta := got.meta()
	wantFields(t, meta, "first_page_url key next_page_url page page_size previous_page_url url")
	base := "https://sandbox.test:8765" + functions + "?PageSize=2&Page="
	if meta["first_page_url"] != base+"0" || meta["url"] != base+"0" || meta["previous_page_url"] != nil || meta["page_size"] != 2.0 {
		t.Errorf("meta is %v", meta)
	}
	here := func(address string) string {
		return strings.Replace(address, "https://sandbox.test:8765", b.url, 1)
	}
	if !strings.HasPrefix(text(meta, "next_page_url"), base+"1&PageToken=PT") {
		t.Errorf("next_page_url is %v", meta["next_page_url"])
	}
	second := b.send(b.request(http.MethodGet, here(text(meta, "next_page_url")), "", nil))
	meta = second.meta()
	back := b.send(b.request(http.MethodGet, here(text(meta, "previous_page_url")), "", nil))
	if len(back.list("functions")) != 2 || back.list("functions")[0]["sid"] != got.list("functions")[0]["sid"] {
		t.Errorf("previous page is %s\nwant %s", back.raw, got.raw)
	}
}

func TestPageParameters(t *testing.T) {
	t.Parallel()
	b := newBox(t, twilio.Options{})
	voice := service(b.service("voice"))
	for i := range 51 {
		b.make(voice+"/Functions", "FriendlyName", "/f"+strconv.Itoa(i))
	}
	size := func(got answer) any { return got.meta()["page_size"] }
	if got := b.get(voice + "/Functions"); len(got.list("functions")) != 50 || size(got) != 50.0 {
		t.Errorf("default page has %d of %v", len(got.list("functions")), size(got))
	}
	if got := b.get(voice + "/Functions?PageSize=5000"); len(got.list("functions")) != 51 || size(got) != 1000.0 {
		t.Errorf("large page has %d of %v", len(got.list("functions")), size(got))
	}
	if got := b.get(voice + "/Assets"); got.raw == "" || !strings.Contains(got.raw, `"assets":[]`) || !strings.Contains(got.raw, `"next_page_url":null`) {
		t.Errorf("empty list is %s", got.raw)
	}
	token := func(list string) string {
		meta := b.get(list + "?PageSize=1").meta()
		next, err := url.Parse(text(meta, "next_page_url"))
		if err != nil {
			t.Fatal(err)
		}
		return next.Query().Get("PageToken")
	}
	for query, gist := range map[string]string{
		"PageSize=0": "PageSize", "PageSize=-1": "PageSize", "PageSize=x": "PageSize", "PageSize=": "PageSize",
		"Page=-1": "Page is", "Page=x": "Page is", "PageToken=PTx": "PageToken", "PageToken=x": "PageToken",
		"PageSize=1&PageSize=2": "given 2 times",
	} {
		wantError(t, b.get(voice+"/Functions?"+query), 400, 20001, gist)
	}
	wantError(t, b.get(voice+"/Assets?PageToken="+token(voice+"/Functions")), 400, 20001, "PageToken")
}
