package grants_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/grants"
	"github.com/slipway-dev/slipway/internal/problem"
)

// write puts a file into a folder, for nobody else to read.
func write(tb testing.TB, path, content string) {
	tb.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		tb.Fatal(err)
	}
}

const (
	key     = "SK00000000000000000000000000000001"
	another = "SK00000000000000000000000000000002"
)

// environment looks variables up in a map that a test may change.
type environment map[string]string

func (e environment) get(name string) string { return e[name] }

// oneRepository is a server.yml of one service, with what a variable comes from.
func oneRepository(variable string) string {
	return "version: 1\nrepositories:\n  acme/voice:\n    accounts: {main: {api-key: {env: KEY}, api-secret: {file: secrets/main}}}\n" +
		"    services: {voice: {environments: [stage], variables: {DSN: " + variable + "}}}\n"
}

func TestLoadChecksThatEverythingIsThere(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("permissions mean nothing on Windows")
	}
	const secret = "hunter2hunter2"
	tests := map[string]struct {
		variable string
		prepare  func(t *testing.T, folder string, env environment)
		want     string
		warnings string
	}{
		"all is there": {variable: "{env: DSN}"},
		"a literal":    {variable: "{value: x}"},
		"a literal that is too large": {
			variable: "{value: " + strings.Repeat("x", 64<<10+1) + "}",
			want:     "server.yml:5: variable DSN: the text of the file holds more than 64.0 KB. Check that it is the one it should be.",
		},
		"an absolute path": {
			variable: "{file: /dev/null}",
			want:     "server.yml:5: variable DSN: the file /dev/null cannot be read: it is no file. Put the value there, readable to the server.",
			warnings: "server.yml:5: the file /dev/null can be read by everybody on this machine. Take their permission with chmod o-r.",
		},
		"nothing is there": {
			variable: "{file: none}",
			prepare: func(t *testing.T, folder string, env environment) {
				t.Helper()
				clear(env)
				if err := os.Remove(filepath.Join(folder, "secrets", "main")); err != nil {
					t.Fatal(err)
				}
			},
			want: "server.yml:4: api-key of account main: the environment variable KEY is not set. Set it for the server, or name another place.\n" +
				"server.yml:4: api-secret of account main: the file secrets/main cannot be read: no such file or directory. Put the value there, readable to the server.\n" +
				"server.yml:5: variable DSN: the file none cannot be read: no such file or directory. Put the value there, readable to the server.",
		},
		"what is there is not what it should be": {
			variable: "{env: DSN}",
			prepare: func(t *testing.T, folder string, env environment) {
				t.Helper()
				env["KEY"], env["DSN"] = secret, " \n"
				write(t, filepath.Join(folder, "secrets", "main"), secret+" "+secret)
			},
			want: "server.yml:4: api-key of account main: what is in the environment variable KEY is not the SID of an API key. It has the form SK and 32 hexadecimal digits.\n" +
				"server.yml:4: api-secret of account main: what is in the file secrets/main holds blanks, line breaks or other characters that no secret of Twilio has. Copy it again, without anything around it.\n" +
				"server.yml:5: variable DSN: the environment variable DSN is not set. Set it for the server, or name another place.",
		},
		"too large and empty": {
			variable: "{file: secrets/empty}",
			prepare: func(t *testing.T, folder string, _ environment) {
				t.Helper()
				write(t, filepath.Join(folder, "secrets", "empty"), "\n")
				write(t, filepath.Join(folder, "secrets", "main"), strings.Repeat("x", 64<<10+1))
			},
			want: "server.yml:4: api-secret of account main: the file secrets/main cannot be read: it is too large. Put the value there, readable to the server.\n" +
				"server.yml:5: variable DSN: the file secrets/empty is empty. Put the value there.",
		},
		"others may read and write": {
			variable: "{env: DSN}",
			prepare: func(t *testing.T, folder string, _ environment) {
				t.Helper()
				for path, mode := range map[string]os.FileMode{"secrets/main": 0o644, "server.yml": 0o666} {
					if err := os.Chmod(filepath.Join(folder, path), mode); err != nil {
						t.Fatal(err)
					}
				}
			},
			warnings: "server.yml: can be changed by everybody on this machine, and with it what is allowed. Take their permission with chmod o-w.\n" +
				"server.yml:4: the file secrets/main can be read by everybody on this machine. Take their permission with chmod o-r.",
		},
		"no file at all": {
			prepare: func(t *testing.T, folder string, _ environment) {
				t.Helper()
				if err := os.Remove(filepath.Join(folder, "server.yml")); err != nil {
					t.Fatal(err)
				}
			},
			want: "server.yml: cannot be read: no such file or directory. Give its path with server-config.",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder, env := t.TempDir(), environment{"KEY": key, "DSN": "d"}
			path := filepath.Join(folder, "server.yml")
			write(t, path, oneRepository(test.variable))
			write(t, filepath.Join(folder, "secrets", "main"), secret+"\n")
			if test.prepare != nil {
				test.prepare(t, folder, env)
			}
			file, warnings, err := grants.Load(path, env.get)
			if got := strings.ReplaceAll(fmt.Sprint(err), folder+"/", ""); test.want != "" && got != test.want || (err == nil) != (test.want == "") || (file == nil) == (err == nil) {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if got := strings.ReplaceAll(textOf(warnings), folder+"/", ""); got != test.warnings {
				t.Errorf("warnings: got  %s\nwant %s", got, test.warnings)
			}
			if told := fmt.Sprintf("%v %v %+v", err, warnings, file); strings.Contains(told, "hunter2") {
				t.Errorf("a secret is told: %s", told)
			}
		})
	}
}

