package twilio_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

func TestFieldsAreHeldToTheirRules(t *testing.T) {
	t.Parallel()
	b := newBox(t, twilio.Options{})
	zs := b.service("voice")
	ze := b.environment(zs)
	variables := service(zs) + "/Environments/" + ze + "/Variables"
	long := func(n int) string { return strings.Repeat("x", n) }
	tests := map[string]struct {
		path  string
		form  []string
		want  int
		gist  string
		count int // occurrences of gist, when more than one problem is told
	}{
		"no unique name":         {path: "/v1/Services", form: []string{"FriendlyName", "a"}, want: 400, gist: "Missing required parameter UniqueName in the post body"},
		"empty unique name":      {path: "/v1/Services", form: []string{"UniqueName", "", "FriendlyName", "a"}, want: 400, gist: "Missing required parameter UniqueName"},
		"nothing":                {path: "/v1/Services", want: 400, gist: "Missing required parameter", count: 2},
		"unique name of 50":      {path: "/v1/Services", form: []string{"UniqueName", long(50), "FriendlyName", "a"}, want: 201},
		"unique name of 51":      {path: "/v1/Services", form: []string{"UniqueName", long(51), "FriendlyName", "a"}, want: 400, gist: "UniqueName is longer than 50 characters"},
		"characters not bytes":   {path: "/v1/Services", form: []string{"UniqueName", strings.Repeat("ä", 50), "FriendlyName", "a"}, want: 201},
		"scoped name":            {path: "/v1/Services", form: []string{"UniqueName", "@acme/voice", "FriendlyName", "a"}, want: 201},
		"friendly name of 256":   {path: "/v1/Services", form: []string{"UniqueName", "b", "FriendlyName", long(256)}, want: 400, gist: "FriendlyName is longer than 255"},
		"bad boolean":            {path: "/v1/Services", form: []string{"UniqueName", "b", "FriendlyName", "b", "UiEditable", "yes"}, want: 400, gist: "UiEditable is neither true nor false"},
		"unknown field":          {path: "/v1/Services", form: []string{"UniqueName", "b", "FriendlyName", "b", "Uieditable", "true"}, want: 400, gist: `Unknown parameter "Uieditable"`},
		"a field twice":          {path: "/v1/Services", form: []string{"UniqueName", "b", "UniqueName", "c", "FriendlyName", "b"}, want: 400, gist: "UniqueName is given 2 times"},
		"not UTF-8":              {path: "/v1/Services", form: []string{"UniqueName", "\xff", "FriendlyName", "b"}, want: 400, gist: "not valid UTF-8"},
		"service name taken":     {path: "/v1/Services", form: []string{"UniqueName", "voice", "FriendlyName", "b"}, want: 409, gist: "already exists"},
		"unique name on update":  {path: service(zs), form: []string{"UniqueName", "b"}, want: 400, gist: `Unknown parameter "UniqueName"`},
		"empty name on update":   {path: service(zs), form: []string{"FriendlyName", ""}, want: 400, gist: "FriendlyName is empty"},
		"environment of 101":     {path: service(zs) + "/Environments", form: []string{"UniqueName", long(101)}, want: 400, gist: "UniqueName is longer than 100"},
		"suffix of 16":           {path: service(zs) + "/Environments", form: []string{"UniqueName", "s16", "DomainSuffix", long(16)}, want: 201},
		"suffix of 17":           {path: service(zs) + "/Environments", form: []string{"UniqueName", "s17", "DomainSuffix", long(17)}, want: 400, gist: "DomainSuffix is longer than 16"},
		"suffix with dot":        {path: service(zs) + "/Environments", form: []string{"UniqueName", "s", "DomainSuffix", "a.b"}, want: 400, gist: "not URL-friendly"},
		"suffix ends in dash":    {path: service(zs) + "/Environments", form: []string{"UniqueName", "s", "DomainSuffix", "a-"}, want: 400, gist: "not URL-friendly"},
		"environment name taken": {path: service(zs) + "/Environments", form: []string{"UniqueName", "dev-environment", "DomainSuffix", "other"}, want: 409, gist: "Environment with this UniqueName or DomainSuffix already exists"},
		"suffix taken":           {path: service(zs) + "/Environments", form: []string{"UniqueName", "other", "DomainSuffix", "DEV"}, want: 409, gist: "Environment with this UniqueName or DomainSuffix already exists"},
		"key of 128":             {path: variables, form: []string{"Key", long(128), "Value", "v"}, want: 201},
		"key of 129":             {path: variables, form: []string{"Key", long(129), "Value", "v"}, want: 400, gist: "Key is longer than 128 characters"},
		"value of 450 bytes":     {path: variables, form: []string{"Key", "full", "Value", strings.Repeat("ä", 225)}, want: 201},
		"value of 452 bytes":     {path: variables, form: []string{"Key", "big", "Value", strings.Repeat("ä", 226)}, want: 400, gist: "Value is larger than 450 bytes"},
		"empty value":            {path: variables, form: []string{"Key", "k", "Value", ""}, want: 400, gist: "Missing required parameter Value"},
		"function of no name":    {path: service(zs) + "/Functions", want: 400, gist: "FriendlyName"},
		"asset of 256":           {path: service(zs) + "/Assets", form: []string{"FriendlyName", long(256)}, want: 400, gist: "FriendlyName is longer than 255"},
		"empty BuildSid":         {path: service(zs) + "/Environments/" + ze + "/Deployments", form: []string{"BuildSid", ""}, want: 400, gist: "BuildSid is empty"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := b.post(test.path, test.form...)
			switch test.want {
			case http.StatusCreated:
				wantStatus(t, got, test.want)
			case http.StatusConflict:
				wantError(t, got, 409, 20409, test.gist)
			default:
				wantError(t, got, test.want, 20001, test.gist)
			}
			if n := strings.Count(got.text("message"), test.gist); test.count > 0 && n != test.count {
				t.Errorf("message %q tells %d problems, want %d", got.text("message"), n, test.count)
			}
		})
	}
}

