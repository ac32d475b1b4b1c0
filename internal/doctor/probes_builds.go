package doctor

import (
	"context"
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

// versionsOf are the dependencies of a Build.
func versionsOf(build reply) map[string]string {
	versions := make(map[string]string)
	for _, one := range build.objects("dependencies") {
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
		return l.mustBuild(ctx, wanted{files: []uploaded{made.small}})
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
		built, err := l.mustBuild(ctx, wanted{files: made.all(), dependencies: `[{"name":"lodash","version":"^4.17.0"}]`, runtime: runtime})
		if err != nil {
			return built, err
		}
		early, err := l.post(ctx, form("BuildSid", built.text("sid")), l.in("Environments", string(environment.SID), "Deployments")...)
		switch {
		case err != nil:
			l.leaveOpen([]string{"unfinished-build-is-409"}, err)
		case early.isCreated():
			l.deployedEarly(ctx, built.text("sid"), early)
		default:
			l.settleByStatus("unfinished-build-is-409", early, http.StatusBadRequest, http.StatusConflict)
		}
		return built, nil
	})
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
		l.note("length of a Build", words.Elapsed(updated.Sub(created))+" for one Function without dependencies", "")
	}

	seen := built.seeing("dependencies %s", strings.Join(slices.Sorted(maps.Keys(versions)), ", "))
	delete(versions, "twilio")
	delete(versions, handlerName)
	older := []string{"fs", "lodash", "util", "xmldom"}
	switch {
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

// retired asks for runtimes that are past their end. Both Builds are on their
// way at once.
func (l *lab) retired(ctx context.Context, made contents) error {
	small := []uploaded{made.small}
	node18, err18 := l.build(ctx, wanted{files: small, runtime: "node18"})
	node20, err20 := l.build(ctx, wanted{files: small, runtime: "node20"})
	tooOld, errOld := l.build(ctx, wanted{files: small, runtime: "node24", dependencies: `[{"name":"` + handlerName + `","version":"1.1.0"}]`})
	if errOld == nil {
		l.note("a handler too old for node24", tooOld.String(), "")
	}
	if err18 == nil {
		err18 = l.judgeRuntime(ctx, node18, func(ended twilio.BuildStatus, seen Sight) {
			l.settle("late-runtime-errors", positionOf(map[twilio.BuildStatus]Position{"": Off, twilio.BuildFailed: On}, ended), seen)
		})
	}
	if err20 == nil {
		err20 = l.judgeRuntime(ctx, node20, func(ended twilio.BuildStatus, seen Sight) {
			l.settle("node20-retired", positionOf(map[twilio.BuildStatus]Position{"": On, twilio.BuildFailed: On, twilio.BuildCompleted: Off}, ended), seen)
		})
	}
	return errors.Join(err18, err20, errOld)
}

func positionOf(known map[twilio.BuildStatus]Position, ended twilio.BuildStatus) Position {
	if at, ok := known[ended]; ok {
		return at
	}
	return Neither
}

// judgeRuntime tells how a Build ended: refused (""), failed or completed.
func (l *lab) judgeRuntime(ctx context.Context, answered reply, tell func(twilio.BuildStatus, Sight)) error {
	if !answered.isCreated() {
		if answered.Status == http.StatusBadRequest {
			tell("", answered.Sight)
		} else {
			tell(twilio.BuildStatus(http.StatusText(answered.Status)), answered.Sight)
		}
		return nil
	}
	ended, err := l.wait(ctx, answered.text("sid"))
	if err == nil {
		tell(ended, answered.seeing("the Build ended %s", ended))
	}
	return err
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
	live, err := l.otherRuntime(ctx) // as the main Build asked for
	if err != nil {
		return err
	}
	atDefault := usual.text("runtime")
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
