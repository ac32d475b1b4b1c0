package contract_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/retry"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// fields are what the client made of a resource, by the reply's own names.
type fields map[string]string

// read is how the client reads a resource, or a listing of it.
type read func(ctx context.Context, client *twilio.Client) ([]fields, error)

// readers are by the OpenAPI file's names of resources; listings have the prefix
// "List".
func readers() map[string]read {
	const service, environment, function, asset, version = "ZS1", "ZE1", "ZH1", "ZH2", "ZN1"
	return map[string]read{
		"Service": one(func(ctx context.Context, c *twilio.Client) (twilio.Service, error) {
			return c.FetchService(ctx, service)
		}, ofService),
		"ListService": all(func(ctx context.Context, c *twilio.Client) iter.Seq2[twilio.Service, error] { return c.Services(ctx) }, ofService),
		"Environment": one(func(ctx context.Context, c *twilio.Client) (twilio.Environment, error) {
			return c.FetchEnvironment(ctx, service, environment)
		}, ofEnvironment),
		"ListEnvironment": all(func(ctx context.Context, c *twilio.Client) iter.Seq2[twilio.Environment, error] {
			return c.Environments(ctx, service)
		}, ofEnvironment),
		"Variable": one(func(ctx context.Context, c *twilio.Client) (twilio.Variable, error) {
			return c.FetchVariable(ctx, service, environment, "ZV1")
		}, ofVariable),
		"ListVariable": all(func(ctx context.Context, c *twilio.Client) iter.Seq2[twilio.Variable, error] {
			return c.Variables(ctx, service, environment)
		}, ofVariable),
		"Function": one(func(ctx context.Context, c *twilio.Client) (twilio.Function, error) {
			return c.FetchFunction(ctx, service, function)
		}, ofFunction),
		"ListFunction": all(func(ctx context.Context, c *twilio.Client) iter.Seq2[twilio.Function, error] {
			return c.Functions(ctx, service)
		}, ofFunction),
		"FunctionVersion": one(func(ctx context.Context, c *twilio.Client) (twilio.Version, error) {
			return c.FetchFunctionVersion(ctx, service, function, version)
		}, ofVersion),
		"ListFunctionVersion": all(func(ctx context.Context, c *twilio.Client) iter.Seq2[twilio.Version, error] {
			return c.FunctionVersions(ctx, service, function)
		}, ofVersion),
		"FunctionVersionContent": one(func(ctx context.Context, c *twilio.Client) (string, error) {
			return c.FetchFunctionVersionContent(ctx, service, function, version)
		}, func(content string) fields { return fields{"content": content} }),
		"Asset": one(func(ctx context.Context, c *twilio.Client) (twilio.Asset, error) {
			return c.FetchAsset(ctx, service, asset)
		}, ofAsset),
		"ListAsset": all(func(ctx context.Context, c *twilio.Client) iter.Seq2[twilio.Asset, error] {
			return c.Assets(ctx, service)
		}, ofAsset),
		"AssetVersion": one(func(ctx context.Context, c *twilio.Client) (twilio.Version, error) {
			return c.FetchAssetVersion(ctx, service, asset, version)
		}, ofVersion),
		"ListAssetVersion": all(func(ctx context.Context, c *twilio.Client) iter.Seq2[twilio.Version, error] {
			return c.AssetVersions(ctx, service, asset)
		}, ofVersion),
		"Build": one(func(ctx context.Context, c *twilio.Client) (twilio.Build, error) {
			return c.FetchBuild(ctx, service, "ZB1")
		}, ofBuild),
		"ListBuild": all(func(ctx context.Context, c *twilio.Client) iter.Seq2[twilio.Build, error] {
			return c.Builds(ctx, service)
		}, ofBuild),
		"BuildStatus": one(func(ctx context.Context, c *twilio.Client) (twilio.BuildStatus, error) {
			return c.FetchBuildStatus(ctx, service, "ZB1")
		}, func(status twilio.BuildStatus) fields { return fields{"status": string(status)} }),
		"Deployment": one(func(ctx context.Context, c *twilio.Client) (twilio.Deployment, error) {
			return c.FetchDeployment(ctx, service, environment, "ZD1")
		}, ofDeployment),
		"ListDeployment": all(func(ctx context.Context, c *twilio.Client) iter.Seq2[twilio.Deployment, error] {
			return c.Deployments(ctx, service, environment)
		}, ofDeployment),
		"Log": one(func(ctx context.Context, c *twilio.Client) (twilio.Log, error) {
			return c.FetchLog(ctx, service, environment, "NO1")
		}, ofLog),
		"ListLog": all(func(ctx context.Context, c *twilio.Client) iter.Seq2[twilio.Log, error] {
			return c.Logs(ctx, service, environment, twilio.LogQuery{})
		}, ofLog),
	}
}

