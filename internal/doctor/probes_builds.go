package doctor

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/slipway-dev/slipway/internal/twilio"
	"github.com/slipway-dev/slipway/internal/words"
)

const handlerName = "@twilio/runtime-handler"

func joinedKeys(object map[string]any) string {
	return strings.Join(slices.Sorted(maps.Keys(object)), ", ")
}

// versionsOf are the dependencies of a Build. Some replies on Twilio's own page
// have them as a string that holds the list.
func versionsOf(build reply) map[string]string {
	listed := build.objects("dependencies")
	if within := build.text("dependencies"); within != "" {
		_ = json.Unmarshal([]byte(within), &listed) // what is none stays empty
	}
	versions := make(map[string]string)
	for _, one := range listed {
		name, _ := one["name"].(string)
		versions[name], _ = one["version"].(string)
	}
	return versions
}

// simpleBuild asks for a Build of one Function that wants nothing else. It is
// made while nothing is live in the Service.
func (l *lab) simpleBuild(ctx context.Context) (reply, error) {
	return l.simple.get(func() (reply, error) {
		made, err := l.mainContents(ctx)
		if err != nil {
			return reply{}, err
		}
		return l.mustBuild(ctx, wanted{files: []uploaded{made.small, made.otherIndex}})
	})
}

// usualBuild is the simple Build when it is completed; the reply to its creation
// may not have all of it yet.
func (l *lab) usualBuild(ctx context.Context) (reply, error) {
	return l.usual.get(func() (reply, error) {
		built, err := l.simpleBuild(ctx)
		if err != nil {
			return built, err
		}
		if err := l.mustComplete(ctx, built.text("sid")); err != nil {
			return built, err
		}
		return l.fetchBuild(ctx, built.text("sid"))
	})
}

// otherRuntime is one that is not the default.
func (l *lab) otherRuntime(ctx context.Context) (string, error) {
	built, err := l.simpleBuild(ctx)
	if err == nil && built.text("runtime") == "" {
		built, err = l.usualBuild(ctx)
	}
	if err == nil && built.text("runtime") == "node24" {
		return "node22", nil
	}
	return "node24", err
}

// mainBuild asks for the Build that goes live, and right away, while it is not
// completed, for its Deployment.
func (l *lab) mainBuild(ctx context.Context) (reply, error) {
	return l.main.get(func() (reply, error) {
		made, err := l.mainContents(ctx)
		if err != nil {
			return reply{}, err
		}
		environment, err := l.plainEnvironment(ctx)
		if err != nil {
			return reply{}, err
		}
		runtime, _ := l.otherRuntime(ctx) // what is wrong with the default is told by its own probe
		asked := wanted{files: made.all(), dependencies: `[{"name":"lodash","version":"^4.17.0"}]`, runtime: runtime}
		built, err := l.build(ctx, asked)
		if err == nil && !built.isSuccess() {
			asked.runtime = "" // much else depends on this Build
			built, err = l.mustBuild(ctx, asked)
		}
		if err != nil {
			return built, err
		}
		l.mainRuntime = asked.runtime
		if err := l.deployUnfinished(ctx, built.text("sid"), environment.SID); err != nil {
			l.leaveOpen([]string{"unfinished-build-is-409"}, err)
		}
		return built, nil
	})
}

func (l *lab) deployUnfinished(ctx context.Context, build string, environment twilio.EnvironmentSID) error {
	early, err := l.post(ctx, form("BuildSid", build), l.in("Environments", string(environment), "Deployments")...)
	if err != nil {
		return err
	}
	isLive := early.isSuccess()
	if early.Status == http.StatusConflict { // so is what is live already: the answer to an attempt before may have been lost
		now, err := l.client.FetchEnvironment(ctx, l.service.SID, environment)
		if err != nil {
			return err
		}
		isLive = string(now.BuildSID) == build
	}
	if isLive {
		l.deployedEarly(ctx, build, early)
	} else {
		l.settleByStatus("unfinished-build-is-409", early, http.StatusBadRequest, http.StatusConflict)
	}
	return nil
}

// deployedEarly judges a Deployment that was not refused.
func (l *lab) deployedEarly(ctx context.Context, build string, early reply) {
	status, err := l.client.FetchBuildStatus(ctx, l.service.SID, twilio.BuildSID(build))
	if err == nil && status == twilio.BuildBuilding {
		l.settle("unfinished-build-is-409", Neither, early.seeing("a Build that is still building went live"))
		return
	}
	l.open("unfinished-build-is-409", "the Build was completed at once", early.Sight)
}

