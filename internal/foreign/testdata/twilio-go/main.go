// Command exercise does with the SDK every operation that it has, on the Service
// "seeded", and prints what it was told. The exercises of the other SDKs do the same.
//
// The test puts docs/sandbox.md's sandbox.go beside it.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"slices"
	"strings"
	"time"

	"github.com/twilio/twilio-go/client"
	serverless "github.com/twilio/twilio-go/rest/serverless/v1"
)

// must returns what a call returned, or ends the program.
func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func say(what string, told ...any) {
	fmt.Printf("%s: %s", what, fmt.Sprintln(told...))
}

// inOrder returns a field of each, sorted.
func inOrder[T any](all []T, field func(T) *string) string {
	var names []string
	for _, one := range all {
		names = append(names, *field(one))
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// find returns the SID of the one with the name.
func find[T any](all []T, name string, named, sid func(T) *string) string {
	at := slices.IndexFunc(all, func(one T) bool { return *named(one) == name })
	if at < 0 {
		log.Fatalf("there is no %s", name)
	}
	return *sid(all[at])
}

func orNothing(sid *string) string {
	if sid == nil {
		return "nothing"
	}
	return *sid
}

// exercise is one of the Service with that SID.
type exercise struct {
	*serverless.ApiService
	sid string
}

func main() {
	redirected, err := sandboxClient()
	check(err)
	e := exercise{ApiService: serverless.NewApiServiceWithClient(redirected)}
	e.services()
	all := must(e.ListService(nil))
	e.sid = find(all, "seeded",
		func(one serverless.ServerlessV1Service) *string { return one.UniqueName },
		func(one serverless.ServerlessV1Service) *string { return one.Sid })
	stage := e.environments()
	e.variables(stage)
	function, functionVersion := e.functions()
	assetVersion := e.assets()
	e.builds(stage, functionVersion, assetVersion)
	e.logs(function)

	_, err = e.FetchService("ZS00000000000000000000000000000000")
	var refusal *client.TwilioRestError
	if !errors.As(err, &refusal) {
		log.Fatal(err)
	}
	say("refused", refusal.Status, refusal.Code)
}

func (e exercise) services() {
	var made, temporary serverless.CreateServiceParams
	made.SetUniqueName("made").SetFriendlyName("Made").SetIncludeCredentials(false).SetUiEditable(true)
	temporary.SetUniqueName("temporary").SetFriendlyName("Temporary")
	one, two := must(e.CreateService(&made)), must(e.CreateService(&temporary))
	say("services", inOrder(must(e.ListService(nil)), func(one serverless.ServerlessV1Service) *string { return one.UniqueName }))
	var changes serverless.UpdateServiceParams
	must(e.UpdateService(*one.Sid, changes.SetFriendlyName("Remade")))
	fetched := must(e.FetchService("made"))
	dated := "dated"
	if age := time.Since(*fetched.DateCreated); age.Abs() > time.Hour {
		dated = age.String()
	}
	say("service", *fetched.FriendlyName, *fetched.IncludeCredentials, *fetched.UiEditable, dated)
	check(e.DeleteService(*two.Sid))
}

func (e exercise) environments() (stage string) {
	var made, temporary serverless.CreateEnvironmentParams
	one := must(e.CreateEnvironment(e.sid, made.SetUniqueName("stage-environment").SetDomainSuffix("stage")))
	two := must(e.CreateEnvironment(e.sid, temporary.SetUniqueName("temporary-environment").SetDomainSuffix("temporary")))
	all := must(e.ListEnvironment(e.sid, nil))
	say("environments", inOrder(all, func(one serverless.ServerlessV1Environment) *string { return one.UniqueName }))
	fetched := must(e.FetchEnvironment(e.sid, *one.Sid))
	say("environment", *fetched.DomainSuffix, orNothing(fetched.BuildSid))
	check(e.DeleteEnvironment(e.sid, *two.Sid))
	return *one.Sid
}

func (e exercise) variables(stage string) {
	sids := map[string]string{}
	for _, pair := range [][2]string{{"ONE", "1"}, {"TWO", "ä€"}, {"THREE", "3"}} {
		var made serverless.CreateVariableParams
		sids[pair[0]] = *must(e.CreateVariable(e.sid, stage, made.SetKey(pair[0]).SetValue(pair[1]))).Sid
	}
	all := must(e.ListVariable(e.sid, stage, nil))
	say("variables", inOrder(all, func(one serverless.ServerlessV1Variable) *string { return one.Key }))
	var changes serverless.UpdateVariableParams
	must(e.UpdateVariable(e.sid, stage, sids["ONE"], changes.SetValue("1=one & more")))
	fetched := must(e.FetchVariable(e.sid, stage, sids["ONE"]))
	say("variable", *fetched.Key, *fetched.Value)
	check(e.DeleteVariable(e.sid, stage, sids["THREE"]))
}

func (e exercise) functions() (hello, version string) {
	var temporary, made serverless.CreateFunctionParams
	one := must(e.CreateFunction(e.sid, temporary.SetFriendlyName("/temporary")))
	two := must(e.CreateFunction(e.sid, made.SetFriendlyName("/made")))
	name := func(one serverless.ServerlessV1Function) *string { return one.FriendlyName }
	all := must(e.ListFunction(e.sid, nil))
	say("functions", inOrder(all, name))
	var changes serverless.UpdateFunctionParams
	must(e.UpdateFunction(e.sid, *two.Sid, changes.SetFriendlyName("/renamed")))
	say("function", *must(e.FetchFunction(e.sid, *two.Sid)).FriendlyName)
	check(e.DeleteFunction(e.sid, *one.Sid))

	hello = find(all, "/hello", name, func(one serverless.ServerlessV1Function) *string { return one.Sid })
	versions := must(e.ListFunctionVersion(e.sid, hello, nil))
	say("function versions", inOrder(versions, func(one serverless.ServerlessV1FunctionVersion) *string { return one.Path }))
	fetched := must(e.FetchFunctionVersion(e.sid, hello, *versions[0].Sid))
	say("function version", *fetched.Path, *fetched.Visibility)
	say("content", *must(e.FetchFunctionVersionContent(e.sid, hello, *fetched.Sid)).Content)
	return hello, *fetched.Sid
}

func (e exercise) assets() (version string) {
	var temporary, made serverless.CreateAssetParams
	one := must(e.CreateAsset(e.sid, temporary.SetFriendlyName("/temporary.svg")))
	two := must(e.CreateAsset(e.sid, made.SetFriendlyName("/made.svg")))
	name := func(one serverless.ServerlessV1Asset) *string { return one.FriendlyName }
	all := must(e.ListAsset(e.sid, nil))
	say("assets", inOrder(all, name))
	var changes serverless.UpdateAssetParams
	must(e.UpdateAsset(e.sid, *two.Sid, changes.SetFriendlyName("/renamed.svg")))
	say("asset", *must(e.FetchAsset(e.sid, *two.Sid)).FriendlyName)
	check(e.DeleteAsset(e.sid, *one.Sid))

	index := find(all, "/index.html", name, func(one serverless.ServerlessV1Asset) *string { return one.Sid })
	versions := must(e.ListAssetVersion(e.sid, index, nil))
	say("asset versions", inOrder(versions, func(one serverless.ServerlessV1AssetVersion) *string { return one.Path }))
	fetched := must(e.FetchAssetVersion(e.sid, index, *versions[0].Sid))
	say("asset version", *fetched.Path, *fetched.Visibility)
	return *fetched.Sid
}

func (e exercise) builds(stage, functionVersion, assetVersion string) {
	dependencies := must(json.Marshal([]map[string]string{{"name": "lodash", "version": "4.17.21"}}))
	var made, temporary serverless.CreateBuildParams
	build := must(e.CreateBuild(e.sid, made.SetFunctionVersions([]string{functionVersion}).SetAssetVersions([]string{assetVersion}).
		SetDependencies(string(dependencies)).SetRuntime("node22")))
	status := *build.Status
	for status == "building" {
		time.Sleep(20 * time.Millisecond)
		status = *must(e.FetchBuildStatus(e.sid, *build.Sid)).Status
	}
	say("built", status)
	built := must(e.FetchBuild(e.sid, *build.Sid))
	var names []string
	for _, one := range *built.Dependencies {
		names = append(names, one.(map[string]any)["name"].(string))
	}
	slices.Sort(names)
	say("build", *built.Status, *built.Runtime, len(*built.FunctionVersions), len(*built.AssetVersions), strings.Join(names, " "))
	second := must(e.CreateBuild(e.sid, temporary.SetFunctionVersions([]string{functionVersion})))
	say("builds", len(must(e.ListBuild(e.sid, nil))))
	check(e.DeleteBuild(e.sid, *second.Sid))

	var deploy, empty serverless.CreateDeploymentParams
	deploy.SetBuildSid(*build.Sid).SetIsPlugin(false)
	must(e.CreateDeployment(e.sid, stage, &deploy))
	say("emptied", orNothing(must(e.CreateDeployment(e.sid, stage, &empty)).BuildSid))
	last := must(e.CreateDeployment(e.sid, stage, &deploy))
	say("deployments", len(must(e.ListDeployment(e.sid, stage, nil))))
	deployed := *must(e.FetchDeployment(e.sid, stage, *last.Sid)).BuildSid
	if deployed == *build.Sid {
		deployed = "the build"
	}
	say("deployment", deployed)
}

func (e exercise) logs(function string) {
	environments := must(e.ListEnvironment(e.sid, nil))
	dev := find(environments, "dev-environment",
		func(one serverless.ServerlessV1Environment) *string { return one.UniqueName },
		func(one serverless.ServerlessV1Environment) *string { return one.Sid })
	var query serverless.ListLogParams
	query.SetFunctionSid(function).SetStartDate(time.Now().Add(-time.Hour)).SetEndDate(time.Now().Add(time.Hour))
	found := must(e.ListLog(e.sid, dev, &query))
	say("logs", len(found))
	log := must(e.FetchLog(e.sid, dev, *found[0].Sid))
	message, _, _ := strings.Cut(*log.Message, " (")
	say("log", strings.ToLower(*log.Level), message)
}
