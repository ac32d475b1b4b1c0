package project_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/project"
	"github.com/slipway-dev/slipway/internal/secret"
)

// revealed shows the values of variables.
func revealed(values map[string]secret.String) map[string]string {
	shown := make(map[string]string, len(values))
	for key, value := range values {
		shown[key] = value.Reveal()
	}
	return shown
}

// lines renders warnings, one a line, in the order in which they came.
func lines(list problem.List) []string {
	if len(list) == 0 {
		return nil
	}
	return strings.Split(list.Error(), "\n")
}

func TestVariables(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		files    map[string]string
		opts     project.Options
		want     map[string]string
		warnings []string
	}{
		"no file": {map[string]string{}, project.Options{}, map[string]string{}, nil},
		"the project's own": {
			map[string]string{".env": "A=root", "svc/.env": "\ufeffA=svc\r\nB=\"x\\ny\"\r\n"},
			project.Options{Folder: "svc"},
			map[string]string{"A": "svc", "B": "x\ny"},
			nil,
		},
		"named": {
			map[string]string{".env": "A=root", "svc/.env": "A=svc", "prod.env": "A=prod"},
			project.Options{Folder: "svc", EnvFile: "../prod.env"},
			map[string]string{"A": "prod"},
			nil,
		},
		"what Twilio sets, and what is empty": {
			map[string]string{".env": "ACCOUNT_SID=AC1\nEMPTY=\nAUTH_TOKEN=x\nDOMAIN_NAME=d\nSERVICE_SID=s\nVOID=\"\"\nTWILIO_X=1\n"},
			project.Options{},
			map[string]string{"DOMAIN_NAME": "d", "SERVICE_SID": "s", "TWILIO_X": "1"},
			[]string{
				".env:4: DOMAIN_NAME overrides the value that Twilio gives every Function. Use another name, unless that is what you want.",
				".env:5: SERVICE_SID overrides the value that Twilio gives every Function. Use another name, unless that is what you want.",
				".env:1: left out: ACCOUNT_SID, AUTH_TOKEN; Twilio sets the account's own in every Function",
				".env:2: left out, because they have no value: EMPTY, VOID",
			},
		},
		"lines that surprise": {
			map[string]string{".env": "export A=1\nB=2 # two\nC=\"3\" \nD=1\nD=2\n}\n"},
			project.Options{},
			map[string]string{"B": "2 # two", "C": `3"`, "D": "2"},
			[]string{
				".env:1: the line is not understood and sets nothing. Write KEY=VALUE on one line; values over several lines and `export` are not known here.",
				".env:6: the line is not understood and sets nothing. Write KEY=VALUE on one line; values over several lines and `export` are not known here.",
				`.env:2: the value of B contains " #", which begins no comment here. End the line with the value; put a comment on a line of its own.`,
				".env:3: the value of C keeps its closing quote, because space follows it. End the line with the value; put a comment on a line of its own.",
				".env:5: D was set in line 4 already; the last one counts. Remove one of them.",
			},
		},
		"an empty key that nobody could set": {
			map[string]string{".env": "1A=\n"},
			project.Options{},
			map[string]string{},
			[]string{".env:1: left out, because they have no value: 1A"},
		},
		"a digit first": {
			map[string]string{".env": "2FA.a-b=x"},
			project.Options{},
			map[string]string{"2FA.a-b": "x"},
			[]string{`.env:1: the key "2FA.a-b" begins with a digit, which many programs do not take. Put a letter or an underscore first, if it is not meant so.`},
		},
		"at the limits": {
			map[string]string{".env": strings.Repeat("K", 128) + "=" + strings.Repeat("v", 450)},
			project.Options{},
			map[string]string{strings.Repeat("K", 128): strings.Repeat("v", 450)},
			nil,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, warnings, err := project.Variables(files(test.files), test.opts)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(revealed(got), test.want); diff != "" {
				t.Errorf("got (-) differs from want (+):\n%s", diff)
			}
			if diff := cmp.Diff(lines(warnings), test.warnings); diff != "" {
				t.Errorf("warnings: got (-) differs from want (+):\n%s", diff)
			}
		})
	}
}

func TestVariablesProblems(t *testing.T) {
	t.Parallel()
	text := strings.Join([]string{
		"OK=1", strings.Repeat("K", 129) + "=1", "LONG=" + strings.Repeat("s3cret-é", 51), "2A=x", "BAD=s3cret\xff", "NUL=s3cret\x00",
	}, "\n")
	_, _, err := project.Variables(files(map[string]string{".env": text}), project.Options{})
	wantProblems(t, err,
		`.env:2: the key "`+strings.Repeat("K", 32)+`…" has 129 characters, and Twilio takes 128. Shorten it.`,
		".env:3: the value of LONG has 459 bytes, and Twilio takes 450. Shorten it, or keep it in a private Asset.",
		".env:5: the value of BAD is not text. Save it as UTF-8 text; encode other data, for instance in base64.",
		".env:6: the value of NUL is not text. Save it as UTF-8 text; encode other data, for instance in base64.",
	)
	if strings.Contains(err.Error(), "s3cret") {
		t.Error("a value shows in a message")
	}
	_, _, err = project.Variables(files(map[string]string{".env": strings.Repeat("#", 1<<20+1)}), project.Options{})
	wantProblems(t, err, ".env: cannot be read: it is larger than 1 MiB. Check the file and its permissions.")
}

func TestCheckVariablesFromNoFile(t *testing.T) {
	t.Parallel()
	values := map[string]secret.String{
		"A": secret.New("1"), "AUTH_TOKEN": secret.New("x"), "PATH": secret.New("/bin"), "NONE": {},
	}
	got, warnings, err := project.CheckVariables(values, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(revealed(got), map[string]string{"A": "1", "PATH": "/bin"}); diff != "" {
		t.Errorf("got (-) differs from want (+):\n%s", diff)
	}
	want := []string{
		"PATH overrides the value that Twilio gives every Function. Use another name, unless that is what you want.",
		"left out: AUTH_TOKEN; Twilio sets the account's own in every Function",
		"left out, because they have no value: NONE",
	}
	if diff := cmp.Diff(lines(warnings), want); diff != "" {
		t.Errorf("warnings: got (-) differs from want (+):\n%s", diff)
	}
	if len(values) != 4 {
		t.Errorf("the argument changed: %v", values)
	}
	_, _, err = project.CheckVariables(map[string]secret.String{"": secret.New("x"), "a b": secret.New("x")}, nil)
	wantProblems(t, err,
		`"" cannot be the key of a variable. Use letters, digits, underscores, dots and dashes.`,
		`"a b" cannot be the key of a variable. Use letters, digits, underscores, dots and dashes.`,
	)
}