// probeMainBuild looks at the reply to a new Build.
func probeMainBuild(ctx context.Context, l *lab) error {
	built, err := l.mainBuild(ctx)
	if err != nil {
		return err
	}
	versions := built.list("function_versions")
	switch {
	case len(versions) == 0:
		l.settle("bare-versions", Neither, built.seeing("no function_versions"))
	case len(built.objects("function_versions")) == len(versions):
		l.settle("bare-versions", Off, built.seeing("function_versions has objects"))
	default:
		l.settle("bare-versions", On, built.seeing("function_versions has %T", versions[0]))
	}
	return nil
}

// probeDependencies looks at what becomes of dependencies: those that nobody
// asked for, and a range.
func probeDependencies(ctx context.Context, l *lab) error {
	usual, err := l.usualBuild(ctx)
	if err == nil {
		l.judgeDefaults(usual)
	}
	return errors.Join(err, l.judgeRange(ctx))
}

func (l *lab) judgeDefaults(built reply) {
	versions := versionsOf(built)
	l.note("default runtime", built.text("runtime"), "")
	l.note("default version of twilio", versions["twilio"], "")
	l.note("default version of "+handlerName, versions[handlerName], "")
	created, createdErr := time.Parse(time.RFC3339, built.text("date_created"))
	updated, updatedErr := time.Parse(time.RFC3339, built.text("date_updated"))
	if createdErr == nil && updatedErr == nil {
		// The dates are whole seconds.
		longest := updated.Sub(created) + time.Second
		l.note("length of a Build", "at most "+words.Elapsed(longest)+" for one Function without dependencies", "")
	}

	seen := built.seeing("dependencies %s", strings.Join(slices.Sorted(maps.Keys(versions)), ", "))
	all := len(versions)
	delete(versions, "twilio")
	delete(versions, handlerName)
	older := []string{"fs", "lodash", "util", "xmldom"}
	switch {
	case len(versions) == all: // neither of the two
		l.settle("older-default-dependencies", Neither, seen)
	case len(versions) == 0:
		l.settle("older-default-dependencies", Off, seen)
	case slices.Equal(slices.Sorted(maps.Keys(versions)), older):
		l.settle("older-default-dependencies", On, seen)
	default:
		l.settle("older-default-dependencies", Neither, seen)
	}
}

// judgeRange looks for the range in the reply to the main Build, and in the
// Build when it is completed.
func (l *lab) judgeRange(ctx context.Context) error {
	built, err := l.mainBuild(ctx)
	if err != nil {
		return err
	}
	if err := l.mustComplete(ctx, built.text("sid")); err != nil {
		return err
	}
	fetched, err := l.fetchBuild(ctx, built.text("sid"))
	if err != nil {
		return err
	}
	atFirst, inTheEnd := versionsOf(built)["lodash"], versionsOf(fetched)["lodash"]
	seen := []Sight{built.seeing("lodash %q", atFirst), fetched.seeing("lodash %q", inTheEnd)}
	isExact := func(version string) bool { return version != "" && strings.Trim(version, "0123456789.") == "" }
	switch {
	case atFirst == "^4.17.0" && inTheEnd == atFirst:
		l.settle("ranges-resolved", Off, seen...)
	case isExact(atFirst) && isExact(inTheEnd):
		l.settle("ranges-resolved", On, seen...)
	default:
		l.settle("ranges-resolved", Neither, seen...)
	}
	return nil
}

// probeRefusals asks for Builds that may be refused, and for runtimes that may
// have been retired.
func probeRefusals(ctx context.Context, l *lab) error {
	made, err := l.mainContents(ctx)
	if err != nil {
		return err
	}
	return errors.Join(l.duplicatePaths(ctx, made), l.retired(ctx, made))
}

func (l *lab) duplicatePaths(ctx context.Context, made contents) error {
	// A Function of its own, since the same upload may be the same Version.
	second, _, err := l.newUpload(ctx, "Functions", newFunction("/small", protected))
	if err != nil {
		return err
	}
	answered, err := l.build(ctx, wanted{files: []uploaded{made.small, second}})
	if err == nil {
		l.settleByStatus("duplicate-paths-are-409", answered, http.StatusBadRequest, http.StatusConflict)
	}
	return err
}

