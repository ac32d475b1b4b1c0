package action

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/slipway-dev/slipway/internal/words"
)

const (
	outputFile  = "GITHUB_OUTPUT"
	summaryFile = "GITHUB_STEP_SUMMARY"

	// outputDelimiter ends a value in the file of outputs; the library always
	// uses this one, so that a value which holds it could set other outputs.
	outputDelimiter = "_GitHubActionsFileCommandDelimeter_"
	// largestSummary bounds the summary of a step, in bytes; the runner drops a
	// larger one whole.
	largestSummary = 1 << 20
)

// SetOutput sets an output of the step. Values are one line of UTF-8. Secrets
// are hidden in them: later steps may print what a platform has repeated, and
// GitHub drops outputs of jobs that hold one. The error is the cause alone.
func (c *console) SetOutput(name, value string) error {
	switch {
	case name == "" || strings.ContainsAny(name, "\r\n=<"):
		return fmt.Errorf("%q cannot name an output", name)
	case strings.ContainsAny(value, "\r\n"):
		return errors.New("a value has line breaks, with which it could set other outputs")
	case strings.Contains(value, outputDelimiter):
		return fmt.Errorf("a value holds %s, which ends one", outputDelimiter)
	case !utf8.ValidString(value):
		return errors.New("a value is not UTF-8")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	value = c.masks.hide(value)
	return c.fileCommand(outputFile, func() { c.actions.SetOutput(name, value) })
}

// AddSummary adds Markdown to the summary of the step. Secrets are hidden in it.
func (c *console) AddSummary(markdown string) error {
	const follows = "The page of the run shows no summary of this step"
	c.mu.Lock()
	defer c.mu.Unlock()
	markdown = c.masks.hide(markdown)
	size := int64(len(markdown)) + 1 // the line break at its end
	if info, err := os.Stat(c.getenv(summaryFile)); err == nil {
		size += info.Size()
	}
	if size > largestSummary {
		return fmt.Errorf("the summary is not written: it would be %s too long, and GitHub drops one of more than %s. %s",
			words.Size(size-largestSummary), words.Size(largestSummary), follows)
	}
	if err := c.fileCommand(summaryFile, func() { c.actions.AddStepSummary(markdown) }); err != nil {
		return fmt.Errorf("the summary is not written: %w. %s", err, follows)
	}
	return nil
}

// fileCommand runs write, which adds to the file that variable names. The library
// panics where that fails.
func (c *console) fileCommand(variable string, write func()) (err error) {
	if c.getenv(variable) == "" {
		return fmt.Errorf("%s names no file, which a runner has it do", variable)
	}
	defer func() {
		switch cause := recover().(type) {
		case nil:
		case error:
			if at, ok := errors.AsType[*fs.PathError](cause); ok {
				cause = at.Err
			}
			err = fmt.Errorf("the file %s of %s cannot be written: %w", c.getenv(variable), variable, cause)
		default:
			panic(cause)
		}
	}()
	write()
	return nil
}