func one[T any](fetch func(context.Context, *twilio.Client) (T, error), of func(T) fields) read {
	return func(ctx context.Context, client *twilio.Client) ([]fields, error) {
		item, err := fetch(ctx, client)
		return []fields{of(item)}, err
	}
}

func all[T any](list func(context.Context, *twilio.Client) iter.Seq2[T, error], of func(T) fields) read {
	return func(ctx context.Context, client *twilio.Client) ([]fields, error) {
		var items []fields
		for item, err := range list(ctx, client) {
			if err != nil {
				return items, err
			}
			items = append(items, of(item))
		}
		return items, nil
	}
}

func ofService(s twilio.Service) fields {
	return fields{
		"sid": string(s.SID), "account_sid": string(s.AccountSID), "unique_name": s.UniqueName, "friendly_name": s.FriendlyName, "domain_base": s.DomainBase,
		"include_credentials": strconv.FormatBool(s.IncludeCredentials), "ui_editable": strconv.FormatBool(s.UIEditable),
	}
}

func ofEnvironment(e twilio.Environment) fields {
	return fields{
		"sid": string(e.SID), "service_sid": string(e.ServiceSID), "build_sid": string(e.BuildSID),
		"unique_name": e.UniqueName, "domain_suffix": e.DomainSuffix, "domain_name": e.DomainName,
	}
}

func ofVariable(v twilio.Variable) fields {
	return fields{"sid": string(v.SID), "key": v.Key, "value": v.Value.Reveal()}
}

func ofFunction(f twilio.Function) fields {
	return fields{"sid": string(f.SID), "friendly_name": f.FriendlyName}
}

func ofAsset(a twilio.Asset) fields {
	return fields{"sid": string(a.SID), "friendly_name": a.FriendlyName}
}

func ofVersion(v twilio.Version) fields {
	return fields{"sid": string(v.SID), "path": v.Path, "visibility": v.Visibility, "function_sid": string(v.FunctionSID), "asset_sid": string(v.AssetSID)}
}

func ofBuild(b twilio.Build) fields {
	of := fields{"sid": string(b.SID), "status": string(b.Status), "runtime": b.Runtime}
	for kind, versions := range map[string][]twilio.Version{"function_versions": b.FunctionVersions, "asset_versions": b.AssetVersions} {
		for i, version := range versions {
			for name, value := range ofVersion(version) {
				of[fmt.Sprintf("%s/%d/%s", kind, i, name)] = value
			}
		}
	}
	for i, dependency := range b.Dependencies {
		of[fmt.Sprintf("dependencies/%d/name", i)] = dependency.Name
		of[fmt.Sprintf("dependencies/%d/version", i)] = dependency.Version
	}
	return of
}

func ofDeployment(d twilio.Deployment) fields {
	return fields{"sid": string(d.SID), "environment_sid": string(d.EnvironmentSID), "build_sid": string(d.BuildSID)}
}

