package foreign_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// patience bounds one command of a client, which takes seconds.
const patience = 2 * time.Minute

// world is a Sandbox on loopback, and a folder in which a client uses it.
type world struct {
	sandbox *twilio.Sandbox
	folder  string
	environ []string // of commands: what the Sandbox prints, and nothing of this machine's

	mu    sync.Mutex
	done  map[string]bool // operations that were answered as asked
	built url.Values      // what was last asked of a Build
}

// otherwise are the Sandbox's switches in their other positions, all of them. The
// clients work with Twilio as it is; a position in which one of them fails is none that
// Twilio takes. Left out are two that the tests rely on, and not the clients: Builds
// that were live are deployed again, and logs are read as soon as they are written.
func otherwise() twilio.Switches {
	var switches twilio.Switches
	for _, one := range twilio.SwitchTable() {
		switches = one.TurnOn(switches)
	}
	switches.UndeployedBuildsVanish, switches.LateLogs = false, false
	return switches
}

// newWorld makes a world. The variables are added to the environment of commands.
func newWorld(t *testing.T, options twilio.Options, variables ...string) *world {
	t.Helper()
	// People's folders have spaces in their names, which shells and NODE_OPTIONS divide at.
	w := &world{folder: filepath.Join(t.TempDir(), "a folder"), done: map[string]bool{}}
	if err := os.Mkdir(w.folder, 0o755); err != nil {
		t.Fatal(err)
	}
	options.Observe = w.note
	var err error
	if w.sandbox, err = twilio.New(options); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(w)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		if err := w.sandbox.Close(); err != nil { // reports the Sandbox's own bugs
			t.Error(err)
		}
	})
	account := twilio.DefaultAccount()
	w.environ = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "LANG=C.UTF-8",
		"TWILIO_ACCOUNT_SID=" + account.SID, "TWILIO_AUTH_TOKEN=" + account.AuthToken,
		"TWILIO_API_KEY=" + account.KeySID, "TWILIO_API_SECRET=" + account.KeySecret,
		"SLIPWAY_API_URL=" + server.URL, "SLIPWAY_UPLOAD_URL=" + server.URL,
		"SLIPWAY_LIVE_URL=" + server.URL + twilio.LivePrefix + "{domain}",
	}, variables...)
	return w
}

// ServeHTTP is the Sandbox. It keeps what is asked of Builds, whose replies also have
// what the platform adds.
func (w *world) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/Builds") {
		body, err1 := io.ReadAll(r.Body)
		form, err2 := url.ParseQuery(string(body))
		if err := errors.Join(err1, err2); err != nil {
			http.Error(rw, err.Error(), http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		w.mu.Lock()
		w.built = form
		w.mu.Unlock()
	}
	w.sandbox.ServeHTTP(rw, r)
}

func (w *world) note(call twilio.Call) {
	if call.Status < 200 || call.Status > 299 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.done[call.Operation] = true
}

// forget forgets what was done so far, which was not the client's doing.
func (w *world) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.done)
}

// value is that of a variable of commands.
func (w *world) value(name string) string {
	var found string
	for _, variable := range w.environ {
		if key, value, _ := strings.Cut(variable, "="); key == name {
			found = value
		}
	}
	return found
}

// write puts files into the folder.
func (w *world) write(t *testing.T, files map[string]string) {
	t.Helper()
	for name, content := range files {
		file := filepath.Join(w.folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// shell runs lines of a shell in the folder and returns what they print.
func (w *world) shell(t *testing.T, lines ...string) string {
	t.Helper()
	return w.run(t, "sh", "-euc", strings.Join(lines, "\n"))
}

// run runs a program in the folder and returns what it prints.
func (w *world) run(t *testing.T, program string, args ...string) string {
	t.Helper()
	stdout, stderr, err := w.try(t, program, args...)
	if err != nil {
		t.Fatalf("%s %q: %v\n%s%s", program, args, err, stdout, stderr)
	}
	return stdout
}

// try runs a program in the folder, which may end in failure.
func (w *world) try(t *testing.T, program string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	command := w.command(ctx, program, args...)
	var printed, log bytes.Buffer
	command.Stdout, command.Stderr = &printed, &log
	err = command.Run()
	return printed.String(), log.String(), err
}

func (w *world) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, program, args...)
	command.Dir, command.Env = w.folder, w.environ
	command.WaitDelay = 5 * time.Second
	return command
}

// callHello calls the Function /hello of a domain, which writes a log.
func (w *world) callHello(t *testing.T, domain string) {
	t.Helper()
	response, err := http.Get(strings.Replace(w.value("SLIPWAY_LIVE_URL"), "{domain}", domain, 1) + "/hello")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("%s/hello answered %d", domain, response.StatusCode)
	}
}

