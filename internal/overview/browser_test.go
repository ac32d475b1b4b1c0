package overview_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/overview"
)

// browser is a tab of a real Chromium, which keeps what goes wrong in it.
type browser struct {
	t   *testing.T
	tab context.Context //nolint:containedctx // chromedp keeps a tab in its context.
	mu  sync.Mutex
	// asked are the addresses that pages asked for, wrong what the console was told.
	asked, wrong []string
}

// newBrowser starts a Chromium with a tab.
func newBrowser(t *testing.T) *browser {
	t.Helper()
	var path string
	for _, name := range []string{"chromium-headless-shell", "chrome-headless-shell", "chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil && path == "" {
			path = found
		}
	}
	if path == "" {
		t.Skip("there is no Chromium; install one, such as Debian's chromium-headless-shell")
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()))
	allocated, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	tab, closeTab := chromedp.NewContext(allocated)
	t.Cleanup(closeTab)
	b := &browser{t: t, tab: tab}
	if err := chromedp.Listen(tab, b.hear); err != nil {
		t.Fatal(err)
	}
	call(b, network.Enable, network.EnableParams{})
	call(b, log.Enable, cdp.Empty{})
	call(b, runtime.Enable, cdp.Empty{})
	return b
}

// patience is what a slow machine needs for anything.
const patience = time.Minute

// call sends a command of the browser's protocol.
func call[P, R any](b *browser, command cdp.Command[P, R], params P) {
	b.t.Helper()
	limited, cancel := context.WithTimeout(b.tab, patience)
	defer cancel()
	if _, err := chromedp.Call(limited, command, params); err != nil {
		b.t.Fatal(command.Method, err)
	}
}

// hear keeps requests, and whatever the console is told: violations of the policy and
// errors of scripts are among it.
func (b *browser) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch event := event.(type) {
	case *network.EventRequestWillBeSent:
		b.asked = append(b.asked, event.Request.URL)
	case *log.EventEntryAdded:
		b.wrong = append(b.wrong, event.Entry.Text)
	case *runtime.EventExceptionThrown:
		b.wrong = append(b.wrong, event.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		b.wrong = append(b.wrong, fmt.Sprint("console: ", event.Type))
	}
}

// do acts.
func (b *browser) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	run(b, chromedp.Steps(actions...))
}

// run acts, and returns what comes of it.
func run[T any](b *browser, action chromedp.Action[T]) T {
	b.t.Helper()
	limited, cancel := context.WithTimeout(b.tab, patience)
	defer cancel()
	got, err := chromedp.Run(limited, action)
	if err != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.t.Fatal(err, "\n", strings.Join(b.wrong, "\n"))
	}
	return got
}

// value is what an expression of JavaScript comes to.
func value[T any](b *browser, expression string) T {
	b.t.Helper()
	return run(b, chromedp.Evaluate[T](expression))
}

// open loads a page.
func (b *browser) open(address string) {
	b.t.Helper()
	b.do(chromedp.Navigate(address))
}

