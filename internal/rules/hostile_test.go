package rules_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/rules"
)

// FuzzParse looks for files that break the reading, that are told of without their
// place, or that give what no file of a repository may.
func FuzzParse(f *testing.F) {
	for _, sort := range []string{"valid", "invalid"} {
		files, err := filepath.Glob(filepath.Join("testdata", sort, "*.yml"))
		if err != nil || len(files) == 0 {
			f.Fatal("there are no examples", err)
		}
		for _, file := range files {
			source, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(source)
		}
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		read, err := rules.Parse("slipway.yml", source)
		if err != nil {
			checkProblems(t, string(source), err)
			return
		}
		if len(read.Services) == 0 {
			t.Error("there are no services")
		}
		for _, service := range read.Services {
			checkService(t, service)
		}
	})
}

func checkProblems(t *testing.T, source string, err error) {
	t.Helper()
	problems, isList := errors.AsType[problem.List](err)
	if !isList || len(problems) == 0 {
		t.Fatalf("the error is %v", err)
	}
	lines := 1
	for _, r := range source {
		if strings.ContainsRune("\n\r\u0085\u2028\u2029", r) { // to YAML all of them end a line
			lines++
		}
	}
	for _, one := range problems {
		isMore := one.File == "" && one.Line == 0 // which says that there are more
		if one.File != "slipway.yml" && !isMore || one.Line < 0 || one.Line > lines || one.Message == "" {
			t.Errorf("%q is at %s:%d", one.Message, one.File, one.Line)
		}
	}
}

func checkService(t *testing.T, service rules.Service) {
	t.Helper()
	if !filepath.IsLocal(service.Path) {
		t.Errorf("the path is %q", service.Path)
	}
	layers := []config.Layer{service.Layer}
	if service.Previews != nil {
		layers = append(layers, service.Previews)
		if service.Previews[config.VariablesLike].Text == job.Production {
			t.Error("previews have the variables of production")
		}
	}
	for _, one := range service.Environments {
		if fault, _ := job.CheckEnvironment(one.Name); fault != "" || strings.HasPrefix(one.Name, "pr-") && strings.Trim(one.Name[3:], "0123456789") == "" {
			t.Errorf("an environment is called %q", one.Name)
		}
		if one.Layer[config.Environment].Text != one.Name || one.PromoteFrom == one.Name {
			t.Errorf("environment %q is %+v", one.Name, one)
		}
		if _, isThere := service.Environment(one.PromoteFrom); !isThere && one.PromoteFrom != "" {
			t.Errorf("%q is promoted from %q", one.Name, one.PromoteFrom)
		}
		rules.Compile(slices.Concat(one.On.Branches, one.On.Tags, service.Watch))
		layers = append(layers, one.Layer)
	}
	for _, layer := range layers {
		if fault, _ := job.CheckService(layer[config.Service].Text); fault != "" {
			t.Error(fault)
		}
		for name, written := range layer {
			isOfFiles := slices.ContainsFunc(config.FileSettings(), func(one config.Setting) bool { return one.Name == name })
			if !isOfFiles || written.Text == "" || written.File != "slipway.yml" || written.Line < 1 {
				t.Errorf("%s is %+v", name, written)
			}
		}
		for key := range strings.Lines(layer[config.Variables].Text) {
			if key = strings.TrimSuffix(key, "\n"); strings.ContainsAny(key, "= ") || config.HoldsCredential(key) {
				t.Errorf("a variable is %q", key)
			}
		}
		if err := layer.Check(); err != nil {
			t.Errorf("a setting is wrong: %v", err)
		}
	}
}

