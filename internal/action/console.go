package action

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/sethvargo/go-githubactions"

	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/words"
)

const (
	// longestLine bounds a line of foreign text, in bytes as they come in.
	longestLine = 16 << 10
	// longestTitle bounds the title of a group or an annotation, in UTF-16 code
	// units; the checks API takes titles of up to 255 characters.
	longestTitle = 255
)

// console is the one way to a step's log. The runner takes lines of stdout for
// commands, so every text that comes from elsewhere (file names, answers of a
// platform, log records) is made harmless here, and what must stay secret is
// hidden. Each line and each command is one Write of the writer below.
//
// It is safe for concurrent use. Whoever makes one closes it when the step ends.
type console struct {
	getenv  func(string) string
	actions *githubactions.Action

	mu  sync.Mutex
	out io.Writer
	err error // the first failure of out

	masks     masks
	partial   []byte // a foreign line that has not ended yet
	dropped   int    // bytes of that line that were not kept
	afterCR   bool   // the last line ended with \r, so a \n would belong to it
	grouped   bool
	held      []annotation // waiting for the end of the group
	annotated map[level]int
}

// newConsole returns a console over out, the step's stdout. getenv finds the
// inputs and the files of outputs and summary.
func newConsole(out io.Writer, getenv func(string) string) *console {
	c := &console{out: out, getenv: getenv, annotated: make(map[level]int)}
	c.actions = githubactions.New(
		githubactions.WithWriter(writerFunc(c.put)), githubactions.WithGetenv(getenv))
	return c
}

// Input returns an input of the Action without the white space around it. One
// that is not given reads as empty.
func (c *console) Input(name string) string { return c.actions.GetInput(name) }

// Hide makes the runner and the console show *** in place of value and of the
// forms in which it may turn up: its lines, Base64, URL and JSON escapes, and
// the Base64 of "user:value" for the users it signs in with. Call it before
// anything is written that could hold the value; blank values are passed over.
//
// Hide is meant for credentials. A short everyday value ("1", "true") would be
// blanked wherever it stands, and GitHub drops job outputs that hold it.
func (c *console) Hide(value secret.String, users ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	// act reads a command's name up to the last "::" and logs what it does not
	// know, so there such a mask would show the secret.
	act := c.getenv("ACT") == "true"
	for _, form := range c.masks.learn(value.Reveal(), users) {
		if !speakable(form) || act && strings.Contains(form, "::") {
			continue
		}
		c.actions.AddMask(form)
	}
}

// Redact returns text with *** in place of what Hide was given, for what leaves by
// another way than the log.
func (c *console) Redact(text string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.masks.hide(text)
}

// Write takes foreign text, such as log records. Lines are written as they end,
// with \n, \r or \r\n; the last one waits for its end, or for Close. It always
// takes all of p; the error is the first one of the writer below.
func (c *console) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for rest := p; len(rest) > 0; {
		if c.afterCR && rest[0] == '\n' {
			rest, c.afterCR = rest[1:], false
			continue
		}
		c.afterCR = false
		end := bytes.IndexAny(rest, "\r\n")
		if end < 0 {
			c.keep(rest)
			break
		}
		c.keep(rest[:end])
		c.endLine()
		c.afterCR = rest[end] == '\r'
		rest = rest[end+1:]
	}
	return len(p), c.err
}

// keep adds to the partial line. It keeps so much more than may be shown that a
// secret at the border is still seen whole.
func (c *console) keep(part []byte) {
	room := max(0, longestLine+c.masks.longest-len(c.partial))
	kept := part[:min(room, len(part))]
	c.partial = append(c.partial, kept...)
	c.dropped += len(part) - len(kept)
}

func (c *console) endLine() {
	c.line(string(c.partial), c.dropped)
	c.partial, c.dropped = c.partial[:0], 0
}

// Print writes text as whole lines of their own, made harmless. It neither ends
// nor joins a line that Write has begun.
func (c *console) Print(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.print(text)
}

func (c *console) print(text string) {
	for _, line := range splitLines(c.masks.hide(text)) {
		c.line(line, 0)
	}
}

// line writes one foreign line, of which dropped bytes are not here.
func (c *console) line(raw string, dropped int) {
	shown, left := c.masks.hideUpTo(raw, longestLine)
	shown = harmless(shown)
	if left += dropped; left > 0 {
		shown += fmt.Sprintf(" … (%s more)", words.Count(left, "byte"))
	}
	// Once more, as a secret may consist of what a character was made into.
	_, _ = c.put([]byte(c.masks.hide(shown) + "\n"))
}

// Group folds what follows, up to the next Group, EndGroup or Close, under
// title.
func (c *console) Group(title string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.endGroup()
	c.actions.Group(c.title(title))
	c.grouped = true
}

// EndGroup ends the open group, if there is one, and writes the annotations
// that waited for it.
func (c *console) EndGroup() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.endGroup()
}

func (c *console) endGroup() {
	if !c.grouped {
		return
	}
	c.grouped = false
	c.actions.EndGroup()
	for _, one := range c.held {
		c.annotate(one)
	}
	c.held = nil
}

// Close writes what is left: the line without an end, the annotations of an
// open group, and how many did not become annotations. It returns the first
// error of the writer below. The console can be used and closed again.
func (c *console) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.partial) > 0 || c.dropped > 0 {
		c.endLine()
	}
	c.afterCR = false
	c.endGroup()
	c.countUnshown()
	return c.err
}

// put writes one line or command. The library panics when its writer fails, so
// failures are kept for Write and Close to return.
func (c *console) put(line []byte) (int, error) {
	if _, err := c.out.Write(line); err != nil && c.err == nil {
		c.err = fmt.Errorf("write the log: %w", err)
	}
	return len(line), nil
}

// text makes foreign text of several lines fit for a command.
func (c *console) text(raw string) string {
	clean := splitLines(c.masks.hide(raw))
	for i, line := range clean {
		clean[i] = harmless(line)
	}
	return c.masks.hide(strings.Join(clean, "\n"))
}

// title makes foreign text fit for a place that has one short line.
func (c *console) title(raw string) string {
	short, _ := shorten(c.oneLine(raw), longestTitle)
	return short
}

func (c *console) oneLine(raw string) string {
	return c.masks.hide(harmless(strings.Join(splitLines(c.masks.hide(raw)), " ")))
}

// writerFunc is an io.Writer made of a function.
type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
