package twilio_test

import (
	"bufio"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// files lists the files below a directory.
func files(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func open(t *testing.T, options twilio.Options) *twilio.Sandbox {
	t.Helper()
	sandbox, err := twilio.New(options)
	if err != nil {
		t.Fatal(err)
	}
	return sandbox
}

func TestWorldIsThereAgain(t *testing.T) {
	t.Parallel()
	options := twilio.Options{DataDir: filepath.Join(t.TempDir(), "new", "world")}
	d := deploy(t, options)
	variable := d.environmentPath + "/Variables"
	d.make(variable, "Key", "A", "Value", "1")
	second := d.make(variable, "Key", "B", "Value", "2")
	wantStatus(t, d.post(variable+"/"+second, "Value", "3"), http.StatusOK)
	gone := d.service("gone")
	_, sid := d.asset(gone, "/gone.txt", "public", "text/plain", "gone")
	d.make(service(gone)+"/Builds", "AssetVersions", sid)
	wantStatus(t, d.del(service(gone)), http.StatusNoContent)
	want := d.Snapshot()
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, d.post("/v1/Services", "UniqueName", "late", "FriendlyName", "late"), http.StatusInternalServerError)
	reopened := open(t, options)
	t.Cleanup(func() { _ = reopened.Close() })
	if diff := cmp.Diff(reopened.Snapshot(), want); diff != "" {
		t.Fatalf("(-got +want)\n%s", diff)
	}
	d.Sandbox = reopened
	server := httptest.NewServer(reopened)
	t.Cleanup(server.Close)
	d.url = server.URL
	if got := d.get("/_live/" + d.domain + "/logo.svg"); got.raw != "<svg/>" {
		t.Errorf("live: %d %q", got.status, got.raw)
	}
	wantError(t, d.post("/v1/Services", "UniqueName", "voice", "FriendlyName", "x"), 409, 20409, "already exists")
	late := d.service("late")
	if list := d.get("/v1/Services").list("services"); list[0]["sid"] != late {
		t.Errorf("the newest is not first: %v", list)
	}
	if blobs := len(files(t, filepath.Join(options.DataDir, "blobs"))); blobs != 2 {
		t.Errorf("%d contents are kept, want 2", blobs)
	}
}

func TestDataDirIsRefused(t *testing.T) {
	t.Parallel()
	made := func(journal string) string {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "journal.jsonl"), []byte(journal), 0o600); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	const header = `{"format":"slipway-sandbox-twilio","version":1}` + "\n"
	sid := func(prefix string, n int) string { return prefix + strings.Repeat(strconv.Itoa(n), 32) }
	changes := func(list string) string { return `{"account":"AC1","changes":[` + list + "]}\n" }
	family := changes(`{"service":{"sid":"` + sid("ZS", 1) + `"}},{"service":{"sid":"` + sid("ZS", 2) + `"}},{"file":{"sid":"` + sid("ZH", 1) + `","parent":"` + sid("ZS", 1) + `"}}`)
	inUse := t.TempDir()
	holder := open(t, twilio.Options{DataDir: inUse})
	t.Cleanup(func() { _ = holder.Close() })
	tests := map[string]struct{ dir, gist string }{
		"another version": {made(`{"format":"slipway-sandbox-twilio","version":2}` + "\n"), "format version 2, and this program knows version 1"},
		"another format":  {made("hello\n"), "is no journal of the Twilio sandbox"},
		"damaged":         {made(header + "{}{\n{}\n"), "journal.jsonl:2 is damaged"},
		"unknown SID":     {made(header + changes(`{"removed":"XX1"}`)), "journal.jsonl:2 is damaged: \"XX1\""},
		"no change":       {made(header + changes(`{}`)), "journal.jsonl:2 is damaged: a change of 0 resources"},
		"two changes":     {made(header + changes(`{"removed":"`+sid("ZS", 1)+`","service":{"sid":"`+sid("ZS", 1)+`"}}`)), "a change of 2 resources"},
		"bad hash":        {made(header + family + changes(`{"version":{"sid":"`+sid("ZN", 1)+`","parent":"`+sid("ZH", 1)+`","blob":"../x"}}`)), "journal.jsonl:3 is damaged: \"../x\" is no SHA-256"},
		"missing content": {made(header + family + changes(`{"version":{"sid":"`+sid("ZN", 1)+`","parent":"`+sid("ZH", 1)+`","blob":"`+strings.Repeat("ab", 32)+`"}}`)), "lacks the content"},
		"in use":          {inUse, "in use by another sandbox"},
		"another parent":  {made(header + family + changes(`{"file":{"sid":"`+sid("ZH", 1)+`","parent":"`+sid("ZS", 2)+`"}}`)), "journal.jsonl:3 is damaged: " + sid("ZH", 1) + " belongs to " + strconv.Quote(sid("ZS", 1)) + ", and here to " + strconv.Quote(sid("ZS", 2))},
		"moved in a line": {made(header + family + changes(`{"environment":{"sid":"`+sid("ZE", 1)+`","parent":"`+sid("ZS", 1)+`"}},{"environment":{"sid":"`+sid("ZE", 1)+`","parent":"`+sid("ZS", 2)+`"}}`)), "journal.jsonl:3 is damaged: " + sid("ZE", 1)},
		"no parent":       {made(header + family + changes(`{"variable":{"sid":"`+sid("ZV", 1)+`","parent":"`+sid("ZE", 7)+`"}}`)), "journal.jsonl:3 is damaged: " + sid("ZV", 1) + " belongs to " + strconv.Quote(sid("ZE", 7)) + ", which is not there"},
		"parent of a top": {made(header + changes(`{"service":{"sid":"`+sid("ZS", 1)+`","parent":"`+sid("ZS", 2)+`"}}`)), "journal.jsonl:2 is damaged: " + sid("ZS", 1)},
		"another prefix":  {made(header + changes(`{"service":{"sid":"`+sid("ZE", 1)+`"}}`)), "journal.jsonl:2 is damaged: " + strconv.Quote(sid("ZE", 1)) + " is no SID with the prefix ZS"},
		"children left":   {made(header + family + changes(`{"removed":"`+sid("ZS", 1)+`"}`)), "journal.jsonl:3 is damaged: " + strconv.Quote(sid("ZS", 1)) + " is removed while something belongs to it"},
		"short SID":       {made(header + changes(`{"service":{"sid":"ZS1"}}`)), "journal.jsonl:2 is damaged: \"ZS1\" is no SID"},
		"no SID":          {made(header + changes(`{"service":{}}`)), "journal.jsonl:2 is damaged: \"\" is no SID"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sandbox, err := twilio.New(twilio.Options{DataDir: test.dir})
			if err == nil {
				_ = sandbox.Close()
				t.Fatal("accepted")
			}
			if !strings.Contains(err.Error(), test.gist) {
				t.Errorf("got %v\nwant %q", err, test.gist)
			}
		})
	}
}