// TestParseOfHostileFilesCostsLittle holds what a file can cost to its size: none may
// keep a run busy, or fill a log.
func TestParseOfHostileFilesCostsLittle(t *testing.T) { //nolint:paralleltest // it counts allocations.
	const size = 1 << 16
	repeat := func(before, part, after string) string {
		return before + strings.Repeat(part, (size-len(before)-len(after))/len(part)) + after
	}
	numbered := func(before, part, after string) string {
		var built strings.Builder
		built.WriteString(before)
		for i := 0; built.Len() < size; i++ {
			built.WriteString(strings.ReplaceAll(part, "#", string(rune('a'+i%26))+strings.Repeat("z", i/26%30)+string(rune('a'+i/780%26))))
		}
		return built.String() + after
	}
	const services, environments = "version: 1\nservices:\n", "version: 1\nservices:\n  a:\n    environments:\n"
	tests := map[string]string{
		"names":           numbered("", "#: 1\n", ""),
		"one name":        repeat("", "a: 1\n", ""),
		"services":        numbered(services, "  #: {}\n", ""),
		"environments":    numbered(environments, "      #: {watch: 1m}\n", ""),
		"settings":        numbered("version: 1\nservices: {a: {", "#: 1,", "}}"),
		"credentials":     numbered("version: 1\nservices: {a: {", "api-key: #,", "}}"),
		"variables":       numbered("version: 1\nservices: {a: {variables: [", "#,", "]}}"),
		"values":          numbered("version: 1\nservices: {a: {variables: [", "A=#,", "]}}"),
		"patterns":        repeat("version: 1\nservices: {a: {watch: [", "'**/a',", "]}}"),
		"a long pattern":  repeat("version: 1\nservices: {a: {watch: '", "**/a", "'}}"),
		"promotions":      numbered(environments, "      #: {promote-from: a}\n", ""),
		"lists":           repeat("", "[", ""),
		"mappings":        repeat("", "{a: ", ""),
		"a long name":     repeat("", "a", ": 1"),
		"a long text":     repeat("version: 1\nservices: {a: {runtime: '", "a", "'}}"),
		"references":      repeat("version: &a 1\nservices: {a: [", "*a,", "]}"),
		"anchors":         repeat("version: 1\nservices: {a: [", "&a b,", "]}"),
		"merges":          repeat("version: 1\nservices: {a: {", "<<: {},", "}}"),
		"tags":            repeat("version: 1\nservices: {a: [", "!a b,", "]}"),
		"names of lists":  repeat("version: 1\nservices: {a: {", "? [a] : b,", "}}"),
		"documents":       repeat("version: 1\n", "---\n", ""),
		"inherited texts": "version: 1\nservices:\n  a:\n    runtime: " + strings.Repeat("x", 1000) + "\n    environments:\n" + numbered("", "      #:\n", "")[:1000] + "\n",
	}
	for name, source := range tests { //nolint:paralleltest // as above.
		t.Run(name, func(t *testing.T) {
			told := ""
			allocations := testing.AllocsPerRun(1, func() {
				if _, err := rules.Parse("slipway.yml", []byte(source)); err != nil {
					told = err.Error()
				}
			})
			if most := 3.0 * size; allocations > most {
				t.Errorf("it took %.0f allocations, more than %.0f", allocations, most)
			}
			if most := 64 << 10; len(told) > most {
				t.Errorf("it is told in %d bytes, more than %d: %.300s", len(told), most, told)
			}
		})
	}
}

func TestTooMany(t *testing.T) {
	t.Parallel()
	list := func(count int) string {
		var built strings.Builder
		for i := range count {
			built.WriteString(job.PreviewName(i)[3:] + "x, ")
		}
		return built.String()
	}
	for want, source := range map[string]string{
		"slipway.yml:2: services has 101 entries, and can have 100":     "version: 1\nservices: {" + list(101) + "}",
		"slipway.yml:2: environments has 101 entries, and can have 100": "version: 1\nservices: {a: {environments: {" + list(101) + "}}}",
		"slipway.yml:2: variables has 201 entries, and can have 200":    "version: 1\nservices: {a: {variables: [" + list(201) + "]}}",
		"": "version: 1\nservices: {a: {variables: [" + list(200) + "], environments: {" + list(100) + "}}}",
	} {
		_, err := rules.Parse("slipway.yml", []byte(source))
		if want == "" && err == nil {
			continue
		}
		if err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}