// waitFor waits until an expression holds.
func (b *browser) waitFor(expression string) {
	b.t.Helper()
	late := time.After(patience)
	for !value[bool](b, expression) {
		select {
		case <-late:
			b.t.Fatalf("it never held: %s\n%s", expression, value[string](b, "document.body.innerText"))
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// check says what went wrong in the tab, and who else was asked.
func (b *browser) check(server string) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	own, err := url.Parse(server)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, one := range b.asked {
		if asked, err := url.Parse(one); err != nil || asked.Host != own.Host && asked.Scheme != "data" && asked.Scheme != "about" {
			b.t.Errorf("a page asked for %s", one)
		}
	}
	if len(b.asked) == 0 {
		b.t.Error("no request was heard of")
	}
	for _, one := range b.wrong {
		b.t.Errorf("the console was told: %s", one)
	}
}

// pagePaths are those of a furnished house.
func pagePaths() []string {
	return []string{"/", "/jobs", "/jobs/49", "/jobs/48", "/jobs/46", "/deliveries"}
}

// TestPagesWithoutScript has a browser without script show all that there is.
func TestPagesWithoutScript(t *testing.T) {
	t.Parallel()
	b, server := newBrowser(t), furnished().serve(t).URL
	call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	for path, texts := range map[string][]string{
		"/":           {"Deploy voice to stage", "Building", "pr-7", "Nothing live", "billing-4821.twil.io", "Refused", "acme-fan/voice", "Skipped", "Reload the page"},
		"/jobs":       {"Deploy billing to stage", "by commit 8be12e8", "Superseded", "Release voice to production"},
		"/jobs/49":    {"Running", "Uploaded 3 files in 0.7s", "Warning:", "Building ZB821b", "Create build"},
		"/jobs/48":    {"Failed", `path "/pay#now" contains`, "Rename the file.", "Nothing was changed.", "pull request 7"},
		"/jobs/46":    {"Superseded", "Job 47"},
		"/deliveries": {"server.yml does not let acme/voice", "Refused"},
	} {
		b.open(server + path)
		text := run(b, chromedp.Text(chromedp.CSS("body")))
		for _, want := range texts {
			if !strings.Contains(text, want) {
				t.Errorf("%s lacks %q:\n%s", path, want, text)
			}
		}
	}
	b.check(server)
}

// TestLiveLog has a Job tell something and end while somebody looks at it, and at the
// overview.
func TestLiveLog(t *testing.T) {
	t.Parallel()
	h := furnished()
	b, server := newBrowser(t), h.serve(t).URL
	b.open(server + "/jobs/49")
	b.waitFor(`document.getElementById("log-state").textContent.startsWith("Live")`)
	value[bool](b, `window.isSame = true`)
	if lines := value[int](b, `document.querySelectorAll("#log li").length`); lines != 8 {
		t.Errorf("there are %d lines, want 8", lines)
	}
	tell := func(event job.Event) {
		h.notes[49] = append(h.notes[49], overview.Note{Number: int64(len(h.notes[49]) + 1), At: now, Event: event})
	}
	h.change(func() {
		tell(job.Event{Kind: job.Warned, Message: "<b>bold</b> & <img src=x onerror=alert(1)>"})
	})
	b.waitFor(`document.querySelectorAll("#log li").length === 9`)
	if got := value[string](b, `document.querySelector("#log li:last-child").textContent`); got != "12:00:00 Warning: <b>bold</b> & <img src=x onerror=alert(1)>" {
		t.Errorf("the line is %q", got)
	}
	h.change(func() {
		tell(job.Event{Kind: job.Finished, Phase: job.PhaseBuild, Message: "ZB821b164456d79643c03ac6513238ef29"})
		ended := deployed(49, "stage")
		ended.EndedAt = now
		h.jobs[8] = ended
	})
	b.waitFor(`document.getElementById("log-state").textContent === "The Job has ended."`)
	b.waitFor(`document.querySelector("#head .badge").textContent.includes("Deployed") && document.getElementById("result-title") !== null`)
	if !value[bool](b, `window.isSame && document.querySelectorAll("#log li").length === 10`) {
		t.Error("the page was loaded again, or the log is not whole")
	}
	b.open(server + "/")
	b.waitFor(`document.querySelectorAll("#open .card").length === 1`)
	h.change(func() { h.jobs = h.jobs[:9] })
	b.waitFor(`document.querySelectorAll("#open .card").length === 0`)
	b.check(server)
}

// TestKeyboard goes through the overview by keyboard alone.
func TestKeyboard(t *testing.T) {
	t.Parallel()
	b, server := newBrowser(t), furnished().serve(t).URL
	b.open(server + "/")
	value[bool](b, `window.reached = []; document.addEventListener("focusin", () => reached.push(document.activeElement.textContent.trim())); true`)
	b.do(chromedp.KeyEvent(kb.Tab))
	if got := value[string](b, `document.activeElement.textContent`); got != "Skip to the content" {
		t.Errorf("the first stop is %q", got)
	}
	if !value[bool](b, `(() => { const at = document.activeElement.getBoundingClientRect(); return at.top >= 0 && getComputedStyle(document.activeElement).outlineStyle !== "none" })()`) {
		t.Error("the way to skip is not to be seen when it has the focus")
	}
	b.do(chromedp.KeyEvent(kb.Enter), chromedp.KeyEvent(kb.Tab))
	if got := value[string](b, `document.activeElement.textContent`); got != "Deploy voice to stage" {
		t.Errorf("behind the skip comes %q", got)
	}
	for range 60 {
		b.do(chromedp.KeyEvent(kb.Tab))
	}
	reached := value[[]string](b, `reached`)
	links := value[[]string](b, `[...document.querySelectorAll("main a")].map((a) => a.textContent.trim())`)
	at := slices.Index(reached, "Deploy voice to stage")
	if at < 0 || len(reached) < at+len(links) || !slices.Equal(reached[at:at+len(links)], links) {
		t.Errorf("reached are %q, want %q in their order", reached[max(0, at):], links)
	}
	b.open(server + "/jobs")
	for _, role := range []string{"header", "nav[aria-label]", "main", "footer", "h1", "th[scope=col]", "th[scope=row]", "html[lang]"} {
		if !value[bool](b, fmt.Sprintf("document.querySelector(%q) !== null", role)) {
			t.Errorf("there is no %s", role)
		}
	}
	b.check(server)
}

// TestLooks photographs each page in light and dark, on a desk and on a phone. With
// SLIPWAY_PICTURES it leaves some of the pictures in that folder.
func TestLooks(t *testing.T) {
	t.Parallel()
	b, server := newBrowser(t), furnished().serve(t).URL
	into := os.Getenv("SLIPWAY_PICTURES")
	backgrounds := map[string]string{}
	for _, scheme := range []string{"light", "dark"} {
		call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
		for device, width := range map[string]int64{"desk": 1100, "phone": 360} {
			b.do(chromedp.EmulateViewport(width, 800, chromedp.EmulateScale(1.5)))
			for _, path := range append(pagePaths(), "/nowhere") {
				b.open(server + path)
				if wide := value[int64](b, "document.documentElement.scrollWidth"); wide > width {
					t.Errorf("%s is %d wide on a %s of %d", path, wide, device, width)
				}
				if least := value[float64](b, contrastScript); least < 4.5 {
					t.Errorf("%s in %s on a %s has a text with a contrast of %.2f", path, scheme, device, least)
				}
				backgrounds[scheme] = value[string](b, `getComputedStyle(document.body).backgroundColor`)
				name := map[string]string{"/": "overview", "/jobs/49": "overview-job"}[path]
				if device == "phone" {
					name = map[string]string{"/": "overview-phone"}[path]
				}
				if into == "" || name == "" {
					continue
				}
				take := chromedp.FullScreenshot(100)
				if device == "phone" {
					take = chromedp.CaptureScreenshot()
				}
				if err := os.WriteFile(filepath.Join(into, name+"-"+scheme+".png"), run(b, take), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if backgrounds["light"] == backgrounds["dark"] {
		t.Errorf("light and dark have the background %s", backgrounds["light"])
	}
	b.mu.Lock()
	b.wrong = slices.DeleteFunc(b.wrong, func(text string) bool { return strings.Contains(text, "404") }) // that of /nowhere
	b.mu.Unlock()
	b.check(server)
}

// contrastScript is the least contrast of a text with what is behind it, as WCAG 2
// reckons it.
const contrastScript = `(() => {
  const luminance = (text) => {
    const [r, g, b] = text.match(/[\d.]+/g).map(Number).slice(0, 3).map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (at) => {
    for (; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (!/, 0\)$/.test(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  let least = 21;
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const at = walk.currentNode.parentElement;
    if (!walk.currentNode.textContent.trim() || at.closest("noscript, script")) continue;
    const [a, b] = [luminance(getComputedStyle(at).color), luminance(behind(at))];
    least = Math.min(least, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05));
  }
  return least;
})()`