// FuzzJournal: whatever a journal holds, it is opened or refused, and a world
// that was opened can be read and opened again.
func FuzzJournal(f *testing.F) {
	sid := func(prefix string) string { return prefix + strings.Repeat("1", 32) }
	f.Add(`{"account":"AC1","changes":[{"service":{"sid":"` + sid("ZS") + `"}},{"environment":{"sid":"` + sid("ZE") + `","parent":"` + sid("ZS") + `"}}]}
{"account":"AC1","changes":[{"variable":{"sid":"` + sid("ZV") + `","parent":"` + sid("ZE") + `"}},{"deployment":{"sid":"` + sid("ZD") + `","parent":"` + sid("ZE") + `"}}]}
{"account":"AC1","changes":[{"build":{"sid":"` + sid("ZB") + `","parent":"` + sid("ZS") + `"}},{"removed":"` + sid("ZV") + `"},{"removed":"` + sid("ZD") + `"},{"removed":"` + sid("ZE") + `"}]}
`)
	f.Add(`{"account":"AC1","changes":[{"file":{"sid":"` + sid("ZH") + `","parent":""}},{"file":{"sid":"` + sid("ZH") + `","parent":"x"}}]}` + "\n")
	f.Fuzz(func(t *testing.T, lines string) {
		options := twilio.Options{DataDir: t.TempDir()}
		text := `{"format":"slipway-sandbox-twilio","version":1}` + "\n" + lines
		if err := os.WriteFile(filepath.Join(options.DataDir, "journal.jsonl"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		sandbox, err := twilio.New(options)
		if err != nil {
			return
		}
		want := sandbox.Snapshot()
		_ = sandbox.Close()
		again := open(t, options)
		defer again.Close()
		if diff := cmp.Diff(again.Snapshot(), want); diff != "" {
			t.Error(diff)
		}
	})
}

func TestTornLastLineIsDropped(t *testing.T) {
	t.Parallel()
	for _, cut := range []int{1, 40} {
		dir := t.TempDir()
		options := twilio.Options{DataDir: dir}
		sandbox := open(t, options)
		d := direct{t, sandbox}
		d.post("/v1/Services", "UniqueName", "kept", "FriendlyName", "kept")
		d.post("/v1/Services", "UniqueName", "torn", "FriendlyName", "torn")
		_ = sandbox.Close()
		journal := filepath.Join(dir, "journal.jsonl")
		text, err := os.ReadFile(journal)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(journal, text[:len(text)-cut], 0o600); err != nil {
			t.Fatal(err)
		}
		sandbox = open(t, options)
		if got := sandbox.Snapshot().Services; len(got) != 1 || got[0].UniqueName != "kept" {
			t.Errorf("after a cut of %d: %v", cut, got)
		}
		direct{t, sandbox}.post("/v1/Services", "UniqueName", "next", "FriendlyName", "next")
		_ = sandbox.Close()
		sandbox = open(t, options)
		if got := sandbox.Snapshot().Services; len(got) != 2 {
			t.Errorf("after writing on: %v", got)
		}
		_ = sandbox.Close()
	}
}

func TestJournalIsCompacted(t *testing.T) {
	t.Parallel()
	options := twilio.Options{DataDir: t.TempDir()}
	sandbox := open(t, options)
	d := direct{t, sandbox}
	zs := d.post("/v1/Services", "UniqueName", "voice", "FriendlyName", "voice").text("sid")
	for range 1100 {
		d.post(service(zs), "UiEditable", "true")
	}
	want := sandbox.Snapshot()
	_ = sandbox.Close()
	size := func() int64 {
		info, err := os.Stat(filepath.Join(options.DataDir, "journal.jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	before := size()
	sandbox = open(t, options)
	if after := size(); after*100 > before {
		t.Errorf("%d bytes became %d", before, after)
	}
	direct{t, sandbox}.post("/v1/Services", "UniqueName", "next", "FriendlyName", "next")
	_ = sandbox.Close()
	sandbox = open(t, options)
	defer sandbox.Close()
	got := sandbox.Snapshot()
	if len(got.Services) != 2 {
		t.Fatalf("got %v", got.Services)
	}
	got.Services = got.Services[:1]
	if diff := cmp.Diff(got, want); diff != "" {
		t.Error(diff)
	}
}

// TestCompactionThatGoesWrong leaves the journal as it was, and says just what
// went wrong.
func TestCompactionThatGoesWrong(t *testing.T) {
	t.Parallel()
	options := twilio.Options{DataDir: t.TempDir()}
	sandbox := open(t, options)
	zs := direct{t, sandbox}.post("/v1/Services", "UniqueName", "voice", "FriendlyName", "voice").text("sid")
	_ = sandbox.Close()
	name := filepath.Join(options.DataDir, "journal.jsonl")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	_, line, _ := strings.Cut(string(text), "\n")
	if err := os.WriteFile(name, []byte(string(text)+strings.Repeat(line, 1100)), 0o600); err != nil {
		t.Fatal(err)
	}
	inTheWay := filepath.Join(options.DataDir, "journal.jsonl.new")
	if err := os.Mkdir(inTheWay, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := twilio.New(options); err == nil || !strings.Contains(err.Error(), "write the journal anew") || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v", err)
	}
	if err := os.Remove(inTheWay); err != nil {
		t.Fatal(err)
	}
	sandbox = open(t, options)
	defer sandbox.Close()
	if got := sandbox.Snapshot().Services; len(got) != 1 || got[0].SID != zs {
		t.Errorf("got %v", got)
	}
}

func TestUnfinishedAndUnheldContentsAreRemoved(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_ = open(t, twilio.Options{DataDir: dir}).Close()
	for _, name := range []string{"incoming/half", "blobs/ab/" + strings.Repeat("ab", 32)} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_ = open(t, twilio.Options{DataDir: dir}).Close()
	for _, left := range files(t, dir) {
		if base := filepath.Base(left); base != "lock" && base != "journal.jsonl" {
			t.Errorf("left: %s", left)
		}
	}
}

const servedDir = "SLIPWAY_TEST_SANDBOX_DIR"

// TestMain runs the tests, or is the process that TestWorldSurvivesAKill kills.
func TestMain(m *testing.M) {
	dir := os.Getenv(servedDir)
	if dir == "" {
		os.Exit(m.Run())
	}
	sandbox, err := twilio.New(twilio.Options{DataDir: dir})
	if err != nil {
		_, _ = os.Stdout.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
	server := httptest.NewServer(sandbox)
	_, _ = os.Stdout.WriteString("serving " + server.URL + "\n")
	select {}
}

// TestWorldSurvivesAKill kills a serving process under load and looks for
// everything that it had answered.
func TestWorldSurvivesAKill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	process := exec.CommandContext(t.Context(), os.Args[0])
	process.Env = append(os.Environ(), servedDir+"="+dir)
	stdout, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	address, isServing := strings.CutPrefix(strings.TrimSpace(line), "serving ")
	if !isServing {
		_ = process.Process.Kill()
		t.Fatalf("got %q %v", line, err)
	}
	account := twilio.DefaultAccount()
	b := &box{t: t, url: address, user: account.SID, pass: account.AuthToken}
	zs := b.service("voice")
	assets := service(zs) + "/Assets"
	zh := b.make(assets, "FriendlyName", "/a")

	var mu sync.Mutex
	answered := map[string]string{} // content by Version SID
	enough := make(chan struct{})
	var workers sync.WaitGroup
	for worker := range 8 {
		workers.Go(func() {
			for i := 0; ; i++ {
				content := strconv.Itoa(worker) + "/" + strconv.Itoa(i)
				got := b.upload(assets+"/"+zh+"/Versions", fileParts("/a", "public", "text/plain", content))
				if got.err != nil {
					return // killed
				}
				mu.Lock()
				answered[got.text("sid")] = content
				if len(answered) == 100 {
					close(enough)
				}
				mu.Unlock()
			}
		})
	}
	select {
	case <-enough:
	case <-time.After(time.Minute):
		t.Error("100 uploads took a minute")
	}
	_ = process.Process.Kill()
	workers.Wait()
	_ = process.Wait()

	reopened := open(t, twilio.Options{DataDir: dir})
	defer reopened.Close()
	kept := map[string]int64{}
	for _, one := range reopened.Snapshot().Versions {
		kept[one.SID] = one.Size
	}
	for sid, content := range answered {
		if size, found := kept[sid]; !found || size != int64(len(content)) {
			t.Errorf("answered and lost: %s %q", sid, content)
		}
	}
	if len(kept) < 100 {
		t.Errorf("%d Versions are kept", len(kept))
	}
}
