package twilio

import (
	"encoding/json"
	"testing"

	npm "github.com/Masterminds/semver/v3"
	"github.com/google/go-cmp/cmp"
)

func TestDecodeDependencies(t *testing.T) {
	t.Parallel()
	lodash := []dependency{{"lodash", "4.17.11"}}
	tests := map[string]struct {
		values []string
		want   []dependency
		isBad  bool
	}{
		"array":                 {values: []string{`[{"name":"lodash","version":"4.17.11"}]`}, want: lodash},
		"spread over lines":     {values: []string{" [ {\n\"name\" : \"lodash\", \"version\":\"4.17.11\" } ]\n"}, want: lodash},
		"toolkit's quotes":      {values: []string{`"[{"name":"lodash","version":"4.17.11"}]"`}, want: lodash},
		"JSON string":           {values: []string{`"[{\"name\":\"lodash\",\"version\":\"4.17.11\"}]"`}, want: lodash},
		"numbered":              {values: []string{`{"10":{"name":"b","version":"2"},"9":{"name":"a","version":"1"}}`}, want: []dependency{{"a", "1"}, {"b", "2"}}},
		"numbered as a string":  {values: []string{`"{\"0\":{\"name\":\"lodash\",\"version\":\"4.17.11\"}}"`}, want: lodash},
		"absent":                {},
		"empty":                 {values: []string{""}},
		"several empty":         {values: []string{"", " ", ""}},
		"empty and one":         {values: []string{"", `[{"name":"lodash","version":"4.17.11"}]`}, want: lodash},
		"empty array":           {values: []string{`[]`}, want: []dependency{}},
		"empty quoted":          {values: []string{`""`}},
		"empty toolkit":         {values: []string{`"[]"`}, want: []dependency{}},
		"empty object":          {values: []string{`{}`}, want: []dependency{}},
		"empty object quoted":   {values: []string{`"{}"`}, want: []dependency{}},
		"empty version":         {values: []string{`[{"name":"lodash","version":""}]`}, want: []dependency{{"lodash", "*"}}},
		"blank version":         {values: []string{`[{"name":"lodash","version":" "}]`}, want: []dependency{{"lodash", "*"}}},
		"null":                  {values: []string{`null`}, isBad: true},
		"null as a string":      {values: []string{`"null"`}, isBad: true},
		"null with an end":      {values: []string{" null\n"}, isBad: true},
		"false":                 {values: []string{`false`}, isBad: true},
		"a number":              {values: []string{`0`}, isBad: true},
		"a string in a string":  {values: []string{`"\"[]\""`}, isBad: true},
		"null in the array":     {values: []string{`[null]`}, isBad: true},
		"null at a number":      {values: []string{`{"0":null}`}, isBad: true},
		"null as a version":     {values: []string{`[{"name":"lodash","version":null}]`}, isBad: true},
		"null as a name":        {values: []string{`[{"name":null,"version":"1"}]`}, isBad: true},
		"no version":            {values: []string{`[{"name":"lodash"}]`}, isBad: true},
		"no name":               {values: []string{`[{"version":"1"}]`}, isBad: true},
		"upper case":            {values: []string{`[{"NAME":"lodash","VERSION":"4.17.11"}]`}, isBad: true},
		"capitals":              {values: []string{`{"0":{"Name":"lodash","Version":"4.17.11"}}`}, isBad: true},
		"both cases":            {values: []string{`[{"name":"lodash","version":"1","Version":"2"}]`}, isBad: true},
		"number with a zero":    {values: []string{`{"00":{"name":"lodash","version":"4.17.11"}}`}, isBad: true},
		"two arrays":            {values: []string{`[]`, `[]`}, isBad: true},
		"object by name":        {values: []string{`{"lodash":"4.17.11"}`}, isBad: true},
		"object by wrong key":   {values: []string{`{"a":{"name":"lodash","version":"1"}}`}, isBad: true},
		"unknown member":        {values: []string{`[{"name":"lodash","version":"1","dev":true}]`}, isBad: true},
		"version is a number":   {values: []string{`[{"name":"lodash","version":1}]`}, isBad: true},
		"something follows":     {values: []string{`[] []`}, isBad: true},
		"not JSON":              {values: []string{`lodash@1`}, isBad: true},
		"one quote":             {values: []string{`"[{"name":"lodash","version":"4.17.11"}]`}, isBad: true},
		"a name and no version": {values: []string{`["lodash"]`}, isBad: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := decodeDependencies(test.values)
			if (err != nil) != test.isBad {
				t.Fatalf("error is %v", err)
			}
			if diff := cmp.Diff(got, test.want); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCheckDependencies(t *testing.T) {
	t.Parallel()
	accepted := []dependency{
		{"lodash", "4.17.11"},
		{"JSONStream", "^1.0"},
		{"@twilio/runtime-handler", "2.0.3"},
		{"a", "*"},
		{"b", "latest"},
		{"c", ">=1.2.3 <2 || ~3.1"},
		{"d", "1.2.3 - 2.3"},
		{"e", "1.x"},
		{"f", "v1.2.3"},
		{"g", "1.0.0-beta.1+build"},
		{"h", "next-9"},
		{"@acme/i", "0.0.1-security"},
		{"j", "1.2.3 || "},
		{"k", " || 1.2.3"},
		{"l", "||"},
		{"m", ""},
		{"n", "v3-latest"},
		{"o", "v2"},
		{"p", "1.*"},
		{"q", "1.2.x"},
		{"r", "1.x.x"},
		{"s", "X.*"},
		{"t", "~1.2.*"},
		{"u", "1.2.x - 2.*"},
		{"v", "x"},
		{"w", "= 1.2.3"},
		{"x", "xnext"},
	}
	if err := checkDependencies(accepted); err != nil {
		t.Errorf("refused: %v", err)
	}
	refused := []dependency{
		{"a", "V1.2.3"},
		{"a", "V1"},
		{"a", "V1.2.3-beta"},
		{"a", "x.1"},
		{"a", "X.1"},
		{"a", "x.x.1"},
		{"a", "*.1"},
		{"a", "1.*.3"},
		{"a", "1.x.3-beta"},
		{"a", "1.2.x-beta"},
		{"a", "^1.*.3"},
		{"a", "1.2.3 |"},
		{"a", "1.2.3 ||| 2"},
		{"a", "file:../a"},
		{"a", "git+ssh://git@example.com/a.git"},
		{"a", "https://example.com/a.tgz"},
		{"a", "github:acme/a"},
		{"a", "acme/a"},
		{"a", "npm:b@1"},
		{"a", "workspace:*"},
		{"a", "1.2.3.4"},
		{"a", "^"},
		{"a", "01.2.3"},
		{"", "1"},
		{".a", "1"},
		{"a b", "1"},
		{"@acme", "1"},
		{"a/b", "1"},
		{handlerName, "2.1.0"},
		{handlerName, "2.0.2"},
		{handlerName, "*"},
		{handlerName, "latest"},
		{handlerName, "^2.0.1"},
		{handlerName, "0.9.0"},
		{handlerName, "2.1.3"},
		{handlerName, ""},
	}
	for _, one := range refused {
		if err := checkDependencies([]dependency{one}); err == nil {
			t.Errorf("accepted: %q@%q", one.Name, one.Version)
		}
	}
	if err := checkDependencies([]dependency{{"a", "1"}, {"a", "2"}}); err == nil {
		t.Error("accepted: one package twice")
	}
}

func TestHandlers(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"1.0.1", "1.2.0", "1.2.5", "1.3.1", "2.0.0", "2.0.1", "2.0.3", "2.1.2"} {
		if !isHandler(version) {
			t.Errorf("%s is refused", version)
		}
	}
	tests := []struct {
		runtime, asked, want string
		isTooOld             bool
	}{
		{"node22", "1.1.0", "1.1.0", false},
		{"node24", "1.1.3", "1.1.3", true},
		{"node24", "1.2.0", "2.1.2", false},
		{"node24", "2.0.3", "2.1.2", false},
		{"node24", "2.1.2", "2.1.2", false},
	}
	for _, test := range tests {
		if got, isTooOld := handlerFor(test.runtime, test.asked); got != test.want || isTooOld != test.isTooOld {
			t.Errorf("handlerFor(%s, %s) = %s, %t", test.runtime, test.asked, got, isTooOld)
		}
	}
}

// FuzzDecodeDependencies: whatever is decoded has one meaning in every shape
// that a client may send it in.
func TestVersionWithin(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"1.2.3": "1.2.3", "=1.2.3": "1.2.3", "v1.2.3-beta.1+5": "1.2.3-beta.1+5",
		"^4": "4.0.0", "~4.1": "4.1.0", "~>4.1.2": "4.1.2", "4.x": "4.0.0", "4.1.*": "4.1.0", "0.x": "0.0.0", "*": "1.0.0",
		">=1 <2 || 3.x": "1.0.0", "<5 >=4.1": "4.1.0", "<=4": "0.0.0", "<4.17.11": "0.0.0",
		">4": "5.0.0", ">4.1": "4.2.0", ">4.1.2": "4.1.3", "> 4.1.2 >=4.3": "4.3.0",
		"1.2 - 2.3": "2.3.0", "^1.2.3-alpha.4": "1.2.3", "latest": "1.0.0", "next-11": "1.0.0",
	}
	for asked, want := range tests {
		if got := versionWithin(asked); !isVersion(asked) || got != want {
			t.Errorf("%s became %s, want %s", asked, got, want)
		}
		limits, err := npm.NewConstraint(asked)
		if isTag := err != nil; !isTag && !limits.Check(npm.MustParse(want)) {
			t.Errorf("%s is not within %s", want, asked)
		}
	}
}

func FuzzDecodeDependencies(f *testing.F) {
	for _, seed := range []string{
		"", "[]", `[{"name":"a","version":"1"}]`, `"[{"name":"a","version":"1"}]"`,
		`{"0":{"name":"a","version":"1"}}`, `"\"[]\""`, `"[`, `{"00":{},"0":{}}`, "null", `"`, `"["]"`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := decodeDependencies([]string{text, ""})
		if err != nil || len(list) == 0 {
			return
		}
		_ = checkDependencies(list) // whatever it says, it says it
		plain, err := json.Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		asString, err := json.Marshal(string(plain))
		if err != nil {
			t.Fatal(err)
		}
		for _, shape := range []string{string(plain), `"` + string(plain) + `"`, string(asString)} {
			again, err := decodeDependencies([]string{shape})
			if diff := cmp.Diff(again, list); err != nil || diff != "" {
				t.Errorf("%s: %v\n%s", shape, err, diff)
			}
		}
	})
}