func ofLog(l twilio.Log) fields {
	return fields{
		"sid": string(l.SID), "build_sid": string(l.BuildSID), "deployment_sid": string(l.DeploymentSID), "function_sid": string(l.FunctionSID),
		"request_sid": l.RequestSID, "level": string(l.Level), "message": l.Message,
	}
}

// wantRead has the client read a reply and compares all that it made of it.
func wantRead(t *testing.T, resource string, reply []byte) {
	t.Helper()
	reader, ok := readers()[resource]
	if !ok {
		t.Fatalf("nothing reads %s", resource)
	}
	answers := [][]byte{reply}
	client, err := twilio.New(twilio.Config{
		Credentials: twilio.Credentials{User: "AC" + strings.Repeat("0", 32), Password: secret.New("token")},
		Retry:       retry.Policy{MaxAttempts: 1},
		Transport: roundTripper(func(*http.Request) (*http.Response, error) {
			next := answers[0]
			if len(answers) == 1 { // what a next page would be
				answers = append(answers, lastPage(reply))
			}
			answers = answers[1:]
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(next))}, nil
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := reader(t.Context(), client)
	if err != nil {
		t.Fatalf("%v\n%s", err, reply)
	}
	if diff := cmp.Diff(got, shown(t, reply, got)); diff != "" {
		t.Errorf("%s (-read +shown)\n%s", resource, diff)
	}
}

// lastPage is an empty page of the listing that a reply is a page of.
func lastPage(reply []byte) []byte {
	var page struct {
		Meta struct {
			Key string `json:"key"`
		} `json:"meta"`
	}
	if json.Unmarshal(reply, &page) != nil {
		return nil
	}
	return fmt.Appendf(nil, `{%q:[],"meta":{"key":%q,"next_page_url":null}}`, page.Meta.Key, page.Meta.Key)
}

// shown is what a reply shows, but for what the client has no use for.
func shown(t *testing.T, reply []byte, got []fields) []fields {
	t.Helper()
	var whole map[string]any
	if err := json.Unmarshal(reply, &whole); err != nil {
		t.Fatal(err)
	}
	items := []any{any(whole)}
	if meta, ok := whole["meta"].(map[string]any); ok {
		items, _ = whole[fmt.Sprint(meta["key"])].([]any)
	}
	useless := regexp.MustCompile(`(^|/)(url|links/\w+|date_(created|updated)|(account|service|environment|function|asset)_sid)$`)
	var want []fields
	for i, item := range items {
		flat, kept := fields{}, fields{}
		flattenInto(flat, "", item)
		var read fields
		if i < len(got) {
			read = got[i]
		}
		for name, value := range flat {
			_, isRead := read[name]
			isAlone := name == "sid" && len(read) == 1 // a status, a content
			if isRead || !useless.MatchString(name) && !isAlone {
				kept[name] = value
			}
		}
		for name, value := range read {
			if _, isShown := flat[name]; !isShown && value == "" {
				kept[name] = ""
			}
		}
		want = append(want, kept)
	}
	return want
}

// flattenInto lays a JSON value out, in the form in which the client has it.
func flattenInto(flat fields, at string, value any) {
	switch value := value.(type) {
	case map[string]any:
		for name, inner := range value {
			flattenInto(flat, strings.TrimPrefix(at+"/"+name, "/"), inner)
		}
	case []any:
		for i, inner := range value {
			if sid, ok := inner.(string); ok { // a bare SID in place of a Version
				inner = map[string]any{"sid": sid}
			}
			flattenInto(flat, fmt.Sprintf("%s/%d", at, i), inner)
		}
	case string:
		var list []any
		switch {
		case at == "dependencies" && json.Unmarshal([]byte(value), &list) == nil:
			flattenInto(flat, at, list)
		case at == "status", at == "level", strings.HasSuffix(at, "visibility"):
			flat[at] = strings.ToLower(value)
		default:
			flat[at] = value
		}
	case nil:
		flat[at] = ""
	default:
		flat[at] = fmt.Sprint(value)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (r roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return r(request) }
