package grants_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/grants"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/problem"
)

// FuzzParse looks for files that break the reading, that are told of without their
// place, or that allow what none may.
func FuzzParse(f *testing.F) {
	for _, sort := range []string{"valid", "invalid"} {
		for _, source := range examples(f, sort) {
			f.Add(source)
		}
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		read, err := grants.Parse("server.yml", source)
		if err != nil {
			checkProblems(t, string(source), err)
			return
		}
		if len(read.Repositories) == 0 {
			t.Error("there are no repositories")
		}
		for _, repository := range read.Repositories {
			found, isThere := read.Repository(strings.ToUpper(repository.Name))
			if !isThere || found.Name != repository.Name || len(repository.Services) == 0 {
				t.Errorf("%q is found as %q with %d services", repository.Name, found.Name, len(repository.Services))
			}
			checkRepository(t, repository)
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
		if one.File != "server.yml" && !isMore || one.Line < 0 || one.Line > lines || one.Message == "" {
			t.Errorf("%q is at %s:%d", one.Message, one.File, one.Line)
		}
	}
}

func checkRepository(t *testing.T, repository grants.Repository) {
	t.Helper()
	accounts := map[string]bool{}
	for _, account := range repository.Accounts {
		accounts[account.Name] = true
		for name, reference := range account.Settings {
			isCredential := name == config.APIKey || name == config.APISecret || name == config.AuthToken
			if isCredential && reference.Value != "" || reference == (grants.Reference{Line: reference.Line}) {
				t.Errorf("%s is %+v", name, reference)
			}
		}
	}
	checkPlace := func(place grants.Place) {
		if fault, _ := job.CheckService(place.Service); fault != "" || !accounts[place.Account] {
			t.Errorf("a place is %+v", place)
		}
		for key, reference := range place.Variables {
			if config.HoldsCredential(key) || reference == (grants.Reference{Line: reference.Line}) {
				t.Errorf("variable %q is %+v", key, reference)
			}
		}
	}
	for _, service := range repository.Services {
		if len(service.Environments) == 0 && service.Previews == nil {
			t.Errorf("service %q may go nowhere", service.Name)
		}
		for _, one := range service.Environments {
			if fault, _ := job.CheckEnvironment(one.Name); fault != "" {
				t.Error(fault)
			}
			checkPlace(one.Place)
		}
		if previews := service.Previews; previews != nil {
			checkPlace(previews.Place)
			if previews.Max < 1 || previews.Max > 100 || previews.TTL < 0 {
				t.Errorf("previews are %+v", previews)
			}
		}
	}
}

// TestParseOfHostileFilesCostsLittle holds what a file can cost to its size: what is
// wrong with it is told in a text that a log can hold.
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
	const accounts = "version: 1\nrepositories:\n a/b:\n  accounts: {m: {api-key: {env: K}, api-secret: {env: S}}}\n"
	tests := map[string]string{
		"names":        numbered("", "#: 1\n", ""),
		"repositories": numbered("version: 1\nrepositories:\n", " a/#: {}\n", ""),
		"owners":       numbered("version: 1\nrepositories:\n", " #: {}\n", ""),
		"accounts":     numbered("version: 1\nrepositories: {a/b: {accounts: {", "#: {},", "}}}"),
		"services":     numbered(accounts+"  services:\n", "   #: {account: x}\n", ""),
		"environments": numbered(accounts+"  services: {s: {environments: [", "#,", "]}}"),
		"slips":        numbered(accounts+"  services: {s: {", "#: 1,", "}}"),
		"variables":    numbered(accounts+"  services: {s: {variables: {", "#: {env: 1},", "}}}"),
		"references":   repeat("version: &a 1\nrepositories: [", "*a,", "]"),
		"lists":        repeat("", "[", ""),
		"a long name":  repeat("", "a", ": 1"),
		"a long text":  repeat(accounts+"  services: {s: {service: '", "a", "'}}"),
	}
	for name, source := range tests { //nolint:paralleltest // as above.
		t.Run(name, func(t *testing.T) {
			told := ""
			allocations := testing.AllocsPerRun(1, func() {
				if _, err := grants.Parse("server.yml", []byte(source)); err != nil {
					told = err.Error()
				}
			})
			if most := 4.0 * size; allocations > most {
				t.Errorf("it took %.0f allocations, more than %.0f", allocations, most)
			}
			if most := 64 << 10; len(told) > most || told == "" {
				t.Errorf("it is told in %d bytes: %.300s", len(told), told)
			}
		})
	}
}

func TestTooMany(t *testing.T) {
	t.Parallel()
	list := func(prefix string, count int, of string) string {
		var built strings.Builder
		for i := range count {
			built.WriteString(prefix + strings.Repeat("x", i/26+1) + string(rune('a'+i%26)) + of + ", ")
		}
		return built.String()
	}
	const accounts = "version: 1\nrepositories:\n a/b:\n  accounts: {m: {api-key: {env: K}, api-secret: {env: S}}}\n"
	for source, want := range map[string]string{
		accounts + "  services: {" + list("", 101, ": {previews: true}") + "}":                           "server.yml:5: services has 101 entries, and can have 100",
		accounts + "  services: {s: {environments: [" + list("", 101, "") + "]}}":                        "server.yml:5: environments has 101 entries, and can have 100",
		accounts + "  services: {s: {previews: true, variables: {" + list("", 201, ": {env: A}") + "}}}": "server.yml:5: variables has 201 entries, and can have 200",
		accounts + "  services: {s: {previews: true, variables: {" + list("", 200, ": {env: A}") + "}}}": "",
		strings.Repeat("#", grants.MaxBytes+1):                                                           "server.yml: is larger than 8.0 MB. Check that it is the file it should be.",
	} {
		got := ""
		if _, err := grants.Parse("server.yml", []byte(source)); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