func textOf(list problem.List) string {
	if err := list.Err(); err != nil {
		return err.Error()
	}
	return ""
}

// held returns a Holder of a file in a folder of its own.
func held(t *testing.T, text string, env environment) (*grants.Holder, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "server.yml")
	write(t, path, text)
	write(t, filepath.Join(filepath.Dir(path), "secrets", "main"), "hunter2")
	holder, _, err := grants.Hold(path, env.get)
	if err != nil {
		t.Fatal(err)
	}
	return holder, path
}

func TestReload(t *testing.T) {
	t.Parallel()
	holder, path := held(t, oneRepository("{env: DSN}"), environment{"KEY": key, "DSN": "d"})
	before := holder.File()
	const more = "  Acme/Other:\n    accounts: {main: {api-key: {env: KEY}, api-secret: {env: DSN}}}\n    services: {other: {previews: true}}\n"
	for _, step := range []struct{ text, want, wantErr string }{
		{oneRepository("{env: DSN}"), "server.yml: nothing has changed (1 repository)", ""},
		{"# moved\n\n" + oneRepository("{env: DSN}"), "server.yml: nothing has changed (1 repository)", ""},
		{oneRepository("{env: DSN}") + more, "server.yml: added Acme/Other (2 repositories)", ""},
		{oneRepository("{env: KEY}") + strings.Replace(more, "Acme/Other", "acme/other", 1), "server.yml: changed acme/voice, acme/other (2 repositories)", ""},
		{"version: 1\nrepositories:\n" + more, "server.yml: changed Acme/Other; removed acme/voice (1 repository)", ""},
		{"version: 1\nrepositories:\n" + more + "    acounts: {}\n", "", "server.yml was not read anew, and what it said before still holds: server.yml:6: a repository has no key acounts. Did you mean accounts?"},
		{"version: 1\nrepositories:\n" + strings.ReplaceAll(more, "DSN", "GONE"), "", "server.yml was not read anew, and what it said before still holds: server.yml:4: api-secret of account main: the environment variable GONE is not set. Set it for the server, or name another place."},
		{oneRepository("{env: DSN}"), "server.yml: added acme/voice; removed Acme/Other (1 repository)", ""},
	} {
		write(t, path, step.text)
		was := holder.File()
		changed, _, err := holder.Reload()
		if got := strings.ReplaceAll(fmt.Sprint(err), filepath.Dir(path)+"/", ""); changed != step.want || (err != nil || step.wantErr != "") && got != step.wantErr {
			t.Errorf("got %q, %s\nwant %q, %s", changed, got, step.want, step.wantErr)
		}
		_, isKept := errors.AsType[*grants.KeptError](err)
		if isKept != (step.wantErr != "") || isKept != (holder.File() == was) {
			t.Errorf("%q: the error is %T, and the file is the one before: %t", step.text, err, holder.File() == was)
		}
	}
	if _, isThere := before.Repository("acme/voice"); !isThere {
		t.Error("a file that is held elsewhere was changed")
	}
}