// retired asks for runtimes that are past their end, and for a handler that is.
// The Builds are on their way together.
func (l *lab) retired(ctx context.Context, made contents) error {
	small := []uploaded{made.small}
	node18, err18 := l.build(ctx, wanted{files: small, runtime: "node18"})
	node20, err20 := l.build(ctx, wanted{files: small, runtime: "node20"})
	tooOld, errOld := l.build(ctx, wanted{files: small, runtime: "node24", dependencies: `[{"name":"` + handlerName + `","version":"1.1.0"}]`})
	if err := errors.Join(err18, errOld); err == nil {
		err18 = l.judgeLate(ctx, node18, tooOld)
	}
	if err20 == nil {
		err20 = l.judgeNode20(ctx, node20)
	}
	return errors.Join(err18, err20, errOld)
}

// judgeLate settles whether what a Build may not run on is refused, or ends it.
func (l *lab) judgeLate(ctx context.Context, node18, tooOld reply) error {
	var positions []Position
	var seen []Sight
	for _, one := range []struct {
		about    string
		answered reply
	}{{"node18", node18}, {"node24 with a handler 1.1.0", tooOld}} {
		ended, err := l.endOf(ctx, one.answered)
		if err != nil {
			return err
		}
		at := Neither
		switch {
		case one.answered.Status == http.StatusBadRequest:
			at = Off
		case ended == twilio.BuildFailed:
			at = On
		}
		positions = append(positions, at)
		seen = append(seen, endSight(one.answered.about("%s", one.about), ended))
	}
	if positions[0] != positions[1] {
		positions[0] = Neither
	}
	l.settle("late-runtime-errors", positions[0], seen...)
	return nil
}

func (l *lab) judgeNode20(ctx context.Context, answered reply) error {
	ended, err := l.endOf(ctx, answered)
	if err != nil {
		return err
	}
	at := Neither
	switch {
	case answered.Status == http.StatusBadRequest, ended == twilio.BuildFailed:
		at = On
	case ended == twilio.BuildCompleted:
		at = Off
	}
	l.settle("node20-retired", at, endSight(answered.about("node20"), ended))
	return nil
}

func endSight(answered reply, ended twilio.BuildStatus) Sight {
	if ended == "" {
		return answered.Sight
	}
	return answered.seeing("%s: the Build ended %s", answered.What, ended)
}

// endOf returns how a Build ended; "" for one that was refused. That it failed
// tells something only where one that nothing is wrong with does not.
func (l *lab) endOf(ctx context.Context, answered reply) (twilio.BuildStatus, error) {
	if !answered.isSuccess() {
		return "", nil
	}
	ended, err := l.wait(ctx, answered.text("sid"))
	if err == nil && ended == twilio.BuildFailed {
		_, err = l.usualBuild(ctx)
	}
	return ended, err
}

// probeRuntime asks for a Build without a runtime while one is live that runs on
// another than the default.
func probeRuntime(ctx context.Context, l *lab) error {
	if _, err := l.goLive(ctx); err != nil {
		return err
	}
	usual, err := l.usualBuild(ctx)
	if err != nil {
		return err
	}
	made, err := l.mainContents(ctx)
	if err != nil {
		return err
	}
	built, err := l.mustBuild(ctx, wanted{files: []uploaded{made.small}})
	if err != nil {
		return err
	}
	if built.text("runtime") == "" { // it may come with the completion
		if err := l.mustComplete(ctx, built.text("sid")); err != nil {
			return err
		}
		if built, err = l.fetchBuild(ctx, built.text("sid")); err != nil {
			return err
		}
	}
	atDefault := usual.text("runtime")
	live := cmp.Or(l.mainRuntime, atDefault)
	seen := built.seeing("runtime %q, where the default is %q and %q is live", built.text("runtime"), atDefault, live)
	switch {
	case atDefault == live:
		l.open("runtime-kept", "what is live runs on the default", seen)
	case built.text("runtime") == atDefault:
		l.settle("runtime-kept", Off, seen)
	case built.text("runtime") == live:
		l.settle("runtime-kept", On, seen)
	default:
		l.settle("runtime-kept", Neither, seen)
	}
	return nil
}

// probeBuildOrder makes Builds until there are enough to see an order in their
// list.
func probeBuildOrder(ctx context.Context, l *lab) error {
	made, err := l.mainContents(ctx)
	if err != nil {
		return err
	}
	const enough = 9 // one of them may have gone
	for len(l.builds) < enough {
		// Its Version is in the Build that is live now, and so still there.
		if _, err := l.mustBuild(ctx, wanted{files: []uploaded{made.small}}); err != nil {
			return err
		}
	}
	return l.order(ctx, "shuffled-builds", "builds", l.builds, "Builds")
}