func TestBareDomainIsOneOnly(t *testing.T) {
	t.Parallel()
	b := newBox(t, twilio.Options{})
	zs := b.service("voice")
	b.make(service(zs)+"/Environments", "UniqueName", "production")
	wantError(t, b.post(service(zs)+"/Environments", "UniqueName", "second", "DomainSuffix", ""), 409, 20409, "already exists")
}

func TestVariableKeysAreUnique(t *testing.T) {
	t.Parallel()
	b := newBox(t, twilio.Options{})
	zs := b.service("voice")
	variables := service(zs) + "/Environments/" + b.environment(zs) + "/Variables"
	b.make(variables, "Key", "A", "Value", "1")
	second := b.make(variables, "Key", "B", "Value", "2")
	wantError(t, b.post(variables, "Key", "A", "Value", "3"), 409, 20409, "already exists")
	wantError(t, b.post(variables+"/"+second, "Key", "A"), 409, 20409, "already exists")
	wantStatus(t, b.post(variables+"/"+second, "Key", "B", "Value", "4"), http.StatusOK)
	wantStatus(t, b.del(variables+"/"+second), http.StatusNoContent)
	wantError(t, b.get(variables+"/"+second), 404, 20404, second)
}

func TestServicesAreLimited(t *testing.T) {
	t.Parallel()
	b := newBox(t, twilio.Options{})
	for i := range 50 {
		b.service("s" + strconv.Itoa(i))
	}
	wantError(t, b.post("/v1/Services", "UniqueName", "more", "FriendlyName", "more"), 400, 20001,
		"Services are limited to less than or equal to 50")
	wantStatus(t, b.del(service("s7")), http.StatusNoContent)
	b.service("more")
}

func TestContentTypeIsHeldTo(t *testing.T) {
	t.Parallel()
	b := newBox(t, twilio.Options{})
	zs := b.service("voice")
	for _, contentType := range []string{"application/json", "multipart/form-data; boundary=x", "", "text/plain"} {
		got := b.send(b.request(http.MethodPost, "/v1/Services", contentType, strings.NewReader("UniqueName=a&FriendlyName=a")))
		wantError(t, got, 400, 20001, "application/x-www-form-urlencoded")
	}
	got := b.send(b.request(http.MethodPost, "/v1/Services", "application/x-www-form-urlencoded", strings.NewReader("a=%zz")))
	wantError(t, got, 400, 20001, "not a form")
	zh := b.make(service(zs)+"/Functions", "FriendlyName", "/a")
	wantError(t, b.post(service(zs)+"/Functions/"+zh+"/Versions", "Path", "/a"), 400, 20001, "multipart/form-data")
	wantError(t, b.get("/v1/Services?Pagesize=3"), 400, 20001, `Unknown parameter "Pagesize"`)
	wantError(t, b.get(service(zs)+"?PageSize=3"), 400, 20001, `Unknown parameter "PageSize"`)
}

