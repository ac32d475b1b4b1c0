package twilio_test

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// sighted is what a switch is looked at in.
type sighted struct {
	*deployed
	switches twilio.Switches
}

func (d *sighted) uploadAsset(path, visibility, content string) answer {
	d.t.Helper()
	return d.upload(service(d.serviceSID)+"/Assets/"+d.assetSID+"/Versions", fileParts(path, visibility, "text/plain", content))
}

func (d *sighted) uploadFunction(path, source string) string {
	d.t.Helper()
	return status(d.upload(
		service(d.serviceSID)+"/Functions/"+d.functionSID+"/Versions",
		fileParts(path, "public", "application/javascript", source),
	))
}

// versions uploads that many, each with a path of its own.
func (d *sighted) versions(kind, visibility string, number int) []string {
	d.t.Helper()
	var sids []string
	for i := range number {
		_, sid := d.file(d.serviceSID, kind, "/"+strconv.Itoa(i), visibility, "application/javascript", "x")
		sids = append(sids, sid)
	}
	return sids
}

// build creates a Build of Versions, and tells the answer.
func (d *sighted) build(field string, versions []string) string {
	d.t.Helper()
	var pairs []string
	for _, sid := range versions {
		pairs = append(pairs, field, sid)
	}
	return status(d.post(d.builds, pairs...))
}

// built creates a Build, and tells how it ends, or why it does not begin.
func (d *sighted) built(pairs ...string) string {
	d.t.Helper()
	got := d.post(d.builds, append(pairs, "AssetVersions", d.assetVersion)...)
	if got.status != http.StatusCreated {
		return status(got)
	}
	return d.get(d.builds + "/" + got.text("sid")).text("status")
}

// orderOfLogs tells the order of the logs of a dozen calls in each of two seconds.
func (d *sighted) orderOfLogs() string {
	d.t.Helper()
	var called []string
	for range 2 {
		time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(time.Second)))
		for range 12 {
			method := "M" + strconv.Itoa(len(called))
			d.call(method, "/hello")
			called = append(called, method)
		}
	}
	time.Sleep(logDelay)
	var listed, seconds []string
	for _, one := range d.get(d.environmentPath + "/Logs").list("logs") {
		method, _, _ := strings.Cut(text(one, "message"), " ")
		listed, seconds = append(listed, method), append(seconds, text(one, "date_created"))
	}
	slices.Reverse(called)
	slices.Reverse(seconds)
	switch {
	case slices.Equal(listed, called):
		return "newest first"
	case len(listed) == len(called) && slices.IsSorted(seconds):
		return "in another order, by the second newest first"
	default:
		return "others"
	}
}

// order tells the order of a list, of SIDs as they were created.
func (d *sighted) order(path, key string, created []string) string {
	d.t.Helper()
	listed, _ := d.walk(path, key, func(int) {})
	slices.Reverse(created)
	switch {
	case slices.Equal(listed, created):
		return "newest first"
	case slices.Equal(slices.Sorted(slices.Values(listed)), slices.Sorted(slices.Values(created))):
		return "in another order"
	default:
		return "others"
	}
}
