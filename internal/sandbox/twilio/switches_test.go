package twilio_test

import (
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// seen is what a client meets in each position of a switch.
type seen struct {
	off, on string
	look    func(*sighted) string
}

// status is an answer in short: its status, and its code if it has one.
func status(got answer) string {
	if got.err != nil {
		return got.err.Error()
	}
	if got.code() != 0 {
		return fmt.Sprintf("%d/%d", got.status, got.code())
	}
	return strconv.Itoa(got.status)
}

func sightings() map[string]seen {
	const handler = `[{"name":"@twilio/runtime-handler","version":"1.1.0"}]`
	return map[string]seen{
		"nested-service-names": {"404/20404", "200", func(d *sighted) string {
			return status(d.get(service("voice") + "/Functions"))
		}},
		"malformed-sids-are-400": {"404/20404", `400/20001, FunctionSid "ZH123", Sid "ZN1"`, func(d *sighted) string {
			got := d.get(service(d.serviceSID) + "/Functions/ZH123/Versions/ZN1")
			return strings.Join(append([]string{status(got)}, regexp.MustCompile(`\w+ "\w+"`).FindAllString(got.text("message"), -1)...), ", ")
		}},
		"service-names-checked": {"201", "400/20001", func(d *sighted) string {
			return status(d.post("/v1/Services", "UniqueName", "@acme/voice", "FriendlyName", "x"))
		}},
		"service-conflicts-are-400": {"409/20409", "400/20001", func(d *sighted) string {
			return status(d.post("/v1/Services", "UniqueName", "voice", "FriendlyName", "x"))
		}},
		"variable-conflicts-are-400": {"409/20409", "400/20001", func(d *sighted) string {
			d.make(d.environmentPath+"/Variables", "Key", "A", "Value", "1")
			return status(d.post(d.environmentPath+"/Variables", "Key", "A", "Value", "1"))
		}},
		"suffixes-unchecked": {"400/20001", "201", func(d *sighted) string {
			return status(d.post(service(d.serviceSID)+"/Environments", "UniqueName", "x", "DomainSuffix", "a_b"))
		}},
		"bare-domains-shared": {"409/20409", "201", func(d *sighted) string {
			d.make(service(d.serviceSID)+"/Environments", "UniqueName", "one")
			return status(d.post(service(d.serviceSID)+"/Environments", "UniqueName", "two"))
		}},
		"lower-case-domains": {"Loud-1000 Loud-1000-Dev.twil.io", "loud-1000 loud-1000-dev.twil.io", func(d *sighted) string {
			made := d.post("/v1/Services", "UniqueName", "Loud", "FriendlyName", "x")
			environment := d.post(service(made.text("sid"))+"/Environments", "UniqueName", "x", "DomainSuffix", "Dev")
			return regexp.MustCompile(`\d{4}`).ReplaceAllString(made.text("domain_base")+" "+environment.text("domain_name"), "1000")
		}},
		"large-pages-refused": {"200", "400/20001", func(d *sighted) string {
			return status(d.get("/v1/Services?PageSize=1001"))
		}},
		"shuffled-builds": {"newest first", "in another order", func(d *sighted) string {
			want := []string{d.buildSID}
			for i := range 24 {
				_, version := d.asset(d.serviceSID, "/"+strconv.Itoa(i), "public", "text/plain", "x")
				want = append(want, d.make(d.builds, "AssetVersions", version))
			}
			return d.order(d.builds, "builds", want)
		}},
		"shuffled-lists": {
			"newest first; logs newest first", "in another order; logs in another order, by the second newest first",
			func(d *sighted) string {
				want := []string{d.functionSID}
				for i := range 24 {
					want = append(want, d.make(service(d.serviceSID)+"/Functions", "FriendlyName", strconv.Itoa(i)))
				}
				return d.order(service(d.serviceSID)+"/Functions", "functions", want) + "; logs " + d.orderOfLogs()
			},
		},
		"no-concurrency-header": {"1", "", func(d *sighted) string {
			return d.get("/v1/Services").header.Get("Twilio-Concurrent-Requests")
		}},
		"doubled-request-ids": {"1 of 34", "2 of 34", func(d *sighted) string {
			ids := strings.Split(d.get("/v1/Services").header.Get("Twilio-Request-Id"), ", ")
			if ids[0] != ids[len(ids)-1] {
				return "different ones"
			}
			return fmt.Sprintf("%d of %d", len(ids), len(ids[0]))
		}},
		"retry-after-told": {"429/20429 ", "429/20429 1", func(d *sighted) string {
			crowd := newDirectBox(d.t, twilio.Options{
				Switches: d.switches, Fault: func(*http.Request) twilio.Fault { return twilio.FaultTooMany },
			})
			got := crowd.get("/v1/Services")
			return status(got) + " " + got.header.Get("Retry-After")
		}},
		"upload-answers-200": {"201", "200", func(d *sighted) string {
			return status(d.uploadAsset("/a", "public", "x"))
		}},
		"plain-upload-errors": {
			"400/20001 application/json, 401/20003 application/json, 404/20404 application/json, 405/20004 application/json",
			"400 text/plain; charset=utf-8, 401 text/plain; charset=utf-8, 404 text/plain; charset=utf-8, 405 text/plain; charset=utf-8",
			func(d *sighted) string {
				refused := d.uploadAsset("/a", "secret", "x")
				if !strings.Contains(refused.raw, "Visibility") {
					return "a refusal that does not say what is wrong: " + refused.raw
				}
				versions := service(d.serviceSID) + "/Assets/" + d.assetSID + "/Versions"
				d.pass = "wrong"
				unsigned := d.uploadAsset("/a", "public", "x")
				d.pass, d.host = twilio.DefaultAccount().AuthToken, "serverless-upload.twilio.com"
				var seen []string
				for _, got := range []answer{refused, unsigned, d.get("/v1/Services"), d.get(versions)} {
					seen = append(seen, status(got)+" "+got.header.Get("Content-Type"))
				}
				return strings.Join(seen, ", ")
			},
		},
		"uploads-deduplicated": {"another, and another", "the same, and another", func(d *sighted) string {
			word := func(same bool) string {
				if same {
					return "the same"
				}
				return "another"
			}
			first, again := d.uploadAsset("/a", "public", "x"), d.uploadAsset("/a", "public", "x")
			changed := d.uploadAsset("/a", "private", "x")
			return word(first.text("sid") == again.text("sid")) + ", and " + word(first.text("sid") == changed.text("sid"))
		}},
		"path-characters-checked": {"201", "400/20001", func(d *sighted) string {
			return status(d.uploadAsset("/a b", "public", "x"))
		}},
		"reserved-paths-refused": {"201", "400/20001", func(d *sighted) string {
			return status(d.uploadAsset("_slipway/x", "private", "x"))
		}},
		"large-functions-refused": {"201 201", "201 413", func(d *sighted) string {
			source := strings.Repeat("x", 1<<20)
			return d.uploadFunction("/f", source) + " " + d.uploadFunction("/f", source+"x")
		}},
		"large-private-assets": {"413 413", "201 413", func(d *sighted) string {
			content := strings.Repeat("x", 10<<20+1)
			private := d.uploadAsset("/a", "private", content)
			return status(private) + " " + status(d.uploadAsset("/a", "private", strings.Repeat(content, 3)))
		}},
		"bare-versions": {"an object, then an object", "a string, then an object", func(d *sighted) string {
			word := func(got answer) string {
				versions, _ := got.json["asset_versions"].([]any)
				if len(versions) != 1 {
					return "no Version"
				}
				if sid, isText := versions[0].(string); isText && sid == d.assetVersion {
					return "a string"
				}
				return "an object"
			}
			created := d.post(d.builds, "AssetVersions", d.assetVersion)
			return word(created) + ", then " + word(d.get(d.builds+"/"+created.text("sid")))
		}},
		"ranges-resolved": {"^4.17.11 latest 1.2.3 <5 >=4.1", "4.17.11 1.0.0 1.2.3 4.1.0", func(d *sighted) string {
			const asked = `[{"name":"a","version":"^4.17.11"},{"name":"b","version":"latest"},{"name":"c","version":"1.2.3"},{"name":"d","version":"<5 >=4.1"}]`
			var versions []string
			for _, one := range d.post(d.builds, "AssetVersions", d.assetVersion, "Dependencies", asked).list("dependencies")[:4] {
				versions = append(versions, text(one, "version"))
			}
			return strings.Join(versions, " ")
		}},
		"older-default-dependencies": {
			"@twilio/runtime-handler twilio", "@twilio/runtime-handler fs lodash twilio util xmldom",
			func(d *sighted) string {
				var names []string
				for _, one := range d.post(d.builds, "AssetVersions", d.assetVersion).list("dependencies") {
					names = append(names, text(one, "name"))
				}
				slices.Sort(names)
				return strings.Join(names, " ")
			},
		},
		"duplicate-paths-are-409": {"400/20001", "409/20409", func(d *sighted) string {
			_, other := d.function(d.serviceSID, "/hello", "public")
			return status(d.post(d.builds, "FunctionVersions", d.functionVersion, "FunctionVersions", other))
		}},
		"late-runtime-errors": {"400/20001, 400/20001, 400/20001", "failed, failed, 400/20001", func(d *sighted) string {
			return strings.Join([]string{
				d.built("Runtime", "node18"),
				d.built("Runtime", "node24", "Dependencies", handler),
				d.built("Runtime", "node10"),
			}, ", ")
		}},
		"node20-retired": {"completed", "400/20001", func(d *sighted) string { return d.built("Runtime", "node20") }},
		"runtime-kept": {"node22, node22", "node24, node22", func(d *sighted) string {
			d.make(d.deploymentsPath, "BuildSid", d.make(d.builds, "AssetVersions", d.assetVersion, "Runtime", "node24"))
			untold, latest := d.post(d.builds, "AssetVersions", d.assetVersion), d.post(d.builds, "AssetVersions", d.assetVersion, "Runtime", "latest")
			return untold.text("runtime") + ", " + latest.text("runtime")
		}},
		"stale-build-is-400": {"404/20404", "400/20001", func(d *sighted) string {
			return status(d.post(d.deploymentsPath, "BuildSid", "ZB1"))
		}},
		"unfinished-build-is-409": {"400/20001", "409/20409", func(d *sighted) string {
			failed := d.make(d.builds, "AssetVersions", d.assetVersion, "Dependencies", `[{"name":"`+twilio.FailsBuild+`","version":"1.0.0"}]`)
			return status(d.post(d.deploymentsPath, "BuildSid", failed))
		}},
		"build-guard-is-400": {"409/20409", "400/20001", func(d *sighted) string {
			return status(d.del(d.builds + "/" + d.buildSID))
		}},
		"file-guard-is-400": {"409/20409 409/20409", "400/20001 400/20001", func(d *sighted) string {
			return status(d.del(service(d.serviceSID)+"/Assets/"+d.assetSID)) + " " + status(d.del(service(d.serviceSID)+"/Functions/"+d.functionSID))
		}},
		"undeployed-builds-vanish": {"200 200 200", "404/20404 404/20404 200", func(d *sighted) string {
			next := d.make(d.builds, "AssetVersions", d.assetVersion)
			d.make(d.deploymentsPath, "BuildSid", next)
			return strings.Join([]string{
				status(d.get(d.builds + "/" + d.buildSID)),
				status(d.get(service(d.serviceSID) + "/Functions/" + d.functionSID + "/Versions/" + d.functionVersion)),
				status(d.get(service(d.serviceSID) + "/Assets/" + d.assetSID + "/Versions/" + d.assetVersion)), // in both
			}, " ")
		}},
		"function-limit": {"201 201", "201 400/20001", func(d *sighted) string {
			versions := d.versions("Functions", "public", 51)
			return d.build("FunctionVersions", versions[:50]) + " " + d.build("FunctionVersions", versions)
		}},
		"asset-limits": {"201 201 201 201", "201 400/20001 201 400/20001", func(d *sighted) string {
			private, open := d.versions("Assets", "private", 51), d.versions("Assets", "public", 1001)
			return strings.Join([]string{
				d.build("AssetVersions", private[:50]), d.build("AssetVersions", private),
				d.build("AssetVersions", open[:1000]), d.build("AssetVersions", open),
			}, " ")
		}},
		"environment-limit": {"201 201", "201 400/20001", func(d *sighted) string {
			add := func(name string) string {
				return status(d.post(service(d.serviceSID)+"/Environments", "UniqueName", name, "DomainSuffix", name))
			}
			for i := range 23 {
				add("e" + strconv.Itoa(i))
			}
			return add("last") + " " + add("one-more")
		}},
		"build-rate-limit": {"201 201 201", "201 400/20001 201", func(d *sighted) string {
			for range 98 { // the first was made when this was deployed
				wantStatus(d.t, d.del(d.builds+"/"+d.make(d.builds, "AssetVersions", d.assetVersion)), http.StatusNoContent)
			}
			versions := []string{d.assetVersion}
			last, beyond := d.build("AssetVersions", versions), d.build("AssetVersions", versions)
			time.Sleep(time.Hour)
			return last + " " + beyond + " " + d.build("AssetVersions", versions)
		}},
		"variables-limit": {"201 201 200", "201 400/20001 400/20001", func(d *sighted) string {
			variables := d.environmentPath + "/Variables"
			for i := range 7 {
				d.make(variables, "Key", fmt.Sprintf("KEY%d", i), "Value", strings.Repeat("x", 400))
			}
			fits := d.post(variables, "Key", "LAST", "Value", strings.Repeat("x", 168)) // 7·404 + 172 = 3000 bytes
			return strings.Join([]string{
				status(fits), status(d.post(variables, "Key", "B", "Value", "1")),
				status(d.post(variables+"/"+fits.text("sid"), "Value", strings.Repeat("x", 169))),
			}, " ")
		}},
		"upper-case-levels": {"info", "INFO", func(d *sighted) string {
			d.call(http.MethodGet, "/hello")
			time.Sleep(logDelay)
			return text(d.get(d.environmentPath + "/Logs").list("logs")[0], "level")
		}},
		"late-logs": {"1, later 1", "0, later 1", func(d *sighted) string {
			d.call(http.MethodGet, "/hello")
			count := func() int { return len(d.get(d.environmentPath + "/Logs").list("logs")) }
			atOnce := count()
			time.Sleep(logDelay)
			return fmt.Sprintf("%d, later %d", atOnce, count())
		}},
		"root-serves-index": {"404", "200", func(d *sighted) string {
			_, index := d.asset(d.serviceSID, "/index.html", "public", "text/html", "x")
			d.make(d.deploymentsPath, "BuildSid", d.make(d.builds, "AssetVersions", index))
			return status(d.get("/_live/" + d.domain + "/"))
		}},
		"protected-functions-403": {"400", "403", func(d *sighted) string {
			_, function := d.function(d.serviceSID, "/p", "protected")
			d.make(d.deploymentsPath, "BuildSid", d.make(d.builds, "FunctionVersions", function))
			return status(d.get("/_live/" + d.domain + "/p"))
		}},
		"paths-ignore-case": {"404 201", "200 400/20001", func(d *sighted) string {
			_, other := d.function(d.serviceSID, "/HELLO", "public")
			return status(d.get("/_live/"+d.domain+"/HELLO")) + " " + d.build("FunctionVersions", []string{d.functionVersion, other})
		}},
		"types-by-extension": {"image/png", "text/plain", func(d *sighted) string {
			_, odd := d.asset(d.serviceSID, "/odd.txt", "public", "image/png", "x")
			d.make(d.deploymentsPath, "BuildSid", d.make(d.builds, "AssetVersions", odd))
			return d.get("/_live/" + d.domain + "/odd.txt").header.Get("Content-Type")
		}},
	}
}

// logDelay is how late a log entry can be read, with the switch for it.
const logDelay = 3 * time.Second

// TestSwitches looks at both positions of each switch.
func TestSwitches(t *testing.T) {
	t.Parallel()
	all := sightings()
	for _, one := range twilio.SwitchTable() {
		test, found := all[one.Name]
		delete(all, one.Name)
		if !found {
			t.Errorf("nothing looks at the switch %s", one.Name)
			continue
		}
		if test.off == test.on {
			t.Errorf("the positions of %s look the same", one.Name)
		}
		t.Run(one.Name, func(t *testing.T) {
			t.Parallel()
			for position, switches := range map[string]twilio.Switches{test.off: {}, test.on: one.TurnOn(twilio.Switches{})} {
				synctest.Test(t, func(t *testing.T) {
					options := twilio.Options{Switches: switches}
					if got := test.look(&sighted{deployTo(newDirectBox(t, options)), switches}); got != position {
						t.Errorf("on is %t: got %s, want %s", one.IsOn(switches), got, position)
					}
				})
			}
		})
	}
	for name := range all {
		t.Errorf("there is no switch %s", name)
	}
}

// allOn is the other position of every switch.
func allOn() twilio.Switches {
	var switches twilio.Switches
	for _, one := range twilio.SwitchTable() {
		switches = one.TurnOn(switches)
	}
	return switches
}

// TestSwitchTable holds the table to the struct: one row for each field, in its
// order, of the field's name, and nothing said twice.
func TestSwitchTable(t *testing.T) {
	t.Parallel()
	table := twilio.SwitchTable()
	said := map[string]bool{}
	fields := reflect.TypeFor[twilio.Switches]()
	if len(table) != fields.NumField() {
		t.Fatalf("%d rows for %d fields", len(table), fields.NumField())
	}
	for i, one := range table {
		on := one.TurnOn(twilio.Switches{})
		if !reflect.ValueOf(on).Field(i).Bool() || one.IsOn(twilio.Switches{}) || !one.IsOn(on) {
			t.Errorf("row %d, %s, is not that of %s", i, one.Name, fields.Field(i).Name)
		}
		if plain := strings.ReplaceAll(one.Name, "-", ""); plain != strings.ToLower(fields.Field(i).Name) {
			t.Errorf("%s is called %s", fields.Field(i).Name, one.Name)
		}
		for _, text := range []string{one.Name, one.Off} {
			if text == "" || one.On == "" || said[text] {
				t.Errorf("%s: it says %q again, or nothing", one.Name, text)
			}
			said[text] = true
		}
	}
}

func TestShuffledListsStillPage(t *testing.T) {
	t.Parallel()
	d := deploy(t, twilio.Options{PageSize: 7, Switches: twilio.Switches{ShuffledBuilds: true, ShuffledLists: true}})
	for range 25 {
		d.call(http.MethodGet, "/hello")
	}
	logs, _ := d.walk(d.environmentPath+"/Logs", "logs", func(int) {})
	slices.Sort(logs)
	if len(logs) != 25 || len(slices.Compact(logs)) != 25 {
		t.Errorf("got the logs %v, want 25", logs)
	}
	want := map[string][]string{"builds": {d.buildSID}, "assets": {d.assetSID}}
	for i := range 24 {
		file, version := d.asset(d.serviceSID, "/"+strconv.Itoa(i), "public", "text/plain", "x")
		want["assets"] = append(want["assets"], file)
		want["builds"] = append(want["builds"], d.make(d.builds, "AssetVersions", version))
	}
	for key, sids := range want {
		got, last := d.walk(service(d.serviceSID)+"/"+strings.ToUpper(key[:1])+key[1:], key, func(int) {})
		wantStatus(t, last, http.StatusOK)
		slices.Sort(got)
		slices.Sort(sids)
		if !slices.Equal(got, sids) {
			t.Errorf("got %v, want %v", got, sids)
		}
	}
}

// TestBuildsThatVanish tells when a Build goes with Switches.UndeployedBuildsVanish,
// and when it does not.
func TestBuildsThatVanish(t *testing.T) {
	t.Parallel()
	options := twilio.Options{Switches: twilio.Switches{UndeployedBuildsVanish: true}, DataDir: t.TempDir()}
	d := deploy(t, options)
	there := func(buildSID string) int { return d.get(d.builds + "/" + buildSID).status }
	stage := service(d.serviceSID) + "/Environments/" +
		d.make(service(d.serviceSID)+"/Environments", "UniqueName", "stage-environment", "DomainSuffix", "stage")
	d.make(stage+"/Deployments", "BuildSid", d.buildSID)
	next := d.make(d.builds, "AssetVersions", d.assetVersion)

	d.make(d.deploymentsPath, "BuildSid", next)
	if got := there(d.buildSID); got != http.StatusOK {
		t.Errorf("what another Environment serves: %d", got)
	}
	wantStatus(t, d.del(stage), http.StatusNoContent)
	if got := there(d.buildSID); got != http.StatusNotFound {
		t.Errorf("with the last Environment that serves it: %d", got)
	}
	d.make(d.deploymentsPath)
	if got := there(next); got != http.StatusNotFound {
		t.Errorf("when the Environment is emptied: %d", got)
	}
	wantStatus(t, d.get(service(d.serviceSID)+"/Assets/"+d.assetSID), http.StatusOK)

	want := d.Snapshot()
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	reopened := open(t, options)
	t.Cleanup(func() { _ = reopened.Close() })
	if diff := cmp.Diff(reopened.Snapshot(), want); diff != "" {
		t.Errorf("read back (-got +want)\n%s", diff)
	}
}

// TestSharedDomainServesWhatWentLiveLast has several Environments on a bare domain,
// with Switches.BareDomainsShared.
func TestSharedDomainServesWhatWentLiveLast(t *testing.T) {
	t.Parallel()
	d := deploy(t, twilio.Options{Switches: twilio.Switches{BareDomainsShared: true}})
	var domain string
	var deployments []string
	for _, name := range []string{"one", "two", "three"} {
		made := d.post(service(d.serviceSID)+"/Environments", "UniqueName", name)
		domain = made.text("domain_name")
		deployments = append(deployments, service(d.serviceSID)+"/Environments/"+made.text("sid")+"/Deployments")
	}
	build := func(content string) string {
		_, version := d.asset(d.serviceSID, "/which.txt", "public", "text/plain", content)
		return d.make(d.builds, "AssetVersions", version)
	}
	served := func() string { return d.get("/_live/" + domain + "/which.txt").raw }

	d.make(deployments[1], "BuildSid", build("two"))
	if got := served(); got != "two" {
		t.Errorf("with one that is live: %q", got)
	}
	d.make(deployments[0], "BuildSid", build("one"))
	if got := served(); got != "one" {
		t.Errorf("with two that are live: %q", got)
	}
	d.make(deployments[0])
	if got := served(); got != "two" {
		t.Errorf("with the newer one emptied: %q", got)
	}
}