func TestUploadsAreHeldToTheirRules(t *testing.T) {
	t.Parallel()
	b := newBox(t, twilio.Options{})
	zs := b.service("voice")
	functions := service(zs) + "/Functions/" + b.make(service(zs)+"/Functions", "FriendlyName", "/a") + "/Versions"
	assets := service(zs) + "/Assets/" + b.make(service(zs)+"/Assets", "FriendlyName", "/a") + "/Versions"
	const js = "application/javascript"
	content := part{name: "Content", filename: "a", contentType: js, value: "x"}
	path, visibility := part{name: "Path", value: "/a"}, part{name: "Visibility", value: "public"}
	tests := map[string]struct {
		parts []part
		gist  string // empty: accepted
	}{
		"in order":          {[]part{path, visibility, content}, ""},
		"content first":     {[]part{content, visibility, path}, ""},
		"upper case":        {[]part{path, {name: "Visibility", value: "PRIVATE"}, content}, ""},
		"path of 255":       {[]part{{name: "Path", value: "/" + strings.Repeat("ä", 254)}, visibility, content}, ""},
		"path of 256":       {[]part{{name: "Path", value: strings.Repeat("x", 255)}, visibility, content}, "Path is longer than 255"},
		"empty path":        {[]part{{name: "Path"}, visibility, content}, "Path is empty"},
		"bad visibility":    {[]part{path, {name: "Visibility", value: "secret"}, content}, "public, protected or private"},
		"no path":           {[]part{visibility, content}, "Missing required parameter Path"},
		"no visibility":     {[]part{path, content}, "Missing required parameter Visibility"},
		"no content":        {[]part{path, visibility}, "Missing required parameter Content"},
		"unknown part":      {[]part{path, visibility, content, {name: "FriendlyName", value: "x"}}, `Unknown parameter "FriendlyName"`},
		"a part twice":      {[]part{path, visibility, visibility, content}, "given twice"},
		"no filename":       {[]part{path, visibility, {name: "Content", contentType: js, value: "x"}}, "Content has no filename"},
		"no content type":   {[]part{path, visibility, {name: "Content", filename: "a", value: "x"}}, "Content-Type"},
		"odd content type":  {[]part{path, visibility, {name: "Content", filename: "a", contentType: "javascript", value: "x"}}, "Content-Type"},
		"all that is wrong": {[]part{{name: "Path"}, {name: "Visibility", value: "x"}}, "Missing required parameter Content in the post body; Path is empty; Visibility"},
	}
	for name, test := range tests {
		for _, target := range []string{functions, assets} {
			t.Run(name+" "+strings.Split(target, "/")[4], func(t *testing.T) {
				t.Parallel()
				got := b.upload(target, test.parts)
				if test.gist == "" {
					wantStatus(t, got, http.StatusCreated)
					return
				}
				wantError(t, got, 400, 20001, test.gist)
			})
		}
	}
	t.Run("a Function is JavaScript", func(t *testing.T) {
		t.Parallel()
		wantError(t, b.upload(functions, fileParts("/a", "public", "image/png", "x")), 400, 20001, "application/javascript")
		wantStatus(t, b.upload(assets, fileParts("/a", "public", "image/png", "x")), http.StatusCreated)
	})
	for name, extra := range map[string]string{"an unknown part": "Unknown parameter", "a part again": "given twice"} {
		t.Run(name+" ends the upload", func(t *testing.T) {
			t.Parallel()
			rest := &zeros{left: 100 << 20}
			contentType, body := stream([]part{{name: "Path", value: "/a"}, {name: "Visibility", value: "x"}, {name: map[string]string{"Unknown parameter": "Typo", "given twice": "Path"}[extra]}}, rest)
			request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, assets, body)
			request.Header.Set("Content-Type", contentType)
			request.SetBasicAuth(b.user, b.pass)
			recorder := httptest.NewRecorder()
			b.ServeHTTP(recorder, request)
			wantError(t, decode(recorder), 400, 20001, extra)
			wantError(t, decode(recorder), 400, 20001, `Visibility is "x"`)
			if rest.read > 1<<20 {
				t.Errorf("%d bytes were read before the refusal", rest.read)
			}
		})
	}
	t.Run("a body that breaks off", func(t *testing.T) {
		t.Parallel()
		contentType, body := multipartBody(t, fileParts("/a", "public", js, "x"))
		body.Truncate(body.Len() - 10)
		wantError(t, b.send(b.request(http.MethodPost, assets, contentType, body)), 400, 20001, "not whole")
	})
}