// TestReloadWhileItIsUsed makes sure that each question is answered by one file as a
// whole, whatever takes its place meanwhile.
func TestReloadWhileItIsUsed(t *testing.T) {
	t.Parallel()
	holder, path := held(t, oneRepository("{value: one}"), environment{"KEY": key})
	asked := questions(t, "acme/voice", "version: 1\nservices: {voice: {variables: [DSN], environments: {stage: {on: {branch: main}}}}}")[0]
	var working sync.WaitGroup
	for range 4 {
		working.Go(func() {
			for range 200 {
				grant, err := holder.File().Grant(asked)
				if err != nil {
					t.Error(err)
					return
				}
				if value := grant.Variables["DSN"].Value; value != "one" && value != "two" {
					t.Errorf("the value is %q", value)
				}
			}
		})
	}
	for i := range 20 {
		write(t, path, oneRepository([]string{"{value: two}", "{value: one}", "{vale: x}"}[i%3]))
		if _, _, err := holder.Reload(); (err != nil) != (i%3 == 2) {
			t.Errorf("reload %d: %v", i, err)
		}
	}
	working.Wait()
}

// TestUse makes sure that values are read when they are used, that nothing but what
// was granted is handed out, and that nothing of the server's own stays.
func TestUse(t *testing.T) {
	t.Parallel()
	env := environment{"KEY": key, "DSN": "first", "PATH": "/bin", "TWILIO_AUTH_TOKEN": "t"}
	holder, path := held(t, oneRepository("{env: DSN}"), env)
	asked := questions(t, "acme/voice", "version: 1\nservices: {voice: {variables: [DSN], environments: {stage: {on: {branch: main}}}}}")[0]
	for name, text := range map[string]string{config.AccountSID: "AC00000000000000000000000000000009", config.AuthToken: "servers-own", config.APIURL: "https://evil.example"} {
		asked.Values = asked.Values.With(name, config.Written{Text: text})
	}
	grant, err := holder.File().Grant(asked)
	if err != nil {
		t.Fatal(err)
	}
	env["KEY"], env["DSN"] = another, "second\n"
	write(t, filepath.Join(filepath.Dir(path), "secrets", "main"), "rotated\n")
	values, getenv, err := grant.Use(env.get)
	if err != nil {
		t.Fatal(err)
	}
	read, err := config.ReadAction(values, getenv)
	if err != nil {
		t.Fatal(err)
	}
	account := read.Account
	if account.User != another || account.Password.Reveal() != "rotated" || account.SID != "" || account.APIURL != "" || values[config.AuthToken].Text != "" {
		t.Errorf("the account is %+v", account)
	}
	if read.Service != "voice" || read.Environment != "stage" || len(read.Variables) != 1 || read.Variables["DSN"].Reveal() != "second" {
		t.Errorf("read %+v", read.Project)
	}
	for _, name := range []string{"PATH", "KEY", "TWILIO_AUTH_TOKEN", ""} {
		if got := getenv(name); got != "" {
			t.Errorf("%s is %q", name, got)
		}
	}
	// A file of the repository that is read later chooses nothing of this any more.
	layer := config.Layer{config.Service: {Text: "billing"}, config.Environment: {Text: "production"}}
	if after := values.WithFiles(layer); after[config.Service].Text != "voice" || after[config.Environment].Text != "stage" {
		t.Error("a file of the repository chose another Target")
	}
	for _, name := range []string{config.APISecret, config.AuthToken} {
		if value := values[name]; value.Setting.Kind != config.Secret || value.Text != "" && value.Shown() == value.Text {
			t.Errorf("%s would be shown", name)
		}
	}
	delete(env, "KEY")
	_, _, err = grant.Use(env.get)
	want := path + ":4: api-key of account main: the environment variable KEY is not set. Set it for the server, or name another place."
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}