// state is what a Service has in the end, by the names that people give.
type state struct {
	Functions, Assets []string // friendly names, sorted
	Environments      map[string]environment
}

// environment is an Environment and its live Build.
type environment struct {
	UniqueName   string
	Variables    map[string]string
	Runtime      string
	Dependencies map[string]string
	Files        map[string]file // by path
}

// file is a Version that is live.
type file struct {
	IsFunction              bool
	Visibility, ContentType string
	SHA256                  string
}

// content is the SHA256 of a file with that content.
func content(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// state reads a Service of the Sandbox. Environments are called by their suffixes,
// and one without a suffix is "production".
func (w *world) state(t *testing.T, service string) state {
	t.Helper()
	snapshot := w.sandbox.Snapshot()
	sid := w.service(t, service).SID
	found := state{Environments: map[string]environment{}}
	for _, one := range snapshot.Functions {
		if one.ServiceSID == sid {
			found.Functions = append(found.Functions, one.FriendlyName)
		}
	}
	for _, one := range snapshot.Assets {
		if one.ServiceSID == sid {
			found.Assets = append(found.Assets, one.FriendlyName)
		}
	}
	for _, one := range snapshot.Environments {
		if one.ServiceSID != sid {
			continue
		}
		name := one.DomainSuffix
		if name == "" {
			name = "production"
		}
		found.Environments[name] = environmentOf(snapshot, one)
	}
	slices.Sort(found.Functions)
	slices.Sort(found.Assets)
	return found
}

// holdState compares a Service with what it should be.
func (w *world) holdState(t *testing.T, service string, want state) {
	t.Helper()
	if diff := cmp.Diff(w.state(t, service), want); diff != "" {
		t.Errorf("%s is (-), want (+):\n%s", service, diff)
	}
}

func environmentOf(snapshot twilio.Snapshot, one twilio.Environment) environment {
	found := environment{UniqueName: one.UniqueName}
	for _, variable := range snapshot.Variables {
		if variable.EnvironmentSID == one.SID {
			if found.Variables == nil {
				found.Variables = map[string]string{}
			}
			found.Variables[variable.Key] = variable.Value
		}
	}
	for _, build := range snapshot.Builds {
		if build.SID == one.BuildSID {
			found.Runtime, found.Dependencies = build.Runtime, build.Dependencies
			found.Files = filesOf(snapshot, build)
		}
	}
	return found
}

func filesOf(snapshot twilio.Snapshot, build twilio.Build) map[string]file {
	versions := map[string]twilio.Version{}
	for _, one := range snapshot.Versions {
		versions[one.SID] = one
	}
	files := map[string]file{}
	for _, sid := range build.VersionSIDs {
		one := versions[sid]
		files[one.Path] = file{one.IsFunction, one.Visibility, one.ContentType, one.SHA256}
	}
	return files
}

// service finds a Service by its unique name.
func (w *world) service(t *testing.T, name string) twilio.Service {
	t.Helper()
	for _, one := range w.sandbox.Snapshot().Services {
		if one.UniqueName == name {
			return one
		}
	}
	t.Fatalf("there is no Service %s", name)
	return twilio.Service{}
}

// environment finds an Environment of a Service by its suffix.
func (w *world) environment(t *testing.T, service, suffix string) twilio.Environment {
	t.Helper()
	sid := w.service(t, service).SID
	for _, one := range w.sandbox.Snapshot().Environments {
		if one.ServiceSID == sid && one.DomainSuffix == suffix {
			return one
		}
	}
	t.Fatalf("%s has no Environment %q", service, suffix)
	return twilio.Environment{}
}
