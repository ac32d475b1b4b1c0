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
// GitHub drops outputs of jobs that hold one.
func (c *console) SetOutput(name, value string) error {
	const follows = "Later steps read it as empty"
	switch {
	case name == "" || strings.ContainsAny(name, "\r\n=<"):
		return fmt.Errorf("%q cannot name an output", name)
	case strings.ContainsAny(value, "\r\n"):
		return fmt.Errorf("output %s is not set: its value has line breaks, with which it could set other outputs. %s", name, follows)
	case strings.Contains(value, outputDelimiter):
		return fmt.Errorf("output %s is not set: its value holds %s, which ends a value. %s", name, outputDelimiter, follows)
	case !utf8.ValidString(value):
		return fmt.Errorf("output %s is not set: its value is not UTF-8. %s", name, follows)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	value = c.masks.hide(value)
	if err := c.fileCommand(outputFile, func() { c.actions.SetOutput(name, value) }); err != nil {
		return fmt.Errorf("output %s is not set: %w. %s", name, err, follows)
	}
	return nil
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
		return fmt.Errorf("%s names no file, as it does in every step of GitHub Actions", variable)
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
